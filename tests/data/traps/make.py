#!/usr/bin/env python3
"""make.py: writes made.txt (mails as traps received them, written for Vouch) and made_expected.txt (what each must read as, as it stands here beside each).

The reporter is a trap network with the class pristine and the table of tests/unit/trap_test.c: recycled=old.example typo=gmial.example recycled=anna@seed.example
pristine=seed.example pristine=spider-*@gmial.example.
"""

import base64
import os
import quopri
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from made import add, write  # noqa: E402

AT = "2026-01-05T08:00:00Z"
RECEIVED = "Received: from out.shop.example (out.shop.example [192.0.2.10]) by mx.seed.example with ESMTP id 1; Mon, 5 Jan 2026 09:00:00 +0100\n"
SIGNED = "DKIM-Signature: v=1; a=rsa-sha256; d=shop.example; s=k1; h=from; bh=x; b=x\n"
FROM = "From: Shop <news@shop.example>\nTo: Somebody <somebody@else.example>\nSubject: Offers of week 17\nMessage-ID: <1@shop.example>\nDate: Mon, 5 Jan 2026 07:00:00 +0000\n"
NONE = "refused no message/feedback-report part"
PAGE = '<p>Hello, see <a href="https://www.bad.example/login">here</a> and <a href="https://news.shop.example/">there</a>.</p>'


def mail(to="a@seed.example", received=RECEIVED, more="", body="Hello\n", field="Delivered-To"):
    to = "".join(f"{field}: {one}\n" for one in ([to] if isinstance(to, str) else to))
    return to + received + FROM + more + "\n" + body


def hit(kind, count=1, source="192.0.2.10", at=AT, more=""):
    return f"trap_{kind} {count} {source} {at}{more}"


# ---- which class the address has
add("pristine", mail(), hit("pristine", more=' from_domain=shop.example mail_from= subject_shape="offers of week" message_id=<1@shop.example> source_from=received arrival=' + AT))
add("recycled", mail("b@old.example"), hit("recycled"))
add("typo", mail("c@gmial.example"), hit("typo"))
add("below-a-domain", mail("c@mail.gmial.example"), hit("typo"))
add("an-address-goes-before-its-domain", mail("anna@seed.example"), hit("recycled"))
add("a-pattern-goes-before-its-domain", mail("spider-42@gmial.example"), hit("pristine"))
add("written-large", mail("ANNA@Seed.Example"), hit("recycled"))
add("in-brackets", mail("<c@gmial.example>"), hit("typo"))
for field in ("X-Original-To", "Envelope-To", "X-Envelope-To", "delivered-to"):
    add(f"field-{field}", mail("b@old.example", field=field), hit("recycled"))
add("the-topmost-counts", mail(["c@gmial.example", "b@old.example"]), hit("typo"))
add("the-topmost-is-somebody", mail(["x@else.example", "b@old.example"]), NONE)
add("another-field-says-it", "Delivered-To: spool@mx.seed-network.example\n" + mail("b@old.example", field="X-Original-To"), hit("recycled"))
add("a-neighbour-is-no-trap", mail("c@notgmial.example"), NONE)
add("somebody-else", mail("x@else.example"), NONE)
add("only-the-sender-says-so", mail([]).replace("somebody@else.example", "a@seed.example"), NONE)
add("what-stands-below-is-the-senders", mail([], more="Delivered-To: a@seed.example\n"), NONE)

# ---- whose mail it was, and when
add("forged-hop-below", mail(received=RECEIVED + "Received: from bank ([198.51.100.66]) by out.shop.example; Mon, 5 Jan 2026 06:00:00 +0000\n"), hit("pristine"))
add("hops-within", mail(received="Received: from mx.seed.example ([10.0.0.1]) by box.seed.example; Mon, 5 Jan 2026 08:00:00 +0000\n" + RECEIVED), hit("pristine"))
add("ipv6", mail(received=RECEIVED.replace("[192.0.2.10]", "[IPv6:2001:db8::25]")), hit("pristine", source="2001:db8::25"))
add("helo-lies", mail(received=RECEIVED.replace("from out.shop.example", "from [198.51.100.66]")), hit("pristine"))
add("signature-when-there-is-no-hop", mail(received="", more=SIGNED), hit("pristine", source="shop.example", at="2026-01-05T07:00:00Z", more=" source_from=dkim_signature"))
add("signature-beside-a-hop", mail(more=SIGNED), hit("pristine", more=" dkim_domain=shop.example source_from=received"))
add("no-source", mail(received=""), "refused no source: no public address in a Received field, and no signature")
add("hop-without-time", mail(received=RECEIVED.split(";")[0] + "\n"), hit("pristine", at="2026-01-05T07:00:00Z"))
add("time-in-the-future", mail(received=RECEIVED.replace("2026 09", "2031 09")), hit("pristine", at="2026-02-01T00:00:00Z"))

# ---- what it looked like
add("page", mail(more="MIME-Version: 1.0\nContent-Type: text/html\n", body=PAGE), hit("pristine", more=' link_domain="bad.example shop.example"'))
add("page-in-base64", mail(more="MIME-Version: 1.0\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n", body=base64.encodebytes(PAGE.encode()).decode()),
    hit("pristine", more=' link_domain="bad.example shop.example"'))
add("quoted-printable", mail(more="MIME-Version: 1.0\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n", body=quopri.encodestring(PAGE.encode()).decode()),
    hit("pristine", more=' link_domain="bad.example shop.example"'))
add("its-class-is-written-by-the-sender-too", mail("b@old.example", more="Delivered-To: c@gmial.example\nX-Original-To: c@gmial.example\n"), hit("recycled"))
add("attachment", mail(more='MIME-Version: 1.0\nContent-Type: application/octet-stream; name="a.exe"\nContent-Transfer-Encoding: base64\n',
                       body=base64.encodebytes(b"MZ" + bytes(100)).decode()), hit("pristine", more=" attachment=executable"))
add("crlf", mail("b@old.example").replace("\n", "\r\n"), hit("recycled"))
add("mailbox-line", "From news@shop.example Mon Jan  5 08:00:00 2026\n" + mail("b@old.example"), hit("recycled"))

# ---- what is not the mail itself
REPORT = ('MIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind}; boundary="B"\n', "--B\nContent-Type: message/{kind}\n\nFeedback-Type: abuse\n"
          "Source-IP: 198.51.100.66\nReporting-MTA: dns; x.example\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n--B--\n")
for kind in ("feedback-report", "delivery-status"):
    add(f"a-{kind}", mail(more=REPORT[0].format(kind=kind), body=REPORT[1].format(kind=kind)), "refused a report about a mail, not the mail itself")

write(end="\n")
