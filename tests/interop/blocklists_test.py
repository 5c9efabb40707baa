#!/usr/bin/env python3
"""What real DNS blocklists (rbldnsd) say of the programme's sources and domains comes in as reports; what is no listing never does."""

import datetime
import json
import re
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
        declared: {from: [sender.test], links: [shop.sender.test, cracked.test]}
        sources: [198.18.0.7, 198.18.0.8, 198.18.4.0/28, "2001:db8::25", news.sender.test]
  - id: other
    name: Other
    systems:
      - id: other-news
        sources: [198.18.0.9, other.test]
reporters:
  - {id: strict, kind: blocklist, trust: full, weight: critical}
  - {id: uri, kind: blocklist, trust: full, weight: none}
  - {id: bits, kind: blocklist, trust: full, weight: none}
  - {id: refusing, kind: blocklist, trust: full, weight: critical}
  - {id: dead, kind: blocklist, trust: full, weight: critical}
  - {id: parked, kind: blocklist, trust: full, weight: critical}
  - {id: silent, kind: blocklist, trust: full, weight: critical}
  - {id: mailbox, kind: mailbox, trust: full}
  - {id: stranger, kind: person, trust: none}
"""
CONFIG = """\
resolvers: 127.0.0.1:{port}
blocklists:
  - {{reporter: strict, zone: strict.test, every: 200ms, rate: 2000, codes: ["127.0.0.2-3 listed spam source", "127.0.0.9 ignored"]}}
  - reporter: uri
    domain_zone: uri.test
    every: 200ms
    rate: 2000
    test: dbltest.test
    codes: ["127.0.1.2-99 listed spam domain", "127.0.1.102-106 takeover abused legit"]
  - {{reporter: bits, domain_zone: bits.test, every: 200ms, rate: 2000, codes: ["127.0.0.0&128 takeover cracked", "127.0.0.0&64 listed"]}}
  - {{reporter: refusing, zone: refusing.test, every: 200ms}}
  - {{reporter: dead, zone: dead.test, every: 200ms}}
  - {{reporter: parked, zone: parked.test, every: 200ms}}
  - {{reporter: silent, zone: elsewhere.example, every: 200ms}}
  - {{reporter: nobody, zone: strict.test, every: 200ms}}
