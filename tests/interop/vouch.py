"""Vouch itself as a server for tests: a vouchd on free loopback ports with a data folder of its own.

The programs are those of the build folder named by VOUCH_BIN (ctest sets it; default: build/debug). Time stands still
unless the test moves it (clock: manual), so a test never waits for a clock. Use it as the servers of peers.py:

    with vouch.Vouchd() as daemon:
        daemon.set_clock("2026-01-05T00:00:00Z")
        daemon.post("/v1/programme", programme.encode(), apply=1, actor="operator")
        daemon.command("accept", "harbour-bank", "operator", "control is proven")
        answer = daemon.ask("192.0.2.10")
"""

import contextlib
import datetime
import hashlib
import http.client
import json
import os
import re
import signal
import smtplib
import socket
import sqlite3
import subprocess
import urllib.parse

import peers

BIN = os.environ.get("VOUCH_BIN", os.path.join(peers.TREE, "build", "debug"))
ZONE, DOMAIN_ZONE, CODE = "certified.example", "domains.certified.example", "127.0.0.10"
# The unpacked servers bring libraries of their own; our programs use those of the machine.
OWN_ENV = {"LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")}


class Refused(Exception):
    """The daemon answered with an error. status: of HTTP; words: of the daemon; document: the whole answer."""

    def __init__(self, status, document):
        self.status, self.document = status, document
        self.words = document.get("error", "") if isinstance(document, dict) else str(document)
        super().__init__(f"HTTP {status}: {self.words}")


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over the control socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def token_of(reporter):
    """The bearer token of a reporter in tests, and its SHA-256 for the programme file."""
    token = f"token-of-{reporter}"
    return token, hashlib.sha256(token.encode()).hexdigest()


def instant(text):
    """A time from its text; UTC."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(datetime.timezone.utc)


def now():
    """The time of the machine's clock, for daemons that live by it."""
    return datetime.datetime.now(datetime.timezone.utc)


def instant_text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def question(subject, zone=ZONE, domain_zone=DOMAIN_ZONE):
    """The name to ask for an address (RFC 5782 sections 2.1 and 2.4) or for a domain (section 2.3)."""
    for family, width in ((socket.AF_INET, 8), (socket.AF_INET6, 4)):
        try:
            packed = socket.inet_pton(family, subject)
        except OSError:
            continue
        digits = [str(byte) for byte in packed] if width == 8 else list(packed.hex())
        return ".".join(reversed(digits)) + "." + zone
    return f"{subject}.{domain_zone}"


