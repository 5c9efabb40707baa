#!/usr/bin/env python3
"""The programs as a person starts them: init, a second daemon, signals, paths, a wrong configuration."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))
import peers  # noqa: E402
import vouch  # noqa: E402


def run(program, *args, cwd=None):
    return subprocess.run([os.path.join(vouch.BIN, program), *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, encoding="utf-8", timeout=120, check=False, cwd=cwd,
                          env={key: value for key, value in os.environ.items() if key != "VOUCH_SOCKET"})


class Programs(unittest.TestCase):
    def test_a_second_daemon_on_the_same_data_folder_ends_with_3_and_leaves_the_first_alone(self):
        with vouch.Vouchd() as first:
            with open(first.yaml, encoding="utf-8") as text:
                yaml = text.read().replace("control.sock", "second.sock")
            for port in (first.dns_port, first.http_port, first.lmtp_port):
                yaml = yaml.replace(f"127.0.0.1:{port}", "127.0.0.1:0")
            second = run("vouchd", "-c", first.write("second.yaml", yaml))
            self.assertEqual(second.returncode, 3, second.stderr)
            self.assertIn("another process writes this journal", second.stderr)
            self.assertFalse(os.path.exists(first.path("second.sock")))
            self.assertEqual(first.get("/healthz")["status"], "ok")

    def test_a_second_daemon_on_the_same_addresses_names_the_first_that_is_taken_and_leaves_all_alone(self):
        with vouch.Vouchd() as first:
            second = run("vouchd", "-c", first.yaml)
            self.assertNotEqual(second.returncode, 0)
            self.assertIn(f"dns: 127.0.0.1:{first.dns_port}: Address already in use", second.stderr)
            self.assertEqual(first.get("/healthz")["status"], "ok")
            self.assertEqual(first.ask("127.0.0.2").texts("A"), ["127.0.0.10"])

    def test_sigterm_ends_it_with_0_and_takes_the_control_socket_away(self):
        with vouch.Vouchd() as daemon:
            daemon.terminate()
            self.assertFalse(os.path.exists(daemon.socket))
            done = daemon.cli("cases", check=False)
            self.assertEqual(done.returncode, 4)
            self.assertIn("no daemon listens on", done.stderr)

    def test_reread_names_the_record_whose_document_is_damaged(self):
        with vouch.Vouchd() as daemon:
            daemon.set_clock("2026-01-05T09:00:00Z")
            for address in ("192.0.2.10", "192.0.2.11"):
                rows = daemon.write("rows.csv", f"time,source,signal,count\n2026-01-05T08:00:00Z,{address},delivered,1\n")
                daemon.cli("ingest", rows)
            self.assertIn("2 reports looked at", daemon.cli("reread", "--dry-run").stdout)
            with contextlib.closing(sqlite3.connect(daemon.path("data/journal.db"))) as store:
                number, = store.execute("SELECT max(seq) FROM records WHERE kind = 'report'").fetchone()
            with open(daemon.path("data/raw-000001.seg"), "r+b") as raw:
                raw.seek(-1, os.SEEK_END)
                last = raw.read(1)
                raw.seek(-1, os.SEEK_END)
                raw.write(bytes([last[0] ^ 1]))
            for args in (("reread", "--dry-run"), ("reread", "after an update")):
                done = daemon.cli(*args, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(f"record {number} or its document cannot be read: vouch verify tells more", done.stderr)
            self.assertEqual(daemon.records("correction"), [])

    def test_a_damaged_record_is_named_when_the_daemon_reads_its_past(self):
        with vouch.Vouchd() as daemon:
            daemon.post("/v1/programme", b"members: [{id: m, name: M, systems: [{id: s, sources: [192.0.2.10]}]}]", apply=1, actor="anna")
            daemon.command("accept", "m", "operator", "control is proven")
            daemon.kill()
            with contextlib.closing(sqlite3.connect(daemon.path("data/journal.db"))) as store, store:
                store.execute("UPDATE records SET payload = x'00' WHERE kind = 'command'")
                number, = store.execute("SELECT seq FROM records WHERE kind = 'command'").fetchone()
            again = run("vouchd", "-c", daemon.yaml)
            self.assertEqual(again.returncode, 5, again.stderr)
            self.assertIn(f"journal.db: record {number} cannot be read; see vouch verify", again.stderr)

    def test_what_init_writes_serves_daemon_and_command_from_any_folder(self):
        with vouch.Vouchd() as other:  # for its folder
            made = run("vouch", "init", "etc", cwd=other.dir)
            self.assertEqual(made.returncode, 0, made.stderr)
            self.assertIn("next: vouchd -c etc/vouch.yaml", made.stdout)
            config = other.path("etc/vouch.yaml")
            with open(config, "a", encoding="utf-8") as text:
                text.write(f"dns: 127.0.0.1:{peers.free_port()}\nhttp: []\nlmtp: ./in.sock\n")
            daemon = subprocess.Popen([os.path.join(vouch.BIN, "vouchd"), "-c", config], cwd="/", stdin=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, encoding="utf-8")
            try:
                for line in daemon.stderr:
                    if "event=ready" in line:
                        break
                for folder, path in ((other.dir, "etc/vouch.yaml"), (other.path("etc"), "vouch.yaml"), ("/", config)):
                    asked = run("vouch", "-c", path, "cases", cwd=folder)
                    self.assertEqual((asked.returncode, asked.stdout), (0, "no open case\n"), asked.stderr)
                self.assertTrue(os.path.exists(other.path("etc/vouch-data/journal.db")))
                self.assertTrue(os.path.exists(other.path("etc/in.sock")))
                self.assertEqual(run("vouch", "verify", "-c", config, cwd="/").returncode, 0)
            finally:
                daemon.terminate()
                daemon.stderr.read()
                self.assertEqual(daemon.wait(60), 0)

    def test_bash_completes_verbs_options_and_their_values(self):
        script = 'source <(vouch completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vouch; echo "${COMPREPLY[*]}"'
        for words, wanted in (("vouch st", "status"), ("vouch --config x.yaml --json st", "status"), ("vouch help whe", ""),
                              ("vouch help wh", "why"), ("vouch export --format rb", "rbldnsd"), ("vouch ingest --format c", "csv"),
                              ("vouch confirm 1 --role an", "analyst"), ("vouch quarantine re", "retry"),
                              ("vouch timeline --li", "--limit"), ("vouch add sy", "system"), ("vouch cases --al", "--all")):
            done = subprocess.run(["bash", "-c", script, "bash", *words.split()], stdout=subprocess.PIPE, check=True, timeout=60,
                                  encoding="utf-8", env={**os.environ, "PATH": f"{vouch.BIN}:{os.environ['PATH']}"})
            self.assertEqual(done.stdout.strip(), wanted, words)

    def test_each_verb_that_needs_no_daemon_speaks_json(self):
        with vouch.Vouchd() as daemon:
            for words, member in (("version", "version"), ("help", "verbs"), ("help why", "verbs"), ("completion bash", "script"),
                                  ("sim traffic --days 1", "traffic"), ("init here", "config"), (f"verify {daemon.data}", "whole"),
                                  (f"replay {daemon.data}", "same")):
                done = daemon.cli(*words.split(), "--json")
                self.assertIn(member, json.loads(done.stdout), words)

    def test_the_api_refuses_what_it_does_not_know_instead_of_taking_it_for_something_else(self):
        with vouch.Vouchd() as daemon:
            command = {"verb": "accept", "subject": "nobody", "reason": "so it is"}
            for path, body, words in (
                    ("/v1/cases?status=closed", None, "status: open or all"),
                    ("/v1/timeline?subject=x&reports=none", None, ""),
                    ("/v1/export?format=xml", None, "format: text, json, rbldnsd, ip4trie, ip4set, ip6trie, dnset or rpz"),
                    ("/v1/commands", {**command, "role": "king"}, "role: operator, analyst or member"),
                    ("/v1/commands", {**command, "role": 1}, "role: operator, analyst or member"),
                    ("/v1/commands", {**command, "verb": "list"}, "verb: accept, refuse, apply, suspend, clear, confirm or threat"),
                    ("/v1/commands", [], "a JSON object is wanted"),
                    ("/v1/registry", {"op": "drop"}, "op: add, change, remove or declare"),
                    ("/v1/registry", {"op": "add", "thing": "list"}, "thing: member, system"),
                    ("/v1/registry", {"op": "add", "thing": "member", "id": "m", "set": {"name": 1}}, "a text is wanted"),
                    ("/v1/reports?format=xml", {}, "format: one of arf, dsn, dmarc, "),
                    ("/v1/reports?line=x", {}, "line: a whole number"),
                    ("/v1/reread?apply=1", {}, "reason: a sentence"),
                    ("/v1/reread?apply=1", {"reason": " "}, "reason: a sentence")):
                status, document = daemon.request("GET" if body is None else "POST", path,
                                                  b"" if body is None else json.dumps(body).encode())
                self.assertIn(status, (400, 404), path)
                self.assertIn(words, document["error"], path)

    def test_who_had_a_document_read_again_stands_in_the_journal(self):
        with vouch.Vouchd() as daemon:
            daemon.set_clock("2026-01-05T08:00:00Z")
            daemon.request("POST", "/v1/reports", b"time,source,signal\n2026-01-05T09:00:00Z,192.0.2.10,complaint\n")
            number = daemon.get("/v1/quarantine")["quarantine"][0]["id"]
            daemon.set_clock("2026-01-05T10:00:00Z")
            self.assertIn("1 accepted", daemon.cli("quarantine", "retry", number, "--actor", "anna").stdout)
            self.assertEqual(json.loads(daemon.records("quarantine")[-1]), {"of": number, "status": "read", "actor": "anna"})

    def test_the_programme_of_the_demo_is_what_the_simulation_writes(self):
        with vouch.Vouchd() as daemon:
            daemon.cli("sim", "--seed", "7", "--days", "1", "traffic")
            with open(daemon.path("traffic/programme.yaml"), encoding="utf-8") as made, \
                    open(os.path.join(peers.TREE, "demo", "programme.yaml"), encoding="utf-8") as kept:
                self.assertTrue(made.read() == kept.read(), "copy it: vouch sim --seed 7 --days 1 DIR")

    def test_dig_takes_our_cookies_and_shows_why_a_query_is_refused(self):
        with vouch.Vouchd(config="public: no\n") as daemon:

            def dig(*args):
                return subprocess.run(["dig", "@127.0.0.1", "-p", str(daemon.dns_port), "+norecurse", *args], encoding="utf-8",
                                      stdout=subprocess.PIPE, timeout=60, check=True).stdout

            asked = dig("+cookie=0102030405060708", "2.0.0.127.certified.example", "A")
            self.assertRegex(asked, r"COOKIE: 0102030405060708(01000000)[0-9a-f]{24} \(good\)")
            self.assertIn("status: REFUSED", asked)
            self.assertIn("EDE: 18 (Prohibited)", asked)
            self.assertIn('"yes: 127.0.0.1 ', dig("+short", "amiblocked.certified.example", "TXT"))
            self.assertIn("status: NOERROR", dig("+tcp", "+keepopen", "+keepalive", "certified.example", "SOA", "certified.example", "NS"))
            self.assertIn("EDE: 20 (Not Authoritative)", dig("elsewhere.example"))

    def test_a_wrong_configuration_is_refused_with_its_place_and_nothing_is_opened(self):
        with vouch.Vouchd() as other:
            path = other.write("wrong.yaml", "data: none\nlists:\n  - name: a\n    zone: x.test\n    code: 127.255.255.1\n")
            for args in (["-c", path, "--check"], ["-c", path]):
                done = run("vouchd", *args, cwd=other.dir)
                self.assertEqual(done.returncode, 2)
                self.assertIn(f"{path}:3: list a: code 127.255.255.1", done.stderr)
            self.assertFalse(os.path.exists(other.path("none/journal.db")))
            self.assertEqual(run("vouchd", "-c", other.yaml, "--check").returncode, 0)
            self.assertEqual(run("vouchd", "-c", other.path("nothing.yaml"), "--check").returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
