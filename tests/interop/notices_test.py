#!/usr/bin/env python3
"""
What is queued reaches people through a real Postfix, and a member's own server: once, also across outages and the daemon's death;
and a server that hangs holds up no decision.
"""

import base64
import email
import email.policy
import glob
import hashlib
import hmac
import http.server
import json
import os
import sys
import threading
import time

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
        """In the order of their delivery, which the names within one second are not in."""
        found = []
        paths = glob.glob(os.path.join(self.box(), "ops", "new", "*"))
        for path in sorted(paths, key=lambda path: os.stat(path).st_mtime_ns):
            with open(path, "rb") as mail:
                found.append(email.message_from_binary_file(mail, policy=email.policy.default))
        return found

    def wait_mails(self, count):
        self.wait(lambda: len(self.mails()) >= count, f"deliver {count} mails")
        return self.mails()


PROGRAMME = f"""\
members:
  - id: harbour-bank
    name: Harbour Bank
    alerts: [{OPS}]
    webhook: http://127.0.0.1:%d/hook?of=harbour
    systems:
      - id: harbour-news
        sources: [192.0.2.10, 192.0.2.11]
"""


class Hook:
    """A member's server. `status`: what it answers; `hangs`: it takes a call and says nothing until that is cleared."""

    def __init__(self):
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.calls.append((self.path, dict(self.headers.items()), body))
                while hook.hangs:
                    time.sleep(0.05)
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.calls, self.status, self.hangs = [], 204, False
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hangs = False
        self.server.shutdown()
        self.server.server_close()


def signed(secret, headers, body):
    """Does the signature fit (standardwebhooks.com), computed anew?"""
    headers = {name.lower(): value for name, value in headers.items()}
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return headers["webhook-signature"] == f"v1,{mac}"


def call_id(call):
    return {name.lower(): value for name, value in call[1].items()}["webhook-id"]


def kinds(server):
    return sorted((row["kind"], row["channel"], row["status"]) for row in server.get("/v1/notices")["notices"])


def check_members(postfix):
    """Off the list, on it again: the member hears both in both ways."""
    with Hook() as hook, vouch.Vouchd() as server:
        key = server.write("key", "a key of the operator\n")
        server.configure(settings(postfix.port) + f"notice_webhook_key_file: {key}\nnotice_webhook_private: yes\n"
                         "notice_answer: call +44 1632 960000\n")
        server.set_clock(START)
        server.post("/v1/programme", (PROGRAMME % hook.port).encode(), apply=1, actor="operator")
        server.command("accept", "harbour-bank", "operator", "control is proven")
        before = len(postfix.mails())
        server.command("suspend", "harbour-news", "operator", "a phish went out")
        mail = postfix.wait_mails(before + 1)[-1]
        expect(f"a subject that says it, not {mail['Subject']}", mail["Subject"] == "harbour-news is off the certified list: it may be taken over")
        text = mail.get_content()
        for words in ("Harbour Bank", "  192.0.2.10\n  192.0.2.11\n", "2026-01-05 08:00 UTC", "a phish went out", "call +44 1632 960000"):
            expect(f"{words!r} in the mail:\n{text}", words in text)
        server.wait(lambda: hook.calls, "call the webhook")
        path, headers, body = hook.calls[0]
        secret = server.cli("notices", "secret", "harbour-bank").stdout.strip()
        expect("the whole path", path == "/hook?of=harbour")
        expect("a signature that fits", signed(secret, headers, body))
        expect("another one not to", not signed(secret, headers, body + b" "))
        document = json.loads(body)
        expect("what happened", document["type"] == "suspended_security" and document["data"]["sources"] == ["192.0.2.10", "192.0.2.11"])
        expect("who", document["data"]["member"] == "harbour-bank")
        check_hanging(postfix, hook, server)
        server.prove()
        with server_log(server) as log:
            told = log.read()
        expect("no address in the log", "member.example" not in told and "of=harbour" not in told and "whsec" not in told)
        expect("who read a secret in it", "event=secret_read member=harbour-bank" in told)
        metrics = server.get("/metrics").decode()
        expect("no address in the metrics", "member.example" not in metrics)
        expect("the tries there", 'vouch_outbox_tries_total{channel="webhook",outcome="delivered"}' in metrics)


def check_hanging(postfix, hook, server):
    """The webhook hangs: decisions, mails and answers go on; killed meanwhile, the daemon calls again, with the same id."""
    server.wait(lambda: all(status == "delivered" for _, _, status in kinds(server)), "be done with what it told before")
    hook.calls.clear()
    hook.hangs = True
    began, before = time.monotonic(), len(postfix.mails())
    server.command("clear", "harbour-news", "operator", "the account is closed")
    expect("the list to follow", server.ask("192.0.2.10").texts("A") == [vouch.CODE])
    expect(f"no wait for the webhook ({time.monotonic() - began:.1f} s)", time.monotonic() - began < 15)
    postfix.wait_mails(before + 1)
    server.wait(lambda: hook.calls, "call the webhook")
    server.kill()
    hook.hangs = False
    server.start()
    server.wait(lambda: ("reinstated", "webhook", "delivered") in kinds(server), "call it again")
    expect("the same id", len({call_id(call) for call in hook.calls}) == 1 and len(hook.calls) == 2)
    expect(f"each notice once: {kinds(server)}", len(kinds(server)) == 4)


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
            check_members(postfix)
            postfix.stop()
            check_outage(port, server)
            server.prove()


if __name__ == "__main__":
    sys.exit(certified.run(check, "postfix"))