"""
START = vouch.instant(certified.START)
TEST = "127.0.0.2:127.0.0.2:test"
STRICT = [TEST, "198.18.0.7:127.0.0.3:spam", "198.18.0.8:127.0.0.9:policy", "198.18.4.5:127.0.0.2:spam"]
URI = ["dbltest.test :127.0.1.2:", "sender.test :127.0.1.104:", "cracked.test :127.0.1.102:", "bought.test :127.0.1.4:",
       "laundered.test :127.0.1.4:", "grey.test :127.0.1.100:"]
BITS = ["test :127.0.0.2:", "other.test :127.0.0.192:"]
EVERYTHING = "0.0.0.0/0:127.0.0.2:parked"


def observations(daemon, subject, signal):
    """How many observations of this signal the timeline tells."""
    entries = daemon.get("/v1/timeline", subject=subject, limit=10000, reports="each")["entries"]
    found = (re.findall(rf"\b{signal} (\d+)", entry["words"]) for entry in entries if entry["kind"] == "report")
    return sum(int(count) for counts in found for count in counts)


def metric(daemon, name):
    lines = daemon.get("/metrics").decode().split("\n")
    return int([line.split()[1] for line in lines if line.startswith(name + " ")][0])


def seen_by(daemon, reporter, domain):
    row = {"time": certified.START, "source": "198.18.0.9", "signal": "sample",
           "attributes": {"link_domain": domain, "cluster": "0123456789abcdef"}}
    daemon.post("/v1/reports", json.dumps(row).encode(), format="jsonl", reporter=reporter)


def rounds(daemon, count=3):
    """Wait until every list that answers was asked so many times more."""
    start = metric(daemon, "vouch_blocklist_questions_total")
    daemon.wait(lambda: metric(daemon, "vouch_blocklist_questions_total") > start + 60 * count, "ask its blocklists")


def check_listings(daemon):
    daemon.wait(lambda: daemon.status("198.18.0.7")["state"] == "suspended", "suspend what a critical list holds")
    daemon.wait(lambda: daemon.status("198.18.4.0/28")["state"] == "suspended", "find one listed address of a prefix")
    expect("198.18.0.8 has a code that is ignored", daemon.status("198.18.0.8")["state"] == "certified")
    expect("198.18.0.9 is not listed", daemon.status("198.18.0.9")["state"] == "certified")
    daemon.wait(lambda: observations(daemon, "news.sender.test", "compromised"), "hear of the abused domain")
    expect("the abused domain of a source is a listing too", observations(daemon, "news.sender.test", "blocklisted"))
    expect("it weighs nothing for the threshold", daemon.status("news.sender.test")["state"] == "certified")
    daemon.wait(lambda: observations(daemon, "other.test", "compromised"), "read bits")
    daemon.wait(lambda: observations(daemon, "sender-news", "bad_url") == 2, "hear of the declared domains")


def check_no_listing(daemon):
    rounds(daemon)
    timelines = "\n".join(entry["words"] for subject in ("sender", "other")
                          for entry in daemon.get("/v1/timeline", subject=subject, limit=10000)["entries"])
    for reporter in ("refusing", "dead", "parked", "silent", "nobody"):
        expect(f"nothing comes from {reporter}", reporter not in timelines)
    daemon.wait(lambda: metric(daemon, "vouch_blocklists_out") == 5, "count the lists that are out")
    expect("refusals are counted", metric(daemon, "vouch_blocklist_refusals_total") > 0)
    with open(daemon.log, encoding="utf-8") as text:
        log = text.read()
    for reporter, state in (("refusing", "refuses"), ("dead", "empty"), ("parked", "lists_all"), ("silent", "no_answer"),
                            ("nobody", "no_reporter"), ("strict", "counts"), ("uri", "counts"), ("bits", "counts")):
        expect(f"{reporter} is {state}", any(f"reporter={reporter} " in line and f"state={state} " in line
                                             for line in log.split("\n")))


def check_seen(daemon):
    seen_by(daemon, "stranger", "www.laundered.test")
    seen_by(daemon, "mailbox", "www.bought.test")
    daemon.wait(lambda: observations(daemon, "198.18.0.9", "bad_url"), "ask about what mail was seen with")
    rounds(daemon)
    expect("one listing, told once", observations(daemon, "198.18.0.9", "bad_url") == 1)


def check_memory(daemon, server):
    """A listing is told once; after a restart too; it is said again before it lapses, and taken back when it goes."""
    expect("told once", observations(daemon, "198.18.0.7", "blocklisted") == 1)
    seen_by(daemon, "mailbox", "late.test")
    daemon.terminate()
    daemon.start()
    daemon.wait(lambda: observations(daemon, "198.18.0.9", "bad_url") >= 2, "tell once more of a domain that is no source")
    rounds(daemon)
    expect("and not again", observations(daemon, "198.18.0.9", "bad_url") == 2)
    server.change(URI + ["late.test :127.0.1.4:"], "uri.test")
    daemon.wait(lambda: observations(daemon, "198.18.0.9", "bad_url") == 3, "remember what was seen before it was started again")
    expect("told once over a restart", observations(daemon, "198.18.0.7", "blocklisted") == 1)
    daemon.set_clock(START + datetime.timedelta(days=16))
    daemon.wait(lambda: observations(daemon, "198.18.0.7", "blocklisted") == 2, "say it again")
    daemon.set_clock(START + datetime.timedelta(days=17))
    server.change([TEST])
    daemon.wait(lambda: observations(daemon, "198.18.0.7", "delisted") == 1, "see that it is delisted")
    daemon.wait(lambda: observations(daemon, "198.18.4.0/28", "delisted"), "see that the prefix is delisted")
    daemon.set_clock(START + datetime.timedelta(days=40))
    expect(f"it comes back: {daemon.status('198.18.0.7')}", daemon.status("198.18.0.7")["state"] in ("reinstated", "certified"))


def check_turned(daemon, server):
    """A list that begins to refuse, or to list all, in the middle of its life."""
    for entries, state in (([EVERYTHING], "lists_all"), (["0.0.0.0/0:127.255.255.254:refused"], "refuses"), ([], "empty"),
                           ([TEST], "counts")):
        server.change(entries)
        daemon.wait(lambda: last_state(daemon, "strict") == state, f"see that the list is {state}")
    rounds(daemon)
    expect("nobody was listed by that", observations(daemon, "198.18.0.9", "blocklisted") == 0 and
           observations(daemon, "198.18.0.8", "blocklisted") == 0)


def last_state(daemon, reporter):
    with open(daemon.log, encoding="utf-8") as text:
        lines = [line for line in text if "event=blocklist" in line and f"reporter={reporter} " in line]
    return lines[-1].split("state=")[1].split()[0] if lines else None


def check():
    more = {"uri.test": ("dnset", URI), "bits.test": ("dnset", BITS), "dead.test": ("ip4set", ["198.18.0.9"]),
            "refusing.test": ("ip4trie", ["0.0.0.0/0:127.255.255.254:refused"]), "parked.test": ("ip4trie", [EVERYTHING])}
    with peers.Rbldnsd("strict.test", STRICT, "ip4trie", 1, more) as server, \
            vouch.Vouchd(CONFIG.format(port=server.port)) as daemon:
        daemon.set_clock(START)
        daemon.post("/v1/programme", PROGRAMME.encode(), apply=1, actor="operator")
        for member in ("sender", "other"):
            daemon.command("accept", member, "operator", "control is proven")
        check_listings(daemon)
        check_no_listing(daemon)
        check_seen(daemon)
        check_memory(daemon, server)
        check_turned(daemon, server)
        daemon.prove()


if __name__ == "__main__":
    sys.exit(certified.run(check, "rbldnsd"))
