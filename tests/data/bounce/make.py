#!/usr/bin/env python3
"""make.py: writes made.txt (bounces written for Vouch) and made_expected.txt (what each must read as).

Nothing here knows the reader: what is expected stands beside each message, as a person reads it, with the rules of doc/data/dsn.md.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from made import add, write  # noqa: E402

DATE = "Mon, 05 Jan 2026 08:00:00 +0000"
AT = "2026-01-05T08:00:00Z"
ORIGINAL = """Return-Path: <news@shop.example>
Received: from out1.shop.example (out1.shop.example [192.0.2.10])
\tby mx.inbox.example with ESMTPS id 1; Mon, 05 Jan 2026 07:59:58 +0000
DKIM-Signature: v=1; a=rsa-sha256; d=shop.example; s=k1; h=from; bh=x; b=x
From: Shop <news@shop.example>
To: someone@inbox.example
Subject: January
Message-ID: <1@shop.example>
Date: Mon, 05 Jan 2026 07:59:50 +0000
"""
LOCAL = ORIGINAL.replace("""Received: from out1.shop.example (out1.shop.example [192.0.2.10])
\tby mx.inbox.example with ESMTPS id 1; Mon, 05 Jan 2026 07:59:58 +0000
""", """Received: from app.internal (app.internal [10.1.2.3])
\tby out1.shop.example with ESMTP id 2; Mon, 05 Jan 2026 07:59:55 +0000
""")


def status(recipients, reporting="mx.inbox.example", original=ORIGINAL, header="", kind="delivery-status",
           original_type="message/rfc822", plain="It did not work.", ends="\n"):
    text = f"""Return-Path: <>
{header}From: MAILER-DAEMON@{reporting}
To: news@shop.example
Date: {DATE}
Message-ID: <bounce-1@{reporting}>
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="b1"

--b1
Content-Type: text/plain

{plain}

--b1
Content-Type: message/{kind}

Reporting-MTA: dns; {reporting}
Arrival-Date: Mon, 05 Jan 2026 07:59:58 +0000

{recipients}
--b1
Content-Type: {original_type}

