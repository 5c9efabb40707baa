#!/usr/bin/env python3
"""rbldnsd with what vouch export writes answers as the daemon does: addresses, prefixes, IPv6, domains, test entries, text."""

import sys

import certified
import peers
import vouch
from certified import expect

PROGRAMME = """\
members:
  - id: sender
    name: Sender
    systems:
      - id: sender-news
        sources: [198.18.0.7, 198.18.4.0/22, "2001:db8::25", "2001:db8:17::/48", news.sender.test, "acct:esp:1"]
  - id: other
    name: Other
    systems:
      - id: other-news
        sources: [198.18.0.8]
"""
LISTED = ["198.18.0.7", "198.18.4.0", "198.18.7.255", "2001:db8::25", "2001:db8:17:5::1", "news.sender.test", "127.0.0.2",
          "::ffff:127.0.0.2", "test"]
NOT_LISTED = ["198.18.0.8", "198.18.8.0", "2001:db8::26", "2001:db8:18::1", "a.news.sender.test", "sender.test", "127.0.0.1",
              "::ffff:127.0.0.1", "invalid"]


def check():
    with vouch.Vouchd() as daemon:
        daemon.set_clock(certified.START)
        daemon.post("/v1/programme", PROGRAMME.encode(), apply=1, actor="operator")
        daemon.command("accept", "sender", "operator", "control is proven")
        exported = daemon.cli("export", "--format", "rbldnsd").stdout
        with peers.Rbldnsd(vouch.ZONE, exported.splitlines(), "combined") as server:
            for subject in LISTED + NOT_LISTED:
                name = vouch.question(subject)
                # rbldnsd answers for an IPv4-mapped address from its IPv4 set, with the IPv4 address in the text.
                for kind in ("A",) if subject.startswith("::ffff:") else ("A", "TXT"):
                    ours, theirs = peers.dns(daemon.dns_port, name, kind), peers.dns(server.port, name, kind)
                    expect(f"the same {kind} of {name}: {ours.texts(kind)}, not {theirs.texts(kind)}",
                           ours.texts(kind) == theirs.texts(kind))
                expect(f"{subject} is {'' if subject in LISTED else 'not '}listed", bool(ours.records) == (subject in LISTED))
            soa = peers.dns(server.port, vouch.ZONE, "SOA")
            expect("a SOA and a name server", soa.records and peers.dns(server.port, vouch.ZONE, "NS").records)


if __name__ == "__main__":
    sys.exit(certified.run(check, "rbldnsd"))
