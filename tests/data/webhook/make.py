#!/usr/bin/env python3
"""make.py: writes made.txt (delivery events written for Vouch) and made_expected.txt (what each must read as, as it stands here beside each)."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from made import add, write  # noqa: E402

AT, SECONDS = "2026-01-05T08:00:00Z", 1767600000


# ---- KumoMTA (docs.kumomta.com, log record)
def kumo(kind="Delivery", code=(2, 0, 0), content="OK", **changes):
    record = {"type": kind, "id": "1d98", "sender": "news@shop.example", "recipient": "a@inbox.example", "queue": "jan:shop@inbox.example",
              "site": "mx.inbox.example", "size": 1047, "response": {"code": 250, "enhanced_code": code and dict(zip(("class", "subject", "detail"), code)),
                                                                       "content": content, "command": None},
              "peer_address": {"name": "mx.inbox.example.", "addr": "203.0.113.9"}, "timestamp": SECONDS, "created": SECONDS - 5, "num_attempts": 0,
              "bounce_classification": "Uncategorized", "egress_pool": "pool", "egress_source": "s1",
              "source_address": {"address": "192.0.2.10:53210"}, "feedback_report": None, "meta": {}, "headers": {}, "nodeid": "557f"}
    record.update(changes)
    return record


K = f"1 192.0.2.10 acct:kumomta:shop {AT}"
add("kumo-delivery", kumo(), f"delivered {K} event=Delivery recipient_domain=inbox.example status= said=")
add("kumo-two-recipients", kumo(recipient=["a@inbox.example", "b@inbox.example"]), f"delivered 2 192.0.2.10 acct:kumomta:shop {AT}")
add("kumo-unknown", kumo("Bounce", (5, 1, 1), "<a@inbox.example> no"), f'unknown_user {K} status=5.1.1 said="5.1.1 <*@inbox.example> no"')
add("kumo-blocked", kumo("Bounce", (5, 0, 0), "blocked by our blocklist"), f"policy_block {K}")
add("kumo-full", kumo("Bounce", (5, 2, 2), "no"), f"bounce {K} status=5.2.2")
add("kumo-without-enhanced-code", kumo("Bounce", None, "550 user unknown"), f"unknown_user {K} status=")
add("kumo-late-bounce", kumo("OOB", (5, 1, 1), "no"), f"unknown_user {K} event=OOB")
add("kumo-expired", kumo("Expiration", (5, 4, 7), "too old, last: user unknown"), f"bounce {K}")
for kind in ("Reception", "TransientFailure", "Delayed", "AdminBounce", "Rejection", "NeverHeardOf"):
    add(f"kumo-{kind}", kumo(kind), "nothing")
add("kumo-feedback", kumo("Feedback", source_address=None, feedback_report={"feedback_type": "abuse", "source_ip": "192.0.2.77"}),
    f"complaint 1 192.0.2.77 acct:kumomta:shop {AT}")
REPORTED = {"feedback_type": "abuse", "user_agent": "Yahoo!-Mail-Feedback/2.0", "version": "1", "arrival_date": "2026-01-05T07:00:00Z", "incidents": None,
            "original_mail_from": "<news@shop.example>", "source_ip": None, "authentication_results": [], "original_rcpt_to": ["a@inbox.example"],
            "reported_domain": ["shop.example", "esp.example"], "reported_uri": [], "extensions": {}, "supplemental_trace": None, "original_message":
            "Received: from out.shop.example ([192.0.2.66]) by mx; Mon, 05 Jan 2026 07:00:00 +0000\r\nFrom: Shop <news@shop.example>\r\n"
            "Subject: January sale 17\r\nContent-Type: text/html\r\n\r\n<a href=\"https://evil.test/x\">All of it</a>\r\n"}
for kind, signal in (("abuse", "complaint"), ("not-spam", "not_spam"), ("auth-failure", "auth_fail"), ("Fraud", "complaint")):
    add(f"kumo-feedback-{kind}", kumo("Feedback", source_address=None, feedback_report={**REPORTED, "feedback_type": kind}),
        f"{signal} 1 shop.example esp.example acct:kumomta:shop {AT} feedback_type={kind} arrival=2026-01-05T07:00:00Z from_domain=shop.example "
        'mail_from=news@shop.example link_domain=evil.test subject_shape="january sale"')
add("kumo-feedback-opt-out", kumo("Feedback", feedback_report={**REPORTED, "feedback_type": "opt-out"}), "nothing")
add("kumo-feedback-by-received", kumo("Feedback", source_address=None, queue="", feedback_report={**REPORTED, "reported_domain": []}),
    f"complaint 1 192.0.2.66 {AT}")
add("kumo-ipv6", kumo(source_address={"address": "[2001:db8::25]:1"}), f"delivered 1 2001:db8::25 acct:kumomta:shop {AT}")
add("kumo-tenant-in-meta", kumo(meta={"tenant": "other"}), f"delivered 1 192.0.2.10 acct:kumomta:other {AT}")
add("kumo-queue-without-tenant", kumo(queue="inbox.example"), f"delivered 1 192.0.2.10 {AT}")
add("kumo-queue-without-campaign", kumo(queue="shop@inbox.example"), f"delivered {K}")
add("kumo-no-source", kumo(queue="inbox.example", source_address=None), "refused no source: neither an address nor an account")
add("kumo-time-with-fraction", kumo(timestamp=SECONDS + 0.25), "delivered 1 192.0.2.10 acct:kumomta:shop 2026-01-05T08:00:00.250Z")
add("kumo-time-as-text", kumo(timestamp="2026-01-05T08:00:00Z"), f"delivered {K}")
add("kumo-lines", "\n".join(json.dumps(kumo(kind, (5, 1, 1), "no")) for kind in ("Delivery", "Bounce", "Reception")), f"delivered {K}", f"unknown_user {K}")
add("kumo-a-bad-line", json.dumps(kumo()) + '\n{"type": oops}\n' + json.dumps(kumo()), f"delivered {K}", "fault no JSON: invalid token near 'oops'",
    f"delivered {K}")


# ---- Amazon SES (docs.aws.amazon.com, notification contents)
def ses(kind, name="notificationType", **more):
    return {name: kind, "mail": {"timestamp": "2026-01-05T07:59:00.000Z", "source": "Shop <news@shop.example>", "sourceIp": "203.0.113.3",
                                 "sendingAccountId": "123456789012", "messageId": "m", "destination": ["a@inbox.example"]}, **more}


def bounce(kind="Permanent", *recipients):
    return {"bounceType": kind, "bounceSubType": "General", "timestamp": AT, "feedbackId": "f", "bouncedRecipients": [
        {"emailAddress": address, "action": "failed", "status": status, "diagnosticCode": said} for address, status, said in recipients]}


S = f"1 acct:ses:123456789012 shop.example {AT}"
UNKNOWN = ("a@inbox.example", "5.1.1", "smtp; 550 5.1.1 user unknown")
add("ses-bounce", ses("Bounce", bounce=bounce("Permanent", UNKNOWN)), f"unknown_user {S} status=5.1.1 recipient_domain=inbox.example")
add("ses-two-recipients", ses("Bounce", bounce=bounce("Permanent", UNKNOWN, ("b@other.example", "5.7.1", "smtp; 554 5.7.1 spam"))),
    f"unknown_user {S}", f"policy_block {S} recipient_domain=other.example")
add("ses-transient", ses("Bounce", bounce=bounce("Transient", UNKNOWN)), "nothing")
for kind, signal in (("abuse", "complaint"), ("not-spam", "not_spam"), ("auth-failure", "auth_fail")):
    add(f"ses-complaint-{kind}", ses("Complaint", complaint={"complainedRecipients": [{"emailAddress": "a@inbox.example"}], "timestamp": AT,
                                                             "complaintFeedbackType": kind, "complaintSubType": None}), f"{signal} {S}")
add("ses-complaint-nothing-was-sent", ses("Complaint", complaint={"complainedRecipients": [{"emailAddress": "a@inbox.example"}], "timestamp": AT,
                                                                  "complaintSubType": "OnAccountSuppressionList"}), "nothing")
add("ses-complaint", ses("Complaint", complaint={"complainedRecipients": [{"emailAddress": "a@inbox.example"}], "timestamp": AT}), f"complaint {S}")
add("ses-delivery", ses("Delivery", delivery={"timestamp": AT, "recipients": ["a@inbox.example", "b@inbox.example"]}),
    f"delivered 2 acct:ses:123456789012 shop.example {AT}")
add("ses-event-publishing", ses("Delivery", "eventType", delivery={"timestamp": AT, "recipients": ["a@inbox.example"]}), f"delivered {S}")
add("ses-send", ses("Send", "eventType"), "nothing")
add("ses-in-sns", {"Type": "Notification", "TopicArn": "arn:aws:sns:x", "Message": json.dumps(ses("Bounce", bounce=bounce("Permanent", UNKNOWN)))},
    f"unknown_user {S}")
add("sns-says-hello", {"Type": "Notification", "TopicArn": "arn:aws:sns:x", "Message": "Successfully validated SNS topic"}, "nothing")
add("ses-by-mail", "From: no-reply@sns.amazonaws.com\nSubject: AWS Notification Message\nMessage-ID: <x@y>\n\n" +
    json.dumps(ses("Bounce", bounce=bounce("Permanent", UNKNOWN))) + "\n\n--\nIf you wish to stop receiving notifications ...\n", f"unknown_user {S}")


# ---- MailChannels and SendGrid: arrays of flat events
def mailchannels(event, **changes):
    return {"email": "news@shop.example", "customer_handle": "c42", "timestamp": SECONDS, "event": event, "request_id": "q", **changes}


M = f"1 acct:mailchannels:c42 {AT}"
add("mailchannels", [mailchannels("delivered"), mailchannels("hard-bounced", status="5.1.1", reason="550 no"), mailchannels("complained"),
                     mailchannels("processed"), mailchannels("soft-bounced"), mailchannels("dropped"), mailchannels("open"), mailchannels("test")],
    f"delivered {M}", f"unknown_user {M} status=5.1.1 said=\"550 no\"", f"complaint {M}")
add("mailchannels-blocked", [mailchannels("hard-bounced", reason="554 5.7.1 poor reputation")], f"policy_block {M} status=5.7.1")
for event in ("processed", "open", "click", "unsubscribed", "soft-bounced", "dropped", "test", "NeverHeardOf"):
    add(f"mailchannels-{event}", [mailchannels(event)], "nothing")
add("mailchannels-delivered", [mailchannels("delivered")], f"delivered {M} event=delivered recipient_domain= status= said=")
add("mailchannels-delivered-to-two", [mailchannels("delivered", recipients=["a@Inbox.Example", "b@other.example"])],
    f"delivered 2 acct:mailchannels:c42 {AT} recipient_domain=inbox.example")
add("mailchannels-refused-for-two", [mailchannels("hard-bounced", status="5.1.1", reason="no", recipients=["a@inbox.example", "b@inbox.example"])],
    f"unknown_user 2 acct:mailchannels:c42 {AT}")
add("mailchannels-complained-of-two", [mailchannels("complained", recipients=["a@inbox.example", "b@inbox.example"])], f"complaint {M} recipient_domain=inbox.example")
add("mailchannels-recipients-are-none", [mailchannels("delivered", recipients=[]), mailchannels("delivered", recipients="a@b.example"), mailchannels("delivered", recipients=[7])],
    f"delivered {M}", f"delivered {M}", f"delivered {M} recipient_domain=")
for name, signal, more in (("code", "unknown_user", {"status": "5.1.1"}), ("code-of-policy", "policy_block", {"status": "5.7.1"}), ("code-full", "bounce", {"status": "5.2.2"}),
                           ("words", "unknown_user", {"status": "550", "reason": "550 No such user here"}), ("nothing-said", "bounce", {}),
                           ("words-blocked", "policy_block", {"status": "5.0.0", "reason": "blocked using a blocklist"}),
                           ("sender-unknown", "policy_block", {"reason": "550 Sender verify failed: no such user"})):
    add(f"mailchannels-hard-{name}", [mailchannels("hard-bounced", **more)], f"{signal} {M}")
add("mailchannels-bounced-as-it-was-called", mailchannels("bounced", status="5.1.1", reason="550 no"), f"unknown_user {M} event=bounced")
add("mailchannels-address-in-the-reason", [mailchannels("hard-bounced", reason="550 5.1.1 <some.one@inbox.example> user unknown")],
    f'unknown_user {M} said="550 5.1.1 <*@inbox.example> user unknown"')
add("mailchannels-of-a-sub-account", [mailchannels("delivered", customer_handle="c42-sub1")], f"delivered 1 acct:mailchannels:c42-sub1 {AT}")
add("mailchannels-two-accounts", [mailchannels("delivered"), mailchannels("complained", customer_handle="c43")], f"delivered {M}", f"complaint 1 acct:mailchannels:c43 {AT}")
add("mailchannels-one-object", mailchannels("delivered"), f"delivered {M}")
add("mailchannels-lines", "\n".join(json.dumps(mailchannels(event)) for event in ("delivered", "complained")), f"delivered {M}", f"complaint {M}")
add("mailchannels-written-large", [mailchannels("Delivered")], f"delivered {M}")
add("mailchannels-time-as-text", [mailchannels("delivered", timestamp="2026-01-05T08:00:00Z")], f"delivered {M}")
add("mailchannels-time-missing", [mailchannels("delivered", timestamp=None)], "delivered 1 acct:mailchannels:c42 2026-02-01T00:00:00Z")
add("mailchannels-time-in-the-future", [mailchannels("delivered", timestamp=SECONDS + 10 ** 9)], "delivered 1 acct:mailchannels:c42 2026-02-01T00:00:00Z")
add("mailchannels-without-account", [mailchannels("delivered", customer_handle=""), mailchannels("complained")], "fault no source: neither an address nor an account", f"complaint {M}")
add("mailchannels-more-than-is-known", [mailchannels("delivered", campaign_id="jan", smtp_id="<x@y>", ip="198.51.100.1", user_agent="x", extra={"a": [1]})], f"delivered {M}")


def sendgrid(event, **changes):
    return {"email": "a@inbox.example", "timestamp": SECONDS, "event": event, "sg_event_id": "e", "sg_message_id": "m", "ip": "192.0.2.10", **changes}


G = f"1 192.0.2.10 {AT}"
add("sendgrid", [sendgrid("delivered"), sendgrid("bounce", status="5.1.1", reason="500 unknown recipient"), sendgrid("spamreport"), sendgrid("click")],
    f"delivered {G} recipient_domain=inbox.example", f"unknown_user {G}", f"complaint {G}")
add("sendgrid-subuser", [sendgrid("delivered", subuser="s1")], f"delivered 1 192.0.2.10 acct:sendgrid:s1 {AT}")
add("sendgrid-account-only", [sendgrid("delivered", ip=None, subuser="s1")], f"delivered 1 acct:sendgrid:s1 {AT}")
add("one-bad-in-an-array", [sendgrid("delivered", ip="x"), sendgrid("delivered"), 7], "fault no source: neither an address nor an account", "fault not a JSON object",
    f"delivered {G}")

write(end="\n")
