#!/usr/bin/env python3
"""swaks, smtp-source -> Postfix -> vouch-milter -> rspamd -> Dovecot: the operator learns what became of each mail, to the mail; a
takeover in that flow is caught, of that sender alone; and Postfix's log, tailed through a rotation, says the same as pflogsumm.

MILTER_MAILS: ordinary mails before the takeover (1000; 10,000 take two minutes of two idle cores).
"""

import collections
import contextlib
import os
import re
import subprocess
import sys
import tempfile

import certified
import mailbox
import milter
import peers
import vouch
from certified import LISTED
from milter import SECOND as TAKEN  # falls to somebody else
from milter import counted, expect

MAILS = int(os.environ.get("MILTER_MAILS", "1000"))
# rspamd's own test pattern, which it marks and lets through.
SPAM = b"YJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
MAIL = b"From: news@sender.test\nTo: u@fbl.example\nSubject: news\nMessage-ID: <%d@sender.test>\nMIME-Version: 1.0\n" \
       b"Content-Type: text/plain\n\nGood morning, https://www.shop.test/%d\n%s\n"


class Postfix(peers.Postfix):
    """On all addresses, so that a client that goes to LISTED comes from LISTED, and so on."""

    def _doors(self):
        return [f"0.0.0.0:{self.port} inet n - n - - smtpd\n"]


def settings(ours, filter_port):
    """The milters in their order: ours, the filter, and ours again behind it."""
    return {**milter.settings(ours), "smtpd_milters": ", ".join(f"inet:127.0.0.1:{port}" for port in (
        ours.port, filter_port, ours.verdict_port)), "inet_interfaces": "all",
        "relay_recipient_maps": "inline:{ { u@fbl.example = x }, { v@fbl.example = x } }"}


class Milter(milter.Milter):
    """With the second socket behind the filter."""

    def _start(self):
        self.verdict_port = peers.free_port()
        self.options["verdict_socket"] = f"inet:{self.verdict_port}@127.0.0.1"
        super()._start()


def filter_conf(folder):
    os.makedirs(os.path.join(folder, "filter", "local.d"))
    for name, text in (("options.inc", "enable_test_patterns = true;\n"),
                       ("greylist.conf", "enabled = false;\n"),
                       ("actions.conf", "add_header = 100;\nreject = 200;\n"), ("ratelimit.conf", "enabled = false;\n")):
        with open(os.path.join(folder, "filter", "local.d", name), "w", encoding="utf-8") as out:
            out.write(text)
    return os.path.join(folder, "filter")


def total(counts, wanted):
    return sum(count for (_, signal), count in counts.items() if signal == wanted)


class Flow:
    """Sends, keeps the truth, and compares it with what the daemon learnt since the beginning."""

    def __init__(self, server, postfix, dovecot):
        self.server, self.postfix, self.dovecot = server, postfix, dovecot
        self.truth, self.before, self.number = collections.Counter(), counted(server), 0

    def bulk(self, client, count, recipient="u@fbl.example", sessions=4):
        """Mails without a link, by smtp-source."""
        done = subprocess.run([peers.program("smtp-source"), "-s", str(sessions), "-m", str(count), "-l", "1000", "-f",
                               "news@sender.test", "-t", recipient, f"inet:{client}:{self.postfix.port}"],
                              env=peers.ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1500, check=False)
        expect(f"smtp-source to send all: {done.stdout.decode()[-400:]}", done.returncode == 0)
        self.truth[client, "delivered"] += count

    def one(self, client, *recipients, body=b""):
        """One mail by swaks; recipients that do not exist are refused."""
        self.number += 1
        data = MAIL % (self.number, self.number, body)
        _, words = milter.swaks(self.postfix, None, "--to", ",".join(recipients), "--server", f"{client}:{self.postfix.port}", data=data)
        taken = [name for name in recipients if name in ("u@fbl.example", "v@fbl.example")]
        expect(f"the mail to be taken: {words[-600:]}", not taken or " queued as " in words)
        self.truth[client, "delivered"] += len(taken)
        self.truth[client, "unknown_user"] += len(recipients) - len(taken)
        self.truth[client, "spam_verdict"] += len(taken) if body else 0

    def move(self, client, count, user, source, target, signal):
        """The user moves the first mails of a folder, all of this client."""
        self.dovecot.move(user, f"1:{count}", source, target)
        self.truth[client, signal] += count

    def delivered(self):
        """All are in the mailboxes."""
        self.dovecot.wait(lambda: sum(self.dovecot.count(user, folder) for user in "uv" for folder in ("INBOX", "Junk", "Trash"))
                          == total(self.truth, "delivered"), "have all mails", seconds=900)

    def learnt(self):
        """The daemon comes to the truth, and not past it."""
        self.server.set_clock(vouch.now())
        with contextlib.suppress(peers.PeerError):
            self.server.wait(lambda: counted(self.server) - self.before == +self.truth, "learn all")
        got = counted(self.server) - self.before
        expect(f"{dict(+self.truth)}, not {dict(got)}", got == +self.truth)


