#!/usr/bin/env python3
"""bench/arf_peer.py MAIL...: feedback mails read per second of CPU time with Python's email package.

Reads what Vouch reads of each: type, source, times, reported domains, sender, id. The compat32 parser, which is the
faster one. Prints one number.
"""

import email
import email.utils
import hashlib
import re
import sys
import time

RUN_SECONDS = 2
ADDRESS = re.compile(r"\[(?:IPv6:)?([0-9a-fA-F.:]+)\]")


def read(raw):
    mail = email.message_from_bytes(raw)
    feedback = original = None
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/feedback-report" and feedback is None:
            inner = part.get_payload()
            feedback = inner[0] if isinstance(inner, list) else email.message_from_string(inner)
        elif kind == "message/rfc822" and original is None:
            original = part.get_payload(0)
        elif kind == "text/rfc822-headers" and original is None:
            original = email.message_from_bytes(part.get_payload(decode=True))
    original = original if original is not None else email.message.Message()
    feedback = feedback if feedback is not None else email.message.Message()
    source = feedback.get("Source-IP")
    if source is None:
        found = [ADDRESS.search(value) for value in original.get_all("Received", [])]
        source = next((match.group(1) for match in found if match), None)
    return {
        "id": hashlib.sha256(raw).hexdigest(),
        "message": mail.get("Message-ID"),
        "type": feedback.get("Feedback-Type"),
        "source": source,
        "domains": feedback.get_all("Reported-Domain", []),
        "at": email.utils.parsedate_tz(mail.get("Date", "")),
        "arrival": email.utils.parsedate_tz(feedback.get("Arrival-Date") or original.get("Date", "")),
        "from": email.utils.parseaddr(original.get("From", ""))[1],
        "sender": feedback.get("Original-Mail-From") or original.get("Return-Path"),
        "subject": original.get("Subject"),
    }


def main(paths):
    mails = [open(path, "rb").read() for path in paths]
    start, reports = time.process_time(), 0
    while time.process_time() - start < RUN_SECONDS:
        for raw in mails:
            read(raw)
        reports += len(mails)
    print(reports / (time.process_time() - start))


main(sys.argv[1:])
