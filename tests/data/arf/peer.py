#!/usr/bin/env python3
"""peer.py: writes peer_expected.txt: what the feedback mails of this folder read as by Python's email package and the rules of doc/data/arf.md.

Nothing here knows the reader of Vouch: the mails are taken apart by another parser, and tests/unit/intake_arf_test.c compares. Mails that are no feedback
report, or name no source, are left out; what is said of those stands in that test.
"""

import base64
import datetime
import email
import email.utils
import ipaddress
import pathlib
import quopri
import re

HERE = pathlib.Path(__file__).resolve().parent
SIGNALS = {"not-spam": "not_spam", "auth-failure": "auth_fail", "dmarc": "auth_fail", "opt-out": None, "opt-out-list": None}
RECEIVED = datetime.datetime(2026, 2, 1, tzinfo=datetime.timezone.utc)  # when the door took them, in tests/unit/intake_arf_test.c
KEYS_MAX, INCIDENTS_MAX = 4, 65536
DOMAIN = re.compile(r"^[a-z0-9_-]+(\.[a-z0-9_-]+)+$")


def even(raw):
    return raw if b"\n" in raw else raw.replace(b"\r", b"\n")


def content(part):
    """The text of a part whose type is message/*, which Python takes for a mail."""
    inner = part.get_payload()
    text = inner[0].as_string() if isinstance(inner, list) else inner
    coding = (part.get("Content-Transfer-Encoding") or "").strip().lower()
    if coding == "base64":
        return base64.b64decode("".join(text.split()) + "===").decode("latin-1")
    return quopri.decodestring(text.encode("latin-1", "replace")).decode("latin-1") if coding == "quoted-printable" else text


def fields(text):
    return email.message_from_string("\n".join(line for line in text.splitlines() if line.strip()) + "\n\n")


def parts(mail):
    """The feedback report and the mail that is reported; not those inside of that mail."""
    feedback = original = None
    todo = [mail]
    while todo:
        part = todo.pop(0)
        kind = part.get_content_type()
        if part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), list):
            todo = part.get_payload() + todo
        elif kind == "message/feedback-report" and feedback is None:
            feedback = fields(content(part))
        elif kind == "message/rfc822" and original is None:
            original = email.message_from_string(content(part).lstrip("\n"))
        elif kind in ("text/rfc822-headers", "text/rfc822") and original is None:
            original = email.message_from_string(part.get_payload(decode=True).decode("latin-1").lstrip("\n"))
    return feedback, original if original is not None else email.message.Message()


def address(text):
    try:
        found = ipaddress.ip_address(re.sub(r"^\[?(IPv6:)?|\]$", "", text.strip(), flags=re.I))
    except ValueError:
        return None
    return found.ipv4_mapped or found if found.version == 6 else found


def hop(original):
    """The topmost Received field that names an address of the net outside."""
    for value in original.get_all("Received", []):
        head = re.split(r"\sby\s", value, maxsplit=1)[0]
        for text in re.findall(r"\[((?:IPv6:)?[0-9a-fA-F.:]+)\]", re.sub(r"\(?(helo|ehlo)[= ]\S*", "", head, flags=re.I)):
            found = address(text)
            if found is not None and not any(found in net for net in map(ipaddress.ip_network, (
                    "10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10")) if net.version == found.version):
                return found
    return None


def passed(results):
    for result in results.split(";"):
        if result.strip().lower().startswith("dkim=pass"):
            signer = re.search(r"header\.d=(\S+)", result) or re.search(r"header\.i=\S*@(\S+)", result)
            yield signer.group(1) if signer else ""


def keys(mail, feedback, original):
    found = next((a for a in map(address, feedback.get_all("Source-IP", [])) if a is not None), None) or hop(original)
    out = [str(found)] if found is not None else []
    domains = [one for name in ("Reported-Domain", "DKIM-Domain") for value in feedback.get_all(name, []) for one in value.split(";")]
    domains += [one for value in feedback.get_all("Authentication-Results", []) for one in passed(value)]
    signature = original.get("DKIM-Signature") if not out and not domains else None
    if signature:
        domains = re.findall(r"(?:^|;)\s*d\s*=\s*([^;\s]+)", signature)
    for domain in (one.strip().lower().rstrip(".") for one in domains):
        if DOMAIN.match(domain) and address(domain) is None and domain not in out and len(out) < KEYS_MAX:
            out.append(domain)
    return out


def moment(text):
    try:
        when = email.utils.parsedate_to_datetime(re.sub(r" JST$", " +0900", text))  # a zone that Python does not know
    except (TypeError, ValueError, IndexError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=datetime.timezone.utc)


def time_of(mail, feedback, original):
    hops = original.get_all("Received", [])
    for text in (mail.get("Date"), feedback.get("Arrival-Date"), feedback.get("Received-Date"), hops[0].rsplit(";", 1)[-1] if hops else None, original.get("Date")):
        when = moment(" ".join(text.split())) if text else None
        if when is not None and when <= RECEIVED + datetime.timedelta(minutes=10):
            return when.astimezone(datetime.timezone.utc)
    return RECEIVED


def read(raw):
    mail = email.message_from_bytes(even(raw).lstrip(b"\r\n"))
    feedback, original = parts(mail)
    if feedback is None:
        return None
    signal = SIGNALS.get((feedback.get("Feedback-Type") or "").strip().lower(), "complaint")
    if signal is None:
        return "nothing"
    found = keys(mail, feedback, original)
    if not found:
        return None
    incidents = (feedback.get("Incidents") or "").strip()
    count = min(int(incidents), INCIDENTS_MAX) if incidents.isdigit() and 0 < int(incidents) < 2 ** 64 else 1
    return f"{signal} {count} {' '.join(found)} {time_of(mail, feedback, original):%Y-%m-%dT%H:%M:%SZ}"


with open(HERE / "peer_expected.txt", "w", encoding="utf-8") as out:
    out.write("# written by peer.py\n")
    for path in sorted(HERE.glob("*.eml")) + sorted(HERE.glob("made/*.eml")):
        line = read(path.read_bytes())
        if line is not None:
            out.write(f"{path.relative_to(HERE)}\n  {line}\n")
