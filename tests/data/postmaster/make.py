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

# ---- API v2
DAY = {"year": 2026, "month": 1, "day": 5}


def stat(metric="spam_rate", value=0.0025, date=DAY, domain="shop.example", kind="floatValue", **more):
    return {"name": f"domains/{domain}/domainStats/x1", "metric": metric, "date": date, "value": {kind: value}, **more}


def answer(*stats, **more):
    return {"domainStats": list(stats), **more}


def without(key, of=None):
    return {name: value for name, value in (of or stat()).items() if name != key}


DATE = "refused domainStats[0].date is no day up to today"
NUMBER = "refused domainStats[0].value is no number from 0 to 1"
NAME = "refused domainStats[0].name is not domains/DOMAIN/domainStats/ID"
add("v2-day", answer(stat(), stat("spf_rate", 1), stat("dkim_rate", 0.995), stat("dmarc_rate", 0.99), stat("tls_in_rate", 1), stat("tls_out_rate", 0.5), nextPageToken="x"),
    R + " spam_rate=0.0025 spf_rate=1 dkim_rate=0.995 dmarc_rate=0.99 tls_in_rate=1 tls_out_rate=0.5 domain_reputation=")
for name, attribute in (("SPAM_RATE", "spam_rate"), ("user_reported_spam_ratio", "spam_rate"), ("spf_success_ratio", "spf_rate"), ("auth_success_rate_dkim", "dkim_rate"),
                        ("dmarc_success_rate", "dmarc_rate"), ("inbound_encryption_ratio", "tls_in_rate"), ("tls_encryption_rate_outbound", "tls_out_rate")):
    add(f"v2-metric-{name}", answer(stat(name, 0.25)), R + f" {attribute}=0.25")
add("v2-double", answer(stat(kind="doubleValue")), R + " spam_rate=0.0025")
add("v2-whole-number-as-text", answer(stat("spf_rate", "1", kind="intValue")), R + " spf_rate=1")
add("v2-two-days", answer(stat(), stat("spf_rate", 1, {**DAY, "day": 4}), stat("spf_rate", 1)), R + " spam_rate=0.0025 spf_rate=1", "rating 1 shop.example 2026-01-04T12:00:00Z spam_rate= spf_rate=1")
add("v2-two-domains", answer(stat(), stat(value=0.5, domain="other.example")), R + " spam_rate=0.0025", "rating 1 other.example 2026-01-05T12:00:00Z spam_rate=0.5")
add("v2-one-domain-two-cases", answer(stat(), stat("spf_rate", 1, domain="Shop.Example")), R + " spam_rate=0.0025 spf_rate=1")
add("v2-today", answer(stat(date={"year": 2026, "month": 2, "day": 1})), "rating 1 shop.example 2026-02-01T00:10:00Z")
add("v2-loops", answer(stat("feedback_loop_spam_rate__c1", 0.02), stat("feedback_loop_spam_rate:c_2", 0.5), stat("feedback_loop_id", {"values": ["c1"]}, kind="stringList")),
    R + ' feedback_loops="c1=0.02 c_2=0.5"')
add("v2-errors", answer(stat("delivery_error_rate", 0.03), stat("delivery_error_rate__SUSPECTED_SPAM", 0.01)), R + ' errors="ALL=0.03 SUSPECTED_SPAM=0.01"')
add("v2-long-list", answer(*[stat("delivery_error_rate_E", 0.5)] * 40), R + ' errors="' + " ".join(["E=0.5"] * 16) + '"')
add("v2-another-metric", answer(stat("tls_messages", "4711", kind="intValue")), R + " spam_rate=")
add("v2-no-value", answer(without("value")), R + " spam_rate=")
add("v2-nothing", answer(), "nothing")
add("v2-array", [answer(stat()), answer(stat(domain="other.example"))], R, "rating 1 other.example 2026-01-05T12:00:00Z")
add("v2-batch", {"results": [{"response": answer(stat())}, {"error": {"code": 7, "message": "no permission"}}, {"response": answer(stat(domain="other.example"))}]}, R,
    "rating 1 other.example 2026-01-05T12:00:00Z")
