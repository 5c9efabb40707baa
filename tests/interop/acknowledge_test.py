#!/usr/bin/env python3
"""A reporter whose mail is proven is answered by mail, under its number, through Postfix; nobody else is, whatever a mail says of itself."""

import email
import email.policy
import glob
import os
import re
import sys

import certified
import peers
from certified import expect

RECIPIENT = "reports@feedback.example"
OURS, ELSEWHERE = "reports.mailbox.example", "elsewhere.example"
ANNA, MANY, VICTIM = f"anna@{OURS}", f"fbl@{OURS}", f"victim@{ELSEWHERE}"
BOXES = {ANNA: "anna", MANY: "many", VICTIM: "victim", f"bounces@{OURS}": "bounces"}
DAY_MAX = 20
PROGRAMME = certified.PROGRAMME + f"""\
  - id: far-mailbox
    kind: mailbox
    trust: full
    addresses: [far@feedback.example]
    domains: [{OURS}]
"""
REPORT = """\
From: Anna <{box}>
To: reports@feedback.example
Date: Mon, 5 Jan 2026 00:00:00 +0000
Message-ID: <{number}@{domain}>
Subject: a report
{more}MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: test/1
Version: 1
Source-IP: {source}

--b
Content-Type: text/rfc822-headers

From: news@sender.example
Subject: number {number}

--b--
"""
PROVEN = f"Authentication-Results: mx.list.example; dkim=pass header.d={OURS}\n"


class Mailboxes(peers.Postfix):
    """Postfix with the mailboxes of BOXES."""

    def _main_cf(self, account, group):
        self.account = account
        maps = ", ".join(f"{address}={box}/" for address, box in BOXES.items())
        return {**super()._main_cf(account, group), "relay_domains": "", "virtual_mailbox_domains": f"{OURS}, {ELSEWHERE}", "virtual_mailbox_base": self.boxes(),
                "virtual_mailbox_maps": f"inline:{{{maps}}}", "virtual_uid_maps": f"static:{account.pw_uid}",
                "virtual_gid_maps": f"static:{account.pw_gid}", "virtual_minimum_uid": "1"}

    def _start(self):
        super()._start()
        os.makedirs(self.boxes(), exist_ok=True)
        os.chown(self.boxes(), self.account.pw_uid, self.account.pw_gid)

    def boxes(self):
        return os.path.join(self.dir, "boxes")

    def box(self, address):
        found = []
        for path in glob.glob(os.path.join(self.boxes(), BOXES[address], "new", "*")):
            with open(path, "rb") as mail:
                found.append(email.message_from_binary_file(mail, policy=email.policy.default))
        return found


class Feedback:
    """Reports go in through one Postfix, one at a time; answers go out through another."""

    def __init__(self, server, postfix, mailboxes):
        self.server, self.postfix, self.mailboxes, self.number = server, postfix, mailboxes, 0

    def mail(self, sender, more=PROVEN, same=False):
        """Hands one in; the number of its report, or of the one that was there before."""
        self.number += not same
        message = REPORT.format(number=self.number, box=ANNA, domain=OURS, more=more, source=certified.LISTED)
        before = len(self.postfix.lines("status=sent (250 "))
        self.postfix.send(RECIPIENT, message.encode(), sender)
        self.postfix.wait(lambda: len(self.postfix.lines("status=sent (250 ")) > before, "hand over the mail", seconds=60)

    def answered(self, address, count):
        self.mailboxes.wait(lambda: len(self.mailboxes.box(address)) >= count, f"deliver {count} answers", seconds=60)
        return self.mailboxes.box(address)


def check():
    with Mailboxes(1) as mailboxes:
        config = (f"authserv_id: mx.list.example\nnotice_mail: smtp://127.0.0.1:{mailboxes.port}\nnotice_mail_tls: no\n"
                  "notice_from: receipts@list.example\n")
        with certified.daemon(config) as server:
            server.post("/v1/programme", PROGRAMME.encode(), apply=1, actor="operator")
            with peers.Postfix(server.lmtp_port, domain="feedback.example") as postfix:
                feedback = Feedback(server, postfix, mailboxes)
                a_person_is_answered(feedback)
                nobody_else_is(feedback)
                a_case_is_named(feedback)
                not_without_end(feedback)
            server.prove()


def a_person_is_answered(feedback):
    feedback.mail(ANNA)
    mail, = feedback.answered(ANNA, 1)
    expect("an answer by a machine", mail["Auto-Submitted"] == "auto-replied")
    expect("an answer to that mail", mail["In-Reply-To"] == f"<1@{OURS}>" and f"<1@{OURS}>" in mail["References"])
    expect("the null return path", mail["Return-Path"] == "<>")
    expect("it to be for its sender alone", mail["To"] == ANNA and mail["Cc"] is None)
    number = int(re.search(r"[Ii]ts number is (\d+)\.", mail.get_content())[1])
    receipt = feedback.server.get(f"/v1/reports/{number}")
    expect("the number to be that of the report", receipt["reporter"] == "far-mailbox" and receipt["proof"] == f"results {OURS}")
    expect("no case to be named", "open case" not in mail.get_content())


def nobody_else_is(feedback):
    feedback.mail(ANNA, same=True)  # it was there before
    feedback.mail("")
    feedback.mail(VICTIM)  # a return path that somebody else wrote
    feedback.mail(f"bounces@{OURS}")
    feedback.mail(ANNA, "")  # nothing proves it
    for more in ("Auto-Submitted: auto-generated\n", "List-Id: <l.example>\n", "Precedence: bulk\n", "Auto-Submitted: auto-replied\n"):
        feedback.mail(ANNA, PROVEN + more)


def a_case_is_named(feedback):
    feedback.server.command("suspend", certified.LISTED, "operator", "a customer was phished")
    feedback.mail(ANNA)
    mails = feedback.answered(ANNA, 2)
    expect("two answers so far, and none to anybody else", len(mails) == 2 and not any(feedback.mailboxes.box(box) for box in BOXES if box != ANNA))
    case, = {int(n) for mail in mails for n in re.findall(r"open case: (\d+)", mail.get_content())}
    expect("the case to be there for anybody", feedback.server.get(f"/v1/public/cases/{case}")["status"] == "open")


def not_without_end(feedback):
    for _ in range(DAY_MAX + 3):
        feedback.mail(MANY)
    feedback.mail(ANNA)
    feedback.answered(ANNA, 3)
    expect(f"{DAY_MAX} answers a day", len(feedback.answered(MANY, DAY_MAX)) == DAY_MAX)


if __name__ == "__main__":
    sys.exit(certified.run(check, "postfix"))
