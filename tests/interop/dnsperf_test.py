#!/usr/bin/env python3
"""dnsperf asks everything at once for five seconds: no query is lost, and the answers are those they should be."""

import re
import sys

import certified
import load
from certified import expect

SOURCES, SECONDS, RATE = 1000, 5, 1000


def check():
    with load.daemon(SOURCES) as server:
        got = load.run(server, SECONDS, RATE)
        words = "\n".join(got["texts"])
        expect(f"a load that says something, not {got['sent']:.0f} queries\n{words}", got["sent"] >= RATE)
        expect(f"none to be lost, not {got['lost']:.0f}\n{words}", got["lost"] == 0)
        for text in got["texts"]:
            codes = set(re.findall(r"([A-Z]+) \d+ \([0-9.]+%\)", text.split("Response codes:")[1].splitlines()[0]))
            expect(f"NOERROR and NXDOMAIN alone, not {codes}", codes == {"NOERROR", "NXDOMAIN"})


if __name__ == "__main__":
    sys.exit(certified.run(check, "dnsperf"))
