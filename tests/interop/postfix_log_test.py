#!/usr/bin/env python3
"""The log that a real Postfix writes counts, source by source, what its clients and the server behind it saw."""

import collections
import datetime
import glob
import os
import smtplib
import socketserver
import sys
import threading

import certified
import peers
import vouch
from certified import expect

SOURCES = ("192.0.2.10", "198.51.100.4", "203.0.113.25")
# Recipients by what becomes of them: at our server, or at the one behind it.
RECIPIENTS = {"alice": "delivered", "bob": "delivered", "gone": "unknown_user", "unwanted": "policy_block", "full": "bounce", "nobody": "unknown_user"}
BEHIND = {"gone": "550 5.1.1 no such user here", "unwanted": "554 5.7.1 rejected as spam", "full": "552 5.2.2 mailbox full"}
DOMAIN = "inbox.example"


class Store(socketserver.StreamRequestHandler):
    """LMTP: takes what is in no table, and counts it."""

    def handle(self):
        taken = []
        self.wfile.write(b"220 store\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                name = line.split(b"<", 1)[1].split(b"@", 1)[0].decode()
                taken += [] if name in BEHIND else [name]
                self.wfile.write((BEHIND.get(name, "250 2.1.5 ok") + "\r\n").encode())
            elif verb == b"DATA":
                self.wfile.write(b"354 go\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
                for name in taken:
                    self.server.taken[name] += 1
                    self.wfile.write(b"250 2.0.0 taken\r\n")
                taken = []
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


def send(postfix, source, sender, names, truth):
    """One message from a source (XCLIENT), as its client sees it; what the server refuses at once is counted here."""
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=peers.READY_SECONDS) as smtp:
        smtp.ehlo()
        code, words = smtp.docmd("XCLIENT", f"ADDR={source} NAME=out.shop.example")
        expect(f"XCLIENT to be taken, not {code} {words}", code == 220)
        smtp.ehlo()
        smtp.mail(sender)
        accepted = []
        for name in names:
            code, _ = smtp.rcpt(f"{name}@{DOMAIN}")
            if code >= 500:
                truth[source, RECIPIENTS[name]] += 1
            else:
                accepted.append(name)
        if accepted:
            smtp.data("Subject: hello\r\n\r\nhello\r\n")
            for name in accepted:
                truth[source, RECIPIENTS[name]] += 1
        return len(accepted)


def all_lines(postfix):
    """Those of the log and of what it was renamed to."""
    for path in glob.glob(postfix.log + "*"):
        with open(path, encoding="utf-8", errors="replace") as log:
            yield from log


def settled(postfix):
    """Recipients that were taken or given up; the bounces that follow go elsewhere."""
    return sum("status=sent" in line or "status=bounced" in line for line in all_lines(postfix) if f"@{DOMAIN}>, relay=" in line)


def counted(server):
    """What the daemon counted of each source, from its timeline."""
    got = collections.Counter()
    for source in SOURCES:
        for entry in server.get("/v1/timeline", subject=source, limit=1000)["entries"]:
            words = entry["words"].replace(",", "").split()
            for signal, count in zip(words, words[1:]):
                if signal in set(RECIPIENTS.values()) and count.isdigit():
                    got[source, signal] += int(count)
    return got


def follow(server, postfix, queued, truth, store):
    """All is settled, and the daemon that follows the log comes to the same counts."""
    postfix.wait(lambda: settled(postfix) >= queued, "settle all mails")
    expect("the server behind to have taken what was delivered",
           sum(store.taken.values()) == sum(n for (_, signal), n in truth.items() if signal == "delivered"))
    server.set_clock(datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
    server.wait(lambda: sum(counted(server).values()) >= sum(truth.values()), "count all lines")
    got = counted(server)
    expect(f"{dict(truth)}, not {dict(got)}", got == truth)


def batch(postfix, truth, first):
    """Fifteen messages; how many recipients Postfix took."""
    return sum(send(postfix, SOURCES[number % len(SOURCES)], "news@shop.example",
                    [name for at, name in enumerate(RECIPIENTS) if (number + at) % 3 or name == "alice"], truth)
               for number in range(first, first + 15))


def check():
    store = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Store)
    store.daemon_threads, store.taken = True, collections.Counter()
    threading.Thread(target=store.serve_forever, daemon=True).start()
    known = " ".join(f"{{ {name}@{DOMAIN} = x }}" for name in RECIPIENTS if name != "nobody")
    settings = {"smtpd_authorized_xclient_hosts": "127.0.0.0/8", "relay_recipient_maps": f"inline:{{ {known} }}",
                "smtpd_relay_restrictions": "permit_mynetworks, permit_auth_destination, reject", "bounce_queue_lifetime": "0"}
    truth = collections.Counter()
    with certified.daemon() as server, peers.Postfix(store.server_address[1], domain=DOMAIN, settings=settings) as postfix:
        server.post("/v1/programme", PROGRAMME.encode(), apply=1, actor="operator")
        queued = batch(postfix, truth, 0)
        server.configure(f"mail_log: {postfix.log}\nmail_log_reporter: mailbox\nmail_log_every: 100ms\n")
        follow(server, postfix, queued, truth, store)

        # The daemon dies, the log is renamed, Postfix goes on in a new one; then the daemon comes back.
        queued += batch(postfix, truth, 15)
        server.kill()
        os.rename(postfix.log, postfix.log + ".1")
        postfix.reopen()
        queued += batch(postfix, truth, 30)
        server.start()
        follow(server, postfix, queued, truth, store)
        expect("nothing in quarantine", server.get("/v1/quarantine")["quarantine"] == [])

        # And once more while it follows.
        os.rename(postfix.log, postfix.log + ".2")
        postfix.reopen()
        queued += batch(postfix, truth, 45)
        follow(server, postfix, queued, truth, store)
        server.prove()
    store.shutdown()


PROGRAMME = certified.programme({"sender-news": dict.fromkeys((certified.LISTED, certified.DOMAIN) + SOURCES)},
                                f"token_sha256: {vouch.token_of('mailbox')[1]}")


if __name__ == "__main__":
    sys.exit(certified.run(check, "postfix"))
