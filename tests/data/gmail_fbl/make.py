#!/usr/bin/env python3
"""make.py: writes made.txt (tables of Gmail's feedback loop written for Vouch) and made_expected.txt (what each must read as)."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from made import add, write  # noqa: E402

NOON = "2026-01-05T12:00:00Z"
HEAD = "Date,Identifier,Spam rate\n"
K = f"rating 1 acct:feedback-id:customer42 {NOON}"
ROW = K + " spam_rate=0.5% feedback_id=customer42"


def one(date="2026-01-05", identifier="customer42", rate="0.5%", head=HEAD):
    return f"{head}{date},{identifier},{rate}\n"


add("a-day", one(), ROW)
add("crlf", one().replace("\n", "\r\n"), ROW)
add("byte-order-mark", b"\xef\xbb\xbf" + one().encode(), ROW)
for name, head in (("complaint-rate", "date,identifier,complaint rate\n"), ("rate", "day,identifier,rate\n"), ("underscores", "date,feedback_id,spam_rate\n"),
                   ("feedback-id", "Date,Feedback ID,Spam Rate\n"), ("quoted-head", '"Date","Identifier","Spam rate"\n')):
    add(f"head-{name}", one(head=head), ROW)
add("other-order", "Identifier,Spam rate,Date\ncustomer42,0.5%,2026-01-05\n", ROW)
add("more-columns", "Date,Volume,Identifier,Note,Spam rate\n2026-01-05,900,customer42,\"a, b\",0.5%\n", ROW)
add("a-column-twice", "Date,Identifier,Spam rate,Rate\n2026-01-05,customer42,0.5%,9%\n", ROW)
add("domain", "Date,Domain,Identifier,Spam rate\n2026-01-05,News.Shop.Example,customer42,0.5%\n", f"rating 1 acct:feedback-id:customer42 news.shop.example {NOON} spam_rate=0.5%")
add("domain-empty", "Date,Domain,Identifier,Spam rate\n2026-01-05,,customer42,0.5%\n", ROW)
add("domain-unreadable", "Date,Domain,Identifier,Spam rate\n2026-01-05,all of them,customer42,0.5%\n", ROW)
for name, date in (("compact", "20260105"), ("month-first", "1/5/2026"), ("month-first-padded", "01/05/2026"), ("quoted", '"2026-01-05"')):
    add(f"date-{name}", one(date), ROW)
for rate in ("0.005", "0%", "100%", "<0.1%", "< 0.1 %", ".5%", "5.%"):
    add(f"rate-{rate}", one(rate=rate), K + f' spam_rate="{rate}"')
add("identifier-with-colons", one(identifier="spring:customer42:news"), f"rating 1 acct:feedback-id:spring:customer42:news {NOON} feedback_id=spring:customer42:news")
add("identifier-keeps-case", one(identifier="Customer42"), f"rating 1 acct:feedback-id:Customer42 {NOON}")
add("two-days", one() + "2026-01-06,customer42,1%\n", ROW, "rating 1 acct:feedback-id:customer42 2026-01-06T12:00:00Z spam_rate=1%")
add("two-customers", one() + "2026-01-05,other,1%\n", ROW, f"rating 1 acct:feedback-id:other {NOON} spam_rate=1%")
add("blank-lines", HEAD + "\n\n2026-01-05,customer42,0.5%\n\n", ROW)
add("head-alone", HEAD, "nothing")
add("today", one("2026-02-01"), "rating 1 acct:feedback-id:customer42 2026-02-01T00:10:00Z")
add("tomorrow", one() + "2026-02-02,customer42,0.5%\n", ROW, "fault no day, or one that lies in the future")
for name, date in (("missing", ""), ("no-such", "2026-13-45"), ("with-time", "2026-01-05 10:00"), ("words", "yesterday"), ("too-long", "2026-01-05-2026-01-06")):
    add(f"date-{name}", one() + f"{date},customer42,0.5%\n", ROW, "fault no day, or one that lies in the future")
for name, rate in (("missing", ""), ("words", "high"), ("signed", "-1%"), ("two-points", "0..5%"), ("percent-alone", "%"), ("endless", "0.123456789012%")):
    add(f"rate-{name}", one() + f"2026-01-05,customer42,{rate}\n", ROW, "fault no rate such as 0.5% or 0.005")
add("identifier-missing", one() + "2026-01-05,,0.5%\n", ROW, "fault no identifier")
add("identifier-with-blanks", one() + "2026-01-05,two words,0.5%\n", ROW, "fault no identifier")
add("short-row", one() + "2026-01-05\n", ROW, "fault no rate such as 0.5% or 0.005")

# As spreadsheets save it again.
add("byte-order-mark", "\ufeff" + one(), ROW)
add("utf-16", b"\xff\xfe" + one().encode("utf-16-le"), ROW)
add("semicolons-and-decimal-comma", "Spam rate;Date;Identifier\n0,5%;2026-01-05;customer42\n", K + " spam_rate=0,5%")
add("tabs", one().replace(",", "\t"), ROW)
add("carriage-returns-alone", (one().replace("\n", "\r")).encode(), ROW)
add("line-end-in-quotes", 'Date,Note,Identifier,Spam rate\n2026-01-05,"a\nb, ""c""",customer42,0.5%\n2026-01-06,,customer42,1%\n', ROW,
    "rating 1 acct:feedback-id:customer42 2026-01-06T12:00:00Z spam_rate=1%")
add("quote-never-closed", one() + '"2026-01-05,customer42,0.5%\n2026-01-06,customer42,1%\n', ROW, "fault a quote is not closed",
    "rating 1 acct:feedback-id:customer42 2026-01-06T12:00:00Z spam_rate=1%")

write()
