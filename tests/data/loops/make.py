#!/usr/bin/env python3
"""make.py: writes made.txt (mails of feedback loops in the ways of single providers, written for Vouch) and made_expected.txt (what each must read as)."""

import base64
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from made import add, write  # noqa: E402

SENT = "Mon, 5 Jan 2026 08:00:00 +0000"
AT = "2026-01-05T08:00:00Z"
CAME = "2026-01-05T07:30:00Z"
RECEIVED = "Received: from out1.shop.example ([192.0.2.10]) by mx.mailbox.example; Mon, 5 Jan 2026 07:30:00 +0000\n"
BODY = "From: Shop <news@shop.example>\nTo: <u@mailbox.example>\nSubject: Offers\nMessage-ID: <1@shop.example>\n"


def mixed(original, subject="complaint about message from 192.0.2.10", date=f"Date: {SENT}\n", kind="message/rfc822", text=""):
    """Microsoft's JMRP: the reported mail in a multipart/mixed, nothing for machines."""
    return (f"From: <staff@hotmail.com>\n{date}Subject: {subject}\nTo: loop@shop.example\nMIME-Version: 1.0\n"
            f'Content-Type: multipart/mixed; boundary="B"\n\n{text}--B\nContent-Type: {kind}\nContent-Disposition: inline\n\n{original}\nText\n\n--B--\n')


def report(fields, original=BODY, kind="message/rfc822"):
    """ARF (RFC 5965)."""
    return (f"From: <feedback@mailbox.example>\nDate: {SENT}\nSubject: report\nMIME-Version: 1.0\n"
            f'Content-Type: multipart/report; report-type=feedback-report; boundary="B"\n\n--B\nContent-Type: text/plain\n\nA report.\n\n'
            f"--B\nContent-Type: message/feedback-report\n\n{fields}\n--B\nContent-Type: {kind}\n\n{original}\nText\n\n--B--\n")


# ---- Microsoft JMRP

MARK = "X-HmXmrOriginalRecipient: <u@hotmail.com>\n"
PASSED = ("Authentication-Results: hotmail.com; spf=pass (sender IP is 192.0.2.10) smtp.mailfrom=b@shop.example; "
          "dkim=pass (identity alignment result is pass) header.d=shop.example; x-hmca=pass header.id=news@shop.example\n")
J = f"complaint 1 192.0.2.10 {AT}"
add("jmrp", mixed(MARK + RECEIVED + BODY), J + f" source_from=subject arrival={CAME} from_domain=shop.example subject=Offers message_id=<1@shop.example>")
add("jmrp-signed", mixed(MARK + PASSED + RECEIVED + BODY), f"complaint 1 192.0.2.10 shop.example {AT}")
add("jmrp-signature-forged-below", mixed(MARK + RECEIVED + PASSED + BODY), J)
add("jmrp-failed", mixed(MARK + PASSED.replace("dkim=pass", "dkim=fail") + RECEIVED + BODY), J)
add("jmrp-two-signatures", mixed(MARK + PASSED + PASSED.replace("shop.example", "esp.example") + RECEIVED + BODY), f"complaint 1 192.0.2.10 shop.example esp.example {AT}")
add("jmrp-identity-alone", mixed(MARK + "Authentication-Results: hotmail.com; dkim=pass header.i=@news.shop.example\n" + RECEIVED + BODY),
    f"complaint 1 192.0.2.10 news.shop.example {AT}")