def history(server):
    """Four weeks of ordinary mail."""
    end = int(vouch.now().timestamp()) - 3600
    rows = ["time,source,signal,count"]
    for hour in range(672, 0, -1):
        for source in (LISTED, TAKEN):
            for signal, count in (("delivered", 2000), ("complaint", 1), ("unknown_user", 10)):
                rows.append(f"{end - hour * 3600},{source},{signal},{count}")
    server.report("\n".join(rows).encode(), "mailbox", "csv")


def check_ordinary(flow):
    flow.bulk(LISTED, MAILS)
    flow.one(LISTED, "u@fbl.example", "v@fbl.example", "nobody@fbl.example")
    flow.one(LISTED, "nobody@fbl.example")
    flow.one(LISTED, "u@fbl.example", body=SPAM)
    flow.delivered()
    flow.move(LISTED, 2, "u", "INBOX", "Junk", "complaint")
    flow.move(LISTED, 1, "u", "Junk", "INBOX", "not_spam")
    flow.learnt()


def check_takeover(flow, unbound):
    """A bought list: many do not exist, and who does complains."""
    flow.dovecot.move("v", "1:*", "INBOX", "Trash")  # so that what follows is all there is
    flow.bulk(TAKEN, 60, "v@fbl.example")
    for _ in range(25):  # Postfix slows down who errs ten times in a session
        flow.one(TAKEN, "v@fbl.example", *(f"bought{n}@fbl.example" for n in range(8)))
    flow.delivered()
    flow.move(TAKEN, 40, "v", "INBOX", "Junk", "complaint")
    flow.learnt()
    at = vouch.now()
    for minutes in range(5, 61, 5):
        flow.server.set_clock(at + vouch.datetime.timedelta(minutes=minutes))
    states = [flow.server.status(source)["state"] for source in (LISTED, TAKEN)]
    expect(f"one of them to be suspended, not {states}", states == ["certified", "suspended"])
    expect("it alone to be off the list", (flow.server.ask(LISTED).rcode, flow.server.ask(TAKEN).rcode) == (0, 3))
    print("suspended:", flow.server.get("/v1/cases")["cases"][0]["reason"][:300])
    unbound.wait(lambda: peers.dns(unbound.port, vouch.question(TAKEN)).rcode == 3, "forget the answer")


def summary(log, *more):
    """pflogsumm's totals, name -> count."""
    text = subprocess.run([peers.program("perl"), peers.program("pflogsumm"), *more, log], env=peers.ENV, stdout=subprocess.PIPE,
                          check=True, timeout=120).stdout.decode()
    return {name: int(count) for count, name in re.findall(r"^ +(\d+)k? +(received|delivered|rejected|bounced|deferred)\b", text, re.M)}


def check_log(follower, postfix, first):
    """The daemon that followed the log through its rotation counts what Postfix's own summary says."""
    want = summary(postfix.log, first)
    follower.set_clock(vouch.now())
    follower.wait(lambda: total(counted(follower), "delivered") >= want["delivered"], "read the log")
    got = {signal: total(counted(follower), signal) for signal in ("delivered", "unknown_user")}
    print("pflogsumm:", want, "vouchd:", dict(got))
    expect(f"{want} as pflogsumm has it, not {dict(got)}", (got["delivered"], got["unknown_user"]) == (want["delivered"], want["rejected"]))


def run(folder, server, follower, unbound, filter_port):
    with Milter(milter.counting(unbound, server.http_port, folder, verdict_field="X-Spam")) as ours, \
            mailbox.Dovecot(ours.options["votes"]) as dovecot, \
            Postfix(dovecot.lmtp_port, settings=settings(ours, filter_port)) as postfix:
        follower.configure(f"mail_log: {postfix.log}\nmail_log_reporter: mailbox\nmail_log_every: 2s\n")  # a timeline shows 1000 parts
        flow = Flow(server, postfix, dovecot)
        check_ordinary(flow)
        os.rename(postfix.log, postfix.log + ".1")
        postfix.reopen()
        check_takeover(flow, unbound)
        check_log(follower, postfix, postfix.log + ".1")
        taken, words = milter.swaks(postfix, None, "--server", f"{TAKEN}:{postfix.port}", data=MAIL % (0, 0, b""))
        expect(f"mail of who fell to come as any other's: {words[-300:]}", taken)


def check():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        certified.own_resolver(folder)
        mailbox.own_folders()
        for address in (LISTED, TAKEN):
            subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", "lo"], check=True)
        with vouch.Vouchd(ttl="1s") as server, vouch.Vouchd() as follower:
            for one in (server, follower):
                milter.set_up(one)
            history(server)
            filter_port = peers.free_port()
            with certified.resolver(server) as unbound, peers.Rspamd(unbound.port, filter_conf(folder), filter_port):
                run(folder, server, follower, unbound, filter_port)
            server.prove()


if __name__ == "__main__":
    NEEDED = ("postfix", "unbound", "rspamd", "dovecot", "swaks", "smtp-source", "pflogsumm")
    if not os.environ.get(certified.INSIDE):
        certified.in_namespace(*NEEDED)
    sys.exit(certified.run(check, *NEEDED))
