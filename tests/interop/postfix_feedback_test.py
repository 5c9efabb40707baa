#!/usr/bin/env python3
"""Postfix with contrib/postfix/feedback.cf hands real feedback mails to the daemon: once each, also across an outage."""

import glob
import os
import sys

import certified
import peers
from certified import expect

RECIPIENT = "reports@feedback.example"
# SMTP cannot carry lines that end in a bare CR: Postfix would break the one that has them.
MAILS = sorted(path for path in glob.glob(os.path.join(peers.TREE, "tests", "data", "arf", "*.eml")) if "-mac-" not in path)
# One is another one with other line ends; Postfix makes them equal, so it is the same report.
DISTINCT = len(MAILS) - sum("-dos-" in path for path in MAILS)


def read(path):
    with open(path, "rb") as mail:
        return mail.read()


def check():
    with certified.daemon() as server:
        shipped = certified.settings("postfix/feedback.cf")
        shipped["transport_maps"] = shipped["transport_maps"].replace("8024", str(server.lmtp_port))
        with peers.Postfix(1, domain="elsewhere.test", settings=shipped) as postfix:
            for path in MAILS:
                postfix.send(RECIPIENT, read(path))
            postfix.wait(lambda: len(postfix.lines("status=sent (250 ")) == len(MAILS), "hand over all mails")
            count = len(server.records("report"))
            expect(f"{DISTINCT} reports of {len(MAILS)} mails, not {count}", count == DISTINCT)
            expect("nothing in quarantine", server.get("/v1/quarantine")["quarantine"] == [])

            # The same mail over Postfix again has other trace headers, and counts once.
            postfix.send(RECIPIENT, read(MAILS[0]))
            postfix.wait(lambda: len(postfix.lines("status=sent (250 ")) == len(MAILS) + 1, "hand over a resent mail")
            expect("a resent mail to count once", len(server.records("report")) == DISTINCT)

            # While the daemon is down mails wait in the queue; what is no feedback mail is taken and set aside.
            server.kill()
            postfix.send(RECIPIENT, b"Subject: hello\r\n\r\nI am no feedback mail.\r\n")
            postfix.wait(lambda: postfix.lines("status=deferred"), "keep a mail")
            server.start()
            postfix.wait(lambda: len(postfix.lines("status=sent (250 ")) == len(MAILS) + 2, "hand over the mail that waited")
            waiting = server.get("/v1/quarantine")["quarantine"]
            expect(f"one mail in quarantine, not {waiting}", len(waiting) == 1)
            expect("no report of it", len(server.records("report")) == DISTINCT)
        server.prove()


if __name__ == "__main__":
    sys.exit(certified.run(check, "postfix"))
