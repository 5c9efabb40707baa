#!/usr/bin/env python3
"""make.py: writes made.txt (statistics of Postmaster Tools written for Vouch) and made_expected.txt (what each must read as, as it stands here)."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from made import add, write  # noqa: E402



def day(name="domains/shop.example/trafficStats/20260105", **more):
    return {"name": name, **more}


R = "rating 1 shop.example 2026-01-05T12:00:00Z"
BAD = "its name is not domains/DOMAIN/trafficStats/YYYYMMDD"
add("day", day(userReportedSpamRatio=0.0025, domainReputation="HIGH", spfSuccessRatio=1, dkimSuccessRatio=0.995, dmarcSuccessRatio=0.99, inboundEncryptionRatio=1,
               outboundEncryptionRatio=0.5), R + " spam_rate=0.0025 domain_reputation=HIGH spf_rate=1 dkim_rate=0.995 dmarc_rate=0.99 tls_in_rate=1 tls_out_rate=0.5")
for reputation in ("HIGH", "MEDIUM", "LOW", "BAD", "REPUTATION_CATEGORY_UNSPECIFIED"):
    add(f"reputation-{reputation}", day(domainReputation=reputation), R + f" domain_reputation={reputation}")
for number, ratio in enumerate((0, 1, 0.1, 0.000001, 0.123456)):
    add(f"spam-rate-{number}", day(userReportedSpamRatio=ratio), R + f" spam_rate={ratio:g}")
add("empty-day", day(), R + " spam_rate= domain_reputation= errors=")
add("addresses", day(ipReputations=[{"reputation": "BAD", "ipCount": "5", "sampleIps": ["192.0.2.10"]}, {"reputation": "HIGH", "ipCount": 7}]),
    R + ' ip_reputations="BAD=5 HIGH=7"')
add("loops", day(spammyFeedbackLoops=[{"id": "c1", "spamRatio": 0.02}]), R + " feedback_loops=c1=0.02")
add("errors", day(deliveryErrors=[{"errorClass": "PERMANENT_ERROR", "errorType": "SUSPECTED_SPAM", "errorRatio": 0.01}, {"errorType": "OTHER", "errorRatio": 0.2}]),
    R + ' errors="SUSPECTED_SPAM=0.01 OTHER=0.2"')
add("errors-that-are-no-list", day(deliveryErrors="none"), R + " errors=")
add("answer", {"trafficStats": [day(), day("domains/shop.example/trafficStats/20260104")], "nextPageToken": "x"}, R, "rating 1 shop.example 2026-01-04T12:00:00Z")
add("array", [day(), day("domains/other.example/trafficStats/20260105")], R, "rating 1 other.example 2026-01-05T12:00:00Z")
add("lines", json.dumps(day()) + "\n" + json.dumps(day("domains/other.example/trafficStats/20260105")), R, "rating 1 other.example 2026-01-05T12:00:00Z")
add("case", day("domains/Shop.Example/trafficStats/20260105"), R)
add("today", day("domains/shop.example/trafficStats/20260201"), "rating 1 shop.example 2026-02-01T00:10:00Z")
for name, bad in (("no-such-day", "domains/shop.example/trafficStats/20261345"), ("next-year", "domains/shop.example/trafficStats/20270105"),
                  ("short-day", "domains/shop.example/trafficStats/2026"), ("no-domain", "domains/shop/trafficStats/20260105"),
                  ("address", "domains//trafficStats/20260105")):
    add(name, day(bad), "refused " + BAD)
add("one-bad-in-an-array", [day("domains/shop.example/trafficStats/x"), day()], "fault " + BAD, R)
add("unknown-members", day(visibility="x", name2=1), R)
add("a-share-as-text", day(userReportedSpamRatio="0.1"), R + " spam_rate=0.1")
add("long-list", day(deliveryErrors=[{"errorType": "E", "errorRatio": 0.5}] * 40), R + ' errors="' + " ".join(["E=0.5"] * 16) + '"')
add("a-list-of-lists", day(ipReputations=[[], 1, None]), R + ' ip_reputations="= = ="')

write(end="\n")
