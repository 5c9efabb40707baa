#!/usr/bin/env python3
"""make.py: writes made.txt (main logs of Exim, lines as its manual shows them) and made_expected.txt (what each must read as, as it stands here)."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from made import add, write  # noqa: E402

AT = "2026-01-05T08:00:00Z"
ID = "1vXabc-00000000AbC-0dEf"
OUT = "H=out1.shop.example [192.0.2.10]"


def line(text, time="2026-01-05 08:00:07"):
    return f"{time} {text}\n"


def arrived(who=OUT, message=ID, sender="news@shop.example", **kw):
    return line(f"{message} <= {sender} {who} P=esmtps X=TLS1.3:ECDHE:256 CV=no S=1234 id=1@shop.example", **kw)


def to(flag="=>", recipient="a@inbox.example", message=ID, rest='R=local T=lmtp H=mail [203.0.113.9] C="250 Ok"', **kw):
    return line(f"{message} {flag} {recipient} {rest}", **kw)


def failed(said, recipient="a@inbox.example", **kw):
    return to("**", recipient, rest=f"R=dns T=smtp H=mx [203.0.113.9]: {said}", **kw)


def rejected(words, who="H=(helo) [192.0.2.10]", sender="F=<news@shop.example>", **kw):
    return line(f"{who} {sender} {words}", **kw)


D = f"delivered 1 192.0.2.10 {AT}"
add("delivered", arrived() + to() + line(f"{ID} Completed"), D + " recipient_domain=inbox.example")
add("two-recipients", arrived() + to() + to("->", "b@inbox.example"), f"delivered 2 192.0.2.10 {AT}")
add("cutthrough", to(">>") + arrived(), "nothing")
add("cutthrough-after", arrived() + to(">>"), D)
add("two-domains", arrived() + to() + to(recipient="b@other.example"), D, D + " recipient_domain=other.example")
add("two-messages", arrived() + arrived("H=o [192.0.2.11]", "1vXabc-00000000AbC-0dEg") + to(message="1vXabc-00000000AbC-0dEg") + to(), f"delivered 1 192.0.2.11 {AT}", D)
add("two-minutes", arrived() + to() + to(time="2026-01-05 08:01:07"), D, "delivered 1 192.0.2.10 2026-01-05T08:01:00Z")
add("old-id", arrived(message="1abCde-000Fgh-4q") + to(message="1abCde-000Fgh-4q"), D)
add("zone", arrived(time="2026-01-05 09:00:07 +0100") + to(time="2026-01-05 09:00:07 +0100"), D)
add("milliseconds-and-pid", arrived(time="2026-01-05 08:00:07.123 [4711]") + to(time="2026-01-05 08:00:07.456 [4711]"), D)
add("helo-in-brackets", arrived("H=([198.51.100.1]) [192.0.2.10]:53210 I=[203.0.113.1]:25") + to(), D)
add("helo-name", arrived("H=out1.shop.example (helo.example) [192.0.2.10]:53210") + to(), D)
add("ipv6", arrived("H=o [2001:db8::25]:53210") + to(), f"delivered 1 2001:db8::25 {AT}")
add("written-here", arrived("U=www P=local") + to(), f"delivered 1 shop.example {AT}")
add("from-the-own-network", arrived("H=app [10.0.0.3]") + to(), f"delivered 1 shop.example {AT}")
add("null-sender-written-here", arrived("R=1vXabc-00000000AbC-0dEe U=Debian-exim", sender="<>") + to(), "nothing")
add("local-part-and-address", arrived() + to(recipient="alice <alice@inbox.example>"), D + " recipient_domain=inbox.example")
add("no-arrival", to(), "nothing")
add("deferred", arrived() + to("==", rest="R=dns T=smtp defer (-44): SMTP error from remote mail server: 451 later"), "nothing")
add("failed-unknown", arrived() + failed("SMTP error from remote mail server after RCPT TO:<a@inbox.example>: 550 5.1.1 <a@inbox.example> User unknown"),
    f"unknown_user 1 192.0.2.10 {AT} recipient_domain=inbox.example")
add("failed-blocked", arrived() + failed("SMTP error from remote mail server after end of data: 554 5.7.1 Message rejected as spam"), f"policy_block 1 192.0.2.10 {AT}")
add("failed-full", arrived() + failed("SMTP error from remote mail server after end of data: 552 5.2.2 mailbox full"), f"bounce 1 192.0.2.10 {AT}")
add("failed-too-old", arrived() + failed("retry timeout exceeded"), f"bounce 1 192.0.2.10 {AT}")
add("failed-unrouteable", arrived() + line(f"{ID} ** a@inbox.example: Unrouteable address"), f"unknown_user 1 192.0.2.10 {AT}")
add("rejected-unknown", rejected("rejected RCPT <a@inbox.example>: Unrouteable address"), f"unknown_user 1 192.0.2.10 {AT} recipient_domain=inbox.example")
add("rejected-twice", rejected("rejected RCPT <a@inbox.example>: Unrouteable address") * 2, f"unknown_user 2 192.0.2.10 {AT}")
add("rejected-blocklist", rejected("rejected RCPT <a@inbox.example>: found in bl.example: 192.0.2.10 is blacklisted"), f"policy_block 1 192.0.2.10 {AT}")
add("rejected-relay", rejected("rejected RCPT <a@other.example>: relay not permitted"), f"policy_block 1 192.0.2.10 {AT} recipient_domain=other.example")
add("rejected-data", line(f"{ID} H=(helo) [192.0.2.10] F=<news@shop.example> rejected after DATA: This message contains malware"), f"policy_block 1 192.0.2.10 {AT}")
add("rejected-helo", rejected("rejected EHLO or HELO bad: syntactically invalid", sender=""), f"bounce 1 192.0.2.10 {AT}")
add("temporarily-rejected", rejected("temporarily rejected RCPT <a@inbox.example>: greylisted"), "nothing")
add("other-lines", line("exim 4.96 daemon started: pid=1, -q30m, listening for SMTP on port 25 (IPv4)") + line("no host name found for IP address 192.0.2.10") +
    "rubbish\n\n" + arrived() + to() + line("End queue run: pid=2"), D)
add("tomorrow", arrived(time="2027-01-05 08:00:07") + to(time="2027-01-05 08:00:07"), "nothing")

# ---- through syslog (log_file_path = syslog)
def through(text, head="Jan  5 08:00:07 mx1 exim[4711]: ", bare=False):
    """The same lines as syslog writes them; bare: syslog_timestamp is off."""
    return "".join(head + (each[20:] if bare else each) for each in text.splitlines(True))


NEW = "<22>1 2026-01-05T09:00:07.123456+01:00 mx1 exim 4711 - - "
MAIN, REJECT = "<22>Jan  5 08:00:07 mx1 exim[4711]: ", "<21>Jan  5 08:00:07 mx1 exim[4711]: "
FOUND = f"unknown_user 1 192.0.2.10 {AT} recipient_domain=inbox.example"
BOTH = FOUND.replace(" 1 ", " 2 ")
refused = rejected("rejected RCPT <a@inbox.example>: Unrouteable address")
other = rejected("rejected RCPT <a@inbox.example>: Unrouteable address", who="H=(helo) [192.0.2.11]")
add("syslog", through(arrived() + to() + line(f"{ID} Completed")), D + " recipient_domain=inbox.example")
add("syslog-iso-time", through(arrived() + to(), "2026-01-05T08:00:07.123456+00:00 mx1 exim[4711]: "), D)
add("syslog-its-zone-is-better", through(arrived(time="2026-01-05 09:00:07") + to(time="2026-01-05 09:00:07"), "2026-01-05T09:00:07+01:00 mx1 exim[4711]: "), D)
add("syslog-own-time-has-the-year", through(arrived(time="2025-01-05 08:00:07") + to(time="2025-01-05 08:00:07")), D.replace("2026", "2025"))
add("syslog-bare", through(arrived() + to(), bare=True), D)
add("syslog-bare-and-pid", through(arrived(time="2026-01-05 08:00:07 [4711]") + to(time="2026-01-05 08:00:07 [4711]"), bare=True), D)
add("syslog-no-pid", through(arrived() + to(), "Jan  5 08:00:07 mx1 exim: "), D)
add("syslog-another-name", through(arrived() + to(), "Jan  5 08:00:07 mx1 mailer[4711]: "), D)
add("syslog-bare-of-another", through(arrived()) + through(to(), "Jan  5 08:00:07 mx1 mailer[4711]: ", bare=True), "nothing")
add("syslog-priority", through(arrived() + to(), MAIN), D)
add("syslog-no-host", through(arrived() + to(), "<22>Jan  5 08:00:07 exim[4711]: "), D)
add("syslog-busybox", through(arrived() + to(), "Jan  5 08:00:07 mx1 mail.info exim[4711]: "), D)
add("syslog-rfc5424", through(arrived() + to(), NEW), D)
add("syslog-rfc5424-bare", through(arrived() + to(), NEW, bare=True), D)
add("syslog-two-servers-one-id", through(arrived() + to()) + through(arrived("H=o [192.0.2.11]") + to(), "Jan  5 08:00:07 mx2 exim[4711]: "),
    D, f"delivered 1 192.0.2.11 {AT}")
add("syslog-long-line", through(arrived()) + through("[1/2] " + line(f"{ID} => a@inbox.example R=local T=lmtp H=mail [203.0.113.9] C=\"250")) +
    through(f"[2/2] {ID} => b@inbox.example\"\n"), D)
add("syslog-said-twice", through(refused * 2), FOUND)
add("syslog-said-twice-two-seconds", through(refused) + through(refused, "Jan  5 08:00:08 mx1 exim[4711]: "), FOUND)
add("syslog-refused-twice-said-four-times", through(refused * 4), BOTH)
add("syslog-said-twice-others-between", through(refused) + through(other, "Jan  5 08:00:07 mx1 exim[4712]: ") + through(refused) + through(other, "Jan  5 08:00:07 mx1 exim[4712]: "),
    FOUND, FOUND.replace("2.10", "2.11"))
add("syslog-two-processes", through(refused) + through(refused, "Jan  5 08:00:07 mx1 exim[4712]: "), BOTH)
add("syslog-two-servers", through(refused) + through(refused, "Jan  5 08:00:07 mx2 exim[4711]: "), BOTH)
add("syslog-bare-again-later", through(refused, bare=True) + through(refused, "Jan  5 08:00:27 mx1 exim[4711]: ", bare=True), BOTH)
add("syslog-priority-said-twice", through(refused, MAIN) + through(refused, REJECT), FOUND)
add("syslog-priority-refused-twice", through(refused * 2, MAIN), BOTH)
add("syslog-priority-one-copy-each", through(refused * 2, REJECT), BOTH)
add("syslog-headers-of-the-refused", through("[1\\3] " + refused) + through("[2\\3] 2026-01-05 08:00:07 H=x [192.0.2.99] rejected RCPT <a@inbox.example>: no\n") +
    through(f"[3/3] {ID} <= a@b.example H=o [192.0.2.99]\n"), FOUND)
add("syslog-said-twice-with-headers", through(refused) + through("[1\\2] " + refused) + through("[2\\2] Envelope-from: <a@b.example>\n"), FOUND)
add("syslog-carried", through(arrived()) + "# vouch refused " + through(refused) + through(refused) + through(refused), FOUND)
add("names-postfix", arrived(sender="news@postfix.example") + failed("SMTP error from remote mail server after RCPT TO:<a@inbox.example>: 550 5.1.1 User unknown", recipient="a@inbox.example"),
    f"unknown_user 1 192.0.2.10 {AT}")
add("names-postfix-first", line(f"{ID} <= news@postfix.example H=o [192.0.2.10]: P=esmtp") + to(), D)

write()
