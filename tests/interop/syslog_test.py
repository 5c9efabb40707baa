#!/usr/bin/env python3
"""What a real Exim and a real Postfix say to syslog counts once, in each form in which a real rsyslog writes it.

Both servers get the same mails: recipients that are taken, and some that are refused. rsyslog writes five files of it, each in another form; the
daemon follows one of them, through a rotation, and is handed the others. Exim says to syslog twice what it refuses, and once without a time of its own.
"""

import collections
import os
import smtplib
import socketserver
import subprocess
import sys
import tempfile
import threading

import certified
import peers
import vouch
from certified import LISTED, OTHER, RECIPIENT, expect
from postfix_log_test import Store

UNKNOWN = "gone@inbox.test"
ACL = """\
acl_check_rcpt:
  deny
    condition = ${if eq {$local_part}{gone}}
    message = 5.1.1 no such user here
  accept
"""
# How Exim may be told to write: as it is, and once, without its own time. Who says all once is not told from who says all twice when a client
# asks for the same twice in a second, so then it asks for somebody else.
EXIM_WAYS = (("", UNKNOWN), ("syslog_timestamp = false\nsyslog_duplication = false\nlog_selector = +pid +millisec", "gone@inbox2.test"))
FOLLOWED = "RSYSLOG_SyslogProtocol23Format"
FOLLOW = "mail_log: {log}\nmail_log_format: {format}\nmail_log_reporter: follower\nmail_log_every: 100ms\n"


def reporter_of(form):
    """The reporter who hands in the file of this form."""
    return form.lower().replace("_", "-")


REPORTERS = ("follower", *(reporter_of(form) for form in peers.Rsyslog.FORMS))
PROGRAMME = f"""\
members:
  - id: all
    name: All
    systems:
      - id: all-mail
        sources: [{LISTED}, {OTHER}]
reporters:
""" + "".join(f"  - id: {name}\n    kind: mailbox\n    trust: full\n    token_sha256: {vouch.token_of(name)[1]}\n" for name in REPORTERS)


def send(port, client, recipients, truth):
    """One session and one mail; what becomes of each recipient is counted."""
    with smtplib.SMTP("127.0.0.1", port, timeout=peers.READY_SECONDS, source_address=(client, 0)) as smtp:
        smtp.ehlo("mail.test")
        smtp.mail("a@sender.test")
        codes = [smtp.rcpt(recipient)[0] for recipient in recipients]
        for code in codes:
            expect(f"250 or 550, not {code}", code in (250, 550))
            truth[client, "delivered" if code == 250 else "unknown_user"] += 1
        if 250 in codes:
            code, words = smtp.data("Subject: hello\r\n\r\nhello\r\n")
            expect(f"the mail to be taken, not {code} {words}", code == 250)


def mails(port, truth, second=UNKNOWN):
    """A client is refused twice at once, and another between."""
    for _ in range(4):
        send(port, LISTED, [RECIPIENT, UNKNOWN, second], truth)
        send(port, OTHER, [UNKNOWN], truth)


def counted(server, reporter):
    """What the daemon counted of each client by this reporter's word."""
    got = collections.Counter()
    for client in (LISTED, OTHER):
        for entry in server.get("/v1/timeline", subject=client, limit=1000)["entries"]:
            if f" from {reporter}" not in entry["words"]:
                continue
            words = entry["words"].replace(",", "").split()
            for signal, count in zip(words, words[1:]):
                if signal in ("delivered", "bounce", "policy_block", "unknown_user") and count.isdigit():
                    got[client, signal] += int(count)
    return got


def show(path):
    """The first lines, for whoever reads the log of this test."""
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log.read().splitlines()[:8]:
            print("   ", line[:170])


def logged(path, word):
    """Lines of a file, and of what it was renamed to, that have the word."""
    count = 0
    for name in (path, path + ".1"):
        if os.path.exists(name):
            with open(name, encoding="utf-8", errors="replace") as log:
                count += sum(word in line for line in log)
    return count


def check_forms(syslog, format_name, deliver, done):
    """deliver(truth) sends mails; done: what a line has that says that a recipient was served."""
    truth = collections.Counter()
    path = syslog.files[FOLLOWED]
    before = logged(path, done)
    with vouch.Vouchd(FOLLOW.format(log=path, format=format_name), manual_clock=False) as server:
        server.post("/v1/programme", PROGRAMME.encode(), apply=1, actor="operator")
        deliver(truth)
        os.rename(path, path + ".1")
        syslog.reopen()
        deliver(truth)
        delivered = sum(count for (_, signal), count in truth.items() if signal == "delivered")
        syslog.wait(lambda: logged(path, done) - before >= delivered, "be told of all deliveries")
        server.wait(lambda: sum(counted(server, "follower").values()) >= sum(truth.values()), "count all lines")
        got = counted(server, "follower")
        expect(f"{dict(truth)} of the followed log, not {dict(got)}", got == truth)
        print(f"{format_name}, {FOLLOWED}")
        show(path + ".1")
        for form, file in syslog.files.items():
            if form == FOLLOWED:
                continue
            syslog.wait(lambda file=file: logged(file, "") >= logged(path, ""), f"write all lines of {form}")
            print(f"{format_name}, {form}")
            show(file)
            server.cli("ingest", file, "--reporter", reporter_of(form))
            got = counted(server, reporter_of(form))
            expect(f"{dict(truth)} of {form}, not {dict(got)}", got == truth)
        expect("nothing in quarantine", server.get("/v1/quarantine")["quarantine"] == [])


def check_postfix():
    """Postfix has no file of its own here."""
    store = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Store)
    store.daemon_threads, store.taken = True, collections.Counter()
    threading.Thread(target=store.serve_forever, daemon=True).start()
    settings = {"maillog_file": "", "inet_interfaces": "all", "relay_recipient_maps": f"inline:{{ {{ {RECIPIENT} = x }} }}",
                "smtpd_relay_restrictions": "permit_auth_destination, reject"}
    with peers.Rsyslog() as syslog, peers.Postfix(store.server_address[1], domain="inbox.test", settings=settings) as postfix:
        check_forms(syslog, "postfix", lambda truth: mails(postfix.port, truth), "status=sent")
    store.shutdown()


def check():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        certified.own_resolver(folder)
        peers.Exim.own_names(folder)
        peers.Rsyslog.own_device()
        for address in (LISTED, OTHER):
            subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
        for main, second in EXIM_WAYS:
            with peers.Rsyslog() as syslog, peers.Exim(ACL, main, log="syslog") as exim:
                check_forms(syslog, "exim", lambda truth, port=exim.port, second=second: mails(port, truth, second), "Completed")
        check_postfix()


if __name__ == "__main__":
    if not os.environ.get(certified.INSIDE):
        certified.in_namespace("exim4", "postfix", "rsyslogd")
    sys.exit(certified.run(check, "exim4", "postfix", "rsyslogd"))
