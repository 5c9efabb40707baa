#!/usr/bin/env python3
"""rspamd with contrib/rspamd: its symbols come for a certified sender and stop after a suspension, its own DWL rule too."""

import contextlib
import os
import shutil
import sys
import tempfile

import certified
import peers
from certified import BLOCKED, LISTED, OTHER, expect

WEIGHTS = {"VOUCH_CERTIFIED_ADDRESS": -0.5, "VOUCH_CERTIFIED_DOMAIN": -2.0}


# What dnswl.org says of the certified address: rspamd then asks no list that does not ignore it.
ELSEWHERE = ['local-zone: "list.dnswl.org." static',
             f'local-data: "{".".join(reversed(LISTED.split(".")))}.list.dnswl.org. A 127.0.9.3"']


def named(symbols, prefix="VOUCH"):
    return {name: weight for name, weight in symbols.items() if name.startswith(prefix)}


@contextlib.contextmanager
def configured(unbound, files):
    """rspamd with these files of contrib/rspamd, by their names in local.d."""
    with tempfile.TemporaryDirectory() as conf:
        os.mkdir(f"{conf}/local.d")
        for name, file in files.items():
            shutil.copy(certified.shipped(f"rspamd/{file}"), f"{conf}/local.d/{name}")
        with peers.Rspamd(unbound.port, conf) as rspamd:
            yield rspamd


def check_dwl(server, unbound, key):
    """The rule that rspamd has for DKIM domains finds them in our zone, under the names it makes itself."""
    with configured(unbound, {"rbl.conf": "dwl.conf"}) as rspamd:

        def hits(message):
            return set(named(rspamd.check(message, OTHER), "DWL"))

        got = hits(certified.mail(OTHER, key))
        expect(f"the symbol of the list's code, not {got}", got == {"DWL_DNSWL_HI"})
        expect("none without a signature", hits(certified.mail(OTHER)) == set())
        certified.suspend_and_wait(server, unbound)
        got = hits(certified.mail(OTHER, key))
        expect(f"none after the suspension, not {got}", got == set())


def check():
    key = certified.Key()
    with certified.daemon() as server, \
            certified.resolver(server, *key.unbound_options(), *certified.lies(), *ELSEWHERE) as unbound:
        with configured(unbound, {"rbl.conf": "rbl.conf", "rbl_group.conf": "rbl_group.conf"}) as rspamd:

            def hits(message, address):
                return named(rspamd.check(message, address))

            got = hits(certified.mail(LISTED, key), LISTED)
            expect(f"both symbols with their weights, not {got}", got == WEIGHTS)
            fresh = certified.mail(LISTED, key).split(b"\r\n", 1)[1]  # as a milter gets it, without our own Received
            expect("rspamd knows it from elsewhere", "RCVD_IN_DNSWL_HI" in rspamd.check(fresh, LISTED))
            got = hits(fresh, LISTED)
            expect(f"both symbols for who is on another allow list too, not {got}", got == WEIGHTS)
            expect("none for another", hits(certified.mail(OTHER), OTHER) == {})
            expect("none for another code", hits(certified.mail(BLOCKED), BLOCKED) == {})
            forged = certified.mail(OTHER, forged=certified.FORGED)
            expect("none for an address that stands deeper", hits(forged, OTHER) == {})
            spoilt = certified.mail(OTHER, key).replace(b"Good morning", b"Your account")
            expect("none for a signature that does not fit", hits(spoilt, OTHER) == {})
            certified.suspend_and_wait(server, unbound)
            got = hits(certified.mail(LISTED, key), LISTED)
            expect(f"none after the suspension, not {got}", got == {})
    with certified.daemon() as server, certified.resolver(server, *key.unbound_options()) as unbound:
        check_dwl(server, unbound, key)


if __name__ == "__main__":
    sys.exit(certified.run(check, "rspamd", "unbound"))
