#!/usr/bin/env python3
"""rspamd with contrib/rspamd: its symbols come for a certified sender and stop after a suspension."""

import os
import shutil
import sys
import tempfile

import certified
import peers
from certified import BLOCKED, LISTED, OTHER, expect

WEIGHTS = {"VOUCH_CERTIFIED_ADDRESS": -0.5, "VOUCH_CERTIFIED_DOMAIN": -2.0}


def ours(symbols):
    return {name: weight for name, weight in symbols.items() if name.startswith("VOUCH")}


def check():
    key = certified.Key()
    with certified.daemon() as server, certified.resolver(server, *key.unbound_options(), *certified.lies()) as unbound, \
            tempfile.TemporaryDirectory() as conf:
        os.mkdir(f"{conf}/local.d")
        for name in ("rbl.conf", "rbl_group.conf"):
            shutil.copy(certified.shipped(f"rspamd/{name}"), f"{conf}/local.d/{name}")
        with peers.Rspamd(unbound.port, conf) as rspamd:

            def hits(message, address):
                return ours(rspamd.check(message, address))

            got = hits(certified.mail(LISTED, key), LISTED)
            expect(f"both symbols with their weights, not {got}", got == WEIGHTS)
            expect("none for another", hits(certified.mail(OTHER), OTHER) == {})
            expect("none for another code", hits(certified.mail(BLOCKED), BLOCKED) == {})
            forged = certified.mail(OTHER, forged=certified.FORGED)
            expect("none for an address that stands deeper", hits(forged, OTHER) == {})
            spoilt = certified.mail(OTHER, key).replace(b"Good morning", b"Your account")
            expect("none for a signature that does not fit", hits(spoilt, OTHER) == {})
            certified.suspend_and_wait(server, unbound)
            got = hits(certified.mail(LISTED, key), LISTED)
            expect(f"none after the suspension, not {got}", got == {})


if __name__ == "__main__":
    sys.exit(certified.run(check, "rspamd", "unbound"))
