#!/usr/bin/env python3
"""A receiver that has a key asks a closed list through Unbound, which hides names on the way (RFC 9156); who has none is refused, and never sees
an A record."""

import sys

import certified
import peers
import vouch
from certified import DOMAIN, LISTED, OTHER, expect

KEY = "filter-7f3a9c2e5b8d4f60"
CLOSED = f"public: no\nanswers_limit: 1000\nreceivers:\n  - {{id: filter, key: {KEY}, limit: 1000}}\n"


def keyed(subject, key=KEY):
    zone = vouch.DOMAIN_ZONE if subject == DOMAIN else vouch.ZONE
    return vouch.question(subject).replace(f".{zone}", f".{key}.{zone}")


def check():
    for minimised in ("yes", "no"):
        with certified.daemon(CLOSED) as server, \
                certified.resolver(server, f"qname-minimisation: {minimised}") as unbound:

            def ask(name, kind="A"):
                return peers.dns(unbound.port, name, kind)

            expect("the code for an address", ask(keyed(LISTED)).texts("A") == [vouch.CODE])
            expect("the code for a domain", ask(keyed(DOMAIN)).texts("A") == [vouch.CODE])
            expect("NXDOMAIN for another address", ask(keyed(OTHER)).rcode == 3)
            for name in (vouch.question(LISTED), vouch.question(DOMAIN), keyed(LISTED, "filter-7f3a9c2e5b8d4f61")):
                answer = ask(name)
                expect(f"a failure for {name}, not {answer}", answer.rcode in (2, 5) and not answer.records)
            standing = ask(f"amiblocked.{KEY}.{vouch.ZONE}", "TXT").texts("TXT")
            expect(f"its standing, not {standing}", standing and standing[0].startswith("no: 127.0.0.1 is receiver filter, by its key"))
            server.command("suspend", "sender", "operator", "its mail is phishing")
            unbound.wait(lambda: ask(keyed(LISTED)).rcode == 3, "forget the answer")


if __name__ == "__main__":
    sys.exit(certified.run(check, "unbound"))
