#!/usr/bin/env python3
"""bench/dnsperf_bench.py [SECONDS]: the whole daemon under the mixed load of tests/interop/load.py, 100,000 sources.

First as many queries as are answered, then half of that for a minute, whether answers come or not: how many are lost, and how many of these
at the daemon's own socket; the longest wait. dnsperf, which has no core of its own, takes more of the machine than the daemon. Run: make bench N=dnsperf.
"""

import json
import os
import pathlib
import re
import sys

TREE = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("VOUCH_BIN", os.environ.get("VOUCH_BUILD", str(TREE / "build" / "release")))
sys.path.insert(0, str(TREE / "tests" / "interop"))
import load  # noqa: E402: the path is needed first
import peers  # noqa: E402

SOURCES, PEAK_SECONDS, SECONDS, OUTSTANDING = 100000, 10, 60, 20000


def row(what, value):
    print(json.dumps({"bench": "dnsperf", "what": what, "value": round(value, 3), "sources": SOURCES}), flush=True)


def main():
    if not peers.program("dnsperf"):
        print("dnsperf is not here; script/peers fetches it", file=sys.stderr)
        return 0
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with load.daemon(SOURCES) as server:
        peak = load.run(server, PEAK_SECONDS)
        half = load.run(server, seconds, peak["per_second"] / 2, OUTSTANDING)
        page = server.request("GET", "/metrics")[1].decode()
        overrun = float(re.search(r"^vouch_dns_overrun_total (\d+)", page, re.MULTILINE).group(1))
    row("mixed load: queries/s, peak", peak["per_second"])
    row(f"queries in {seconds} s at half the peak", half["sent"])
    row("lost of these", half["lost"])
    row("of these at the full socket of the daemon", overrun)
    row("longest answer to one of these, ms", half["longest_ms"])
    return 0


sys.exit(main())
