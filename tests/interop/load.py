"""A mixed load by dnsperf: listed and unlisted addresses of both families, domains, TXT, a key that nobody has, standing, ANY.

Three processes ask at once: without EDNS, with EDNS and the DO bit, and over TCP. dnsperf ends a query as lost when no answer came in
`patience` seconds.
"""

import os
import re
import subprocess

import peers
import vouch

PATIENCE = 60
# How each process asks, and its share of the load.
WAYS = ((("-m", "udp"), 0.60), (("-m", "udp", "-e", "-D"), 0.35), (("-m", "tcp", "-c", "4"), 0.05))


def address(i):
    """The i-th address of a programme, 10 per /24."""
    return f"198.{18 + i // 2560 % 2}.{i // 10 % 256}.{i % 10 + i // 5120 * 10}"


def programme(sources):
    """So many single addresses, a /64 for each ten, and a domain for each hundred."""
    keys = [address(i) for i in range(sources)] + [f"2001:db8:{i:x}::/64" for i in range(sources // 10)]
    keys += [f"d{i}.sender.test" for i in range(sources // 100)]
    return ("members:\n  - id: sender\n    name: Sender\n    systems:\n      - id: sender-news\n        sources: ["
            + ", ".join(keys) + "]\n")


def questions(sources, count=20000):
    """Lines of a file of dnsperf; two of three are for what is listed."""
    lines = []
    for i in range(count):
        n = i * 7919 % sources
        listed, other = address(n), address(n)[:-len(address(n).rsplit(".", maxsplit=1)[1])] + "250"
        six = f"2001:db8:{n % (sources // 10):x}::{i % 65536:x}"
        lines.append((f"{vouch.question(listed)} A", f"{vouch.question(other)} A", f"{vouch.question(six)} A",
                      f"{vouch.question(f'2001:db9::{n:x}')} A", f"{vouch.question(f'd{n % (sources // 100)}.sender.test')} A",
                      f"{vouch.question(listed)} TXT", f"{vouch.question(listed).upper()} A",
                      f"{vouch.question(listed, f'nobody.{vouch.ZONE}')} A",
                      f"amiblocked.{vouch.ZONE} TXT", f"{vouch.question(listed)} ANY", f"{vouch.question(other)} TXT",
                      f"{vouch.question(listed)} AAAA")[i % 12])
    return "\n".join(lines) + "\n"


def daemon(sources, config=""):
    """vouchd with a programme of so many sources, all certified."""
    server = vouch.Vouchd(config)
    try:
        server.set_clock("2026-01-05T00:00:00Z")
        server.post("/v1/programme", programme(sources).encode(), apply=1, actor="operator")
        server.command("accept", "sender", "operator", "control is proven")
        server.write("questions", questions(sources))
    except BaseException:
        server.stop()
        raise
    return server


def number(words, text):
    found = re.search(words + r":\s+([0-9.]+)", text)
    if not found:
        raise peers.PeerError(f"dnsperf did not say: {words}\n{text}")
    return float(found.group(1))


def run(server, seconds, rate=None, outstanding=100, ways=WAYS, patience=PATIENCE):
    """Asks for so long, `rate` queries per second in all or as many as are answered. Returns the sums, and dnsperf's own words."""
    processes = []
    for way, share in ways:
        argv = [peers.program("dnsperf"), "-s", "127.0.0.1", "-p", str(server.dns_port), "-d", os.path.join(server.dir, "questions"),
                "-l", str(seconds), "-t", str(patience), "-q", str(outstanding), "-b", "4096", *way]
        argv += ["-Q", str(max(1, round(rate * share)))] if rate else []
        processes.append(subprocess.Popen(argv, env=peers.ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"))
    texts = [process.communicate(timeout=seconds + 3 * PATIENCE)[0] for process in processes]
    return {"sent": sum(number("Queries sent", text) for text in texts),
            "lost": sum(number("Queries lost", text) for text in texts),
            "per_second": sum(number("Queries per second", text) for text in texts),
            "longest_ms": max(float(re.search(r"max ([0-9.]+)\)", text).group(1)) for text in texts) * 1e3,
            "texts": texts}
