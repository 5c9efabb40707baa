#!/usr/bin/env python3
"""vouchd as a service of the machine: who it becomes, what its threads may do."""

import contextlib
import grp
import os
import pathlib
import pwd
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))
import peers  # noqa: E402
import vouch  # noqa: E402

# Who changed its user may not be looked into, by LeakSanitizer neither.
vouch.OWN_ENV["ASAN_OPTIONS"] = "detect_leaks=0"
USER = "nobody"
CAP_NET_BIND_SERVICE = 1 << 10
QUERY = (struct.pack("!6H", 1, 0, 1, 0, 0, 0) +
         b"".join(bytes([len(label)]) + label.encode() for label in vouch.question("127.0.0.2").split(".")) + b"\0\0\1\0\1")


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


# What a service manager does: the sockets become descriptors 3, 4, ..., and the environment says so.
ACTIVATE = """
import os, sys
fds, names, program = sys.argv[1].split(","), sys.argv[2], sys.argv[3:]
kept = [os.dup2(int(fd), 100 + i) for i, fd in enumerate(fds)]
for i, fd in enumerate(kept):
    os.dup2(fd, 3 + i)
    os.close(fd)
os.environ.update(LISTEN_FDS=str(len(fds)), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=names)
os.execv(program[0], program)
"""


class Activated(vouch.Vouchd):
    """A daemon that inherits sockets: (name, socket) each."""

    def __init__(self, sockets, config="", dns_port=None):
        self.sockets, self.given_port = sockets, dns_port
        super().__init__(config)

    def _start(self):
        self.dns_port = self.given_port or self.dns_port
        super()._start()

    def stop(self):
        super().stop()
        for _, sock in self.sockets:
            sock.close()

    def _launch(self, ready):
        fds = [sock.fileno() for _, sock in self.sockets]
        self.run([sys.executable, "-c", ACTIVATE, ",".join(map(str, fds)), ":".join(name for name, _ in self.sockets),
                  os.path.join(vouch.BIN, "vouchd"), "-c", self.yaml], ready, vouch.OWN_ENV, fds)


def dns_sockets():
    tcp = socket.socket()
    tcp.bind(("127.0.0.1", peers.free_port()))  # one that is free for UDP too
    tcp.listen(16)
    udp = socket.socket(type=socket.SOCK_DGRAM)
    udp.bind(tcp.getsockname())
    return udp, tcp


def stream(family=socket.AF_INET, address=("127.0.0.1", 0)):
    sock = socket.socket(family)
    sock.bind(address)
    sock.listen(16)
    return sock


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


class Activation(unittest.TestCase):
    def test_sockets_of_a_service_manager_serve_and_a_query_that_comes_between_two_daemons_is_answered(self):
        udp, tcp = dns_sockets()
        http, folder = stream(), tempfile.mkdtemp()
        path = os.path.join(folder, "lmtp.sock")
        lmtp = stream(socket.AF_UNIX, path)
        port = udp.getsockname()[1]
        with Activated([("dns", udp), ("dns", tcp), ("http", http), ("lmtp", lmtp)], "dns_workers: 3\n") as daemon:
            self.assertEqual(daemon.ask("127.0.0.2").texts("A"), ["127.0.0.10"])  # what vouch.yaml names is open too
            for _ in range(20):
                self.assertEqual(peers.dns(port, vouch.question("127.0.0.2")).texts("A"), ["127.0.0.10"])
            asked = subprocess.run(["dig", "+tcp", "+short", "-p", str(port), "@127.0.0.1", vouch.question("127.0.0.2")],
                                   stdout=subprocess.PIPE, encoding="utf-8", timeout=60, check=True)
            self.assertEqual(asked.stdout, "127.0.0.10\n")
            daemon.http_port = http.getsockname()[1]
            self.assertEqual(daemon.request("GET", "/healthz", token="")[0], 200)
            with socket.socket(socket.AF_UNIX) as mail:
                mail.settimeout(60)
                mail.connect(path)
                self.assertTrue(mail.recv(512).startswith(b"220 "))
            daemon.terminate()
            self.assertTrue(os.path.exists(path), "the socket is not ours to remove")
            with socket.socket(type=socket.SOCK_DGRAM) as waiting:
                waiting.settimeout(60)
                waiting.connect(("127.0.0.1", port))
                waiting.send(QUERY)
                daemon.start()
                self.assertEqual(peers.parse(waiting.recv(4096)).texts("A"), ["127.0.0.10"])
        shutil.rmtree(folder)

    def test_a_socket_without_a_name_of_ours_goes_to_the_door_that_has_its_address(self):
        udp, tcp = dns_sockets()
        with Activated([("vouchd.socket", udp), ("vouchd.socket", tcp)], dns_port=udp.getsockname()[1]) as daemon:
            self.assertEqual(daemon.ask("127.0.0.2").texts("A"), ["127.0.0.10"])
            with open(daemon.log, encoding="utf-8") as log:
                self.assertEqual(log.read().count("door=dns"), 1)

    def test_a_socket_that_cannot_be_used_is_named_and_nothing_is_opened(self):
        for sockets, words in (
                ([("vouchd.socket", stream())], 'is in no option of vouch.yaml, and its name "vouchd.socket" is neither'),
                ([("dns", dns_sockets()[0])], r"has no TCP \(ListenStream\)"),
                ([("dns", stream())], r"has no UDP \(ListenDatagram\)"),
                ([("http", dns_sockets()[0])], "http does not take descriptor 3"),
                ([("dns", socket.socket())], "descriptor 3 is no socket that listens")):
            with self.assertRaisesRegex(peers.PeerError, words):
                Activated(sockets)

    def test_what_was_meant_for_another_process_is_left_alone(self):
        with unittest.mock.patch.dict(vouch.OWN_ENV, {"LISTEN_PID": "1", "LISTEN_FDS": "60"}), vouch.Vouchd() as daemon:
            self.assertEqual(daemon.ask("127.0.0.2").texts("A"), ["127.0.0.10"])

    def test_a_unit_with_a_user_of_its_own_may_read_its_configuration(self):
        """systemd.exec(5): ConfigurationDirectory= stays with root, whatever User= says; the others go to the user."""
        for unit in sorted(pathlib.Path(peers.TREE, "packaging").glob("*.service")):
            lines = [line.partition("=") for line in unit.read_text(encoding="utf-8").splitlines() if "=" in line and line[0] != "#"]
            values = {key: value for key, _, value in lines}
            with self.subTest(unit.name):
                self.assertEqual(values["DynamicUser"], "yes")
                self.assertEqual(int(values["ConfigurationDirectoryMode"], 8) & 0o005, 0o005)
                self.assertEqual(int(values["StateDirectoryMode"], 8) & 0o007, 0)

    @unittest.skipUnless(shutil.which("systemd-socket-activate"), "systemd-socket-activate is not here")
    def test_the_tool_of_the_service_manager_hands_over_a_socket(self):
        with vouch.Vouchd() as daemon:
            daemon.terminate()
            port = peers.free_port()
            daemon.run([shutil.which("systemd-socket-activate"), "-l", f"127.0.0.1:{port}", "--fdname=http",
                        os.path.join(vouch.BIN, "vouchd"), "-c", daemon.yaml],
                       lambda: socket.create_connection(("127.0.0.1", port), 60).close() is None, vouch.OWN_ENV)
            daemon.http_port = port
            self.assertEqual(daemon.request("GET", "/healthz", token="")[0], 200)


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