add("jmrp-other-subject", mixed(MARK + RECEIVED + BODY, "FW: Offers"), J + " source_from=received")
add("jmrp-subject-of-blanks", mixed(MARK + RECEIVED + BODY, " complaint about message from 192.0.2.10 "), J + " source_from=subject")
add("jmrp-ipv6", mixed(MARK + RECEIVED + BODY, "complaint about message from 2001:db8::25"), f"complaint 1 2001:db8::25 {AT} source_from=subject")
add("jmrp-without-mark", mixed(RECEIVED + BODY), J + " source_from=subject")
add("jmrp-neither", mixed(RECEIVED + BODY, "FW: Offers"), "refused no message/feedback-report part")
add("jmrp-without-address", mixed(MARK + BODY, "FW: Offers"), "refused no source: no address, no domain, and none in the reported mail")
add("jmrp-domain-alone", mixed(MARK + PASSED + BODY, "FW: Offers"), f"complaint 1 shop.example {AT}")
add("jmrp-without-date", mixed(MARK + RECEIVED + BODY, date=""), f"complaint 1 192.0.2.10 {CAME}")
add("jmrp-as-headers", mixed(MARK + RECEIVED + BODY, kind="text/rfc822-headers"), J + " source_from=subject")
add("jmrp-crlf", mixed(MARK + RECEIVED + BODY).replace("\n", "\r\n"), J + " source_from=subject")
add("jmrp-dirty-mark", mixed("x-hmxmroriginalrecipient:\n <u@hotmail.com>\n" + RECEIVED + BODY, "FW: Offers"), J + " source_from=received")
add("jmrp-recipient-not-kept", mixed(MARK + "X-Reporter-IP: 198.51.100.7\n" + RECEIVED + BODY), J + " original_rcpt_to= x_reporter_ip=")

# Ways in which such mails differ: line ends, types, addresses in the subject, what Microsoft wrote above the first hop.
add("jmrp-bracketed-address", mixed(MARK + RECEIVED + BODY, "complaint about message from [192.0.2.10]"), J)
add("jmrp-subject-in-capitals", mixed(MARK + RECEIVED + BODY, "Complaint About Message From 192.0.2.10"), J + " source_from=subject")
add("jmrp-reply-subject", mixed(MARK + RECEIVED + BODY, "Re: complaint about message from 192.0.2.77"), J + " source_from=received")
add("jmrp-subject-is-no-address", mixed(MARK + RECEIVED + BODY, "complaint about message from 192.0.2.300"), J + " source_from=received")
add("jmrp-subject-over-received", mixed(MARK + RECEIVED.replace("192.0.2.10", "192.0.2.99") + BODY), J + " source_from=subject")
add("jmrp-private-hop-first", mixed(MARK + "Received: from in.hotmail.com ([10.1.2.3]) by x; Mon, 5 Jan 2026 07:31:00 +0000\n" + RECEIVED + BODY, "FW: Offers"),
    J + " source_from=received")
add("jmrp-date-in-other-zone", mixed(MARK + RECEIVED + BODY, date="Date: Mon, 5 Jan 2026 00:00:00 -0800\n"), J + f" arrival={CAME}")
add("jmrp-date-in-the-future", mixed(MARK + RECEIVED + BODY, date="Date: Fri, 1 Jan 2027 08:00:00 +0000\n"), f"complaint 1 192.0.2.10 {CAME}")
add("jmrp-domain-in-capitals", mixed(MARK + PASSED.replace("header.d=shop", "header.d=SHOP") + RECEIVED + BODY), f"complaint 1 192.0.2.10 shop.example {AT}")
add("jmrp-same-domain-twice", mixed(MARK + PASSED + PASSED + RECEIVED + BODY), f"complaint 1 192.0.2.10 shop.example {AT}")
add("jmrp-text-before", mixed(MARK + RECEIVED + BODY, text="--B\nContent-Type: text/plain\n\nSomebody complained.\n\n"), J + " source_from=subject")
add("jmrp-from-encoded", mixed(MARK + RECEIVED + BODY.replace("Shop <", "=?utf-8?q?Caf=C3=A9?= <")), J + " from_domain=shop.example")

# ---- Yahoo CFL: keyed by the DKIM domain; the address is not always told

YAHOO = ("Feedback-Type: abuse\nUser-Agent: Yahoo!-Mail-Feedback/2.0\nVersion: 0.1\nOriginal-Mail-From: <b@shop.example>\nOriginal-Rcpt-To: <redacted@yahoo.com>\n"
         "Received-Date: Mon, 5 Jan 2026 07:30:00 +0000\n")
