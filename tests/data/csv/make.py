#!/usr/bin/env python3
"""make.py: writes made.txt (tables written for Vouch, by the rules of doc/data/csv.md) and made_expected.txt (what each must read as, as it stands here beside each)."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from made import add, write  # noqa: E402

AT = "2026-01-05T07:00:00Z"
HEAD = "time,source,signal,count\n"
ONE = f"{AT},192.0.2.10,delivered,7\n"
GOOD = f"delivered 7 192.0.2.10 {AT}"


def table(name, rows, *lines, head=HEAD):
    add(name, head + rows, *lines)


def at(name, written, reads):
    table(f"time-{name}", f"{written},192.0.2.10,delivered,7\n", f"delivered 7 192.0.2.10 {reads}")


def source(name, written, reads):
    table(f"source-{name}", f"{AT},{written},complaint,1\n", f"complaint 1 {reads} {AT}")


def fault(name, row, words):
    """A bad row between two good ones."""
    table(name, ONE + row + "\n" + ONE, GOOD, GOOD, "fault " + words)


def refused(name, head, words):
    add(name, head + ONE, "refused " + words)


# The header row: any order, any case, and what may be left out.
table("columns-in-another-order", f"7,delivered,{AT},192.0.2.10\n", GOOD, head="Count,SIGNAL,Time,source\n")
table("without-count", f"{AT},192.0.2.10,complaint\n", f"complaint 1 192.0.2.10 {AT}", head="time,source,signal\n")
table("count-empty", f"{AT},192.0.2.10,complaint,\n", f"complaint 1 192.0.2.10 {AT}")
table("header-quoted", ONE, GOOD, head='"time","source","signal","count"\n')
table("byte-order-mark", ONE, GOOD, head="\ufeff" + HEAD)
table("empty-lines-before-and-between", ONE + "\n  \n" + ONE, GOOD, GOOD, head="\n\n" + HEAD)

# Line ends, blanks and quotes.
add("crlf", (HEAD + ONE).replace("\n", "\r\n"), GOOD)
table("blanks-do-not-matter", f" {AT} ,\t192.0.2.10 , delivered ,7 \n", GOOD)
table("comma-and-quote-in-a-value", f'{AT},192.0.2.10,delivered,7,"Smith, ""J"""\n', GOOD + ' who="Smith, "J""', head="time,source,signal,count,who\n")
table("empty-quotes", f'{AT},192.0.2.10,delivered,"7",""\n', GOOD + " who=", head="time,source,signal,count,who\n")

# Times: RFC 3339 with and without a zone, seconds and milliseconds since 1970.
at("zone-east", "2026-01-05T09:30:00+02:30", AT)
at("zone-west", "2026-01-04T23:00:00-08:00", AT)
at("no-zone-and-no-seconds", "2026-01-05 07:00", AT)
at("seconds", "1767596400", AT)
at("milliseconds", "1767596400250", "2026-01-05T07:00:00.250Z")
at("leap-day", "2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z")
at("ten-minutes-ahead", "2026-02-01T00:10:00Z", "2026-02-01T00:10:00Z")
fault("time-eleven-minutes-ahead", "2026-02-01T00:11:00Z,192.0.2.10,delivered,1", "2026-02-01T00:11:00Z lies in the future; the clock says 2026-02-01T00:00:00Z")
fault("time-no-such-day", "2026-02-29T00:00:00Z,192.0.2.10,delivered,1", "'2026-02-29T00:00:00Z' is no time like 2026-01-05T08:00:00Z")
fault("time-american", "1/5/2026,192.0.2.10,delivered,1", "'1/5/2026' is no time like 2026-01-05T08:00:00Z")

# Sources: one form of each, and several that name the same mail.
source("prefix", "198.51.100.0/24", "198.51.100.0/24")
source("ipv6-long-form", "2001:0DB8:0:0:0:0:0:0025", "2001:db8::25")
source("domain-with-dot-and-capitals", "News.Harbour.EXAMPLE.", "news.harbour.example")
source("account-keeps-its-case", "acct:esp:Cust-7", "acct:esp:Cust-7")
source("four-of-one-mail", "192.0.2.10 shop.example  acct:esp:7 esp.example", "192.0.2.10 shop.example acct:esp:7 esp.example")
fault("source-five", f"{AT},192.0.2.1 a.example b.example c.example d.example,complaint,1", "more than 4 sources")
fault("source-with-host-bits", f"{AT},192.0.2.10/24,complaint,1", "192.0.2.10/24 has bits set past its length")

