#!/usr/bin/env python3
"""vouchd as a service of the machine: who it becomes, what its threads may do."""

import contextlib
import grp
import os
import pwd
import socket
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))
import peers  # noqa: E402
import vouch  # noqa: E402

# Who changed its user may not be looked into, by LeakSanitizer neither.
vouch.OWN_ENV["ASAN_OPTIONS"] = "detect_leaks=0"
USER = "nobody"
CAP_NET_BIND_SERVICE = 1 << 10


def status(path):
    with open(f"/proc/{path}/status", encoding="ascii") as text:
        return dict(line.rstrip("\n").split(":\t", 1) for line in text if ":\t" in line)


def threads(pid):
    """Each thread of a process: (name, status). One that ends meanwhile is none."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.append(status(f"{pid}/task/{task}"))
    return [(own["Name"], own) for own in found]


def free_low_port():
    for port in range(1023, 600, -1):
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise unittest.SkipTest("no low port is free")


class Threads(unittest.TestCase):
    def test_every_thread_that_answers_dns_is_confined_and_no_other(self):
        with vouch.Vouchd(config="dns_workers: 2\n") as daemon:
            held = [name for name, own in threads(daemon.process.pid) if own["Seccomp"] == "2"]
            self.assertEqual(sorted(held), ["dns-tcp", "dns-udp", "dns-udp"])
            self.assertFalse([name for name, own in threads(daemon.process.pid)
                              if name.startswith("dns-") and own["Seccomp"] != "2"])
            self.assertTrue(all(own["NoNewPrivs"] == "1" for _, own in threads(daemon.process.pid)))
            self.assertEqual(daemon.ask("127.0.0.2").texts("A"), ["127.0.0.10"])


class LowPort(vouch.Vouchd):
    """A daemon that root starts, with DNS on a low port."""

    def __init__(self, config):
        self.low = free_low_port()
        super().__init__(config)

    def write(self, name, text):
        return super().write(name, text.replace(f"dns: 127.0.0.1:{self.dns_port}\n", f"dns: [127.0.0.1:{self.dns_port}, 127.0.0.1:{self.low}]\n"))


@unittest.skipUnless(os.geteuid() == 0, "only root becomes somebody else")
class Privileges(unittest.TestCase):
    def test_root_binds_a_low_port_and_becomes_a_user_who_may_bind_low_ports_and_no_more(self):
        user, group = pwd.getpwnam(USER), grp.getgrnam("www-data")
        with LowPort(f"user: {USER}\ngroup: www-data\n") as daemon:
            for name, own in threads(daemon.process.pid):
                self.assertEqual(own["Uid"].split(), [str(user.pw_uid)] * 4, name)
                self.assertEqual(own["Gid"].split(), [str(group.gr_gid)] * 4, name)
                self.assertEqual(own["NoNewPrivs"], "1", name)
                self.assertEqual([int(own[key], 16) for key in ("CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb")],
                                 [CAP_NET_BIND_SERVICE, CAP_NET_BIND_SERVICE, 0, 0, 0], name)
            for port in (daemon.dns_port, daemon.low):
                self.assertEqual(peers.dns(port, vouch.question("127.0.0.2")).texts("A"), ["127.0.0.10"])
            self.assertEqual(os.stat(daemon.data).st_uid, user.pw_uid)
            self.assertEqual(os.stat(daemon.socket).st_uid, user.pw_uid)

    def test_what_root_made_before_is_at_hand_after_and_after_a_restart(self):
        with vouch.Vouchd(config=f"user: {USER}\n") as daemon:
            with open(os.path.join(peers.TREE, "demo", "programme.yaml"), "rb") as text:
                daemon.post("/v1/programme", text.read(), apply=1)
            daemon.send_mail(b"From: a@example\r\nSubject: no report\r\n\r\nnothing\r\n")
            before = daemon.get("/healthz")["seq"]
            daemon.terminate()
            daemon.start()
            self.assertEqual(daemon.get("/healthz")["seq"], before)
            daemon.prove()

    def test_a_store_that_root_wrote_is_refused_with_the_command_that_gives_it_over(self):
        with vouch.Vouchd() as daemon:  # stays root
            daemon.terminate()
            with self.assertRaisesRegex(peers.PeerError, f"belongs to user 0, not to [0-9]+: chown -R [0-9]+ {daemon.data}"):
                daemon.configure(f"user: {USER}\n")
            subprocess.run(["chown", "-R", USER, daemon.data], check=True)
            daemon.start()
            self.assertEqual(daemon.get("/healthz")["status"], "ok")

    def test_a_user_that_is_not_there_is_named_before_anything_is_opened(self):
        with vouch.Vouchd() as daemon:
            path = daemon.write("other.yaml", "data: none\nuser: no-such-user\n")
            for args in (["--check"], []):
                done = subprocess.run([os.path.join(vouch.BIN, "vouchd"), "-c", path, *args], stderr=subprocess.PIPE,
                                      encoding="utf-8", timeout=60, check=False)
                self.assertEqual(done.returncode, 2)
                self.assertIn("user: there is no no-such-user", done.stderr)
            self.assertFalse(os.path.exists(daemon.path("none")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
