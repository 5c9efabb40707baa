#!/usr/bin/env python3
"""bench/dnsperf_bench.py [SECONDS]: the whole daemon under the mixed load of tests/interop/load.py, 100,000 sources.

First as many queries as are answered, then half of that for a minute, whether answers come or not: how many are lost, and how many of these
at the daemon's own socket; the longest wait. dnsperf, which has no core of its own, takes more of the machine than the daemon. Run: make bench N=dnsperf.

Then its peers with the same entries, one after the other, by UDP at that same rate: NSD, Knot, BIND and PowerDNS as secondaries of the
daemon, rbldnsd with what it exports; the daemon first and last.
"""

import json
import os
import pathlib
import re
import sys
import types

TREE = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("VOUCH_BIN", os.environ.get("VOUCH_BUILD", str(TREE / "build" / "release")))
sys.path.insert(0, str(TREE / "tests" / "interop"))
import load  # noqa: E402: the path is needed first
import nameservers  # noqa: E402
import peers  # noqa: E402
import vouch  # noqa: E402

SOURCES, PEAK_SECONDS, SECONDS, OUTSTANDING = 100000, 10, 60, 20000
PEER_SECONDS, PEER_PATIENCE = 10, 5
UDP = [(way, share / 0.95) for way, share in load.WAYS if "udp" in way]  # rbldnsd has no TCP
ZONES = (vouch.ZONE, vouch.DOMAIN_ZONE)
TRANSFERS = f"""\
    ns: [ns1.dns.example]
transfers:
  - {{key: {nameservers.KEY}, secret: {nameservers.SECRET}}}
"""
TICKS = os.sysconf("SC_CLK_TCK")


def row(what, value):
    print(json.dumps({"bench": "dnsperf", "what": what, "value": round(value, 3), "sources": SOURCES}), flush=True)


def cpu_seconds(pid):
    """User and system time of a process and of those that it has started."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / TICKS + sum(cpu_seconds(child) for child in children)


def measure(name, process, port, folder, rate):
    """One server under the load: name, CPU us per query, share that is lost, the longest answer in ms."""
    before = cpu_seconds(process.pid)
    got = load.run(types.SimpleNamespace(dns_port=port, dir=folder), PEER_SECONDS, rate, OUTSTANDING, UDP, PEER_PATIENCE)
    answered = got["sent"] - got["lost"]
    return name, (cpu_seconds(process.pid) - before) / max(answered, 1) * 1e6, got["lost"] / got["sent"], got["longest_ms"]


class PlainBind(nameservers.Bind):
    signing = ""


def secondary(server, kind, rate):
    with kind(server.dns_port, ZONES, peers.free_port()) as other:
        wanted = nameservers.serial_of(server.dns_port, vouch.ZONE)
        other.wait(lambda: all(other.serial(zone) == wanted for zone in ZONES), "have the zones")
        return measure(kind.name, other.process, other.port, server.dir, rate)


def rbldnsd(server, rate):
    def export(kind):
        return server.cli("export", "--format", kind).stdout.splitlines()

    with peers.Rbldnsd(vouch.ZONE, export("rbldnsd"), "combined", more={vouch.DOMAIN_ZONE: ("dnset", export("dnset"))}) as other:
        return measure("rbldnsd", other.process, other.port, server.dir, rate)


def beside_peers(server, rate):
    ours = [measure("vouch", server.process, server.dns_port, server.dir, rate)]
    theirs = [rbldnsd(server, rate)] + [secondary(server, kind, rate) for kind in (nameservers.Nsd, nameservers.Knot, PlainBind, nameservers.PowerDns)]
    ours.append(measure("vouch", server.process, server.dns_port, server.dir, rate))
    for at, what in ((1, "CPU us per query"), (2, "share lost"), (3, "longest answer, ms")):
        for peer in theirs:
            print(json.dumps({"bench": "dnsperf", "what": f"UDP, {rate:.0f} queries/s: {what}", "value": round(sum(one[at] for one in ours) / 2, 5),
                              "peer": peer[0], "peer_value": round(peer[at], 5), "sources": SOURCES}), flush=True)


def main():
    if not peers.program("dnsperf"):
        print("dnsperf is not here; script/peers fetches it", file=sys.stderr)
        return 0
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with load.daemon(SOURCES, TRANSFERS) as server:
        peak = load.run(server, PEAK_SECONDS)
        half = load.run(server, seconds, peak["per_second"] / 2, OUTSTANDING)
        page = server.request("GET", "/metrics")[1].decode()
        overrun = float(re.search(r"^vouch_dns_overrun_total (\d+)", page, re.MULTILINE).group(1))
        beside_peers(server, peak["per_second"] / 2)
    row("mixed load: queries/s, peak", peak["per_second"])
    row(f"queries in {seconds} s at half the peak", half["sent"])
    row("lost of these", half["lost"])
    row("of these at the full socket of the daemon", overrun)
    row("longest answer to one of these, ms", half["longest_ms"])
    return 0


sys.exit(main())
