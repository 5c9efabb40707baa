#!/usr/bin/env python3
"""The way to people, and the blocklists that are asked, change by a reload (SIGHUP)."""

import json
import os
import re
import socket
import struct
import sys
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))
import peers  # noqa: E402
import vouch  # noqa: E402

PROGRAMME = """members:
  - id: sender
    name: Sender
    systems:
      - {id: web, sources: [192.0.2.1]}
reporters:
  - {id: one, kind: blocklist, trust: full, weight: none}
  - {id: two, kind: blocklist, trust: full, weight: none}
"""


class Sink(threading.Thread):
    """A submission server that takes each mail, or one that says hello to nobody."""

    def __init__(self, silent=False):
        super().__init__(daemon=True)
        self.silent, self.mails, self.calls, self.open = silent, [], 0, []
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.start()

    def run(self):
        while True:
            connection, _ = self.sock.accept()
            self.calls += 1
            self.open.append(connection)
            if not self.silent:
                self.take(connection)

    def take(self, connection):
        with connection.makefile("rwb") as talk:
            def say(words):
                talk.write(words + b"\r\n")
                talk.flush()

            say(b"220 sink")
            for line in talk:
                if line.upper().startswith(b"DATA"):
                    say(b"354 go on")
                    self.mails.append(b"".join(iter(talk.readline, b".\r\n")).decode())
                    say(b"250 taken")
                else:
                    say(b"221 bye" if line.upper().startswith(b"QUIT") else b"250 sink")


class Names(threading.Thread):
    """A resolver: of each zone the test entry and 192.0.2.1 are listed."""

    def __init__(self):
        super().__init__(daemon=True)
        self.asked = []
        self.sock = socket.socket(type=socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.start()

    def run(self):
        while True:
            query, client = self.sock.recvfrom(2048)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += query[at] + 1
            question, name = query[12:at + 5], ".".join(labels)
            self.asked.append(name)
            listed = name.startswith(("2.0.0.127.", "1.2.0.192."))
            head = query[:2] + struct.pack("!5H", 0x8180 if listed else 0x8183, 1, listed, 0, 0)
            record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + bytes([127, 0, 0, 2]) if listed else b""
            self.sock.sendto(head + question + record, client)

    def has(self, zone):
        return f"1.2.0.192.{zone}" in self.asked


def mail_to(sink, sender):
    return f"notice_mail: smtp://127.0.0.1:{sink.port}\nnotice_mail_tls: no\nnotice_from: {sender}\n"


def blocklist(reporter, zone):
    return f"  - {{reporter: {reporter}, zone: {zone}, every: 200ms, rate: 1000}}\n"


class Doors(unittest.TestCase):
    def test_the_next_mail_goes_where_the_last_reload_says_and_none_is_lost(self):
        first, second, silent = Sink(), Sink(), Sink(silent=True)
        with vouch.Vouchd() as daemon:
            def send():
                return daemon.request("POST", "/v1/notices", json.dumps({"to": "who@member.example"}).encode())[0]

            self.assertEqual(send(), 409)
            self.assertIn("event=reloaded", daemon.reload(mail_to(first, "one@list.example")))
            self.assertLess(send(), 300)
            daemon.wait(lambda: len(first.mails) == 1, "send a mail")
            self.assertIn("one@list.example", first.mails[0])
            self.assertIn("event=reload_refused", daemon.reload(mail_to(second, "nonsense")))
            self.assertIn("event=reload_refused", daemon.reload(mail_to(second, "two@list.example") + "dns_workers: 2\n"))
            self.assertLess(send(), 300)
            daemon.wait(lambda: len(first.mails) == 2, "send a mail as before")
            self.assertIn("event=reloaded", daemon.reload(mail_to(silent, "two@list.example")))
            self.assertLess(send(), 300)
            daemon.wait(lambda: silent.calls > 0, "try to send")  # a try that would hang for minutes is broken off
            self.assertIn("event=reloaded", daemon.reload(mail_to(second, "three@list.example")))
            daemon.wait(lambda: len(second.mails) == 1, "send what could not be sent")
            self.assertIn("event=reloaded", daemon.reload(""))
            self.assertEqual(send(), 409)
            self.assertEqual((len(first.mails), len(second.mails)), (2, 1))

    def test_blocklists_come_and_go(self):
        names = Names()
        config = f"resolvers: 127.0.0.1:{names.port}\n"
        with vouch.Vouchd(config=config) as daemon:
            daemon.set_clock("2026-01-05T00:00:00Z")
            daemon.post("/v1/programme", PROGRAMME.encode(), apply=1, actor="operator")
            daemon.command("accept", "sender", "operator", "control is proven")

            def listings():
                return int(re.search(r"^vouch_blocklist_listings_total (\d+)$", daemon.call("GET", "/metrics").decode(), re.M)[1])

            self.assertEqual((names.asked, listings()), ([], 0))
            for turn in range(5):
                zone, other = f"a{turn}.example", f"b{turn}.example"
                self.assertIn("event=reloaded", daemon.reload(config + "blocklists:\n" + blocklist("one", zone)))
                daemon.wait(lambda zone=zone: names.has(zone), "ask the new blocklist")
                daemon.wait(lambda: listings() > 0, "take what it lists")  # once: that one lists it is known then
                self.assertIn("event=reloaded", daemon.reload(config + "blocklists:\n" + blocklist("one", zone) + blocklist("two", other)))
                daemon.wait(lambda other=other: names.has(other), "ask one more")
                daemon.wait(lambda: listings() == 2, "take what that lists")
                self.assertIn("event=reloaded", daemon.reload(config))
            self.assertIn("event=reload_refused", daemon.reload(config + "blocklists: [{reporter: one}]\n"))
            count = len(names.asked)
            self.assertIn("event=reloaded", daemon.reload(config + "log: debug\n"))
            self.assertEqual(len(names.asked), count)


if __name__ == "__main__":
    unittest.main(verbosity=2)
