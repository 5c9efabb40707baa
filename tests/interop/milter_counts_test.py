#!/usr/bin/env python3
"""Postfix -> vouch-milter -> vouchd: what became of certified mail is counted to the mail, once, whatever is away or full meanwhile,
and nothing of a recipient leaves."""

import collections
import contextlib
import glob
import hashlib
import hmac
import json
import os
import smtplib
import subprocess
import sys
import tempfile

import certified
import milter
import peers
import vouch
from certified import LISTED, OTHER
from milter import SECOND, counted, expect

KNOWN = ["alice", "bob", "carol"]
PAGE = """\
From: Sender <news@{sender}>
To: {recipient}
Subject: private matters
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8
Message-ID: <{number}@sender.test>

<p>Good morning, <a href="https://www.{link}/offer?u={recipient}">your offer</a></p>
"""


class Mails:
    """Sends through Postfix and keeps the truth: (source, signal) -> count."""

    def __init__(self, postfix):
        self.postfix, self.truth, self.number = postfix, collections.Counter(), 0

    def send(self, client, names, link="shop.test", sender="sender.test", certain=True):
        """One session, one mail to these local parts; what the server answers is what is counted."""
        self.number += 1
        with smtplib.SMTP("127.0.0.1", self.postfix.port, timeout=peers.READY_SECONDS) as smtp:
            smtp.ehlo()
            smtp.docmd("XCLIENT", f"ADDR={client} NAME=out.sender.test")
            smtp.ehlo()
            smtp.mail("bounce@sender.test")
            codes = [smtp.rcpt(f"{name}@fbl.example")[0] for name in names]
            taken = codes.count(250)
            if taken:
                page = PAGE.format(sender=sender, link=link, number=self.number, recipient=f"{names[0]}@fbl.example")
                expect("the mail to be taken", smtp.data(page.encode())[0] == 250)
        if certain:
            self.truth[client, "delivered"] += taken
            self.truth[client, "unknown_user"] += len(codes) - taken


def reported(server, mails):
    """The daemon has the truth, and it stays so."""
    server.wait(lambda: sum(counted(server).values()) >= sum(mails.truth.values()), "get all counts")
    expect(f"{dict(+mails.truth)}, not {dict(counted(server))}", counted(server) == +mails.truth)


def vote(ours, message, direction, user):
    """What the hook of the IMAP server does."""
    subprocess.run([os.path.join(vouch.BIN, "vouch-milter"), "--vote", direction, "--votes", ours.options["votes"], "--user", user],
                   input=message.as_bytes(), check=True, timeout=60, env={**os.environ, **vouch.OWN_ENV})


def check_votes(server, mails, store, ours):
    mails.send(LISTED, ["alice", "bob"])
    message = store.next()
    ticket = message["X-Vouch-Ticket"]
    expect(f"a ticket that names the source, not {ticket!r}", f" {LISTED} " in ticket)
    for user in ("alice", "bob", "bob"):  # bob moves it twice
        vote(ours, message, "junk", user)
    vote(ours, message, "not_junk", "bob")
    other_end = "1" if ticket[-1] == "0" else "0"
    for forged in (ticket.replace(LISTED, SECOND), ticket[:-1] + other_end, "x", ""):
        message.replace_header("X-Vouch-Ticket", forged)
        vote(ours, message, "junk", "mallory")
    mails.truth.update({(LISTED, "complaint"): 2, (LISTED, "not_spam"): 1})
    message.replace_header("X-Vouch-Ticket", ticket)
    mails.send(OTHER, ["alice"], certain=False)
    expect("no ticket for who is not certified", store.next()["X-Vouch-Ticket"] is None)
    reported(server, mails)
    return message


def waiting(ours):
    return sorted(glob.glob(f"{ours.options['spool']}/*.jsonl"))


def check_operator_away(server, mails, ours, wire, message):
    """Reports wait on disk while the operator is away, through a restart of the milter; then each counts once."""
    wire.away = True
    for _ in range(3):
        before = len(waiting(ours))
        mails.send(LISTED, ["alice"])
        mails.send(SECOND, ["bob", "nobody", "nobody-else"])
        ours.wait(lambda before=before: len(waiting(ours)) > before, "store a report")
    mails.send(LISTED, ["alice"])
    ours.terminate()  # what was not stored yet is stored now
    expect("at least three reports on disk", len(waiting(ours)) >= 3)
    wire.away = False
    wire.lose = 2  # it takes them, but the milter does not hear of it
    ours.start()
    for user in ("alice", "bob"):  # who did so before the milter was ended
        vote(ours, message, "junk", user)
    ours.wait(lambda: wire.lose == 0, "try twice")
    ours.terminate()
    ours.start()
    ours.wait(lambda: not waiting(ours), "empty the spool")
    reported(server, mails)
    expect("some reports to have been sent twice", len(wire.bodies) > len(set(wire.bodies)))


def signed(body, token, reporter="mailbox", claimed=None):
    digest = hashlib.sha256(claimed or body).hexdigest()
    mac = hmac.new(hashlib.sha256(token.encode()).digest(), f"vouch-report\n{reporter}\n{digest}\n".encode(), "sha256").hexdigest()
    return f"Vouch-HMAC-SHA256 reporter={reporter}, body={digest}, mac={mac}"


