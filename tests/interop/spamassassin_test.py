#!/usr/bin/env python3
"""SpamAssassin with contrib/spamassassin/vouch.cf: its rules hit for a certified sender and stop after a suspension."""

import sys

import certified
import peers
from certified import BLOCKED, LISTED, OTHER, expect

RULES = {"RCVD_IN_VOUCH_CERTIFIED", "DKIM_VOUCH_CERTIFIED"}


def check():
    key = certified.Key()
    with certified.daemon() as server, certified.resolver(server, *key.unbound_options(), *certified.lies()) as unbound:
        with peers.SpamAssassin(unbound.port, certified.shipped("spamassassin")) as assassin:
            assassin.lint()

            def hits(message):
                return assassin.check(message) & RULES

            expect("both rules for a certified sender", hits(certified.mail(LISTED, key)) == RULES)
            expect("none for another", hits(certified.mail(OTHER)) == set())
            expect("none for another code", hits(certified.mail(BLOCKED)) == set())
            expect("none for an address that stands deeper", hits(certified.mail(OTHER, forged=certified.FORGED)) == set())
            spoilt = certified.mail(OTHER, key).replace(b"Good morning", b"Your account")
            expect("none for a signature that does not fit", hits(spoilt) == set())
            with assassin.process() as scan:
                expect("both in a process that stays", scan(certified.mail(LISTED, key)) & RULES == RULES)
                certified.suspend_and_wait(server, unbound)
                expect("none after the suspension", hits(certified.mail(LISTED, key)) == set())
                expect("none by the process, which keeps no answer", scan(certified.mail(LISTED, key)) & RULES == set())


if __name__ == "__main__":
    sys.exit(certified.run(check, "spamassassin", "unbound"))
