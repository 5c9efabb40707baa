#!/usr/bin/env python3
"""make.py: writes made.txt (XARF reports written for Vouch) and made_expected.txt (what each must read as, as it stands here beside each)."""

import base64
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from made import add, write  # noqa: E402

AT = "2026-01-05T08:00:00Z"
MAIL = """Received: from out1.shop.example (out1.shop.example [192.0.2.10]) by trap.example; Mon, 05 Jan 2026 07:59:00 +0000
From: Shop <news@shop.example>
Subject: January
Message-ID: <1@shop.example>

Hello
"""


def v4(**changes):
    report = {"xarf_version": "4.2.0", "report_id": "r-1", "timestamp": AT, "reporter": {"org": "Traps", "contact": "a@traps.example", "domain": "traps.example"},
              "sender": {"org": "Traps", "contact": "a@traps.example", "domain": "traps.example"}, "source_identifier": "192.0.2.10", "source_port": 25,
              "category": "messaging", "type": "spam", "protocol": "smtp", "smtp_from": "b@shop.example", "_internal": {"secret": "x"}}
    report.update(changes)
    return {key: value for key, value in report.items() if value is not None}


def v3(source=None, **changes):
    report = {"ReportClass": "Messaging", "ReportType": "spam", "Date": AT, "Source": source or {"IP": "192.0.2.10", "Type": "ip"}}
    report.update(changes)
    return {"Version": "3.0.0", "ReporterInfo": {"ReporterOrg": "Traps"}, "Disclosure": True, "Report": report}


def evidence(content, kind="message/rfc822"):
    return [{"content_type": kind, "payload": base64.b64encode(content.encode()).decode()}]


C = f"complaint 1 192.0.2.10 {AT}"
add("v4-spam", v4(), C + " mail_from=b@shop.example from_domain=shop.example org=Traps report=r-1")
add("v4-bulk", v4(type="bulk_messaging", recipient_count=500), C + " recipients=500")
add("v4-evidence", v4(evidence=evidence(MAIL)), C + " subject=January message_id=<1@shop.example> arrival=2026-01-05T07:59:00Z")
LURE = MAIL.replace("Message-ID", "MIME-Version: 1.0\nContent-Type: text/html\nContent-Transfer-Encoding: base64\nMessage-ID").replace(
    "Hello", base64.encodebytes(b'<p>Hello, read <a href="https://www.bad.example/login">this</a> and <a href="//news.shop.example/">that</a>.</p>').decode())
SEEN = " subject=January link_domain=\"bad.example shop.example\" subject_shape=january from_domain=shop.example"
add("v4-content-of-a-mail-from-elsewhere", v4(category="content", type="phishing", smtp_from=None, url="https://bad.example/", evidence=evidence(LURE)),
    f"bad_url 1 192.0.2.10 {AT} from_domain= link_domain= subject_shape=")
for protocol in ("whatsapp", "sms", "telegram"):
    add(f"v4-by-{protocol}", v4(type="social_engineering", source_identifier="+447955527026", protocol=protocol), "nothing")
for protocol in ("SMTP", "smtps", "", None):
    add(f"v4-by-{protocol or 'mail'}{'-unsaid' if protocol is None else ''}", v4(protocol=protocol), C)
for kind, signal in (("System", "botnet"), ("Network", "ddos"), ("Network", "port_scan")):
    add(f"v3-{kind}-{signal}", v3(ReportClass=kind, ReportType=signal), f"compromised 1 192.0.2.10 {AT} category={kind} type={signal}")
add("v3-System-open-service", v3(ReportClass="System", ReportType="open_service"), "nothing")
add("v4-class-of-the-drafts", v4(category=None, **{"class": "messaging"}), C + " category=messaging type=spam")
add("v4-neither-category-nor-class", v4(category=None), "refused no XARF: neither v4 nor v3")
add("v4-spam-leads-somewhere", v4(source_identifier="192.0.2.0/33", url="https://bank.example/"), "refused no source: neither an address nor a domain")
add("v4-phishing-lies-somewhere", v4(category="content", type="phishing", source_identifier=None, url="https://bad.example/"), f"bad_url 1 bad.example {AT}")
add("v4-evidence-is-looked-at", v4(evidence=evidence(LURE)), C + SEEN)
wrapped = base64.encodebytes(LURE.encode()).decode()
add("v4-evidence-in-lines", v4(evidence=[{"content_type": "message/rfc822; charset=utf-8", "payload": wrapped.replace("\n", "\r\n ")}]), C + SEEN)
add("v4-evidence-for-web-addresses", v4(evidence=[{"content_type": "message/rfc822", "payload": base64.urlsafe_b64encode((LURE + "\u00ff\u00fe?>").encode("latin-1")).decode().rstrip("=")}]),
    C + SEEN)