add("v2-batch-of-errors", {"results": [{"error": {"code": 7, "message": 'no permission for "domainStats"'}}], "domainStats": None}, 'refused results[].error: no permission for "domainStats"')
add("v2-both-versions", [day(userReportedSpamRatio=0.1), answer(stat(date={**DAY, "day": 4}))], R + " spam_rate=0.1", "rating 1 shop.example 2026-01-04T12:00:00Z spam_rate=0.0025")
add("v2-no-date", answer(without("date")), "refused domainStats[0].date is missing: ask for DAILY")
for name, date in (("no-such-day", {**DAY, "day": 32}), ("not-in-february", {"year": 2026, "month": 2, "day": 30}), ("next-year", {**DAY, "year": 2027}), ("no-month", without("month", DAY)),
                   ("words", "2026-01-05"), ("negative", {**DAY, "day": -5})):
    add(f"v2-date-{name}", answer(stat(date=date)), DATE)
for name, value in (("above", 1.5), ("below", -0.1), ("words", "many"), ("list", [])):
    add(f"v2-value-{name}", answer(stat(value=value)), NUMBER)
add("v2-value-empty", answer({**stat(), "value": {}}), NUMBER)
for name, bad in (("missing", without("name")), ("no-domain", stat(domain="shop")), ("address", stat(domain="192.0.2.10")), ("empty", stat(domain=""))):
    add(f"v2-name-{name}", answer(bad), NAME)
add("v2-second-is-bad", answer(stat(), stat(value=7)), "refused domainStats[1].value is no number from 0 to 1")
add("v2-one-bad-in-lines", json.dumps(answer(stat(value=7))) + "\n" + json.dumps(answer(stat())), "fault domainStats[0].value is no number from 0 to 1", R)
add("v2-numbers-instead", answer(1, None, []), NAME)
add("v2-64-days", answer(*(stat(date={"year": 2025, "month": 1 + n // 28, "day": 1 + n % 28}) for n in range(65))), "refused domainStats[64].date is one day more than an answer may have")


def verdict(status, **more):
    return {"status": {"status": status}, **more}


def compliance(domain="shop.example", **more):
    return {"domainId": domain, "rowData": [{"requirement": "SPF", **verdict("COMPLIANT")}, {"requirement": "DMARC_POLICY", **verdict("NEEDS_WORK")},
                                            {"requirement": "ENCRYPTION", **verdict("COMPLIANT")}, {"requirement": "DKIM", **verdict("STATE_UNSPECIFIED")}], **more}


NOW, STATUS = "2026-02-01T00:00:00Z", "domains/shop.example/complianceStatus"
C = f' {NOW} compliant="SPF ENCRYPTION"'
add("v2-compliance", {"name": STATUS, "complianceData": compliance(honorUnsubscribeVerdict=verdict("COMPLIANT"), oneClickUnsubscribeVerdict=verdict("NEEDS_WORK", reason="NO_UNSUB_GENERAL"))},
    f'rating 1 shop.example {NOW} compliant="SPF ENCRYPTION HONOR_UNSUBSCRIBE" needs_work="DMARC_POLICY ONE_CLICK_UNSUBSCRIBE=NO_UNSUB_GENERAL"')
add("v2-compliance-of-a-subdomain", {"name": "domains/news.shop.example/complianceStatus", "complianceData": compliance(), "subdomainComplianceData": compliance("news.shop.example")},
    "rating 1 shop.example" + C + " needs_work=DMARC_POLICY", "rating 1 news.shop.example" + C)
add("v2-compliance-nothing-said", {"name": STATUS, "complianceData": {"domainId": "shop.example"}}, f"rating 1 shop.example {NOW} compliant= needs_work=")
add("v2-compliance-no-domain", {"name": STATUS, "complianceData": {"rowData": []}}, "refused domainId is no domain")
add("v2-compliance-rows-are-words", {"name": STATUS, "complianceData": compliance(rowData="all", domain="shop.example")}, f"rating 1 shop.example {NOW} compliant=")

write(end="\n")
