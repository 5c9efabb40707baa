#!/usr/bin/env python3
"""Secondaries come, go and get another secret by a reload (SIGHUP), while zones are on their way to them."""

import base64
import hashlib
import hmac
import os
import socket
import struct
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))
import peers  # noqa: E402
import vouch  # noqa: E402

SERVFAIL, REFUSED, NOTAUTH, AXFR, IXFR, SOA, TSIG = 2, 5, 9, 252, 251, 6, 250
SECRETS = [b"the first secret of all", b"the second secret of all"]
MEMBERS = """members:
  - id: sender
    name: Sender
    systems:
      - id: web
        sources: [%s]
"""
LARGE = ["2.0.0.0/8", "3.0.0.0/8", "4.0.0.0/8", "5.0.0.0/8"]  # 28,306 names each


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def signed(message, key, secret):
    """The message with a TSIG record (RFC 8945)."""
    name, algorithm, at = wire(key), wire("hmac-sha256"), struct.pack("!HIH", 0, int(time.time()), 300)
    variables = name + struct.pack("!HI", 255, 0) + algorithm + at + struct.pack("!HH", 0, 0)
    mac = hmac.new(secret, message + variables, hashlib.sha256).digest()
    data = algorithm + at + struct.pack("!H", len(mac)) + mac + message[:2] + struct.pack("!HH", 0, 0)
    count = struct.unpack_from("!H", message, 10)[0] + 1
    return message[:10] + struct.pack("!H", count) + message[12:] + name + struct.pack("!HHIH", TSIG, 255, 0, len(data)) + data


class Zone:
    """A transfer on its way; read() it."""

    def __init__(self, daemon, key, secret, kind=AXFR, serial=0):
        question = wire(vouch.ZONE) + struct.pack("!HH", kind, 1)
        soa = wire(vouch.ZONE) + struct.pack("!HHIH", SOA, 1, 0, 22) + b"\0\0" + struct.pack("!5I", serial, 1, 1, 1, 1)
        query = struct.pack("!6H", 7, 0, 1, 0, 1 if kind == IXFR else 0, 0) + question + (soa if kind == IXFR else b"")
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.settimeout(60)
        self.sock.connect(("127.0.0.1", daemon.dns_port))
        query = signed(query, key, secret)
        self.sock.sendall(struct.pack("!H", len(query)) + query)
        self.sock.recv(1, socket.MSG_PEEK)

    def _bytes(self, n):
        got = b""
        while len(got) < n:
            more = self.sock.recv(n - len(got))
            if not more:
                raise EOFError
            got += more
        return got

    def message(self):
        return self._bytes(struct.unpack("!H", self._bytes(2))[0])

    def read(self):
        """Names of answers in all messages, or None when the connection ended before the last SOA did."""
        count = 0
        with self.sock:
            try:
                while True:
                    message = self.message()
                    count += struct.unpack_from("!H", message, 6)[0]
                    if self._is_last(message):
                        return count
            except (EOFError, ConnectionResetError):
                return None

    @staticmethod
    def _is_last(message):
        """A SOA stands last: type, class, ttl, length, and two names, of which the zone's is a pointer, before the signature."""
        tail = message[:message.rindex(wire("hmac-sha256"))]
        return b"\xc0\x0c\0\x06\0\x01" in tail[-150:]

    def rcode(self):
        with self.sock:
            return self.message()[3] & 15


def transfers(*secondaries):
    return "transfers:\n" + "".join(f"  - {{key: {key}, {how}}}\n" for key, how in secondaries)


def secret_of(number):
    return "secret: " + base64.b64encode(SECRETS[number]).decode()


