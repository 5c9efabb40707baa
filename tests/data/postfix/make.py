#!/usr/bin/env python3
"""make.py: writes made.txt (logs of Postfix, lines as its sources print them) and made_expected.txt (what each must read as, as it stands here)."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from made import add, write  # noqa: E402

AT = "2026-01-05T08:00:00Z"
OUT = "out1.shop.example[192.0.2.10]"


def line(daemon, text, time="Jan  5 08:00:07", host="mx1", tag="postfix"):
    return f"{time} {host} {tag}/{daemon}[123]: {text}\n"


def client(queue="4bX2Zk1234z", who=OUT, more="", **kw):
    return line("smtpd", f"{queue}: client={who}{more}", **kw)


def sender(queue="4bX2Zk1234z", address="news@shop.example", **kw):
    return line("qmgr", f"{queue}: from=<{address}>, size=1234, nrcpt=1 (queue active)", **kw)


def to(status="sent", said="250 2.0.0 Ok", dsn="2.0.0", recipient="a@inbox.example", queue="4bX2Zk1234z", relay="mail.inbox.example[203.0.113.9]:24",
       daemon="lmtp", more="", **kw):
    return line(daemon, f"{queue}: to=<{recipient}>, {more}relay={relay}, delay=0.1, delays=0.1/0/0/0, dsn={dsn}, status={status} ({said})", **kw)


def reject(reply, who=OUT, stage="RCPT", kind="NOQUEUE: reject", recipient="a@inbox.example", daemon="smtpd", **kw):
    return line(daemon, f"{kind}: {stage} from {who}: {reply}; from=<news@shop.example> to=<{recipient}> proto=ESMTP helo=<out1.shop.example>", **kw)


D = f"delivered 1 192.0.2.10 {AT}"
# ---- delivered
add("delivered", client() + sender() + to() + line("qmgr", "4bX2Zk1234z: removed"), D + " recipient_domain=inbox.example")
add("two-recipients", client() + to() + to(recipient="b@inbox.example"), f"delivered 2 192.0.2.10 {AT}")
add("two-domains", client() + to() + to(recipient="b@other.example"), D, D + " recipient_domain=other.example")
add("two-minutes", client() + to() + to(time="Jan  5 08:01:00"), D, "delivered 1 192.0.2.10 2026-01-05T08:01:00Z")
add("two-messages", client() + client("4bX2Zk9999z", "o[192.0.2.11]") + to(queue="4bX2Zk9999z") + to(), f"delivered 1 192.0.2.11 {AT}", D)
add("two-servers-one-id", client() + client(who="o[192.0.2.11]", host="mx2") + to() + to(host="mx2"), D, f"delivered 1 192.0.2.11 {AT}")
add("short-id", client("0A1B2C3D4E") + to(queue="0A1B2C3D4E"), D)
add("ipv6", client(who="o[2001:db8::25]") + to(), f"delivered 1 2001:db8::25 {AT}")
add("unknown-host", client(who="unknown[192.0.2.10]") + to(), D)
add("submission", client(more=", sasl_method=PLAIN, sasl_username=a@b.example", tag="postfix/submission") + to(), D)
add("another-instance", client(tag="postfix-in") + to(tag="postfix-in"), D)
add("virtual", client() + to(daemon="virtual", relay="virtual", said="delivered to maildir"), D)
add("orig-to", client() + to(more="orig_to=<b@other.example>, "), D + " recipient_domain=inbox.example")
add("iso-time", client(time="2026-01-05T09:00:07.123456+01:00") + to(time="2026-01-05T09:00:08.000000+01:00"), D)
add("last-year", client(time="Dec 31 23:59:59") + to(time="Dec 31 23:59:59"), "delivered 1 192.0.2.10 2025-12-31T23:59:00Z")
add("no-client-line", to(), "nothing")
add("from-the-own-network", client(who="app[10.0.0.3]") + sender() + to(daemon="smtp"), f"delivered 1 shop.example {AT}")
add("written-here", line("pickup", "4bX2Zk1234z: uid=0 from=<root>") + sender(address="root@mx1.shop.example") + to(daemon="smtp"),
    f"delivered 1 mx1.shop.example {AT}")
add("a-foreign-client-is-not-its-sender", client(who="bad[198.51.100.66]") + sender() + to(), f"delivered 1 198.51.100.66 {AT}")
add("content-filter", client() + to(daemon="smtp", relay="127.0.0.1[127.0.0.1]:10024", said="250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4bX2Zk5555z") +
    client("4bX2Zk5555z", "localhost[127.0.0.1]", ", orig_queue_id=4bX2Zk1234z, orig_client=" + OUT) + to(queue="4bX2Zk5555z"), D)
add("local-mail-store", client() + to(relay="127.0.0.1[127.0.0.1]:24", said="250 2.0.0 <a@inbox.example> x Saved"), D)
add("filter-without-xforward", client("4bX2Zk5555z", "localhost[127.0.0.1]") + sender("4bX2Zk5555z", "") + to(queue="4bX2Zk5555z"), "nothing")
# ---- refused behind the queue
add("bounced-unknown", client() + to("bounced", "host mail[203.0.113.9] said: 550 5.1.1 <a@inbox.example> User unknown (in reply to RCPT TO command)", "5.1.1"),
    f"unknown_user 1 192.0.2.10 {AT}")
add("bounced-blocked", client() + to("bounced", "host mail[203.0.113.9] said: 554 Blocked, see https://lists.example", "5.0.0"), f"policy_block 1 192.0.2.10 {AT}")
add("bounced-no-host", client() + to("bounced", "Host or domain name not found. Name service error for name=inbox.example type=A: Host not found", "5.4.4", relay="none"),
    f"bounce 1 192.0.2.10 {AT}")
add("deferred", client() + to("deferred", "connect to mail[203.0.113.9]:25: Connection timed out", "4.4.1"), "nothing")
add("expired", client() + to("expired", "delivery temporarily suspended: Connection timed out", "5.4.7"), f"bounce 1 192.0.2.10 {AT}")
# ---- refused before it
add("unknown", reject("550 5.1.1 <a@inbox.example>: Recipient address rejected: User unknown in virtual mailbox table"), f"unknown_user 1 192.0.2.10 {AT} recipient_domain=inbox.example")
add("unknown-in-a-session", reject("550 5.1.1 <a@inbox.example>: Recipient address rejected: User unknown in relay recipient table", kind="4bX2Zk1234z: reject"),
    f"unknown_user 1 192.0.2.10 {AT}")
add("unknown-twice", reject("550 5.1.1 <a@inbox.example>: Recipient address rejected: User unknown in virtual mailbox table") * 2, f"unknown_user 2 192.0.2.10 {AT}")
add("blocklist", reject("554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using bl.example; https://bl.example/192.0.2.10"),
    f"policy_block 1 192.0.2.10 {AT}")
add("relay-denied", reject("554 5.7.1 <a@inbox.example>: Relay access denied"), f"policy_block 1 192.0.2.10 {AT}")
add("greylisted", reject("450 4.2.0 <a@inbox.example>: Recipient address rejected: Greylisted"), "nothing")
add("too-large", reject("552 5.3.4 Message size exceeds fixed limit", stage="MAIL"), f"bounce 1 192.0.2.10 {AT}")
add("milter", reject("5.7.1 Spam message rejected", kind="4bX2Zk1234z: milter-reject", stage="END-OF-MESSAGE", daemon="cleanup"), f"policy_block 1 192.0.2.10 {AT}")
add("milter-later", reject("4.7.1 Try again later", kind="4bX2Zk1234z: milter-reject", stage="END-OF-MESSAGE", daemon="cleanup"), "nothing")
add("postscreen", line("postscreen", "NOQUEUE: reject: RCPT from [192.0.2.10]:53210: 550 5.7.1 Service unavailable; client [192.0.2.10] blocked using bl.example; "
                       "from=<news@shop.example>, to=<a@inbox.example>, proto=ESMTP, helo=<x>"), f"policy_block 1 192.0.2.10 {AT}")
add("reject-warning", line("smtpd", f"NOQUEUE: reject_warning: RCPT from {OUT}: 554 5.7.1 no; from=<a@b.example> to=<a@inbox.example> proto=ESMTP"), "nothing")
# ---- as syslog sends it, or writes it into files
def new_line(daemon, text, time="2026-01-05T09:00:07.123456+01:00", head="<22>1 ", name="postfix/{}", data="-"):
    return f"{head}{time} mx1 {name.format(daemon)} 123 - {data} {text}\n"


def new_pair(client_text=f"4bX2Zk1234z: client={OUT}", gap="", **kw):
    sent = "4bX2Zk1234z: to=<a@inbox.example>, relay=mail[203.0.113.9]:24, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)"
    return new_line("smtpd", gap + client_text, **kw) + new_line("lmtp", gap + sent, **kw)


def old_pair(**kw):
    return client(**kw) + to(**kw)


add("rfc5424", new_pair(), D + " recipient_domain=inbox.example")
add("rfc5424-zulu-whole-seconds", new_pair(time="2026-01-05T08:00:07Z"), D)
add("rfc5424-two-blanks", new_pair(gap=" "), D)
add("rfc5424-name-cut-at-the-slash", new_pair(name="postfix"), D)
add("rfc5424-another-instance", new_pair(name="postfix-in/{}"), D)
add("rfc5424-data", new_pair(data='[origin x="a]b\\"] c" software="rsyslogd"][meta sequenceId="7"]'), D)
add("rfc5424-byte-order-mark", new_pair(gap="\ufeff"), D)
add("rfc5424-data-without-end", new_pair() + new_pair(data='[origin x="a]'), D)
add("rfc5424-no-time", new_pair() + new_pair(time="-"), D)
add("rfc5424-other-programs", new_pair() + new_pair(name="smtpd") + new_pair(head="<x>1 ") + new_pair(head="<22>2 ") + new_pair(head="<123456>1 "), D)
add("rfc5424-reject", new_line("smtpd", f"NOQUEUE: reject: RCPT from {OUT}: 550 5.1.1 <a@inbox.example>: Recipient address rejected: User unknown; "
                               "from=<news@shop.example> to=<a@inbox.example> proto=ESMTP helo=<x>"), f"unknown_user 1 192.0.2.10 {AT}")
add("rfc3164-priority", old_pair(time="<22>Jan  5 08:00:07"), D)
add("rfc3164-priority-iso-time", old_pair(time="<22>2026-01-05T09:00:07.123+01:00"), D)
add("rfc3164-no-host", "".join(each.replace(" mx1 ", " ") for each in old_pair(time="<22>Jan  5 08:00:07").splitlines(True)), D)
add("busybox", old_pair(host="mx1 mail.info"), D)
add("forms-mixed", client(time="<22>Jan  5 08:00:07") + new_pair().splitlines(True)[1], D)
# ---- not ours
add("other-lines", line("smtpd", f"connect from {OUT}") + line("anvil", "statistics: max connection rate 1/60s for (smtp:192.0.2.10) at Jan  5 08:00:00") +
    "Jan  5 08:00:07 mx1 sshd[1]: Accepted publickey\n" + client() + "rubbish\n\n" + to(), D)
add("status-in-a-subject", client() + line("cleanup", '4bX2Zk1234z: warning: header Subject: to=<a@b.example>, status=sent (x) from out1.shop.example[192.0.2.10]; from=<a@b.example> to=<c@d.example>'),
    "nothing")
add("a-recipient-with-blanks", client() + to(recipient='"status=bounced to"@inbox.example'), D)
add("tomorrow", client(time="2027-01-05T08:00:07Z") + to(time="2027-01-05T08:00:07Z"), "nothing")

write()