Y = f"complaint 1 shop.example {AT} user_agent=Yahoo!-Mail-Feedback/2.0 arrival={CAME} mail_from=b@shop.example"
add("cfl", report(YAHOO + "Reported-Domain: shop.example\n"), Y)
add("cfl-headers-alone", report(YAHOO + "Reported-Domain: shop.example\n", kind="text/rfc822-headers"), Y)
add("cfl-with-hop", report(YAHOO + "Reported-Domain: shop.example\n", RECEIVED + BODY), f"complaint 1 192.0.2.10 shop.example {AT} source_from=received")
add("cfl-identity", report(YAHOO + "Authentication-Results: atlas.mail.yahoo.com; dkim=pass header.i=@shop.example header.s=s1; spf=pass smtp.mailfrom=shop.example\n"), Y)
add("cfl-selector-first", report(YAHOO + "Authentication-Results: atlas.mail.yahoo.com; dkim=pass header.s=s1 header.d=shop.example; dmarc=pass(p=REJECT) header.from=shop.example\n"), Y)
add("cfl-local-identity", report(YAHOO + "Authentication-Results: atlas.mail.yahoo.com; dkim=pass header.i=news@shop.example\n"), Y)
add("cfl-domain-counts-not-identity", report(YAHOO + "Authentication-Results: x; dkim=pass header.i=@a.shop.example header.d=shop.example\n"), Y)
add("cfl-not-passed", report(YAHOO + "Authentication-Results: x; dkim=permerror header.i=@shop.example; spf=pass smtp.mailfrom=shop.example\n"),
    "refused no source: no address, no domain, and none in the reported mail")
add("cfl-signature-below", report(YAHOO, "DKIM-Signature: v=1; a=rsa-sha256; d=shop.example; s=s1; bh=x; b=y\n" + BODY), Y + " source_from=dkim_signature")
add("cfl-two-domains", report(YAHOO + "Reported-Domain: shop.example\nReported-Domain: esp.example\n"), f"complaint 1 shop.example esp.example {AT}")
add("cfl-not-spam", report(YAHOO.replace("abuse", "not-spam", 1) + "Reported-Domain: shop.example\n"), f"not_spam 1 shop.example {AT}")
add("cfl-redacted-subject", report(YAHOO + "Reported-Domain: shop.example\n", BODY.replace("Offers", "=?utf-8?q?Caf=C3=A9?=")), Y)

# Ways in which such reports differ: more or fewer fields, other hops, what passed beside what failed.
R = "Reported-Domain: shop.example\n"
add("cfl-domain-in-capitals", report(YAHOO + "Reported-Domain: SHOP.Example\n"), Y)
add("cfl-domain-with-dot", report(YAHOO + "Reported-Domain: shop.example.\n"), Y)
add("cfl-same-domain-twice", report(YAHOO + R + R), Y)
add("cfl-reported-and-passed", report(YAHOO + R + "Authentication-Results: x; dkim=pass header.d=esp.example\n"), f"complaint 1 shop.example esp.example {AT}")
add("cfl-one-of-two-passed", report(YAHOO + "Authentication-Results: x; dkim=fail header.d=bad.example; dkim=pass header.d=shop.example\n"), Y)
add("cfl-with-address", report(YAHOO + R + "Source-IP: 192.0.2.10\n"), f"complaint 1 192.0.2.10 shop.example {AT} source_from=")
add("cfl-with-ipv6", report(YAHOO + R + "Source-IP: 2001:db8::25\n"), f"complaint 1 2001:db8::25 shop.example {AT}")
add("cfl-address-is-none", report(YAHOO + R + "Source-IP: unknown\n"), Y)
add("cfl-private-hop", report(YAHOO + R, "Received: from a ([10.0.0.1]) by b; Mon, 5 Jan 2026 07:30:00 +0000\n" + BODY), Y)
add("cfl-many-incidents", report(YAHOO + R + "Incidents: 3\n"), f"complaint 3 shop.example {AT} incidents=3")
add("cfl-arrival-over-received-date", report(YAHOO + R + "Arrival-Date: Mon, 5 Jan 2026 07:00:00 +0000\n"), f"complaint 1 shop.example {AT} arrival=2026-01-05T07:00:00Z")
add("cfl-without-arrival", report(YAHOO.replace("Received-Date: Mon, 5 Jan 2026 07:30:00 +0000\n", "") + R), f"complaint 1 shop.example {AT} arrival=")
add("cfl-without-sender", report(YAHOO.replace("Original-Mail-From: <b@shop.example>\n", "") + R, "Return-Path: <c@shop.example>\n" + BODY),
    f"complaint 1 shop.example {AT} mail_from=c@shop.example")