class Transfers(unittest.TestCase):
    def start(self, config="", sources=("192.0.2.1",)):
        daemon = vouch.Vouchd(config=config).__enter__()
        self.addCleanup(daemon.__exit__, None, None, None)
        daemon.post("/v1/programme", (MEMBERS % ", ".join(sources)).encode(), apply=1, actor="operator")
        daemon.command("accept", "sender", "operator", "control is proven")
        return daemon

    def test_a_key_works_from_the_reload_that_brings_it_to_the_one_that_takes_it(self):
        daemon = self.start()
        self.assertEqual(Zone(daemon, "a.example", SECRETS[0]).rcode(), REFUSED)
        self.assertIn("event=reloaded", daemon.reload(transfers(("a.example", secret_of(0)))))
        self.assertGreater(Zone(daemon, "a.example", SECRETS[0]).read(), 4)
        self.assertEqual(Zone(daemon, "a.example", SECRETS[1]).rcode(), NOTAUTH)
        self.assertEqual(Zone(daemon, "b.example", SECRETS[0]).rcode(), NOTAUTH)
        self.assertIn("event=reloaded", daemon.reload(transfers(("b.example", secret_of(1)))))
        self.assertEqual(Zone(daemon, "a.example", SECRETS[0]).rcode(), NOTAUTH)
        self.assertGreater(Zone(daemon, "b.example", SECRETS[1]).read(), 4)
        self.assertIn("event=reload_refused", daemon.reload(transfers(("a.example", "secret: c2hvcnQ="))))
        self.assertGreater(Zone(daemon, "b.example", SECRETS[1]).read(), 4)
        self.assertIn("event=reloaded", daemon.reload(transfers(("b.example", secret_of(1) + ", networks: 192.0.2.0/24"))))
        self.assertEqual(Zone(daemon, "b.example", SECRETS[1]).rcode(), REFUSED)
        self.assertIn("event=reloaded", daemon.reload(""))
        self.assertEqual(Zone(daemon, "b.example", SECRETS[1]).rcode(), REFUSED)

    def test_a_secret_in_a_file_is_read_again(self):
        daemon = self.start()
        path = daemon.write("secret", base64.b64encode(SECRETS[0]).decode())
        self.assertIn("event=reloaded", daemon.reload(transfers(("a.example", f"secret_file: {path}"))))
        self.assertGreater(Zone(daemon, "a.example", SECRETS[0]).read(), 4)
        daemon.write("secret", base64.b64encode(SECRETS[1]).decode())
        self.assertIn("event=reloaded", daemon.reload(transfers(("a.example", f"secret_file: {path}"))))
        self.assertEqual(Zone(daemon, "a.example", SECRETS[0]).rcode(), NOTAUTH)
        self.assertGreater(Zone(daemon, "a.example", SECRETS[1]).read(), 4)

    def test_who_stays_keeps_its_transfer_and_the_journal_and_who_is_gone_is_cut_off(self):
        both = transfers(("a.example", secret_of(0)), ("b.example", secret_of(1)))
        daemon = self.start(both, LARGE + ["192.0.2.1"])
        least = 2 * 28306 * len(LARGE)  # the journal follows on a thread of its own
        daemon.wait(lambda: Zone(daemon, "a.example", SECRETS[0]).read() > least, "transfer what was accepted")
        whole = Zone(daemon, "a.example", SECRETS[0]).read()
        serial = daemon.get("/healthz")["seq"]
        stays, goes = Zone(daemon, "a.example", SECRETS[0]), Zone(daemon, "b.example", SECRETS[1])
        for _ in range(20):
            self.assertIn("event=reloaded", daemon.reload(transfers(("c.example", secret_of(1)), ("a.example", secret_of(0)))))
            self.assertIn("event=reloaded", daemon.reload(transfers(("a.example", secret_of(0)))))
        self.assertIsNone(goes.read())
        self.assertEqual(stays.read(), whole)
        daemon.command("suspend", "192.0.2.1", "operator", "a test")
        daemon.wait(lambda: 1 < Zone(daemon, "a.example", SECRETS[0], IXFR, serial).read() < 8, "transfer the change alone")

    def test_the_first_change_after_a_start_brings_the_whole_zone_to_who_had_the_last_serial(self):
        key = transfers(("a.example", secret_of(0)))
        daemon = self.start(key, ["192.0.2.1", "192.0.2.2"])
        daemon.wait(lambda: Zone(daemon, "a.example", SECRETS[0]).read() > 8, "transfer what was accepted")
        whole, serial = Zone(daemon, "a.example", SECRETS[0]).read(), daemon.get("/healthz")["seq"]
        daemon.configure("    txt: other words\n" + key)
        self.assertEqual(Zone(daemon, "a.example", SECRETS[0], IXFR, serial).read(), 1)
        daemon.command("suspend", "192.0.2.2", "operator", "a test")
        daemon.wait(lambda: Zone(daemon, "a.example", SECRETS[0], IXFR, serial).read() > 1, "transfer the change")
        self.assertEqual(Zone(daemon, "a.example", SECRETS[0], IXFR, serial).read(), whole - 2)

    def test_a_zone_with_what_dns_cannot_say_is_refused_by_name_and_comes_back_without_it(self):
        daemon = self.start(transfers(("a.example", secret_of(0))), ["192.0.2.1", "4.0.0.0/6"])
        daemon.wait(lambda: Zone(daemon, "a.example", SECRETS[0]).rcode() == SERVFAIL, "refuse the zone")
        with open(daemon.log, encoding="utf-8") as log:
            self.assertIn('event=transfer_refused why="4.0.0.0/6 cannot be transferred', log.read())
        daemon.command("suspend", "4.0.0.0/6", "operator", "a test")
        daemon.wait(lambda: Zone(daemon, "a.example", SECRETS[0]).rcode() == 0, "transfer the zone")
        self.assertGreater(Zone(daemon, "a.example", SECRETS[0]).read(), 4)

    def test_who_is_new_is_told(self):
        with socket.socket(type=socket.SOCK_DGRAM) as told:
            told.bind(("127.0.0.1", 0))
            told.settimeout(60)
            notify = f', notify: ["127.0.0.1:{told.getsockname()[1]}"]'
            daemon = self.start()
            self.assertIn("event=reloaded", daemon.reload(transfers(("a.example", secret_of(0) + notify))))
            wanted = {wire(zone) for zone in (vouch.ZONE, vouch.DOMAIN_ZONE)}
            while wanted:  # until both have come: who does not answer in time is told again
                name = told.recv(2048)[12:]
                self.assertTrue(name.startswith((wire(vouch.ZONE), wire(vouch.DOMAIN_ZONE))), name)
                wanted = {zone for zone in wanted if not name.startswith(zone)}


if __name__ == "__main__":
    unittest.main(verbosity=2)
