#!/usr/bin/env python3
"""A reload while the disk is full changes how members are told, or is refused; either way they are told, by those who told them before.

As full_disk_test.py, on a small tmpfs of its own.
"""

import os
import subprocess
import sys
import tempfile

import feed
import full_disk_test
from feed import peers, vouch

sys.path.insert(0, os.path.join(peers.TREE, "tests", "stories"))
from reload_doors_test import Sink, mail_to  # noqa: E402

PROGRAMME = b"members: [{id: m, name: M, alerts: [ops@member.example], systems: [{id: s, sources: [192.0.2.10, 192.0.2.11, 192.0.2.12]}]}]"


def told(daemon, sink, source, day):
    """The source falls on a day of its own, and this sink gets the mail about it."""
    daemon.set_clock(f"2026-01-{day:02}T08:00:00Z")
    before = len(sink.mails)
    daemon.command("suspend", source, "anna", "it sends what it did not")
    daemon.wait(lambda: any(source in mail for mail in sink.mails[before:]), f"tell of {source}")


def play(disk):
    first, second, third = Sink(), Sink(), Sink()
    with vouch.Vouchd(mail_to(first, "one@list.example"), data=os.path.join(disk.folder, "data")) as daemon:
        daemon.set_clock("2026-01-04T08:00:00Z")
        daemon.post("/v1/programme", PROGRAMME, apply=1, actor="anna")
        daemon.command("accept", "m", "anna", "control is proven")
        told(daemon, first, "192.0.2.10", 5)
        disk.take_space()
        # What must be written cannot be: all stays as it was, the way to people too.
        if "event=reload_refused" not in daemon.reload(""):
            raise feed.Lost("that nobody is told any more was not noted, and the reload is not refused")
        # Another server wants nothing of the store.
        if "event=reloaded" not in daemon.reload(mail_to(second, "two@list.example")):
            raise feed.Lost("a reload to another server is refused on a full disk")
        disk.make_space()
        told(daemon, second, "192.0.2.11", 6)
        if "event=reloaded" not in daemon.reload(mail_to(third, "three@list.example")):
            raise feed.Lost("a reload to another server is refused")
        told(daemon, third, "192.0.2.12", 7)
    print(f"told: {len(first.mails)}, {len(second.mails)}, {len(third.mails)} mails")


if __name__ == "__main__":
    if not os.environ.get(full_disk_test.INSIDE):
        full_disk_test.in_namespace()
    with tempfile.TemporaryDirectory(prefix="vouch-disk-") as folder:
        disk = full_disk_test.Disk(folder)
        try:
            play(disk)
        except (feed.Lost, peers.PeerError, vouch.Refused, OSError, subprocess.SubprocessError) as failure:
            print(f"FAILED: {failure}", flush=True)
            sys.exit(1)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=False)
