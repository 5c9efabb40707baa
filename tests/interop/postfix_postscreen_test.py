#!/usr/bin/env python3
"""postscreen with contrib/postfix/postscreen.cf: a certified client is let through at once, and no longer after it fell.

postscreen remembers a verdict for the TTL of the answer, within its bounds. Two of them see the same client fall: one that
may forget after a second, and one with a long postscreen_dnsbl_min_ttl, which lets it in when every resolver knows better.
"""

import concurrent.futures
import os
import sys
import tempfile
import time

import certified
import peers
import vouch
from certified import BLOCKED, INSIDE, LISTED, OTHER, RECIPIENT, expect

BLOCKLIST = "block.test"
GREET_WAIT = 8  # who is not certified waits so long, and an answer of DNS is waited for
HANDED_ON, DEEP_TEST = 250, 450  # RCPT: by smtpd behind it, or by postscreen itself, which tests on


def answer(postscreen, client):
    """The status of RCPT for a client with this address, in a session of its own."""
    with postscreen.session(client) as smtp:
        smtp.ehlo("mail.test")
        smtp.mail("a@sender.test")
        code, words = smtp.rcpt(RECIPIENT)
        print(f"{postscreen.settings['postscreen_dnsbl_min_ttl']} {client}: {code} {words.decode()}", flush=True)
        smtp.quit()
        return code


def settings(**more):
    """Those of contrib/, where it tests until after the greeting, and does not wait long before."""
    relay = {"smtpd_relay_restrictions": "reject_unauth_destination", "mynetworks": "127.0.0.1/32",
             "relay_recipient_maps": f"inline:{{ {RECIPIENT}=ok }}"}
    return {**certified.settings("postfix/postscreen.cf"), **relay, "postscreen_greet_wait": f"{GREET_WAIT}s",
            "postscreen_bare_newline_enable": "yes", **more}


def all_tested(sessions):
    """Those who wait do so at the same time."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for who, code in zip(sessions, pool.map(lambda session: answer(*session), sessions.values())):
            expect(f"{who} to be tested, not {code}", code == DEEP_TEST)


def blocklist():
    """Lines for a resolver that knows a blocklist with LISTED on it."""
    return [f'local-zone: "{BLOCKLIST}." static',
            f'local-data: "{vouch.question(LISTED, BLOCKLIST)}. A 127.0.0.2"']


def check():
    long = {"postscreen_dnsbl_min_ttl": "1h", "postscreen_dnsbl_max_ttl": "1h"}
    short = {"postscreen_dnsbl_min_ttl": "1s", "postscreen_dnsbl_max_ttl": "1h"}
    with tempfile.TemporaryDirectory() as folder:
        certified.own_resolver(folder)
        with certified.daemon() as server, \
                certified.resolver(server, *certified.lies(), *blocklist(), port=53) as unbound, \
                peers.Postscreen(1, settings=settings(**short)) as forgets, \
                peers.Postscreen(1, settings=settings(**long)) as keeps:
            for postscreen in (forgets, keeps):
                expect("no unknown or unused setting", not postscreen.lines("unused parameter"))
                expect("a certified client to be handed on", answer(postscreen, LISTED) == HANDED_ON)
                postscreen.wait_line(f"PASS NEW [{LISTED}]")  # for the first time
            sites = f"{forgets.settings['postscreen_dnsbl_sites']}, {BLOCKLIST}"
            with peers.Postscreen(1, settings=settings(postscreen_dnsbl_sites=sites)) as both:
                all_tested({"another client": (forgets, OTHER), "another client there too": (keeps, OTHER),
                            "a client with another code": (forgets, BLOCKED),
                            "a client that is on a blocklist too": (both, LISTED)})
            fell = time.monotonic()
            certified.suspend_and_wait(server, unbound)
            forgets.wait(lambda: answer(forgets, LISTED) == DEEP_TEST, "test the fallen client")
            print(f"not passed any more {time.monotonic() - fell:.1f} s after it fell", flush=True)
            expect("what is remembered to be stronger than all resolvers", answer(keeps, LISTED) == HANDED_ON)
            keeps.wait_line(f"PASS OLD [{LISTED}]")
            server.command("clear", LISTED, "analyst", "it was a false alarm")
            forgets.wait(lambda: answer(forgets, LISTED) == HANDED_ON, "let it through again")


if __name__ == "__main__":
    if not os.environ.get(INSIDE):
        certified.in_namespace("postfix", "unbound")
    sys.exit(certified.run(check, "postfix", "unbound"))