add("v4-evidence-in-crlf", v4(evidence=evidence(LURE.replace("\n", "\r\n"))), C + SEEN)
add("v4-evidence-the-second-is-the-mail", v4(evidence=evidence("\x89PNG", "image/png") + evidence(LURE)), C + SEEN)
add("v3-evidence-is-looked-at", v3(Attachment=[{"ContentType": "message/rfc822", "Data": base64.b64encode(LURE.encode()).decode()}]), C + SEEN)
add("v4-evidence-of-another-kind", v4(evidence=evidence(MAIL, "text/plain")), C + " subject= message_id=")
add("v4-evidence-no-base64", v4(evidence=[{"content_type": "message/rfc822", "payload": "!!!"}]), C + " subject=")
add("v4-evidence-names-no-source", v4(source_identifier=None, evidence=evidence(MAIL)), "refused no source: neither an address nor a domain")
add("v4-domain", v4(source_identifier="Shop.Example"), f"complaint 1 shop.example {AT}")
add("v4-ipv6", v4(source_identifier="2001:DB8::25"), f"complaint 1 2001:db8::25 {AT}")
add("v4-url-only", v4(source_identifier="x", category="content", type="phishing", url="https://user:pw@shop.example:8443/a?b#c"), f"bad_url 1 shop.example {AT}")
add("v4-url-of-an-address", v4(source_identifier=None, category="content", type="malware", url="http://192.0.2.10/x"), f"bad_url 1 192.0.2.10 {AT}")
add("v4-no-source", v4(source_identifier="nowhere"), "refused no source: neither an address nor a domain")
add("v4-prefix-is-no-source", v4(source_identifier="192.0.2.0/24"), "refused no source: neither an address nor a domain")
add("v4-compromised", v4(category="infrastructure", type="compromised_server"), f"compromised 1 192.0.2.10 {AT}")
add("v4-botnet", v4(category="infrastructure", type="botnet"), f"compromised 1 192.0.2.10 {AT}")
add("v4-login-attack", v4(category="connection", type="login_attack"), f"compromised 1 192.0.2.10 {AT}")
add("v4-blocklist", v4(category="reputation", type="blocklist"), f"blocklisted 1 192.0.2.10 {AT}")
add("v4-threat-intelligence", v4(category="reputation", type="threat_intelligence"), "nothing")
add("v4-copyright", v4(category="copyright", type="p2p"), "nothing")
add("v4-vulnerability", v4(category="vulnerability", type="open_service"), "nothing")
add("v4-unknown-category", v4(category="weather", type="rain"), "nothing")
add("v4-case-of-names", v4(category="Messaging", type="SPAM"), C)
add("v4-confidence", v4(confidence=0.85), C + " confidence=0.85")
add("v4-found-by", v4(evidence_source="spamtrap"), C + " found_by=spamtrap")
add("v4-internal-is-dropped", v4(), C + " _internal= secret=")
add("v4-time-in-the-future", v4(timestamp="2030-01-01T00:00:00Z"), "complaint 1 192.0.2.10 2026-02-01T00:00:00Z")
add("v4-time-missing", v4(timestamp=None), "complaint 1 192.0.2.10 2026-02-01T00:00:00Z")
add("v4-time-with-zone", v4(timestamp="2026-01-05T09:00:00+01:00"), C)
add("v4-category-missing", v4(category=None), "refused no XARF: neither v4 nor v3")
add("v4-array", [v4(), v4(source_identifier="192.0.2.11")], C, f"complaint 1 192.0.2.11 {AT}")
add("v4-lines", json.dumps(v4()) + "\n" + json.dumps(v4(source_identifier="192.0.2.12")), C, f"complaint 1 192.0.2.12 {AT}")
add("v4-one-bad-in-an-array", [v4(source_identifier="x"), v4()], "fault no source: neither an address nor a domain", C)
add("v4-cut-off", json.dumps(v4())[:-5], "refused no JSON: unexpected token near end of file")
add("v4-name-twice", '{"xarf_version": "4.2.0", "xarf_version": "4.2.0"}', 'refused no JSON: duplicate object key near \'"xarf_version"\'')
add("v3-spam", v3(AdditionalInfo={"SMTPFrom": "b@shop.example", "Subject": "January", "DetectionMethod": "spamtrap"}),
    C + " mail_from=b@shop.example subject=January found_by=spamtrap")