def check_signature(server, report):
    """Without the right key nobody reports as another, and nobody changes a report on its way."""
    token = vouch.token_of("mailbox")[0]

    def post(body, authorization, path="/v1/reports"):
        return server.request("POST", path, body, "", headers=[("Authorization", authorization)], format="jsonl")[0]

    other = report.replace(b'"count":1', b'"count":9')
    expect("a signed report to be known already", post(report, signed(report, token)) == 200)
    expect("another key to be refused", post(other, signed(other, "guess")) == 401)
    expect("another body to be refused", post(other, signed(report, token)) == 403)
    expect("another name to be refused", post(report, signed(report, token, "operator")) == 401)
    expect("no other route", post(b"", signed(b"", token), "/v1/commands") == 401)


@contextlib.contextmanager
def full_disk(folder):
    """Nothing can be written below the folder; a file system of its own, in the namespace of this process."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], check=True)
    with open(os.path.join(folder, "ballast"), "wb", buffering=0) as out, contextlib.suppress(OSError):
        while True:
            expect("the disk to fill", out.write(bytes(4096)) > 0)
    try:
        yield os.path.join(folder, "ballast")
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def check_full_disk(server, mails, store, ours):
    """A disk that is full stops no mail and no mark; what is counted meanwhile is not lost."""
    ours.terminate()
    reported(server, mails)
    with full_disk(ours.options["spool"]) as ballast:
        ours.start()
        mails.send(LISTED, ["alice", "nobody"])
        message = store.next()
        expect("a mark and a ticket while the disk is full", milter.listings(message) != [] and message["X-Vouch-Ticket"])
        ours.wait(lambda: "counted with the next" in ours.log_end(), "say so")
        mails.send(LISTED, ["bob"])
        os.unlink(ballast)
        reported(server, mails)
        ours.terminate()


def check_killed(server, mails, ours):
    """Killed between two reports: what was counted is reported at the next start, but for the last seconds."""
    ours.terminate()
    ours.again(interval="1h")
    stored = os.path.join(ours.options["spool"], ".open")
    mails.send(LISTED, ["alice", "nobody"])
    mails.send(SECOND, ["bob"])

    def is_stored():
        with contextlib.suppress(FileNotFoundError), open(stored, encoding="utf-8") as lines:
            return sum(json.loads(line)["count"] for line in lines if '"sample"' not in line) >= 3
        return False

    ours.wait(is_stored, "store what it counted")
    before = counted(server)
    ours.process.kill()
    ours.process.wait()
    ours.again(interval="1s")
    reported(server, mails)
    expect("it to have come from the disk alone", counted(server) - before == collections.Counter(
        {(LISTED, "delivered"): 1, (LISTED, "unknown_user"): 1, (SECOND, "delivered"): 1}))


def check_domains(server, mails, wire):
    """Domains come from three mails on; nothing of a recipient and nothing of the content comes at all."""
    for _ in range(2):
        mails.send(SECOND, ["bob"], link="seldom.test", sender="rare.test")
    for number in range(100):
        mails.send(LISTED, ["alice"], link="often.test", sender=f"sender{number}.test")
        if b'"link_domain":"often.test"' in b"".join(wire.bodies):
            break
    reported(server, mails)
    text = b"".join(wire.bodies).decode()
    expect("a link that stood in many mails", '"signal":"sample"' in text and '"link_domain":"often.test"' in text)
    for word in ("alice", "bob", "nobody", "fbl.example", "private", "sender.test>", "seldom.test", "rare.test", "sender1.test"):
        expect(f"{word} in no report", word not in text)


def check():
    with tempfile.TemporaryDirectory() as folder:
        certified.own_resolver(folder)
        with vouch.Vouchd(ttl="1s") as server, milter.Wire(server) as wire, milter.Store() as store:
            milter.set_up(server)
            known = " ".join(f"{{ {name}@fbl.example = x }}" for name in KNOWN)
            with certified.resolver(server) as unbound, milter.Milter(
                    milter.counting(unbound, wire.port, folder, domains_from="3")) as ours, \
                    peers.Postfix(store.port, settings=milter.settings(
                        ours, relay_recipient_maps=f"inline:{{ {known} }}")) as postfix:
                mails = Mails(postfix)
                message = check_votes(server, mails, store, ours)
                check_domains(server, mails, wire)
                while not store.messages.empty():
                    store.next()
                mails.send(SECOND, ["nobody"])  # nobody at all: only its recipients count
                reported(server, mails)
                check_operator_away(server, mails, ours, wire, message)
                check_signature(server, wire.bodies[-1])
                check_killed(server, mails, ours)
                while not store.messages.empty():
                    store.next()
                check_full_disk(server, mails, store, ours)
            expect("nothing in quarantine", server.get("/v1/quarantine")["quarantine"] == [])
            server.prove()


if __name__ == "__main__":
    if not os.environ.get(certified.INSIDE):
        certified.in_namespace("postfix", "unbound")
    sys.exit(certified.run(check, "postfix", "unbound"))
