#!/usr/bin/env python3
"""count.py: how many documents of our own and of others there are of each format, each with what it must read as."""

import collections
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
PARTS = {"v3": "xarf v3", "flat": "xarf v3, as the field sends it", "v4": "xarf v4", "jmrp": "loops: Microsoft JMRP", "cfl": "loops: Yahoo CFL", "failure": "loops: authentication failures",
         "kumo": "webhook: KumoMTA", "mailchannels": "webhook: MailChannels", "ses": "webhook: Amazon SES", "sns": "webhook: Amazon SES", "sendgrid": "webhook: SendGrid"}
own, others = collections.Counter(), collections.Counter()

for made in sorted(HERE.glob("*/made.txt")):
    for line in made.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("=== "):
            own[PARTS.get(line[4:].split("-")[0].split(" ")[0], made.parent.name)] += 1
for folder, pattern in (("arf", "made/*.eml"), ("content", "*.eml"), ("dkim", "*.eml")):
    own[folder] += len(list((HERE / folder).glob(pattern)))
for folder, pattern in (("arf", "*.eml"), ("bounce", "*.eml"), ("dmarc", "*.xml*"), ("dmarc", "*.eml"), ("loops", "*.eml"), ("xarf", "*.json"), ("webhook", "*.json*")):
    others["loops: authentication failures" if folder == "loops" else folder] += len(list((HERE / folder).glob(pattern)))
print(f"{'format':<34} {'own':>5} {'others':>7}")
for name in sorted(set(own) | set(others)):
    print(f"{name:<34} {own[name]:>5} {others[name]:>7}")
