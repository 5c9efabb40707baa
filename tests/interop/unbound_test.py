#!/usr/bin/env python3
"""Unbound resolves the zones through the daemon: A, TXT, NXDOMAIN; after a suspension the answer flips when the TTL is over."""

import sys

import certified
import peers
import vouch
from certified import DOMAIN, LISTED, OTHER, expect


def check():
    with certified.daemon() as server, certified.resolver(server) as unbound:

        def ask(name, kind="A"):
            return peers.dns(unbound.port, vouch.question(name), kind)

        expect("the code for an address", ask(LISTED).texts("A") == [vouch.CODE])
        expect("the text for an address", ask(LISTED, "TXT").texts("TXT") == [f"{LISTED} is certified"])
        expect("the code for a domain", ask(DOMAIN).texts("A") == [vouch.CODE])
        expect("NXDOMAIN for another address", ask(OTHER).rcode == 3)
        expect("NXDOMAIN for another domain", ask("other.test").rcode == 3)
        expect("no AAAA, and no error", ask(LISTED, "AAAA").rcode == 0 and not ask(LISTED, "AAAA").records)
        soa = peers.dns(unbound.port, vouch.ZONE, "SOA")
        expect("a SOA of the zone", soa.rcode == 0 and soa.records)
        expect("name servers of the zone", peers.dns(unbound.port, vouch.ZONE, "NS").records)
        expect("the test entries", ask("127.0.0.2").texts("A") == [vouch.CODE] and ask("127.0.0.1").rcode == 3)
        took = certified.suspend_and_wait(server, unbound)
        expect(f"a flip within the TTL and a second, not after {took:.1f} s", took < certified.TTL_SECONDS + 1.5)
        expect("no TXT any more", ask(LISTED, "TXT").rcode == 3)
        server.command("clear", LISTED, "analyst", "it was a false alarm")
        unbound.wait(lambda: ask(LISTED).texts("A") == [vouch.CODE], "see that it is listed again")


if __name__ == "__main__":
    sys.exit(certified.run(check, "unbound"))