add("v3-attachment", v3(Attachment=[{"ContentType": "message/rfc822", "Data": base64.b64encode(MAIL.encode()).decode()}]),
    C + " from_domain=shop.example message_id=<1@shop.example>")
add("v3-phishing", v3({"URL": "https://www.shop.example/x", "Type": "uri"}, ReportClass="Content", ReportType="Phishing"), f"bad_url 1 www.shop.example {AT}")
add("v3-login-attack", v3(ReportClass="Activity", ReportType="LoginAttack"), f"compromised 1 192.0.2.10 {AT}")
# The same in v3, where each field has another name.
add("v3-bulk", v3(ReportType="Bulk"), C)
add("v3-class-in-capitals", v3(ReportClass="MESSAGING"), C)
add("v3-ipv6", v3({"IP": "2001:DB8::25", "Type": "ip"}), f"complaint 1 2001:db8::25 {AT}")
add("v3-ipv6-mapped", v3({"IP": "::ffff:192.0.2.10", "Type": "ip"}), C)
add("v3-malware", v3({"URL": "http://192.0.2.10/x", "Type": "uri"}, ReportClass="Content", ReportType="Malware"), f"bad_url 1 192.0.2.10 {AT}")
add("v3-url-with-user", v3({"URL": "https://bank.example@www.shop.example/", "Type": "uri"}, ReportClass="Content", ReportType="Phishing"),
    f"bad_url 1 www.shop.example {AT}")
add("v3-url-with-port", v3({"URL": "http://shop.example:8080/", "Type": "uri"}, ReportClass="Content", ReportType="Phishing"), f"bad_url 1 shop.example {AT}")
add("v3-url-in-capitals", v3({"URL": "HTTP://SHOP.Example/", "Type": "uri"}, ReportClass="Content", ReportType="Phishing"), f"bad_url 1 shop.example {AT}")
add("v3-address-over-url", v3({"IP": "192.0.2.10", "URL": "https://shop.example/"}, ReportClass="Content", ReportType="Phishing"), f"bad_url 1 192.0.2.10 {AT}")
add("v3-copyright", v3(ReportClass="Copyright", ReportType="Copyright"), "nothing")
add("v3-vulnerability", v3(ReportClass="Vulnerability", ReportType="OpenService"), "nothing")
add("v3-other-class", v3(ReportClass="Weather", ReportType="Rain"), "nothing")
add("v3-no-source", v3({"Type": "ip"}), "refused no source: neither an address nor a domain")
add("v3-source-is-a-word", v3({"IP": "nowhere"}), "refused no source: neither an address nor a domain")
add("v3-prefix-is-no-source", v3({"IP": "192.0.2.0/24"}), "refused no source: neither an address nor a domain")
add("v3-date-with-zone", v3(Date="2026-01-05T09:00:00+01:00"), C)
add("v3-org", v3(), C + " org=Traps")
add("v3-sender", v3(AdditionalInfo={"SMTPFrom": "<b@Shop.Example>"}), C + " from_domain=shop.example")
add("v3-subject", v3(AdditionalInfo={"Subject": "Sale  now"}), C + " subject=\"Sale  now\"")
add("v3-found-by", v3(AdditionalInfo={"DetectionMethod": "honeypot"}), C + " found_by=honeypot")
add("v3-attachment-of-another-kind", v3(Attachment=[{"ContentType": "text/plain", "Data": base64.b64encode(MAIL.encode()).decode()}]), C + " message_id=")
add("v3-attachment-no-base64", v3(Attachment=[{"ContentType": "message/rfc822", "Data": "!!!"}]), C + " message_id=")
add("v3-two-attachments", v3(Attachment=[{"ContentType": "text/plain", "Data": ""}, {"ContentType": "message/rfc822", "Data": base64.b64encode(MAIL.encode()).decode()}]),
    C + " message_id=<1@shop.example> subject=January")
add("v3-extra-fields", v3(Unknown={"deep": [1, 2, {"x": None}]}), C)
add("v3-samples-are-not-read", v3(Samples=[{"ContentType": "message/rfc822", "Payload": "x"}]), C + " message_id=")
add("v3-disclosure-no", {**v3(), "Disclosure": False}, C)