{original}
--b1--
"""
    return text.replace("\n", ends)


def recipient(code, said, action="failed", address="someone@inbox.example", more=""):
    said = f"Diagnostic-Code: {said}\n" if said else ""
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {code}\n{more}{said}"


def simple(name, signal, code, said, shown=None, **kw):
    add(name, status(recipient(code, said, **kw)), f"{signal} 1 192.0.2.10 {AT} status={shown or code}")


# ---- codes, with words that say nothing
for code, signal in {
        "5.1.1": "unknown_user", "5.1.3": "unknown_user", "5.1.6": "unknown_user", "5.1.10": "unknown_user",
        "5.1.2": "bounce", "5.1.8": "policy_block", "5.2.1": "bounce", "5.2.2": "bounce", "5.3.4": "bounce",
        "5.4.4": "bounce", "5.5.2": "bounce", "5.6.0": "bounce", "5.7.1": "policy_block", "5.7.17": "unknown_user",
        "5.7.26": "policy_block", "5.7.509": "policy_block", "5.0.0": "bounce"}.items():
    simple(f"code-{code}", signal, code, f"smtp; 550 {code} no")

# ---- words
simple("words-unknown", "unknown_user", "5.0.0", "smtp; 550 User unknown")
simple("words-unknown-despite-policy-code", "unknown_user", "5.7.1", "smtp; 550 5.7.1 <a@inbox.example>: no such user")
simple("words-blocked-despite-unknown-code", "policy_block", "5.1.1", "smtp; 550 Your IP is on a blocklist")
simple("words-full-despite-unknown-code", "bounce", "5.1.1", "smtp; 550 5.1.1 mailbox full")
simple("words-of-both-follow-the-code", "policy_block", "5.7.1", "smtp; 554 5.7.1 User unknown; blocked")
simple("words-in-the-address-say-nothing", "bounce", "5.0.0", "smtp; 550 <no.spam.user-unknown@inbox.example> no")
simple("words-in-a-host-name-say-nothing", "bounce", "5.0.0", "smtp; 550 mx.spam.example said no")
simple("the-receivers-code-goes-first", "policy_block", "5.1.1", "smtp; 550 5.7.1 no", shown="5.7.1")
simple("a-vague-code-yields", "unknown_user", "5.0.0", "smtp; 550 5.0.0 (#5.1.1) no", shown="5.1.1")
simple("an-address-is-no-code", "bounce", "5.0.0", "smtp; 550 5.1.1.7 no")
simple("exchange-online-unknown", "unknown_user", "5.4.1",
       "smtp; 550 5.4.1 Recipient address rejected: Access denied. AS(201806281)")
simple("folded", "unknown_user", "5.1.1", "smtp; 550 5.1.1 The email account that you tried\n to reach does not\n\texist")
# About the sender's own address, whatever is said of an unknown user.
simple("sender-verified-in-vain", "policy_block", "5.0.0", "smtp; 550-Callout verification failed:\n 550 no such user here\n 550 Sender verify failed")
simple("sender-unknown-to-postfix", "policy_block", "5.1.0",
       "smtp; 550 5.1.0 <news@shop.example>: Sender address rejected: User unknown in local recipient table")
simple("sender-domain-unknown-to-sendmail", "policy_block", "5.1.8",
       "smtp; 553 5.1.8 <news@shop.example>... Domain of sender address news@shop.example does not exist")
simple("recipient-verified-in-vain", "unknown_user", "5.1.1", "smtp; 550 5.1.1 <a@inbox.example>: Recipient address rejected: undeliverable "
       "address: host mx2.inbox.example[192.0.2.99] said: 550 5.1.1 <a@inbox.example>: User unknown (in reply to RCPT TO command)")
# As servers of the field say it, without a code.
for words, signal in {
        "Requested action not taken: mailbox unavailable": "unknown_user", "sorry, no one here by that name": "unknown_user",
        "<a@inbox.example>... address not present in directory": "unknown_user", "no mailbox found for a@inbox.example": "unknown_user",
        "RCPT <a@inbox.example> does not exist": "unknown_user", "that domain or user isn't in my list of allowed rcpthosts": "unknown_user",
        "Recipient address rejected: userunknown": "unknown_user", "Non-existent user": "unknown_user", "no longer works here": "unknown_user",
        "Empf\u00e4nger unbekannt": "unknown_user", "Benutzer existiert nicht": "unknown_user", "El usuario no existe": "unknown_user",
        "Usu\u00e1rio desconhecido": "unknown_user", "Utente non trovato": "unknown_user", "Gebruiker onbekend": "unknown_user",
        "\u043f\u043e\u043b\u044c\u0437\u043e\u0432\u0430\u0442\u0435\u043b\u044c \u043d\u0435 \u043d\u0430\u0439\u0434\u0435\u043d": "unknown_user",
        "\u7528\u6237\u4e0d\u5b58\u5728": "unknown_user",
        "Not currently accepting mail from your IP": "policy_block", "Rejecting open proxy": "policy_block", "Cannot resolve your address": "policy_block",
        "we do not accept mail from dynamic IPs": "policy_block", "Mail content denied": "policy_block", "greylisted, try again": "policy_block",
        "the message was rejected by organization policy": "policy_block", "illegal attachment": "policy_block",
        "Nachricht wegen Spamverdacht abgelehnt": "policy_block", "Postfach voll": "bounce", "The e-mail file is larger than I take": "bounce"}.items():
    add(f"said-{words[:40].lower().replace(' ', '-')}", status(recipient("5.0.0", f"smtp; 550 {words}")),
        f"{signal} 1 192.0.2.10 {AT}")
simple("french", "unknown_user", "5.0.0", "smtp; 550 Destinataire inconnu")
simple("code-with-words", "unknown_user", "5.1.1 (bad mailbox)", "", shown="5.1.1")
simple("no-diagnostic", "policy_block", "5.7.1", "")

# ---- what is written for people, when the fields are vague
add("plain-text-helps", status(recipient("5.0.0", ""), plain="The mailbox does not exist."),
    f"unknown_user 1 192.0.2.10 {AT}")
add("plain-text-does-not-overrule", status(recipient("5.2.2", "smtp; 552 5.2.2 no"), plain="Blocked as spam."),
    f"bounce 1 192.0.2.10 {AT} status=5.2.2")

# ---- recipients
add("three-recipients", status("\n".join([
    recipient("5.1.1", "smtp; 550 5.1.1 no", address="a@inbox.example"),
    recipient("5.7.1", "smtp; 550 5.7.1 no", address="B@Other.Example"),
    recipient("5.2.2", "smtp; 552 5.2.2 no", address="c@third.example")])),
    f"unknown_user 1 192.0.2.10 {AT} recipient_domain=inbox.example",
    f"policy_block 1 192.0.2.10 {AT} recipient_domain=other.example",
    f"bounce 1 192.0.2.10 {AT} recipient_domain=third.example")
for action in ("delayed", "delivered", "relayed", "expanded"):
    add(f"action-{action}", status(recipient("4.4.1", "", action=action)), "nothing")
add("one-delayed-one-failed", status(recipient("4.7.1", "smtp; 450 4.7.1 greylisted", action="delayed") + "\n" +
                                     recipient("5.1.1", "smtp; 550 5.1.1 no")), f"unknown_user 1 192.0.2.10 {AT}")
add("fields-in-one-group", status("").replace("07:59:58 +0000\n\n\n--b1", "07:59:58 +0000\n" +
                                              recipient("5.1.1", "smtp; 550 5.1.1 no") + "\n--b1"),
    f"unknown_user 1 192.0.2.10 {AT}")
add("utf-8", status("Final-Recipient: utf-8; us\u00e9r@inbox.example\nAction: failed\nStatus: 5.1.1\n"
                    "Diagnostic-Code: smtp; 550 5.1.1 <us\u00e9r@inbox.example> unbekannt\n",
                    kind="global-delivery-status", original_type="message/global-headers"),
    f'unknown_user 1 192.0.2.10 {AT} recipient_domain=inbox.example said="550 5.1.1 <*@inbox.example> unbekannt"')
add("no-recipient-is-kept", status(recipient("5.1.1", "smtp; 550 5.1.1 some.one+tag@inbox.example, (x@y.example) no")),
    f'unknown_user 1 192.0.2.10 {AT} said="550 5.1.1 *@inbox.example, (*@y.example) no"')

# ---- whose mail it was
REMOTE = "Remote-MTA: dns; mx.inbox.example\n"
HOP = "Received: from out1.shop.example (out1.shop.example [198.51.100.7]) by mx.shop.example; Mon, 05 Jan 2026 08:00:01 +0000\n"
add("the-reporting-server-was-the-client", status(recipient("5.1.1", "smtp; 550 5.1.1 no", more=REMOTE),
                                                  reporting="out1.shop.example", original=LOCAL, header=HOP),
    f"unknown_user 1 198.51.100.7 shop.example {AT} source_from=reporting_mta remote_mta=mx.inbox.example")
add("a-gateway-signs-for-nobody-else", status(recipient("5.1.1", "smtp; 550 5.1.1 no", more=REMOTE),
                                              reporting="gw.inbox.example"),
    f"unknown_user 1 192.0.2.10 {AT} source_from=received")
add("the-reporting-server-is-an-address", status(recipient("5.1.1", "smtp; 550 5.1.1 no", more=REMOTE),
                                                 reporting="[198.51.100.8]", original=LOCAL),
    f"unknown_user 1 198.51.100.8 {AT} source_from=reporting_mta")
INSIDE = """Received: from border.inbox.example (2001:db8:1::5) by store.inbox.example (2001:db8:1::6); Mon, 05 Jan 2026 07:59:59 +0000
Received: from out1.shop.example (192.0.2.10) by border.inbox.example (10.1.2.3); Mon, 05 Jan 2026 07:59:58 +0000
Received: from app.shop.example (198.51.100.9) by out1.shop.example; Mon, 05 Jan 2026 07:59:57 +0000
From: Shop <news@shop.example>
Subject: January
"""
CAME = "Arrival-Date: Mon, 05 Jan 2026 07:59:58 +0000\n"
for name, said, address in (("who-came-to-the-border", "dns; out1.shop.example", "192.0.2.10"), ("its-address", "dns;[192.0.2.77]", "192.0.2.77"),
                            ("its-address-inside", "dns;10.1.2.3", "2001:db8:1::5"), ("a-name-that-nobody-has", "dns; other.example", "2001:db8:1::5")):
    add(f"received-from-mta-{name}", status(recipient("5.1.1", "smtp; 550 5.1.1 no"), reporting="store.inbox.example", original=INSIDE)
        .replace(CAME, f"Received-From-MTA: {said}\n{CAME}"), f"unknown_user 1 {address} {AT} source_from=received")
add("signature-only", status(recipient("5.1.1", "smtp; 550 5.1.1 no"), original=LOCAL),
    f"unknown_user 1 shop.example {AT} source_from=dkim_signature")
add("return-path-only", status(recipient("5.1.1", "smtp; 550 5.1.1 no"),
                               original="Return-Path: <b@bounces.shop.example>\nFrom: a@b.example\n"),
    f"unknown_user 1 bounces.shop.example {AT} source_from=return_path")
add("from-only", status(recipient("5.1.1", "smtp; 550 5.1.1 no"), original="From: a@b.example\n",
                        original_type="text/rfc822-headers"), f"unknown_user 1 b.example {AT} source_from=from")
add("no-source", status(recipient("5.1.1", "smtp; 550 5.1.1 no"), original="Subject: x\n"),
    "refused no source: the mail that came back names no address and no domain")
add("crlf", status(recipient("5.1.1", "smtp; 550 5.1.1 no"), ends="\r\n"), f"unknown_user 1 192.0.2.10 {AT}")
add("cut-off", status(recipient("5.1.1", "smtp; 550 5.1.1 no")).split("Subject: January")[0],
    f"unknown_user 1 192.0.2.10 {AT}")


# ---- what came back is looked at, once
BODY = ORIGINAL + """MIME-Version: 1.0
Content-Type: text/html