add("cfl-folded", report(YAHOO + "Reported-Domain:\n shop.example\n"), Y)
add("cfl-crlf", report(YAHOO + R).replace("\n", "\r\n"), Y)
add("cfl-blank-line-first", report("\n" + YAHOO + R), Y)
add("cfl-opt-out", report(YAHOO.replace("abuse", "opt-out", 1) + R), "nothing")
add("cfl-unknown-type", report(YAHOO.replace("abuse", "annoyed", 1) + R), Y + " feedback_type=annoyed")

# ---- authentication failures (RFC 6591)

FAILURE = ("Feedback-Type: auth-failure\nUser-Agent: Reporter/1\nVersion: 1\nSource-IP: 192.0.2.10\nArrival-Date: Mon, 5 Jan 2026 07:30:00 +0000\n"
           "Original-Mail-From: <b@shop.example>\nReported-Domain: shop.example\n")
F = f"auth_fail 1 192.0.2.10 shop.example {AT} feedback_type=auth-failure arrival={CAME}"
for kind in ("adsp", "bodyhash", "revoked", "signature", "spf", "dmarc"):
    add(f"failure-{kind}", report(FAILURE + f"Auth-Failure: {kind}\n"), F + f" auth_failure={kind}")
for result in ("delivered", "spam", "policy", "reject", "other"):
    add(f"failure-{result}", report(FAILURE + f"Auth-Failure: dmarc\nDelivery-Result: {result}\n"), F + f" delivery_result={result}")
add("failure-dkim", report(FAILURE + "Auth-Failure: bodyhash\nDKIM-Domain: shop.example\nDKIM-Identity: @shop.example\nDKIM-Selector: s1\n"
                           "DKIM-Canonicalized-Header: ZnJvbTp4\nDKIM-Canonicalized-Body: eA==\n"),
    F + " dkim_selector=s1 dkim_identity=@shop.example dkim_canonicalized_body=")
add("failure-spf", report(FAILURE + 'Auth-Failure: spf\nSPF-DNS: txt : shop.example : "v=spf1 -all"\n'), F + ' auth_failure=spf')
add("failure-aligned", report(FAILURE + "Auth-Failure: dmarc\nIdentity-Alignment: dkim, spf\n"), F + ' identity_alignment="dkim, spf"')
add("failure-of-another-signer", report(FAILURE + "Auth-Failure: signature\nDKIM-Domain: esp.example\n"), f"auth_fail 1 192.0.2.10 shop.example esp.example {AT}")
add("failure-many", report(FAILURE + "Auth-Failure: dmarc\nIncidents: 7\n"), f"auth_fail 7 192.0.2.10 shop.example {AT} incidents=7")
add("failure-without-domain", report(FAILURE.replace("Reported-Domain: shop.example\n", "") + "Auth-Failure: dmarc\n"), f"auth_fail 1 192.0.2.10 {AT}")
add("failure-headers-alone", report(FAILURE + "Auth-Failure: dmarc\n", kind="text/rfc822-headers"), F)
add("failure-type-missing", report(FAILURE), F + " auth_failure=")
add("failure-written-large", report(FAILURE.replace("auth-failure", "AUTH-FAILURE") + "auth-failure: DMARC\n"), f"auth_fail 1 192.0.2.10 shop.example {AT} auth_failure=DMARC")
add("failure-named-dmarc", report(FAILURE.replace("auth-failure", "dmarc")), f"auth_fail 1 192.0.2.10 shop.example {AT} feedback_type=dmarc")
add("failure-ipv6", report(FAILURE.replace("192.0.2.10", "2001:db8::25") + "Auth-Failure: spf\n"), f"auth_fail 1 2001:db8::25 shop.example {AT}")
add("failure-without-address", report(FAILURE.replace("Source-IP: 192.0.2.10\n", "") + "Auth-Failure: dmarc\n"), f"auth_fail 1 shop.example {AT}")
add("failure-address-of-the-hop", report(FAILURE.replace("Source-IP: 192.0.2.10\n", "") + "Auth-Failure: dmarc\n", RECEIVED + BODY),
    f"auth_fail 1 192.0.2.10 shop.example {AT} source_from=received")