# Signals and counts.
table("trap-alone-is-pristine", f"{AT},192.0.2.10,TRAP,2\n{AT},192.0.2.10,trap_typo,3\n", f"trap_pristine 2 192.0.2.10 {AT}", f"trap_typo 3 192.0.2.10 {AT}")
table("votes-and-verdicts", "".join(f"{AT},192.0.2.10,{s},{n}\n" for n, s in enumerate(("junk_vote", "not_junk_vote", "spam_verdict", "policy_block"), 1)),
      *(f"{s} {n} 192.0.2.10 {AT}" for n, s in enumerate(("junk_vote", "not_junk_vote", "spam_verdict", "policy_block"), 1)))
table("count-most", f"{AT},192.0.2.10,delivered,4294967295\n", f"delivered 4294967295 192.0.2.10 {AT}")
table("count-zero-says-nothing", f"{AT},192.0.2.10,delivered,0\n" + ONE, GOOD)
fault("count-one-more", f"{AT},192.0.2.10,delivered,4294967296", "'4294967296' is no whole number from 0 to 4294967295")
fault("count-with-a-point", f"{AT},192.0.2.10,delivered,1.0", "'1.0' is no whole number from 0 to 4294967295")
fault("signal-unknown", f"{AT},192.0.2.10,spam,1", "'spam' is none of the signals")

# Attributes, and who reports.
table("attributes", f"{AT},192.0.2.10,delivered,7,comcast,{AT}\n", GOOD + f" receiver=comcast arrival={AT}", head="time,source,signal,count,receiver,arrival\n")
table("attribute-empty-is-none", f"{AT},192.0.2.10,delivered,7,\n", GOOD + " receiver=", head="time,source,signal,count,receiver\n")
table("reporter-itself", f"{AT},192.0.2.10,delivered,7,somebody\n", GOOD, head="time,source,signal,count,reporter\n")
table("reporter-another-needs-a-right", f"{AT},192.0.2.10,delivered,7,\n{AT},192.0.2.10,delivered,7,mailbox-two\n", GOOD,
      "fault only an operator may report in the name of others", head="time,source,signal,count,reporter\n")
table("attribute-too-long", f"{AT},192.0.2.10,delivered,7,{'x' * 255}\n{AT},192.0.2.10,delivered,7,{'x' * 256}\n", GOOD + " note=" + "x" * 255,
      "fault longer than 255 bytes", head="time,source,signal,count,note\n")

# Rows that are none.
fault("row-too-short", f"{AT},192.0.2.10", "has 2 columns, the header row has 4")
fault("row-too-long", f"{AT},192.0.2.10,delivered,1,2", "has 5 columns, the header row has 4")
fault("quote-never-closed", f'"{AT},192.0.2.10,delivered,1', "a quote is not closed")
fault("words-behind-a-quote", f'"{AT}"x,192.0.2.10,delivered,1', "something stands behind a closing quote")

# Tables that are none.
refused("no-source", "time,address,source_ip,signal\n", "no column 'source'; a header row names time, source and signal")
refused("a-column-twice", "time,source,signal,Time\n", "two columns have one name")
refused("a-column-with-a-blank", "time,source,signal,mail from\n", "a column name is not made of letters, digits, '-', '_' and '.'")

# As spreadsheets save it again.
SHEET = "time,source,signal,count,note\n" + f'{AT},192.0.2.10,delivered,7,"a, b; c"\n'
add("semicolons", SHEET.replace("a, b; c", "@").replace(",", ";").replace("@", "a, b; c"), GOOD + ' note="a, b; c"')
add("tabs", SHEET.replace("a, b; c", "@").replace(",", "\t").replace("@", "a, b; c"), GOOD + ' note="a, b; c"')
add("tabs-with-empty-cells", f"time\tnote\tsource\tsignal\tcount\n{AT}\t\t192.0.2.10\tdelivered\t7\n{AT}\t\t192.0.2.10\t\"delivered\"\t7\n", GOOD, GOOD)
add("utf-16", b"\xff\xfe" + SHEET.encode("utf-16-le"), GOOD + ' note="a, b; c"')
add("carriage-returns-alone", (SHEET.replace("\n", "\r")).encode(), GOOD + ' note="a, b; c"')

table("last-line-has-no-end", ONE.rstrip("\n"), GOOD)  # stands last: what comes behind it would be its end

write()
