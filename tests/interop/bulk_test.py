#!/usr/bin/env python3
"""A list of many entries comes in at once, and is replaced whole, while queries go on: none is lost, and all answers are right.

VOUCH_ENTRIES: so many entries (10000; a million for the figures of doc/why/list.md). VOUCH_RATE: so many queries per second (500). How long
answers took is told beside the same at rest; none may take half as long as the whole.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import certified
import load
import peers
import vouch
from certified import expect

ENTRIES, RATE = int(os.environ.get("VOUCH_ENTRIES", "10000")), int(os.environ.get("VOUCH_RATE", "500"))
REST_SECONDS, TAIL_SECONDS, PATIENCE, STEP = 2, 0.2, 1200, 250000
BUSY_SECONDS = 1  # may go by without a turn for one thread
STEADY = "192.0.2.10"  # listed throughout
NEVER = "192.0.2.99"


def entry(first, i):
    return f"{first}.{i >> 16}.{i >> 8 & 255}.{i & 255}"


def entries_of(first, begin, end):
    """Those that lie in `first`; None: there are none."""
    return [] if first is None else [entry(first, i) for i in range(begin, end)]


def programme(entries):
    """The steady member, and one with these sources."""
    many = ", {id: many-1, sources: [" + ",".join(entries) + "]}" if entries else ""
    return ("members:\n- {id: steady, name: Steady, systems: [{id: steady-1, sources: [" + STEADY + "]}]}\n"
            "- {id: many, name: Many, systems: [{id: many-0, sources: [192.0.2.20]}" + many + "]}\n").encode()


class Stream:
    """dnsperf that asks at a steady rate until it is stopped."""

    def __init__(self, server, *names):
        self.out = tempfile.TemporaryFile("w+", encoding="utf-8")  # pylint: disable=consider-using-with
        path = server.write("steady", "".join(f"{vouch.question(name)} A\n" for name in names))
        self.process = subprocess.Popen([peers.program("dnsperf"), "-s", "127.0.0.1", "-p", str(server.dns_port), "-d", path, "-l", "3600",
                                         "-t", str(load.PATIENCE), "-q", str(RATE * load.PATIENCE), "-Q", str(RATE), "-v"],
                                        env=peers.ENV, stdout=self.out, stderr=subprocess.STDOUT)

    def stop(self):
        """Answered, lost, the waits in ms from the shortest on, and the response codes."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(2 * load.PATIENCE)
        self.out.seek(0)
        text = self.out.read()
        answers = re.findall(r"^> (\w+) \S+ \S+ ([0-9.]+)", text, re.MULTILINE)
        return (load.number("Queries completed", text), load.number("Queries lost", text),
                sorted(float(took) * 1e3 for _, took in answers), {code for code, _ in answers})


def streamed(server, what, act):
    """What happens to queries while `act` is done."""
    stream, began = Stream(server, STEADY, NEVER), time.monotonic()
    try:
        act()
        took = time.monotonic() - began
        time.sleep(TAIL_SECONDS)
        answered, lost, waits, codes = stream.stop()
    finally:
        stream.process.kill()
    print(f"{what} ({took:.1f} s): {answered:.0f} answers, {lost:.0f} lost, median {waits[len(waits) // 2]:.2f} ms, "
          f"99 of 100 {waits[len(waits) * 99 // 100]:.2f} ms, longest {waits[-1]:.1f} ms")
    expect(f"queries while {what}", 0 < answered == len(waits))
    expect(f"none to be lost while {what}, not {lost:.0f}", lost == 0)
    expect(f"answers all the time while {what}, and no wait of {waits[-1]:.0f} ms", waits[-1] < max(took / 2, BUSY_SECONDS) * 1e3)
    expect(f"one listed and one that is not, not {codes}", codes == {"NOERROR", "NXDOMAIN"})


def listed(server, first):
    """Are the first, the middle and the last of its entries listed? None: some are."""
    have = {bool(server.ask(entry(first, i)).texts("A")) for i in (0, ENTRIES // 2, ENTRIES - 1)}
    return have.pop() if len(have) == 1 else None


def check():
    with vouch.Vouchd() as server:
        server.set_clock(certified.START)

        def take(entries, *members):
            server.post("/v1/programme", programme(entries), apply=1, actor="operator", timeout=PATIENCE)
            for member in members:
                server.cli("accept", member, "control is proven")

        def replace(was, by):
            """All at once, or in as many steps as records hold."""
            for done in range(min(STEP, ENTRIES), ENTRIES + STEP, STEP):
                done = min(done, ENTRIES)
                take(entries_of(by, 0, done) + entries_of(was, done, ENTRIES), *(["many"] if by else []))

        take([], "steady", "many")
        streamed(server, "at rest", lambda: time.sleep(REST_SECONDS))
        streamed(server, f"{ENTRIES} entries come in", lambda: replace(None, 10))
        expect("all entries that came in", listed(server, 10) is True)
        streamed(server, f"{ENTRIES} entries are replaced", lambda: replace(10, 11))
        expect("all other entries instead", listed(server, 10) is False and listed(server, 11) is True)
        streamed(server, f"{ENTRIES} entries go", lambda: replace(11, None))
        expect("none of them is left", listed(server, 11) is False)


if __name__ == "__main__":
    sys.exit(certified.run(check, "dnsperf"))
