#!/usr/bin/env python3
"""What is queued reaches people through a real Postfix: once, also across its outage and the daemon's death."""

import email
import email.policy
import glob
import os
import sys

import certified
import peers
import vouch
from certified import expect

START = "2026-01-05T08:00:00Z"
OPS = "ops@member.example"


class Mailboxes(peers.Postfix):
    """Postfix with a mailbox for OPS; it refuses all others of the domain."""

    def _main_cf(self, account, group):
        self.account = account
        return {**super()._main_cf(account, group), "relay_domains": "", "virtual_mailbox_domains": "member.example",
                "virtual_mailbox_base": self.box(), "virtual_mailbox_maps": f"inline:{{{OPS}=ops/}}",
                "virtual_uid_maps": f"static:{account.pw_uid}", "virtual_gid_maps": f"static:{account.pw_gid}",
                "virtual_minimum_uid": "1", "smtpd_relay_restrictions": "permit_mynetworks, reject"}

    def _start(self):
        super()._start()
        os.makedirs(self.box(), exist_ok=True)
        os.chown(self.box(), self.account.pw_uid, self.account.pw_gid)

    def box(self):
        return os.path.join(self.dir, "box")

    def mails(self):
        found = []
        for path in sorted(glob.glob(os.path.join(self.box(), "ops", "new", "*"))):
            with open(path, "rb") as mail:
                found.append(email.message_from_binary_file(mail, policy=email.policy.default))
        return found

    def wait_mails(self, count):
        self.wait(lambda: len(self.mails()) >= count, f"deliver {count} mails")
        return self.mails()


def settings(port):
    return f"""\
notice_mail: smtp://127.0.0.1:{port}
notice_mail_tls: no
notice_from: notices@certified.example
notice_name: The certified list
"""


def notice(server, number):
    return server.get(f"/v1/notices/{number}")


def wait_status(server, number, status):
    server.wait(lambda: notice(server, number)["status"] == status, f"say that {number} is {status}")


def check_mail(postfix, server):
    server.cli("notices", "test", OPS)
    mail = postfix.wait_mails(1)[0]
    wait_status(server, 1, "delivered")
    expect("a mail that a machine wrote (RFC 3834)", mail["Auto-Submitted"] == "auto-generated")
    expect("the null return path", mail["Return-Path"] == "<>")
    expect(f"who it is from, not {mail['From']}", mail["From"] == "The certified list <notices@certified.example>")
    expect("plain text", mail.get_content_type() == "text/plain" and "is a test" in mail.get_content())
    expect("no address in the list", "@" not in server.cli("notices", "--all").stdout)
    expect("the address of the one that is asked for", OPS in server.cli("notices", "show", 1).stdout)

    # An address that the server does not know is not tried again.
    server.cli("notices", "test", "nobody@member.example")
    wait_status(server, 2, "refused")
    expect("why", notice(server, 2)["error"].startswith("550 "))


def check_outage(port, server):
    """Nobody listens: it waits, and is sent when its time has come. The same mail says the same Message-ID."""
    server.cli("notices", "test", OPS)
    server.wait(lambda: notice(server, 3)["tries"] == 1, "try once")
    expect("it to wait", notice(server, 3)["status"] == "waiting")
    server.set_clock("2026-01-05T08:00:29Z")
    server.kill()
    server.start()
    expect("no try before its time", notice(server, 3)["tries"] == 1)
    server.set_clock("2026-01-05T08:00:30Z")
    server.wait(lambda: notice(server, 3)["tries"] == 2, "try again")
    expect("it to wait longer", notice(server, 3)["due"] == "2026-01-05T08:01:30Z")
    server.set_clock("2026-01-09T09:00:00Z")
    wait_status(server, 3, "given_up")
    with server_log(server) as log:
        expect("no address in the log", "member.example" not in log.read())
    with MailboxesAt(port) as postfix:
        server.cli("notices", "retry", 3)
        mails = postfix.wait_mails(1)
        wait_status(server, 3, "delivered")
        expect("it once", len(mails) == 1)
        expect("its Message-ID", mails[0]["Message-ID"].startswith("<vouch.3."))


class MailboxesAt(Mailboxes):
    """At a port that another one had."""

    def __init__(self, port):
        self.wanted = port
        super().__init__(1)

    def _start(self):
        self.port = self.wanted
        super()._start()


def server_log(server):
    return open(server.log, encoding="utf-8")


def check():
    with Mailboxes(1) as postfix:
        port = postfix.port
        with vouch.Vouchd(settings(port)) as server:
            server.set_clock(START)
            check_mail(postfix, server)
            postfix.stop()
            check_outage(port, server)
            server.prove()


if __name__ == "__main__":
    sys.exit(certified.run(check, "postfix"))
