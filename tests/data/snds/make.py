#!/usr/bin/env python3
"""make.py: writes made.txt (tables of SNDS written for Vouch) and made_expected.txt (what each must read as, as it stands here beside each)."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from made import add, write  # noqa: E402

NOON = "2026-01-05T12:00:00Z"


def row(address="192.0.2.10", begin="1/5/2026 12:00 AM", end="1/6/2026 12:00 AM", rcpt="1010", data="1000", recipients="1000", colour="GREEN",
        rate="< 0.1%", trap_begin="", trap_end="", traps="0", helo="out1.shop.example", sender="b@shop.example", comments=""):
    return ",".join((address, begin, end, rcpt, data, recipients, colour, rate, trap_begin, trap_end, traps, helo, sender, comments)) + "\r\n"


D = f"delivered 1000 192.0.2.10 {NOON}"
add("a-day", row(), D + ' filter=GREEN complaint_rate="< 0.1%" rcpt_commands=1010 data_commands=1000 helo=out1.shop.example mail_from=b@shop.example')
add("ipv6", row("2001:db8::25"), f"delivered 1000 2001:db8::25 {NOON}")
for colour in ("YELLOW", "RED", ""):
    add(f"filter-{colour or 'none'}", row(colour=colour), D + f" filter={colour}")
for rate, n in (("0.3%", 3), ("0.35%", 3), ("1%", 10), ("2.5%", 25), ("100%", 1000), ("0.1%", 1)):
    add(f"rate-{rate[:-1]}", row(rate=rate), D, f"complaint {n} 192.0.2.10 {NOON} complaint_rate={rate}")
for name, rate in (("too-small", "0.05%"), ("zero", "0%"), ("missing", ""), ("no-number", "high"), ("over", "101%"), ("two-dots-give-what-they-say", "0..1%"),
                   ("too-exact", "0.1234%"), ("signed", "-1%")):
    lines = (D, f"complaint 1 192.0.2.10 {NOON}") if name.startswith("two") else (D,)
    add(f"rate-{name}", row(rate=rate), *lines)
add("traps", row(trap_begin="1/5/2026 1:00 PM", trap_end="1/5/2026 3:00 PM", traps="4"), D, "trap_recycled 4 192.0.2.10 2026-01-05T14:00:00Z")
add("traps-without-time", row(traps="2"), D, f"trap_recycled 2 192.0.2.10 {NOON}")
add("afternoon", row(begin="1/5/2026 1:00 PM", end="1/5/2026 2:00 PM"), "delivered 1000 192.0.2.10 2026-01-05T13:30:00Z")
add("noon", row(begin="1/5/2026 12:00 PM", end="1/5/2026 12:30 PM"), "delivered 1000 192.0.2.10 2026-01-05T12:15:00Z")
add("one-in-the-morning", row(begin="1/5/2026 1:00 AM", end=""), "delivered 1000 192.0.2.10 2026-01-05T01:00:00Z")
add("no-halves", row(begin="1/5/2026 13:00", end="1/5/2026 14:00"), "delivered 1000 192.0.2.10 2026-01-05T13:30:00Z")
add("iso", row(begin="2026-01-05T00:00:00Z", end="2026-01-06T00:00:00Z"), D)
add("end-before-begin", row(end="1/4/2026 12:00 AM"), "delivered 1000 192.0.2.10 2026-01-05T00:00:00Z")
add("nothing-sent", row(recipients="0"), "nothing")
add("quoted", row(helo='"out, one"', comments='"a, b"'), D + ' helo="out, one"')
add("two-rows", row() + row("192.0.2.11"), D, f"delivered 1000 192.0.2.11 {NOON}")
add("blank-lines", row() + "\r\n\r\n" + row("192.0.2.11"), D, f"delivered 1000 192.0.2.11 {NOON}")
add("second-row-bad", row() + row("nowhere"), D, "fault does not begin with an address")
add("short-row", row() + "192.0.2.11,1/5/2026 12:00 AM\r\n", D, "fault fewer columns than SNDS has")
add("future-row", row() + row(begin="1/5/2027 12:00 AM", end="1/6/2027 12:00 AM"), D, "fault no time of activity, or it lies in the future")
add("no-such-day", row() + row(begin="13/45/2026 12:00 AM"), D, "fault no time of activity, or it lies in the future")
add("without-comments", row().rstrip(",\r\n") + "\n", D)

# As spreadsheets and other programs save it again.
QUOTED = '"192.0.2.11","1/5/2026 12:00 AM","1/6/2026 12:00 AM","1010","1000","1000","RED","2.5%","","","0","out ""two""","b@shop.example","first line\r\nsecond line"\r\n'
Q = [f"{signal} 192.0.2.11 {NOON} filter=RED " + 'helo="out "two""' for signal in ("delivered 1000", "complaint 25")]
HEAD = "IP Address,Activity start,Activity end,RCPT commands,DATA commands,Message recipients,Filter result,Complaint rate,Trap period start,Trap period end,Trap hits,Sample HELO,Sample MAIL FROM,Comments\r\n"
TWO = row() + QUOTED + row("192.0.2.12")
SAVED = (D, *Q, f"delivered 1000 192.0.2.12 {NOON}")
add("line-end-in-quotes", TWO, *SAVED)
add("byte-order-mark", "\ufeff" + TWO, *SAVED)
add("two-files-in-one", "\ufeff" + row() + "\ufeff" + row("192.0.2.12") + "\ufeff\r\n", D, f"delivered 1000 192.0.2.12 {NOON}")
add("byte-order-mark-and-header", "\ufeff" + HEAD + TWO, *SAVED)
add("utf-16-little", b"\xff\xfe" + TWO.encode("utf-16-le"), *SAVED)
add("utf-16-big", b"\xfe\xff" + TWO.encode("utf-16-be"), *SAVED)
add("utf-16-without-mark", TWO.encode("utf-16-le"), *SAVED)
add("utf-16-with-header", b"\xff\xfe" + (HEAD + TWO).encode("utf-16-le"), *SAVED)
add("utf-16-cut-in-a-character", b"\xff\xfe" + (row() + row("192.0.2.11"))[:-1].encode("utf-16-le") + b"\n", D, f"delivered 1000 192.0.2.11 {NOON}")
add("semicolons", TWO.replace(",", ";"), *SAVED)
add("semicolons-and-decimal-comma", row(rate="0.3%").replace(",", ";").replace("0.3%", "0,3%"), D, f"complaint 3 192.0.2.10 {NOON}")
add("tabs-and-header", (HEAD + TWO).replace(",", "\t"), *SAVED)
add("carriage-returns-alone", ((row() + row("192.0.2.12")).replace("\r\n", "\r")).encode(), D, f"delivered 1000 192.0.2.12 {NOON}")
add("quote-never-closed", row() + '"192.0.2.11,1/5/2026 12:00 AM\r\n' + row("192.0.2.12"), D, "fault a quote is not closed", f"delivered 1000 192.0.2.12 {NOON}")

write()
