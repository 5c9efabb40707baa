#!/usr/bin/env python3
"""kill -9 at random points of ingestion: nothing acknowledged is lost, nothing is counted twice, the chain is whole.

Four clients feed two doors without a pause; the daemon is killed CRASH_KILLS times (default 20) at random moments, also
while it starts. What was not acknowledged is sent again. CRASH_SEED repeats a run's random choices.
"""

import os
import random
import sys
import time

import feed
from feed import peers, vouch

KILLS = int(os.environ.get("CRASH_KILLS", "20"))
SEED = os.environ.get("CRASH_SEED", str(random.SystemRandom().randrange(1 << 32)))
# Ticks and snapshots as often as they come in a busy month, so that they are hit too.
CONFIG = "tick: 1s\nsnapshot_records: 40\n"


def kill_and_start(daemon, dice):
    """One kill, at times two: the second while it reads its journal again."""
    daemon.kill()
    while dice.random() < 0.2:
        daemon.begin()
        time.sleep(dice.uniform(0, 0.3))
        daemon.kill()
    daemon.start()


def main():
    dice, ledger = random.Random(SEED), feed.Ledger()
    print(f"CRASH_SEED={SEED} CRASH_KILLS={KILLS}", flush=True)
    with vouch.Vouchd(CONFIG, manual_clock=False) as daemon:
        feed.prepare(daemon)
        feeders = [feed.HttpFeeder(daemon, ledger, 1), feed.HttpFeeder(daemon, ledger, 2, rows=3),
                   feed.LmtpFeeder(daemon, ledger, 3), feed.LmtpFeeder(daemon, ledger, 4)]
        for feeder in feeders:
            feeder.start()
        for _ in range(KILLS):
            before = ledger.count()
            feed.wait(lambda: ledger.count() > before, "an acknowledgement after a restart")
            time.sleep(dice.uniform(0, 0.25))
            kill_and_start(daemon, dice)
        before = ledger.count()
        feed.wait(lambda: ledger.count() > before, "an acknowledgement after the last restart")
        for feeder in feeders:
            feeder.finish()
        feed.settle(daemon, ledger)
        print(f"{KILLS} kills, {ledger.count()} documents, {sum(ledger.delivered.values())} messages: all there, once")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (feed.Lost, peers.PeerError, vouch.Refused, OSError) as failure:
        print(f"FAILED: {failure}", flush=True)
        sys.exit(1)