add("failure-two-kinds", report(FAILURE + "Auth-Failure: spf\nAuth-Failure: dmarc\n"), F + " auth_failure=spf")
add("failure-unknown-kind", report(FAILURE + "Auth-Failure: moon\n"), F + " auth_failure=moon")
add("failure-with-uri", report(FAILURE + "Auth-Failure: dmarc\nReported-URI: https://a.example/x\n"), F + " reported_uri=https://a.example/x")
add("failure-envelope-id", report(FAILURE + "Auth-Failure: dmarc\nOriginal-Envelope-Id: o3F52\n"), F + " original_envelope_id=o3F52")
add("failure-crlf", report(FAILURE + "Auth-Failure: signature\n").replace("\n", "\r\n"), F + " auth_failure=signature")
add("failure-base64-in-a-mixed-mail", report(FAILURE + "Auth-Failure: dmarc\n").replace("multipart/report; report-type=feedback-report", "multipart/mixed").replace(
    "message/feedback-report\n\n" + FAILURE + "Auth-Failure: dmarc\n", 'message/feedback-report; name="ATT00001"\nContent-Disposition: attachment; filename="ATT00001"\n'
    "Content-Transfer-Encoding: base64\n\n" + base64.encodebytes((FAILURE + "Auth-Failure: dmarc\n").encode()).decode()), F + " auth_failure=dmarc")
add("failure-blanks-in-all-empty-lines", report(FAILURE + "Auth-Failure: dmarc\n").replace("\n\n", "\n \n"), F + " auth_failure=dmarc from_domain=shop.example")
add("failure-address-of-a-net-within", report(FAILURE.replace("192.0.2.10", "10.10.10.10") + "Auth-Failure: dmarc\n"), f"auth_fail 1 10.10.10.10 shop.example {AT}")


def exim(domain="shop.example", address="192.0.2.10", body=RECEIVED + BODY, kind="multipart/report", more=""):
    text = (f"A message claiming to be from you has failed the published DMARC policy for your domain.\n\n  Sender Domain: {domain}\n"
            f"  Sender IP Address: {address}\n  Received date: Mon, 05 Jan 2026 08:30:00 +0100\n  SPF Alignment: no\n  DKIM Alignment: no\n"
            f"  DMARC Results: None, Accept\n{more}\n------ This is a copy of the headers that were received before the error was detected.\n\n{body}")
    head = (f"From: no-reply@mx.mailbox.example\nDate: {SENT}\nSubject: DMARC Forensic Report for {domain} from IP {address}\nMIME-Version: 1.0\n"
            "Auto-Submitted: auto-replied\n")
    if kind == "text/plain":
        return head + "Content-Type: text/plain\n\n" + text
    return head + f'Content-Type: {kind}; boundary="B"\n\n--B\nContent-Type: text/plain; charset="us-ascii"\n\n{text}\n--B--\n'


E = F + " auth_failure=dmarc from_domain=shop.example subject=Offers message_id=<1@shop.example>"
add("failure-exim", exim(), E)
add("failure-exim-without-parts", exim(kind="text/plain"), E)
add("failure-exim-ipv6", exim(address="2001:db8::25"), f"auth_fail 1 2001:db8::25 shop.example {AT}")
add("failure-exim-crlf", exim().replace("\n", "\r\n"), E)
add("failure-exim-forged-below", exim(body="Sender IP Address: 198.51.100.9\n" + RECEIVED + BODY), E)
add("failure-exim-without-address", exim(address=""), "refused no message/feedback-report part")
add("failure-date-of-arrival", report(FAILURE + "Auth-Failure: dmarc\n").replace(f"Date: {SENT}\n", "", 1), f"auth_fail 1 192.0.2.10 shop.example {CAME}")

write()
