"""Reports through several doors at once, and a ledger of what was acknowledged; for the crash tests.

A feeder is a thread that sends one document after the other. What was not acknowledged it sends again until it is, as
a mail server or a feed does: so at the end each document must be stored exactly once, and its messages counted once.
"""

import hashlib
import os
import random
import smtplib
import string
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))
import peers  # noqa: E402
import vouch  # noqa: E402

SOURCE = "192.0.2.10"
STORIES = os.path.join(os.path.dirname(HERE), "stories")


class Lost(Exception):
    """Something acknowledged is not there, is there twice, or was counted wrongly."""


class Ledger:
    """What was acknowledged: SHA-256 of the document -> messages it says were delivered."""

    def __init__(self):
        self.lock, self.delivered, self.refusals = threading.Lock(), {}, {}

    def acknowledged(self, document, delivered):
        with self.lock:
            self.delivered[hashlib.sha256(document).digest()] = delivered

    def refused(self, door, words):
        """The daemon said no, and why: kept for tests that want to see it say so."""
        with self.lock:
            self.refusals.setdefault(door, []).append(words)

    def count(self):
        with self.lock:
            return len(self.delivered)

    def refusal_count(self, door):
        with self.lock:
            return len(self.refusals.get(door, []))


class Feeder(threading.Thread):
    """One client of one door. rows: the most rows of a CSV document."""

    door = ""

    def __init__(self, daemon, ledger, number, rows=300):
        super().__init__(daemon=True)
        self.server, self.ledger, self.number, self.rows = daemon, ledger, number, rows
        self.random = random.Random(f"{self.door} {number}")
        self.serial, self.over, self.error = 0, threading.Event(), None

    def run(self):
        try:
            while not self.over.is_set():
                self.serial += 1
                document, delivered = self.make()
                while not self.send(document):  # the same again until it is taken
                    time.sleep(0.02)
                self.ledger.acknowledged(document, delivered)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error  # told by finish()

    def finish(self):
        """End when the document that is under way is acknowledged."""
        self.over.set()
        self.join(120)
        if self.error or self.is_alive():
            raise Lost(f"the {self.door} feeder failed: {self.error!r}")

    def make(self):
        raise NotImplementedError

    def send(self, document):
        """True when it was acknowledged."""
        raise NotImplementedError


class HttpFeeder(Feeder):
    """CSV chunks by POST /v1/reports."""

    door = "http"

    def make(self):
        now, total, rows = vouch.instant_text(vouch.now()), 0, []
        for i in range(self.random.randint(1, self.rows)):
            count = self.random.randint(1, 1000)
            total += count
            rows.append(f"{now},{SOURCE},delivered,{count},{self.number}-{self.serial}-{i}\n")
        return ("time,source,signal,count,chunk\n" + "".join(rows)).encode(), total

    def send(self, document):
        try:
            answer = self.server.report(document, "mailbox", "csv")
        except OSError:
            return False
        except vouch.Refused as refused:
            if refused.status != 503:
                raise
            self.ledger.refused(self.door, refused.words)
            return False
        if answer["accepted"] + answer["duplicate"] != 1 or answer["errors"]:
            raise Lost(f"an odd answer: {answer}")
        return True


class LmtpFeeder(Feeder):
    """Feedback mails."""

    door = "lmtp"

    def make(self):
        with open(os.path.join(STORIES, "abuse.eml"), encoding="utf-8") as text:
            template = string.Template(text.read().replace("\n", "\r\n"))
        at = vouch.now().strftime("%a, %d %b %Y %H:%M:%S +0000")
        return template.substitute(source=SOURCE, reporter=f"feeder{self.number}", serial=self.serial, time=at).encode(), 0

    def send(self, document):
        try:
            self.server.send_mail(document)
        except smtplib.SMTPResponseException as error:
            if not 400 <= error.smtp_code < 500:
                raise
            self.ledger.refused(self.door, f"{error.smtp_code} {error.smtp_error.decode()}")
            return False
        except OSError:  # also smtplib's: the connection ended before an answer
            return False
        return True


def prepare(daemon):
    """One member whose source is suspended: its case then counts every message that is delivered."""
    with open(os.path.join(STORIES, "programme.yaml"), encoding="utf-8") as text:
        tokens = {f"token_of_{name}": vouch.token_of(name)[1] for name in ("mailbox", "trapnet", "stranger")}
        programme = string.Template(text.read()).substitute(tokens)
    daemon.post("/v1/programme", programme.encode(), apply=1, actor="operator")
    daemon.command("accept", "harbour-bank", "operator", "control is proven")
    daemon.command("suspend", SOURCE, "operator", "its mail is to be counted")


def stored(daemon):
    """SHA-256 of the raw document -> how many report records hold it."""
    found = {}
    for payload in daemon.records("report"):
        raw = bytes(payload[32:64])  # model/report.h: the report's id, then the hash of the raw document
        found[raw] = found.get(raw, 0) + 1
    return found


def settle(daemon, ledger):
    """All that must hold when every document was acknowledged."""
    found = stored(daemon)
    twice = sum(count > 1 for count in found.values())
    missing = sum(document not in found for document in ledger.delivered)
    if twice or missing:
        raise Lost(f"of {ledger.count()} acknowledged documents {missing} are missing; {twice} are stored twice")
    if len(found) > ledger.count():
        raise Lost(f"{len(found) - ledger.count()} documents are stored that nobody sent")
    case = daemon.get("/v1/cases", status="open")["cases"][0]
    if case["delivered_after"] != sum(ledger.delivered.values()):
        raise Lost(f"{case['delivered_after']} messages were counted, not {sum(ledger.delivered.values())}")
    if daemon.ask(SOURCE).rcode != 3:
        raise Lost(f"the suspended {SOURCE} is answered as listed")
    daemon.prove()


def wait(happened, what, seconds=peers.READY_SECONDS):
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise Lost(f"{what} did not happen in {seconds} s")
        time.sleep(0.01)
