#!/usr/bin/env python3
"""make.py: writes made.txt (JSON lines written for Vouch, by the rules of doc/data/jsonl.md) and made_expected.txt (what each must read as, as it stands here beside each)."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from made import add, write  # noqa: E402

AT = "2026-01-05T07:00:00Z"
GOOD = f"delivered 7 192.0.2.10 {AT}"


def line(**members):
    """A line that reads as GOOD but for what is said; None takes a member out."""
    whole = {"time": AT, "source": "192.0.2.10", "signal": "delivered", "count": 7} | members
    return json.dumps({name: value for name, value in whole.items() if value is not None}) + "\n"


def one(name, reads, **members):
    add(name, line(**members), reads)


def fault(name, bad, words):
    """A bad line between two good ones."""
    add(name, line() + bad.rstrip("\n") + "\n" + line(), GOOD, GOOD, "fault " + words)


def at(name, written, reads):
    one(f"time-{name}", f"delivered 7 192.0.2.10 {reads}", time=written)


# Lines: their ends, and what stands between them.
add("a-line", line(), GOOD)
add("crlf-and-empty-lines", line().replace("\n", "\r\n") + "\r\n   \r\n" + line(), GOOD, GOOD)
add("blanks-around", f'  {{ "signal" : "delivered" ,\t"count" : 7 , "source" : "192.0.2.10" , "time" : "{AT}" }}  \n', GOOD)
add("byte-order-mark", "\ufeff" + line(), GOOD)
add("escapes", line().replace("delivered", "deliver\\u0065d"), GOOD)

# Times: strings as in CSV, numbers of seconds and milliseconds.
at("zone", "2026-01-05T12:45:00+05:45", AT)
at("seconds", 1767596400, AT)
at("milliseconds", 1767596400001, "2026-01-05T07:00:00.001Z")
at("seconds-as-a-string", "1767596400", AT)
at("ten-minutes-ahead", "2026-02-01T00:10:00Z", "2026-02-01T00:10:00Z")
fault("time-real", line(time=1767596400.5), "is neither a string nor a whole number")
fault("time-true", line(time=True), "is neither a string nor a whole number")
fault("time-missing", line(time=None), "'' is no time like 2026-01-05T08:00:00Z")
fault("time-negative", line(time=-1767596400), "'-1767596400' is no time like 2026-01-05T08:00:00Z")
fault("time-in-the-future", line(time="2026-02-01T00:10:00.001Z"), "2026-02-01T00:10:00.001Z lies in the future; the clock says 2026-02-01T00:00:00Z")

# Sources: a string, or an array of those of one mail.
one("source-array", f"delivered 7 192.0.2.10 shop.example {AT}", source=["192.0.2.10", "Shop.Example."])
one("source-several-in-a-string", f"delivered 7 2001:db8::25 shop.example {AT}", source="2001:DB8::25 shop.example")
one("source-array-of-four", f"delivered 7 192.0.2.10 a.example b.example acct:esp:7 {AT}", source=["192.0.2.10", "a.example", "b.example", "acct:esp:7"])
one("source-prefix", f"delivered 7 2001:db8::/48 {AT}", source="2001:db8::/48")
fault("source-array-of-five", line(source=["a.example"] * 5), "is neither a string nor a short array of strings")
fault("source-array-empty", line(source=[]), "is empty")
fault("source-array-of-numbers", line(source=["192.0.2.10", 7]), "holds something else than strings")
fault("source-object", line(source={"ip": "192.0.2.10"}), "is neither a string nor a short array of strings")
fault("source-mail-address", line(source="a@shop.example"), "'a@shop.example' is no source: not an address, and no domain name")

# Signals and counts.
one("signal-in-capitals", f"trap_recycled 7 192.0.2.10 {AT}", signal="TRAP_RECYCLED")
one("count-missing-is-one", f"complaint 1 192.0.2.10 {AT}", signal="complaint", count=None)
one("count-most", f"delivered 4294967295 192.0.2.10 {AT}", count=4294967295)
add("count-zero-says-nothing", line(count=0) + line(), GOOD)
fault("count-string", line(count="7"), "is not a whole number")
fault("count-real", line(count=7.0), "is not a whole number")
fault("count-negative", line(count=-1), "'-1' is no whole number from 0 to 4294967295")
fault("count-null", line().replace("7}", "null}"), "is not a whole number")
fault("signal-number", line(signal=1), "is not a string")
fault("signal-unknown", line(signal="opened"), "'opened' is none of the signals")

# Attributes, and who reports.
one("attributes", GOOD + " receiver=comcast port=25 tls=true", attributes={"receiver": "comcast", "port": 25, "tls": True})
one("attributes-none", GOOD, attributes={})
one("attributes-24", GOOD + " a0=0 a23=23", attributes={f"a{i}": i for i in range(24)})
fault("attributes-25", line(attributes={f"a{i}": i for i in range(25)}), "is not an object with a few members")
fault("attributes-nested", line(attributes={"a": {"b": 1}}), "holds something else than strings, whole numbers and booleans")
fault("attributes-real", line(attributes={"a": 0.5}), "holds something else than strings, whole numbers and booleans")
fault("attributes-name", line(attributes={"mail from": "x"}), "has a name that is not made of letters, digits, '-', '_' and '.'")
fault("attributes-control", line(attributes={"subject": "a\u0007b"}), "holds control characters or is not UTF-8")
one("reporter-itself", GOOD, reporter="somebody")
fault("reporter-another-needs-a-right", line(reporter="mailbox-two"), "only an operator may report in the name of others")

# Lines that are none.
fault("array", "[1, 2]", "not a JSON object")
fault("misspelt-member", line(cuont=3), "is none of time, source, signal, count, reporter, attributes")
fault("member-twice", '{"time": 1767596400, "time": 1767596401}', "no JSON: duplicate object key near '\"time\"'")
fault("two-objects", line().rstrip("\n") + " " + line(), "no JSON: end of file expected near '{'")
fault("null-byte-escaped", line(source="a\u0000.example"), "no JSON: \\u0000 is not allowed without JSON_ALLOW_NUL near '\"a\\u0000.example\"'")

add("last-line-has-no-end", line() + line().rstrip("\n"), GOOD, GOOD)  # stands last: what comes behind it would be its end

write()
