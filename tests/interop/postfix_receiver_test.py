#!/usr/bin/env python3
"""Postfix with contrib/postfix/receiver.cf: a certified client passes permit_dnswl_client, and no longer after a suspension.

Postfix asks the resolver of the machine. So this runs in a network and mount namespace of its own, in which that
resolver is the test's Unbound; that needs root, as the master of Postfix does.
"""

import os
import smtplib
import subprocess
import sys
import tempfile

import certified
import peers
from certified import LISTED, OTHER, expect

INSIDE = "VOUCH_TEST_INSIDE"
RECIPIENT = "u@inbox.test"


def in_namespace(*needed):
    """Start again in namespaces of its own; does not return when that is possible."""
    peers.need(*needed)
    if subprocess.run(["unshare", "--net", "--mount", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        os.environ[INSIDE] = "yes"
        os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, "-B", *sys.argv])
    print(f"{'FAILED' if peers.in_ci() else 'skipped'}: namespaces cannot be made here")
    sys.exit(1 if peers.in_ci() else peers.SKIPPED)


def own_resolver(folder):
    """127.0.0.1, port 53, is the resolver here."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    path = os.path.join(folder, "resolv.conf")
    with open(path, "w", encoding="utf-8") as out:
        out.write("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", path, os.path.realpath("/etc/resolv.conf")], check=True)


def answer(postfix, address):
    """The status of RCPT for a client with this address (it is said by XCLIENT)."""
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=60) as smtp:
        smtp.ehlo("mail.test")
        smtp.docmd("XCLIENT", f"ADDR={address} NAME=[UNAVAILABLE]")
        smtp.ehlo("mail.test")
        smtp.mail("a@sender.test")
        code, words = smtp.rcpt(RECIPIENT)
        print(f"{address}: {code} {words.decode()}", flush=True)
        return code


def check():
    shipped = certified.settings("postfix/receiver.cf")
    shipped |= {"smtpd_authorized_xclient_hosts": "127.0.0.1", "mynetworks": "127.0.0.1/32",
                "relay_domains": "inbox.test", "relay_recipient_maps": f"inline:{{ {RECIPIENT}=ok }}",
                "smtpd_relay_restrictions": "", "max_use": "1"}
    with tempfile.TemporaryDirectory() as folder:
        own_resolver(folder)
        with certified.daemon() as server, certified.resolver(server, port=53) as unbound, \
                peers.Postfix(1, domain="inbox.test", settings=shipped) as postfix:
            expect("no unknown or unused setting", not postfix.lines("unused parameter"))
            expect("a certified client to pass", answer(postfix, LISTED) == 250)
            expect("another client to be checked further", answer(postfix, OTHER) >= 400)
            certified.suspend_and_wait(server, unbound)
            expect("a suspended client to be checked further", answer(postfix, LISTED) >= 400)


if __name__ == "__main__":
    if not os.environ.get(INSIDE):
        in_namespace("postfix", "unbound")
    sys.exit(certified.run(check, "postfix", "unbound"))
