#!/usr/bin/env python3
"""Exim with contrib/exim/vouch.acl: certified clients and DKIM domains are let in and marked, until they are suspended.

What is no exact code, no answer, a refusal, or a name that the sender made up, marks nothing. Exim asks the resolver of the
machine, and its user must exist by name: so this runs in namespaces of its own, as the test of Postfix does, in which the
clients have the addresses they are tested by. At the end the daemon reads its log and counts what was seen here; another one has
followed it through a rotation and counts what eximstats says.
"""

import collections
import os
import re
import smtplib
import socketserver
import subprocess
import sys
import tempfile
import threading

import certified
import peers
import vouch
from certified import DOMAIN, LISTED, OTHER, RECIPIENT, SELECTOR, expect

BLOCKED, BOTH, REWRITTEN, REFUSED, FAILS = (f"198.18.0.{n}" for n in range(21, 26))
CLIENTS = (LISTED, OTHER, BLOCKED, BOTH, REWRITTEN, REFUSED, FAILS)
# A daemon that follows the log while all this happens.
FOLLOW = """\
mail_log: {log}
mail_log_format: exim
mail_log_reporter: mailbox
mail_log_every: 100ms
"""
FOLLOWED = f"""\
members:
  - id: all
    name: All
    systems:
      - id: all-mail
        sources: [{", ".join(CLIENTS)}]
reporters:
  - id: mailbox
    kind: mailbox
    trust: full
"""
# What the sender of EVIL asks for a certified list of its own: its key is found under this name too.
EVIL = "evil.test"
INJECTED = f"x:own.{EVIL}=127.0.0.10/b.{EVIL}"
ANSWERS = {BLOCKED: ["127.255.255.255"], BOTH: [vouch.CODE, "127.0.0.255"], REWRITTEN: ["203.0.113.1"],
           EVIL: [vouch.CODE, "127.0.0.255"]}
# The lines that contrib/exim/vouch.acl tells to write around it.
ACL = f"""\
.include {certified.shipped("exim/vouch.acl")}
acl_check_rcpt:
  require verify = recipient
  accept acl = vouch_client
  accept condition = ${{if eq {{$sender_address}}{{guessed@sender.test}}}}
  deny message = your name looks like that of a dial-up line
"""


class Fails(socketserver.BaseRequestHandler):
    """A name server that says SERVFAIL to each question."""

    def handle(self):
        packet, sock = self.request
        name_end = packet.index(b"\0", 12)
        sock.sendto(packet[:2] + b"\x80\x02\0\1" + b"\0" * 6 + packet[12:name_end + 5], self.client_address)


def zone_lines(key):
    """What Unbound answers itself: wrong lists for some sources, the keys of both signers, and the list of EVIL."""
    lines = key.unbound_options()
    for address, codes in ANSWERS.items():
        name = vouch.question(address)
        lines += [f'local-zone: "{name}." static', *(f'local-data: "{name}. A {code}"' for code in codes)]
    lines += [f'local-zone: "{vouch.question(REFUSED)}." always_refuse', f'local-zone: "{EVIL}." static']
    lines += [f"local-data: '{SELECTOR}._domainkey.{name}. TXT \"{key.record}\"'" for name in (EVIL, INJECTED)]
    return lines + [f'local-data: "b.{EVIL}.own.{EVIL}. A {vouch.CODE}"', f'local-data: "x.own.{EVIL}. A {vouch.CODE}"']


def send(exim, address, message, sender="a@sender.test"):
    """One mail from a client with this address: the status of RCPT, and the marks it was delivered with."""
    before = len(exim.mails())
    with smtplib.SMTP("127.0.0.1", exim.port, timeout=peers.READY_SECONDS, source_address=(address, 0)) as smtp:
        smtp.ehlo("mail.test")
        smtp.mail(sender)
        code, words = smtp.rcpt(RECIPIENT)
        print(f"{address}: {code} {words.decode()}", flush=True)
        if code >= 400:
            return code, None
        status, words = smtp.data(message)
        expect(f"the mail to be taken, not {status} {words}", status == 250)
    exim.wait(lambda: exim.mails()[before:].endswith("Good morning.\n\n"), "deliver")
    marks = [line for line in exim.mails()[before:].split("\n\n")[0].splitlines() if line.startswith("X-Vouch")]
    return code, sorted(marks)


def signed(key, signer):
    """A mail with a signature of any signer; it is good when the key is found."""
    headers, body = certified.MAIL.format(domain=DOMAIN), "Good morning.\n"
    return (key.sign(headers, body, signer) + headers + "\n" + body).replace("\n", "\r\n").encode()


def check_clients(exim, plain):
    code, marks = send(exim, LISTED, plain)
    expect(f"a certified client to pass and be marked, not {code} {marks}", (code, marks) == (250, [f"X-Vouch-Client: {LISTED}"]))
    for address in (OTHER, BLOCKED, BOTH, REWRITTEN, REFUSED, FAILS):
        expect(f"{address} to be checked further", send(exim, address, plain)[0] == 550)
        code, marks = send(exim, address, b"X-Vouch-Client: " + LISTED.encode() + b"\r\n" + plain, "guessed@sender.test")
        expect(f"no mark for {address}, not {marks}", (code, marks) == (250, []))


