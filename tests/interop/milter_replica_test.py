#!/usr/bin/env python3
"""vouch-milter beside a secondary of its own (Knot, by IXFR with NOTIFY): a suspension reaches the mail within milliseconds, and while
the operator is away the replica answers for it."""

import sys
import time

import certified
import milter
import nameservers
import peers
import vouch
from certified import LISTED
from milter import SECONDARY, expect

ROUNDS = 5


def answers(knot):
    return peers.dns(knot.port, vouch.question(LISTED)).texts("A") == [vouch.CODE]


def until(knot, wanted):
    """Milliseconds until the replica says so."""
    start = time.monotonic()
    while answers(knot) != wanted:
        expect("the replica to follow", time.monotonic() < start + peers.READY_SECONDS)
    return 1000 * (time.monotonic() - start)


def check():
    port = peers.free_port()
    config = SECONDARY.format(key=nameservers.KEY, secret=nameservers.SECRET, port=port)
    zones = (vouch.ZONE, vouch.DOMAIN_ZONE)
    with certified.daemon(config) as server, nameservers.Knot(server.dns_port, zones, port) as knot, milter.Store() as store:
        knot.wait(lambda: answers(knot), "have the zone")
        with milter.Milter(milter.options(knot)) as ours, peers.Postfix(store.port, settings=milter.settings(ours)) as postfix:

            def marks():
                taken, words = milter.swaks(postfix, LISTED)
                expect(f"the mail to be taken: {words[-400:]}", taken)
                return milter.listings(store.next())

            expect("a mark", len(marks()) == 1)
            took = []
            for _ in range(ROUNDS):
                time.sleep(1.1)  # the daemon does not notify twice within a second
                server.command("suspend", LISTED, "operator", "its mail is phishing")
                took.append(until(knot, False))
                expect("no mark any more", marks() == [])
                time.sleep(1.1)
                server.command("clear", LISTED, "analyst", "it was a false alarm")
                until(knot, True)
                expect("a mark again", len(marks()) == 1)
            print("milliseconds from the command's answer to the replica's:", *(f"{ms:.0f}" for ms in took))
            server.terminate()
            expect("a mark while the operator is away", len(marks()) == 1)


if __name__ == "__main__":
    sys.exit(certified.run(check, "postfix", "knotd", "swaks"))
