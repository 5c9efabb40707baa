#!/usr/bin/env python3
"""A reporter whose clock is an hour behind: the daemon finds out, says so, and knows it still after a crash."""

import datetime
import os
import random
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))
import vouch  # noqa: E402

START = datetime.datetime(2026, 1, 5, tzinfo=datetime.timezone.utc)
HOUR = datetime.timedelta(hours=1)
SOURCES = [f"192.0.2.{i}" for i in range(1, 9)]
PROGRAMME = "members:\n" + "".join(
    f"  - id: member-{i}\n    name: Member {i}\n    systems:\n      - id: system-{i}\n        sources: [{source}]\n" for i, source in enumerate(SOURCES)
) + "reporters:\n" + "".join(
    f"  - {{id: {name}, kind: {kind}, trust: full, token_sha256: {vouch.token_of(name)[1]}}}\n"
    for name, kind in (("mta", "mta"), ("slowbox", "mailbox")))


def mail_of(place, hour):
    """Trickle, and a campaign of two hours a day, each system's at an hour of its own."""
    return 300 + (30000 if (hour - 3 * place) % 24 < 2 else 0)


def minutes_of(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


class Clock(unittest.TestCase):
    def feed(self, daemon, hours):
        """Volume on the hour; complaints about the hour before, by a clock that is an hour behind."""
        dice = random.Random(1)
        for hour in range(hours):
            now = START + hour * HOUR
            daemon.set_clock(now)
            volume, complaints = [], []
            for place, source in enumerate(SOURCES):
                volume.append(f"{minutes_of(now - HOUR)},{source},delivered,{mail_of(place, hour - 1)}\n")
                for _ in range(mail_of(place, hour - 2) // 3000):
                    mailed = now - 2 * HOUR + dice.random() * HOUR
                    complaints.append(f"{minutes_of(now - HOUR)},{source},complaint,1,{minutes_of(mailed - HOUR)}\n")
            daemon.report(("time,source,signal,count\n" + "".join(volume)).encode(), "mta", "csv")
            if complaints:
                daemon.report(("time,source,signal,count,arrival\n" + "".join(complaints)).encode(), "slowbox", "csv")

    def test_the_audit_names_the_reporter_whose_clock_is_wrong(self):
        with vouch.Vouchd() as daemon:
            daemon.set_clock(START)
            daemon.post("/v1/programme", PROGRAMME.encode(), apply=1, actor="operator")
            self.assertNotIn("clock of reporter", daemon.cli("audit").stdout)
            self.feed(daemon, 10 * 24)
            said = "the clock of reporter slowbox is 60 minutes behind"
            self.assertIn(said, daemon.cli("audit").stdout)
            self.assertEqual(daemon.get("/v1/audit")["clocks"], [{"reporter": "slowbox", "behind_minutes": 60}])
            daemon.kill()
            daemon.start()
            self.assertIn(said, daemon.cli("audit").stdout)
            daemon.prove()


if __name__ == "__main__":
    unittest.main()