def check_signers(exim, key):
    def marks(message):
        return send(exim, OTHER, message, "guessed@sender.test")[1]

    got = marks(signed(key, f"d={DOMAIN};"))
    expect(f"a mark for a certified signer, not {got}", got == [f"X-Vouch-Domain: {DOMAIN}"])
    expect("none for a signature that does not fit", marks(signed(key, f"d={DOMAIN};").replace(b"hello", b"money")) == [])
    expect("none for a signature of another", marks(signed(key, f"d={EVIL};")) == [])
    expect("none for a name that brings its own list", marks(signed(key, f"d={INJECTED};")) == [])
    for signer in (EVIL, INJECTED):
        good = any(f"DKIM: d={signer} " in line and "verification succeeded" in line for line in exim.lines())
        expect(f"the signature itself to be good: {signer}", good)


def check_log(server, exim):
    """The daemon counts of the real log what happened to the certified client here: two mails taken, one recipient refused."""
    server.set_clock(vouch.now())
    with open(exim.main_log + ".all", "w", encoding="utf-8") as whole:
        for part in (exim.main_log + ".1", exim.main_log):
            with open(part, encoding="utf-8", errors="replace") as lines:
                whole.write(lines.read())
    server.cli("ingest", exim.main_log + ".all", "--reporter", "mailbox")
    words = [entry["words"] for entry in server.get("/v1/timeline", subject=LISTED, limit=1000)["entries"]]
    expect(f"two delivered and one refused, not {words}", any(line.startswith("delivered 2, bounce 1 from mailbox") for line in words))
    expect("nothing in quarantine", server.get("/v1/quarantine")["quarantine"] == [])


def summary(*logs):
    """eximstats' totals: messages and addresses delivered, recipients rejected."""
    text = subprocess.run([peers.program("perl"), peers.program("eximstats"), "-ne", "-nr", "-nt", *logs], env=peers.ENV,
                          stdout=subprocess.PIPE, check=True, timeout=120).stdout.decode()
    return {name: [int(n) for n in re.findall(r"(?<![\d.])\d+(?![\d.%KMG])", rest)]
            for name, rest in re.findall(r"^ +(Received|Delivered|Rejects) (.*)$", text, re.M)}


def check_summary(follower, exim):
    """The daemon that followed the log through its rotation counts what Exim's own summary says."""
    settle(exim)
    want = summary(exim.main_log + ".1", exim.main_log)
    delivered, refused = want["Delivered"][-2], want["Rejects"][0]
    follower.wait(lambda: counted(follower)["delivered"] >= delivered, "read the log")
    got = counted(follower)
    print("eximstats:", want, "vouchd:", dict(got))
    expect(f"{delivered} delivered and {refused} refused as eximstats has it, not {dict(got)}",
           (got["delivered"], sum(got.values()) - got["delivered"]) == (delivered, refused))


def settle(exim):
    """Returns when no delivery writes to the log any more: a mail is in its mailbox before the log says so."""
    exim.wait(lambda: sum(" <= " in line for line in exim.lines()) == sum(line.endswith(" Completed") for line in exim.lines()),
              "end all deliveries")


def rotate(exim):
    """The log gets another name."""
    settle(exim)
    os.rename(exim.main_log, exim.main_log + ".1")


def counted(follower):
    """What the daemon counted of all sources."""
    got = collections.Counter()
    for address in CLIENTS:
        for entry in follower.get("/v1/timeline", subject=address, limit=1000)["entries"]:
            words = entry["words"].replace(",", "").split()
            for signal, count in zip(words, words[1:]):
                if signal in ("delivered", "bounce", "policy_block", "unknown_user") and count.isdigit():
                    got[signal] += int(count)
    return got


def check():
    key = certified.Key()
    plain = certified.MAIL.format(domain=DOMAIN).replace("\n", "\r\n").encode() + b"\r\nGood morning.\r\n"
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        certified.own_resolver(folder)
        peers.Exim.own_names(folder)
        for address in CLIENTS:
            subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
        with certified.daemon() as server, socketserver.UDPServer(("127.0.0.1", 0), Fails) as fails:
            threading.Thread(target=fails.serve_forever, daemon=True).start()
            stub = f"127.0.0.1@{server.dns_port}"
            stubs = {vouch.ZONE: stub, vouch.DOMAIN_ZONE: stub, vouch.question(FAILS): f"127.0.0.1@{fails.server_address[1]}"}
            with peers.Unbound(stubs, zone_lines(key), 53) as unbound, \
                    peers.Exim(ACL, "acl_smtp_dkim = vouch_dkim\nlog_selector = +dkim_verbose") as exim:
                rcodes = [peers.dns(53, vouch.question(address)).rcode for address in (REFUSED, FAILS)]
                expect(f"REFUSED and SERVFAIL, not {rcodes}", rcodes == [5, 2])
                with vouch.Vouchd(FOLLOW.format(log=exim.main_log), manual_clock=False) as follower:
                    follower.post("/v1/programme", FOLLOWED.encode(), apply=1, actor="operator")
                    check_clients(exim, plain)
                    rotate(exim)
                    check_signers(exim, key)
                    check_summary(follower, exim)
                certified.suspend_and_wait(server, unbound)
                expect("a suspended client to be checked further", send(exim, LISTED, plain)[0] == 550)
                code, marks = send(exim, LISTED, signed(key, f"d={DOMAIN};"), "guessed@sender.test")
                expect(f"no mark after the suspension, not {marks}", (code, marks) == (250, []))
                check_log(server, exim)


if __name__ == "__main__":
    if not os.environ.get(certified.INSIDE):
        certified.in_namespace("exim4", "unbound")
    sys.exit(certified.run(check, "exim4", "unbound"))
