#!/usr/bin/env python3
"""vouch.yaml again while everything runs (SIGHUP): no query is lost, and what cannot change leaves all as it was."""

import csv
import os
import socket
import struct
import subprocess
import sys
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))
import peers  # noqa: E402
import vouch  # noqa: E402

KEY = "a-key-of-sixteen-letters"
LISTED = vouch.question("127.0.0.2")
STEADY = "public: no\nreceivers:\n  - {id: steady, networks: 127.0.0.1, limit: %d}\n"
WINDOW = 32


def query(ident, name=LISTED):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", ident, 0, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


def key_answers(daemon, key):
    return peers.dns(daemon.dns_port, LISTED.replace(vouch.ZONE, f"{key}.{vouch.ZONE}")).texts("A")


class Stream(threading.Thread):
    """Asks without end, with WINDOW queries on their way; each must be answered with what it asked for."""

    def __init__(self, port):
        super().__init__()
        self.port, self.asked, self.wrong, self.over, self.open = port, 0, [], False, {}

    def run(self):
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", self.port))
            sock.settimeout(peers.READY_SECONDS)
            while not self.over or self.open:
                while len(self.open) < WINDOW and not self.over:
                    self.asked += 1
                    self.open[self.asked & 0xffff] = self.asked
                    sock.send(query(self.asked & 0xffff))
                try:
                    answer = sock.recv(4096)
                except OSError as error:
                    self.wrong.append(f"{len(self.open)} of {self.asked} without an answer: {error}")
                    return
                del self.open[struct.unpack_from("!H", answer)[0]]
                if peers.parse(answer).texts("A") != [vouch.CODE]:
                    self.wrong.append(f"{peers.parse(answer)}")