<p>Read <a href=3D"https://www.bad.example/login">this</a> and <a href="https://news.shop.example/">that</a>.</p>
""".replace("=3D", "=")
LOOKS = 'link_domain="bad.example shop.example" subject_shape=january dkim_domain=shop.example'
NO_LOOKS = "link_domain= subject_shape= dkim_domain= cluster="
add("content", status(recipient("5.1.1", "smtp; 550 5.1.1 no") + "\n" + recipient("5.1.1", "smtp; 550 5.1.1 no", address="b@inbox.example"), original=BODY),
    f"unknown_user 1 192.0.2.10 {AT} {LOOKS}", f"unknown_user 1 192.0.2.10 {AT} {NO_LOOKS}")
add("content-behind-a-delay", status(recipient("4.4.1", "", action="delayed") + "\n" + recipient("5.1.1", "smtp; 550 5.1.1 no"), original=BODY),
    f"unknown_user 1 192.0.2.10 {AT} {LOOKS}")
add("content-of-headers-alone", status(recipient("5.1.1", "smtp; 550 5.1.1 no"), original_type="text/rfc822-headers"),
    f"unknown_user 1 192.0.2.10 {AT} link_domain= subject_shape=january")


# ---- without fields
def plain(body, subject="failure notice", sender="MAILER-DAEMON@mx.inbox.example"):
    return f"From: {sender}\nTo: news@shop.example\nDate: {DATE}\nMessage-ID: <p@x>\nSubject: {subject}\n\n{body}"


QMAIL = """Hi. This is the qmail-send program at mx.inbox.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<a@inbox.example>:
Sorry, no mailbox here by that name. (#5.1.1)

<b@inbox.example>:
Connected to 203.0.113.9 but sender was rejected.
Remote host said: 554 5.7.1 blocked, see the block list

--- Below this line is a copy of the message.

"""
add("qmail", plain(QMAIL + ORIGINAL), f"unknown_user 1 192.0.2.10 {AT} status=5.1.1",
    f"policy_block 1 192.0.2.10 {AT} status=5.7.1 recipient_domain=inbox.example")
add("content-of-a-copy", plain("<a@inbox.example>:\nno such user\n\n--- Below this line is a copy of the message.\n\n\n" + BODY),
    f"unknown_user 1 192.0.2.10 {AT} {LOOKS}")
TWICE = """  a@inbox.example
    SMTP error from remote mail server after RCPT TO:<a@inbox.example>:
    host mx.inbox.example [203.0.113.9]: 550 5.1.1 <a@inbox.example>... User Unknown
  B@inbox.example
    SMTP error from remote mail server after RCPT TO:<b@inbox.example>:
    host mx.inbox.example [203.0.113.9]: 552 5.2.2 <b@inbox.example>... Mailbox Full

"""
add("exim-in-two-languages", plain("К сожалению, Ваше письмо не может быть доставлено:\n\n" + TWICE + "**********\n\nA message that you sent could not be delivered:\n\n" +
                                   TWICE.replace("B@", "b@") + "------ This is a copy of the message, including all the headers. ------\n\n" + ORIGINAL,
                                   "=?UTF-8?B?0J/QuNGB0YzQvNC+?=. Mail failure."),
    f"unknown_user 1 192.0.2.10 {AT} status=5.1.1", f"bounce 1 192.0.2.10 {AT} status=5.2.2")
add("exchange-5.5", plain("Your message\n\n  To:      a@inbox.example\n\ndid not reach the following recipient(s):\n\na@inbox.example on Thu, 1 Jan 2026 23:34:45 +0900\n"
                          "    The recipient name is not recognized\n\tThe MTS-ID of the original message is: c=jp;a=\n    MSEXCH:IMS:X:Y 0 (000C05A6) Unknown Recipient\n\n"
                          "--- Original message ---\n\n" + ORIGINAL, "Undeliverable: January", "System Administrator <postmaster@inbox.example>"),
    f"unknown_user 1 192.0.2.10 {AT}")
add("exim-delay", plain("The address to which the message has not yet been delivered is:\n\n  a@inbox.example\n    User unknown\n",
                        "Warning: message 1 delayed 24 hours"), "nothing")
add("the-copy-is-not-read", plain("Something went wrong.\n\n----- Original message -----\n\n" + ORIGINAL + "\nUser unknown 5.1.1\n"),
    f"bounce 1 192.0.2.10 {AT}")
add("not-a-bounce", plain("User unknown 5.1.1\n", "Hello", "someone@else.example"),
    "refused no message/feedback-report part")
add("no-subject-says-so-but-nobody-sent-it", "Return-Path: <>\n" + plain(
    "did not reach the following recipient(s):\n\nThe recipient name is not recognized\nUnknown Recipient\n\n--- Original message ---\n\n" + ORIGINAL, "E",
    "System Administrator <postmaster@inbox.example>"), f"unknown_user 1 192.0.2.10 {AT}")
add("somebody-is-on-holiday", "Return-Path: <>\n" + plain("I am away.\n", "Re: January", "someone@inbox.example"),
    "refused no message/feedback-report part")
for subject in ("Mail System Error - Returned Mail", "Message Delivery Failure", "Unable to deliver mail", "AOL mail returned", "Mail failure.",
                "Delivery Error", "Unzustellbar: January", "Non-delivery report"):
    add("subject-" + subject.lower().replace(" ", "-"), plain("User unknown\n\n--- Original message ---\n\n" + ORIGINAL, subject),
        f"unknown_user 1 192.0.2.10 {AT}")
add("copy-without-header", plain("<a@inbox.example>:\nno such user\n"),
    "refused no source: the mail that came back names no address and no domain")

write()
