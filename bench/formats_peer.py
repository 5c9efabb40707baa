#!/usr/bin/env python3
"""bench/formats_peer.py dsn|dmarc|postfix|pflogsumm FILE...: per second of CPU time, bounces read with Python's email package, records of DMARC reports
with xml.etree, lines of Postfix logs with regular expressions, or by pflogsumm, which sums up a log for people. Prints one number; 0 without pflogsumm.
"""

import collections
import email
import email.utils
import gzip
import re
import resource
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as etree

RUN_SECONDS = 2
ADDRESS = re.compile(r"\[(?:IPv6:)?([0-9a-fA-F.:]+)\]")
LINE = re.compile(r"(\S+ +\d+ \S+) (\S+) postfix\S*/(\w+)\[\d+\]: (?:(\w+): )?(.*)")
DELIVERY = re.compile(r"to=<([^>]*)>, .*?relay=([^,]*), .*?dsn=([\d.]+), status=(\w+) \((.*)\)")


def read_dsn(raw):
    mail = email.message_from_bytes(raw)
    groups, original = [], email.message.Message()
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            groups = part.get_payload()
        elif kind == "message/rfc822":
            original = part.get_payload(0)
        elif kind == "text/rfc822-headers":
            original = email.message_from_bytes(part.get_payload(decode=True))
    source = next((found.group(1) for value in original.get_all("Received", []) if (found := ADDRESS.search(value))), None)
    return [(source, group.get("Status"), group.get("Diagnostic-Code"), group.get("Action"), email.utils.parsedate_tz(mail.get("Date", "")))
            for group in groups[1:]], 1


def read_dmarc(raw):
    raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    root = etree.fromstring(raw[raw.index(b"<feedback"):])
    rows = [(r.findtext("row/source_ip"), int(r.findtext("row/count")), r.findtext("row/policy_evaluated/dkim"), r.findtext("row/policy_evaluated/spf"),
             r.findtext("identifiers/header_from"), [d.findtext("domain") for d in r.findall("auth_results/dkim") if d.findtext("result") == "pass"])
            for r in root.iter("record")]
    return rows, len(rows)


def read_postfix(raw):
    clients, counts, lines = {}, collections.Counter(), 0
    for line in raw.decode().split("\n"):
        lines += 1
        match = LINE.match(line)
        if not match:
            continue
        at, host, _, queue, rest = match.groups()
        if rest.startswith("client="):
            found = ADDRESS.search(rest)
            clients[host, queue] = found and found.group(1)
        elif rest.startswith("to=<"):
            found = DELIVERY.match(rest)
            if found and found.group(4) == "sent":
                counts[clients.get((host, queue)), at[:12], found.group(1).rpartition("@")[2]] += 1
    return counts, lines


READERS = {"dsn": read_dsn, "dmarc": read_dmarc, "postfix": read_postfix}


def pflogsumm(path):
    """The program itself, as often as it fits; its start is part of it, as of each night's run."""
    if not shutil.which("pflogsumm"):
        return 0
    with open(path, "rb") as log:
        lines, done, spent = sum(1 for _ in log), 0, 0.0
    while spent < RUN_SECONDS:
        subprocess.run(["pflogsumm", path], stdout=subprocess.DEVNULL, check=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        done, spent = done + lines, used.ru_utime + used.ru_stime
    return done / spent


def main(kind, paths):
    if kind == "pflogsumm":
        print(pflogsumm(paths[0]))
        return
    documents = [open(path, "rb").read() for path in paths]
    start, done = time.process_time(), 0
    while time.process_time() - start < RUN_SECONDS:
        done += sum(READERS[kind](raw)[1] for raw in documents)
    print(done / (time.process_time() - start))


main(sys.argv[1], sys.argv[2:])