# v3 as its own schemas have it (and as 1 and 2 had it): what the field sends.
def flat(kind="Spam", group="Activity", **changes):
    report = {"ReportClass": group, "ReportType": kind, "Date": AT, "SourceIp": "192.0.2.10", "SourcePort": 54321, "DestinationPort": 25}
    report.update(changes)
    return {"Version": "3", "ReporterInfo": {"ReporterOrg": "Traps"}, "Disclosure": True,
            "Report": {key: value for key, value in report.items() if value is not None}}


X = f"compromised 1 192.0.2.10 {AT}"
add("flat-spam", flat(ReportSubType="Trap", SmtpMailFromAddress="b@shop.example", SmtpRcptToAddress="victim@mailbox.example"),
    C + " category=Activity type=Spam found_by=Trap mail_from=b@shop.example from_domain=shop.example org=Traps rcpt=")
add("flat-version-1", {**flat(), "Version": "1"}, C)
add("flat-sample-in-base64", flat(Samples=[{"ContentType": "message/rfc822", "Base64Encoded": True, "Payload": base64.b64encode(MAIL.encode()).decode()}]),
    C + " message_id=<1@shop.example> subject=January arrival=2026-01-05T07:59:00Z from_domain=shop.example")
add("flat-sample-as-it-is", flat(Samples=[{"ContentType": "message/rfc822", "Base64Encoded": False, "Payload": MAIL}]), C + " message_id=<1@shop.example>")
add("flat-sample-says-nothing-of-base64", flat(Samples=[{"ContentType": "message/rfc822", "Payload": MAIL}]), C + " subject=January")
add("flat-sample-of-a-log", flat(Samples=[{"ContentType": "text/plain", "Payload": MAIL}]), C + " subject= message_id=")
add("flat-ipv6", flat(SourceIp="2001:DB8::25"), f"complaint 1 2001:db8::25 {AT}")
add("flat-no-source", flat(SourceIp=None), "refused no source: neither an address nor a domain")
for kind in ("LoginAttack", "DDoS", "PortScan", "Exploit"):
    add(f"flat-{kind}", flat(kind), X + f" type={kind}")
add("flat-talks-to-malware", flat("Malware", ReportSubType="RPZ-Rewrite", RpzDomain="bad.example"), X + " found_by=RPZ-Rewrite")
add("flat-account", flat("PotentiallyCompromisedAccount", SourceIp=None, Account={"AccountName": "Somebody", "AccountEmail": "news@Shop.Example"}, AttackerIp="198.51.100.7"),
    f"compromised 1 shop.example {AT} mail_from= account=")
add("flat-account-without-address", flat("PotentiallyCompromisedAccount", SourceIp=None, Account={"AccountIdentifier": "4711"}),
    "refused no source: neither an address nor a domain")
add("flat-crawler", flat("WebCrawler"), "nothing")
add("flat-harassment", flat("Harassment", SourceIp=None, SourceUrl="http://chat.example/"), "nothing")
add("flat-hosted-malware", flat("Malware", "Content", SourceIp=None, SourceUrl="http://Files.shop.example/x.exe"), f"bad_url 1 files.shop.example {AT}")
add("flat-phishing", flat("Phishing", "Content", SourceUrl="https://shop.example/login"), f"bad_url 1 192.0.2.10 {AT} url=https://shop.example/login")
add("flat-botnet", flat("Botnet", "Content", BotnetName="x"), X)
add("flat-copyright", flat("Copyright", "Content"), "nothing")
add("flat-trademark", flat("Trademark", "Content"), "nothing")
add("flat-open-service", flat("OpenService", "Vulnerability"), "nothing")
add("v4-scraping", v4(category="connection", type="scraping"), "nothing")


def mail(report, feedback=True):
    arf = "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: xarf\nUser-Agent: Traps/1\nVersion: 1\n\n" if feedback else ""
    return f"""From: a@traps.example
To: abuse@list.example
Date: Mon, 05 Jan 2026 09:00:00 +0000
Message-ID: <m@traps.example>
Subject: abuse report
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

See below.

{arf}--b
Content-Type: application/json; name="xarf.json"
Content-Transfer-Encoding: base64

{base64.encodebytes(json.dumps(report).encode()).decode()}
--b--
"""


add("mail-v3-in-arf", mail(v3()), C)
add("mail-flat-in-arf", mail(flat()), C + " type=Spam")
add("mail-v4", mail(v4(), feedback=False), C + " report=r-1")
add("mail-other-json-is-no-xarf", mail({"a": 1}, feedback=False), "refused no message/feedback-report part")

write(end="\n")
