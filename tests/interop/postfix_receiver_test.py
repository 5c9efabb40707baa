#!/usr/bin/env python3
"""Postfix with contrib/postfix/receiver.cf: a certified client passes permit_dnswl_client, and no longer after a suspension.

Postfix asks the resolver of the machine. So this runs in a network and mount namespace of its own, in which that
resolver is the test's Unbound; that needs root, as the master of Postfix does.
"""

import os
import smtplib
import sys
import tempfile

import certified
import peers
from certified import BLOCKED, INSIDE, LISTED, OTHER, RECIPIENT, expect


def answer(postfix, address):
    """The status of RCPT for a client with this address (it is said by XCLIENT)."""
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=peers.READY_SECONDS) as smtp:
        smtp.ehlo("mail.test")
        smtp.docmd("XCLIENT", f"ADDR={address} NAME=[UNAVAILABLE]")
        smtp.ehlo("mail.test")
        smtp.mail("a@sender.test")
        code, words = smtp.rcpt(RECIPIENT)
        print(f"{address}: {code} {words.decode()}", flush=True)
        return code


def settings():
    """Those of contrib/, where a process of smtpd ends with its session."""
    return {**certified.settings("postfix/receiver.cf"), "smtpd_authorized_xclient_hosts": "127.0.0.1", "mynetworks": "127.0.0.1/32",
            "relay_domains": "inbox.test", "relay_recipient_maps": f"inline:{{ {RECIPIENT}=ok }}",
            "smtpd_relay_restrictions": "", "max_use": "1"}


def check():
    with tempfile.TemporaryDirectory() as folder:
        certified.own_resolver(folder)
        with certified.daemon() as server, certified.resolver(server, *certified.lies(), port=53) as unbound, \
                peers.Postfix(1, domain="inbox.test", settings=settings()) as postfix:
            expect("no unknown or unused setting", not postfix.lines("unused parameter"))
            expect("a certified client to pass", answer(postfix, LISTED) == 250)
            expect("another client to be checked further", answer(postfix, OTHER) >= 400)
            expect("a client with another code to be checked further", answer(postfix, BLOCKED) >= 400)
            certified.suspend_and_wait(server, unbound)
            expect("a suspended client to be checked further", answer(postfix, LISTED) >= 400)


if __name__ == "__main__":
    if not os.environ.get(INSIDE):
        certified.in_namespace("postfix", "unbound")
    sys.exit(certified.run(check, "postfix", "unbound"))
