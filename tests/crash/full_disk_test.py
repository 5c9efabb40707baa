#!/usr/bin/env python3
"""A full disk: reports are refused (503, 4xx), nothing acknowledged is lost, and with space it goes on by itself.

The data folder lies on a small tmpfs in a mount namespace of this test; without the right to make one (root or user
namespaces) the test is skipped, in CI it fails.
"""

import contextlib
import os
import subprocess
import sys
import tempfile

import feed
from feed import peers, vouch

SIZE, BALLAST = "64m", 40 << 20
INSIDE = "VOUCH_TEST_INSIDE"


def in_namespace():
    """Start again in a mount namespace; does not return when that is possible."""
    options = ["--mount"] if os.geteuid() == 0 else ["--map-root-user", "--mount"]
    if subprocess.run(["unshare", *options, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        os.environ[INSIDE] = "yes"
        os.execvp("unshare", ["unshare", *options, sys.executable, "-B", *sys.argv])
    print(f"{'FAILED' if peers.in_ci() else 'skipped'}: a mount namespace cannot be made here")
    sys.exit(1 if peers.in_ci() else peers.SKIPPED)


class Disk:
    """A small file system, and a file on it that takes away the space."""

    def __init__(self, folder):
        self.folder, self.ballast = folder, os.path.join(folder, "ballast")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "vouch-test", folder], check=True)

    def take_space(self, count=None):
        """Write so many bytes; without a number all that fit."""
        with open(self.ballast, "ab", buffering=0) as ballast, contextlib.suppress(OSError):
            for step in (1 << 20, 4096):
                while count is None or ballast.tell() < count:
                    ballast.write(bytes(step))

    def make_space(self):
        os.unlink(self.ballast)


def wait_refused(ledger, feeders):
    """Until each door has refused three more documents for lack of space."""
    before = {feeder.door: ledger.refusal_count(feeder.door) for feeder in feeders}
    feed.wait(lambda: all(ledger.refusal_count(door) >= count + 3 for door, count in before.items())
              or any(feeder.error for feeder in feeders), "a refusal at each door")


def wait_taken(ledger):
    before = ledger.count()
    feed.wait(lambda: ledger.count() >= before + 20, "acknowledgements after space was made")


def check_refusals(daemon, ledger):
    """Each is temporary (503 is checked by the feeder), and what was published stays published."""
    for words in ledger.refusals["lmtp"]:
        if not words.startswith("451"):
            raise feed.Lost(f"LMTP said {words}, not 451")
    if daemon.ask("192.0.2.11").texts("A") != [vouch.CODE] or daemon.ask(feed.SOURCE).rcode != 3:
        raise feed.Lost("the list answers differently on a full disk")
    if daemon.get("/healthz")["status"] != "ok":
        raise feed.Lost("/healthz does not answer on a full disk")


def play(disk):
    ledger = feed.Ledger()
    disk.take_space(BALLAST)
    with vouch.Vouchd(data=os.path.join(disk.folder, "data"), manual_clock=False) as daemon:
        feed.prepare(daemon)
        feeders = [feed.HttpFeeder(daemon, ledger, 1, rows=4000), feed.LmtpFeeder(daemon, ledger, 2)]
        for feeder in feeders:
            feeder.start()
        wait_refused(ledger, feeders)
        full = ledger.count()
        check_refusals(daemon, ledger)
        disk.make_space()
        wait_taken(ledger)
        disk.take_space()
        wait_refused(ledger, feeders)
        check_refusals(daemon, ledger)
        daemon.kill()  # and the power fails while the disk is full
        disk.make_space()
        daemon.start()
        wait_taken(ledger)
        for feeder in feeders:
            feeder.finish()
        feed.settle(daemon, ledger)
    print(f"full after {full} documents, {ledger.count()} in the end: all there, once")


def main():
    if not os.environ.get(INSIDE):
        in_namespace()
    with tempfile.TemporaryDirectory(prefix="vouch-disk-") as folder:
        disk = Disk(folder)
        try:
            play(disk)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=False)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (feed.Lost, peers.PeerError, vouch.Refused, OSError, subprocess.SubprocessError) as failure:
        print(f"FAILED: {failure}", flush=True)
        sys.exit(1)