class Vouchd(peers.Own):
    """One daemon. config: more lines of vouch.yaml; data: its folder, when it must lie elsewhere than in a temporary one."""

    name = "vouchd"

    def __init__(self, config="", data=None, manual_clock=True, ttl="60s"):
        self.config, self.data, self.manual_clock, self.ttl = config, data, manual_clock, ttl
        self.dns_port, self.http_port, self.lmtp_port = peers.free_port(), peers.free_port(), peers.free_port()
        for program in ("vouchd", "vouch"):
            if not os.access(os.path.join(BIN, program), os.X_OK):
                raise peers.PeerError(f"{os.path.join(BIN, program)} is not built")
        super().__init__()

    def _start(self):
        self.data = self.data or os.path.join(self.dir, "data")
        self.socket = os.path.join(self.dir, "control.sock")
        self.yaml = self.write("vouch.yaml", f"""\
data: {self.data}
control: {self.socket}
dns: 127.0.0.1:{self.dns_port}
http: 127.0.0.1:{self.http_port}
lmtp: 127.0.0.1:{self.lmtp_port}
clock: {'manual' if self.manual_clock else 'real'}
lists:
  - name: certified
    zone: {ZONE}
    domain_zone: {DOMAIN_ZONE}
    code: {CODE}
    ttl: {self.ttl}
    negative_ttl: {self.ttl}
{self.config}""")
        self.start()

    # ---- life and death

    def start(self):
        """Start it; returns when it answers."""
        self._launch(lambda: self.get("/healthz")["status"] == "ok")

    def configure(self, config):
        """Ends it and starts it with these lines of vouch.yaml instead of those it had."""
        self.terminate()
        self.config = config
        self._start()

    def reload(self, config=None, text=None):
        """Other lines of vouch.yaml, or another whole text, while it runs; returns the line of the log that says how it went."""
        with open(self.log, encoding="utf-8") as log:
            log.seek(0, os.SEEK_END)
            if text is None:
                with open(self.yaml, encoding="utf-8") as yaml:
                    text = yaml.read()[:-len(self.config) or None] + config
                self.config = config
            self.write("vouch.yaml", text)
            self.process.send_signal(signal.SIGHUP)
            found = []

            def told():
                found.extend(line for line in log if re.search("event=(reloaded|reload_refused) ", line))
                return bool(found)

            self.wait(told, "reload")
        return found[0]

    def begin(self):
        """Start it and return at once."""
        self._launch(lambda: True)

    def _launch(self, ready):
        self.run([os.path.join(BIN, "vouchd"), "-c", self.yaml], ready, OWN_ENV)

    def kill(self):
        """End it as a power cut would: nothing is written any more."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    # ---- its API

    def request(self, method, path, body=b"", token=None, timeout=60, headers=(), **query):
        """One request, on the control socket, or with a token (may be "") on TCP: (status, document or bytes)."""
        connection = (_UnixConnection(self.socket, timeout) if token is None
                      else http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=timeout))
        try:
            sent = dict(headers)
            if token:
                sent["Authorization"] = f"Bearer {token}"
            target = path + ("?" + urllib.parse.urlencode(query) if query else "")
            connection.request(method, target, body, sent)
            reply = connection.getresponse()
            data = reply.read()
            is_json = reply.getheader("Content-Type", "").startswith("application/json")
            return reply.status, json.loads(data) if is_json else data
        except http.client.HTTPException as error:
            raise ConnectionError(f"no whole answer: {error!r}") from error
        finally:
            connection.close()

    def call(self, *args, **more):
        """As request; returns the document, Refused when it is an error."""
        status, document = self.request(*args, **more)
        if status >= 400:
            raise Refused(status, document)
        return document

    def get(self, path, **query):
        return self.call("GET", path, **query)

    def post(self, path, body=b"", **query):
        return self.call("POST", path, body, **query)

    def set_clock(self, at):
        """Move the time on; at: text or datetime."""
        text = at if isinstance(at, str) else instant_text(at)
        return self.post("/v1/clock", json.dumps({"time": text}).encode())

    def command(self, verb, subject, actor, reason):
        """A person decides. actor: a name; "analyst" and "member" also stand for what they are."""
        role = actor if actor in ("analyst", "member") else "operator"
        document = {"verb": verb, "subject": str(subject), "actor": actor, "role": role, "reason": reason}
        return self.post("/v1/commands", json.dumps(document).encode())

    def status(self, subject):
        """The entry of one source."""
        entries = self.get("/v1/status", subject=subject)["sources"]
        if len(entries) != 1:
            raise peers.PeerError(f"{len(entries)} entries for {subject}: {entries}")
        return entries[0]

    def report(self, body, reporter, format, **query):
        """Post one document as a registered reporter; the counts it was answered with."""
        return self.call("POST", "/v1/reports", body, token_of(reporter)[0], format=format, **query)

    def send_mail(self, body, recipient="feedback@certified.example", sender="", timeout=60):
        """Hand over one mail by LMTP, to one recipient or a list; smtplib.SMTPException unless it is taken."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port, timeout=timeout) as lmtp:
            recipients = [recipient] if isinstance(recipient, str) else recipient
            lmtp.ehlo_or_helo_if_needed()
            replies = [lmtp.mail(sender), *(lmtp.rcpt(one) for one in recipients), lmtp.data(body)]
            replies += [lmtp.getreply() for _ in recipients[1:]]  # one for each: smtplib reads the first alone
            for code, words in replies:
                if code // 100 != 2:
                    raise smtplib.SMTPResponseException(code, words)

    def ask(self, subject, kind="A"):
        """Ask the list for an address or a domain."""
        return peers.dns(self.dns_port, question(subject), kind)

    def records(self, kind):
        """The payloads of all records of a kind, read from the store as anybody may (doc/data/journal.md)."""
        with contextlib.closing(sqlite3.connect(f"file:{self.data}/journal.db?mode=ro", uri=True)) as store:
            return [payload for payload, in store.execute("SELECT payload FROM records WHERE kind = ? ORDER BY seq", (kind,))]

    def keeps(self, document):
        """Are these bytes among the raw documents of the store?"""
        with contextlib.closing(sqlite3.connect(f"file:{self.data}/journal.db?mode=ro", uri=True)) as store:
            found = store.execute("SELECT 1 FROM raw_documents WHERE hash = ?", (hashlib.sha256(document).digest(),))
            return found.fetchone() is not None

    # ---- the command line

    def cli(self, *args, check=True):
        """Run vouch; its CompletedProcess with text. With check, PeerError unless it ends with status 0."""
        done = subprocess.run([os.path.join(BIN, "vouch"), *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, env={**os.environ, "VOUCH_SOCKET": self.socket, "NO_COLOR": "1"},
                              encoding="utf-8", errors="replace", timeout=600, check=False, cwd=self.dir)
        if check and done.returncode != 0:
            words = f"{done.stdout}{done.stderr}"
            raise peers.PeerError(f"vouch {' '.join(map(str, args))} ended with status {done.returncode}\n{words}")
        return done

    def prove(self):
        """The chain is whole, and folding it again gives what was recorded (invariants 1, 2 and 8)."""
        self.cli("verify", self.data)
        self.cli("replay", self.data)