class Reload(unittest.TestCase):
    def test_no_query_is_lost_while_listeners_come_and_go_and_receivers_change(self):
        with vouch.Vouchd(config=STEADY % 1000000) as daemon:
            stream, extra = Stream(daemon.dns_port), peers.free_port()
            with open(daemon.yaml, encoding="utf-8") as yaml:
                text = yaml.read()
            more = text.replace(f"dns: 127.0.0.1:{daemon.dns_port}", f"dns: [127.0.0.1:{daemon.dns_port}, 127.0.0.1:{extra}]")
            more += f"  - {{id: other, key: {KEY}}}\n"
            more += "transfers:\n  - {key: a.example, secret: MDEyMzQ1Njc4OWFiY2RlZg==}\n"
            stream.start()
            try:
                for turn in range(10):
                    self.assertEqual(key_answers(daemon, KEY), [])
                    self.assertIn("event=reloaded", daemon.reload(text=more.replace("1000000", str(1000000 + turn))))
                    self.assertEqual(key_answers(daemon, KEY), [vouch.CODE])
                    with socket.socket(type=socket.SOCK_DGRAM) as last:
                        last.connect(("127.0.0.1", extra))
                        last.settimeout(60)
                        for i in range(50):
                            last.send(query(i))
                        self.assertIn("event=reloaded", daemon.reload(text=text))
                        self.assertEqual(len({last.recv(4096)[:2] for i in range(50)}), 50)
                        with self.assertRaises(ConnectionRefusedError):
                            last.send(query(1))
                            last.recv(4096)
            finally:
                stream.over = True
                stream.join()
            self.assertEqual(stream.wrong, [])
            self.assertGreater(stream.asked, 1000)

    def test_no_query_is_lost_while_a_programme_comes_and_goes(self):
        systems = "".join(f"      - id: s{i}\n        sources: [{', '.join(f'10.{i}.{k >> 8}.{k & 255}' for k in range(2000))}]\n" for i in range(10))
        programme = "members:\n  - id: sender\n    name: Sender\n    systems:\n" + systems
        with vouch.Vouchd() as daemon:
            stream = Stream(daemon.dns_port)
            stream.start()
            try:
                daemon.post("/v1/programme", programme.encode(), apply=1, actor="operator")
                daemon.command("accept", "sender", "operator", "control is proven")
                self.assertEqual(daemon.ask("10.9.7.207").texts("A"), [vouch.CODE])
                daemon.command("suspend", "sender", "operator", "a test")
                self.assertEqual(daemon.ask("10.9.7.207").rcode, 3)
            finally:
                stream.over = True
                stream.join()
            self.assertEqual(stream.wrong, [])
            self.assertGreater(stream.asked, 1000)

    def test_a_limit_and_who_may_ask_change_with_the_next_query_and_counts_stay(self):
        with vouch.Vouchd(config="") as daemon:
            self.assertEqual(daemon.ask("127.0.0.2").texts("A"), [vouch.CODE])
            self.assertIn("event=reloaded", daemon.reload("public: no\n"))
            self.assertEqual(daemon.ask("127.0.0.2").rcode, 5)
            self.assertIn("event=reloaded", daemon.reload(STEADY % 1))
            self.assertEqual({daemon.ask("127.0.0.2").rcode for _ in range(20)}, {0, 5})
            self.assertIn("event=reloaded", daemon.reload(STEADY.replace("steady", "newcomer") % 0))
            self.assertEqual(daemon.ask("127.0.0.2").texts("A"), [vouch.CODE])
            rows = {row["receiver"]: row for row in daemon.get("/v1/receivers")["receivers"]}
            self.assertEqual(sorted(rows), ["newcomer", "public"])
            self.assertEqual((rows["newcomer"]["listed"], rows["public"]["listed"], rows["public"]["refused"]), (1, 1, 1))
            self.assertIn("event=reloaded", daemon.reload(STEADY % 0))
            rows = {row["receiver"]: row for row in daemon.get("/v1/receivers")["receivers"]}
            self.assertEqual(rows["steady"]["queries"], 20)

    def test_http_and_lmtp_move_to_other_addresses(self):
        with vouch.Vouchd() as daemon:
            http, path = peers.free_port(), daemon.path("mail.sock")
            with open(daemon.yaml, encoding="utf-8") as yaml:
                text = yaml.read()
            old_http, old_lmtp = daemon.http_port, daemon.lmtp_port
            self.assertIn("event=reloaded", daemon.reload(text=text.replace(
                f"http: 127.0.0.1:{old_http}", f"http: 127.0.0.1:{http}").replace(f"lmtp: 127.0.0.1:{old_lmtp}", f"lmtp: {path}")))
            for port in (old_http, old_lmtp):
                with self.assertRaises(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port), 60)
            daemon.http_port = http
            self.assertEqual(daemon.request("GET", "/healthz", token="")[0], 200)
            with socket.socket(socket.AF_UNIX) as mail:
                mail.settimeout(60)
                mail.connect(path)
                self.assertTrue(mail.recv(512).startswith(b"220 "))
            self.assertIn("event=reloaded", daemon.reload(text=text))
            self.assertFalse(os.path.exists(path))
            daemon.http_port = old_http
            self.assertEqual(daemon.request("GET", "/healthz", token="")[0], 200)
            daemon.send_mail(b"From: a@example\r\nSubject: none\r\n\r\nnothing\r\n")

    def test_what_cannot_change_is_named_and_all_is_as_before(self):
        with vouch.Vouchd() as daemon, socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with open(daemon.yaml, encoding="utf-8") as yaml:
                text = yaml.read()
            here = f"dns: 127.0.0.1:{daemon.dns_port}"
            for other, words in ((text + "dns_workers: 2\n", "dns_workers: only a new start changes it"),
                                 (text.replace(f"zone: {vouch.ZONE}", "zone: other.example"), "lists: only a new start"),
                                 (text + "transfers:\n  - {key: k.example, secret: c2hvcnQ=}\n", "16 to 256 bytes in base64"),
                                 (text + "query_log: /nowhere/q.csv\n", "query_log: /nowhere/q.csv: No such file"),
                                 (text + "nonsense: 1\n", "no such option"),
                                 (text + "public: no\nreceivers:\n  - {id: one, key: short}\n", "key: 16 to 63 letters"),
                                 (text.replace(here, f"dns: [127.0.0.1:{daemon.dns_port}, 127.0.0.1:{taken.getsockname()[1]}]")
                                  + "public: no\n", "Address already in use"),
                                 (text + f"public: no\nreceivers:\n  - {{id: one, key: {KEY}}}\n  - {{id: two, key: {KEY}}}\n",
                                  "one and two have the same key")):
                line = daemon.reload(text=other)
                self.assertIn("event=reload_refused", line)
                self.assertIn(words, line)
                self.assertEqual(daemon.ask("127.0.0.2").texts("A"), [vouch.CODE])
            self.assertIn("event=reloaded", daemon.reload(text=text + "log: debug\n"))

    def test_who_may_act_changes_with_the_next_request(self):
        (old, old_hash), (new, new_hash) = vouch.token_of("old"), vouch.token_of("new")
        config = "operators:\n  - {name: somebody, token_sha256: %s}\n"
        with vouch.Vouchd(config=config % old_hash) as daemon:
            def rights():
                return [daemon.request("GET", "/v1/status", token=token)[0] for token in (old, new)]

            self.assertEqual(rights(), [200, 401])
            self.assertIn("event=reloaded", daemon.reload(config % new_hash))
            self.assertEqual(rights(), [401, 200])
            self.assertIn("event=reloaded", daemon.reload(""))
            self.assertEqual(rights(), [401, 401])

    def test_what_decides_changes_by_a_record_and_a_start_with_the_same_adds_none(self):
        config = "budget: 20\nshadow: 5\nthresholds:\n  - {name: complaint, limit: off}\n"
        with vouch.Vouchd() as daemon:
            def seq():
                return daemon.get("/healthz")["seq"]

            before, was = seq(), daemon.get("/v1/policy")
            self.assertIn("event=reloaded", daemon.reload("log: debug\n"))
            self.assertEqual(seq(), before)
            self.assertIn("event=reloaded", daemon.reload(config))
            self.assertEqual(seq(), before + 1)
            now = daemon.get("/v1/policy")
            self.assertEqual(now["budget"], 20)
            self.assertNotEqual(now["thresholds"], was["thresholds"])
            daemon.kill()
            daemon.start()
            self.assertEqual(seq(), before + 1)
            self.assertEqual(daemon.get("/v1/policy"), now)
            self.assertIn("event=reloaded", daemon.reload(""))
            self.assertEqual((seq(), daemon.get("/v1/policy")), (before + 2, was))

    def test_the_query_log_begins_moves_and_ends_with_a_reload_that_holds(self):
        with vouch.Vouchd() as daemon:
            def lines(name):
                try:
                    with open(daemon.path(name), encoding="ascii") as log:
                        return len(log.readlines())
                except FileNotFoundError:
                    return 0

            daemon.ask("127.0.0.2")
            self.assertIn("event=reloaded", daemon.reload("query_log: a.csv\nquery_log_sample: 1\n"))
            daemon.ask("127.0.0.2")
            self.assertIn("event=reload_refused", daemon.reload("query_log: b.csv\nquery_log_sample: 1\ndns_workers: 2\n"))
            daemon.ask("127.0.0.2")
            daemon.wait(lambda: lines("a.csv") == 3, "log two queries below the header")
            self.assertIn("event=reloaded", daemon.reload("query_log: b.csv\nquery_log_sample: 1\n"))
            daemon.ask("127.0.0.2")
            daemon.wait(lambda: lines("b.csv") == 2, "log one more elsewhere")
            self.assertIn("event=reloaded", daemon.reload(""))
            daemon.ask("127.0.0.2")
            self.assertIn("event=reloaded", daemon.reload("query_log: c.csv\nquery_log_sample: 1\n"))
            daemon.ask("127.0.0.2")
            daemon.wait(lambda: lines("c.csv") == 2, "log again")
            self.assertEqual((lines("a.csv"), lines("b.csv")), (3, 2))

    def test_the_query_log_is_opened_again_by_a_reload_and_has_each_receiver_and_transport(self):
        config = f"query_log: q.csv\nquery_log_sample: 1\nreceivers:\n  - {{id: other, key: {KEY}}}\n"
        with vouch.Vouchd(config=config) as daemon:
            path = daemon.path("q.csv")

            def rows(name):
                with open(name, encoding="ascii") as log:
                    return [(row["client"], row["transport"], row["receiver"], row["name"].lower(), row["type"], row["rcode"], row["usage"])
                            for row in csv.DictReader(log)]

            self.assertEqual(key_answers(daemon, KEY), [vouch.CODE])
            subprocess.run(["dig", "+tcp", "+short", "-p", str(daemon.dns_port), "@127.0.0.1", vouch.question("192.0.2.1"), "TXT"],
                           stdout=subprocess.DEVNULL, timeout=60, check=True)
            daemon.wait(lambda: len(rows(path)) == 2, "log two queries")
            self.assertEqual(rows(path), [
                ("127.0.0.0/24", "udp", "other", LISTED.replace(vouch.ZONE, f"{KEY}.{vouch.ZONE}") + ".", "A", "NOERROR", "listed"),
                ("127.0.0.0/24", "tcp", "public", vouch.question("192.0.2.1") + ".", "TXT", "NXDOMAIN", "not_listed")])
            os.rename(path, path + ".old")
            with open(daemon.yaml, encoding="utf-8") as yaml:
                self.assertIn("event=reloaded", daemon.reload(text=yaml.read()))
            daemon.wait(lambda: os.path.exists(path), "begin a new file")
            daemon.ask("127.0.0.2")
            daemon.wait(lambda: len(rows(path)) == 1, "log one more")
            self.assertEqual(len(rows(path + ".old")), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
