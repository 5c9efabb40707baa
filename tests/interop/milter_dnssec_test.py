#!/usr/bin/env python3
"""dns.sec of a mark: BIND signs the zones, Unbound validates them; yes only where both did, and what does not validate marks nothing."""

import sys

import certified
import milter
import nameservers
import peers
import vouch
from certified import LISTED
from milter import SECONDARY, expect

ZONES = (vouch.ZONE, vouch.DOMAIN_ZONE)


def anchors(port):
    """The keys of the zones as trust anchors."""
    keys = []
    for zone in ZONES:
        words = nameservers.dig(port, zone, "DNSKEY").split()
        at = words.index("DNSKEY")
        keys.append(f"{zone}. DNSKEY {' '.join(words[at + 1:at + 4])} {''.join(words[at + 4:])}")
    return keys


def resolver(bind, keys):
    """Unbound; with keys it validates."""
    lines = [f'module-config: "{"validator " if keys else ""}iterator"', *(f'trust-anchor: "{key}"' for key in keys),
             *(f'local-zone: "{zone}." transparent' for zone in ZONES)]
    for zone in ZONES:
        lines += ["stub-zone:", f'name: "{zone}."', f"stub-addr: 127.0.0.1@{bind.port}"]
    return peers.Unbound({}, [*lines, "server:"])


def marks(unbound, store, dnssec):
    """The marks of one mail of the listed source."""
    with milter.Milter(milter.options(unbound, dnssec=dnssec)) as ours, peers.Postfix(store.port, settings=milter.settings(ours)) as postfix:
        taken, words = milter.swaks(postfix, LISTED)
        expect(f"the mail to be taken: {words[-400:]}", taken)
        return milter.listings(store.next())


def is_signed(bind):
    return "RRSIG" in nameservers.dig(bind.port, "+dnssec", vouch.question(LISTED), "A") and all(
        "DNSKEY" in nameservers.dig(bind.port, zone, "DNSKEY") for zone in ZONES)


def check():
    port = peers.free_port()
    with certified.daemon(SECONDARY.format(key=nameservers.KEY, secret=nameservers.SECRET, port=port)) as server, \
            nameservers.Bind(server.dns_port, ZONES, port) as bind, milter.Store() as store:
        bind.wait(lambda: is_signed(bind), "sign the zones", seconds=60)
        keys = anchors(bind.port)
        with resolver(bind, keys) as unbound:
            unbound.wait(lambda: peers.dns(unbound.port, vouch.question(LISTED)).texts("A") == [vouch.CODE], "validate the zone")
            (zone, code, _, sec), = marks(unbound, store, "yes")
            expect("a mark that was validated", (zone, code, sec) == (vouch.ZONE, vouch.CODE, "yes"))
            (*_, sec), = marks(unbound, store, "no")
            expect("nothing said of what is not believed", sec == "na")
        with resolver(bind, []) as unbound:
            (*_, sec), = marks(unbound, store, "yes")
            expect("a mark that nobody validated", sec == "no")
        with resolver(bind, [key[:-12] + "AAAAAAAAAAA=" for key in keys]) as unbound:
            expect("no mark by what does not validate", marks(unbound, store, "yes") == [])


if __name__ == "__main__":
    sys.exit(certified.run(check, "postfix", "named", "unbound", "swaks"))
