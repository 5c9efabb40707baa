#!/usr/bin/env python3
"""bench/receiver_bench.py [TTL...]: how long a source that fell is let through by real receivers in the worst case (60 and 5 s).

The worst case: the resolver learnt that the source is listed right before it fell, and postscreen asks the resolver right before that
forgets. Each TTL has a network and mount namespace of its own, in which the resolver of the machine is Unbound; needs root. Takes two
minutes. What is stated is in doc/why/receivers.md. Run: make bench N=receiver.
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

TREE = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("VOUCH_BIN", os.environ.get("VOUCH_BUILD", str(TREE / "build" / "release")))
sys.path.insert(0, str(TREE / "tests" / "interop"))
import certified  # noqa: E402: the path is needed first
import peers  # noqa: E402
import postfix_postscreen_test  # noqa: E402
import postfix_receiver_test  # noqa: E402
import vouch  # noqa: E402
from certified import INSIDE, LISTED  # noqa: E402

NEEDED = ("postfix", "unbound", "rspamd")
EACH_SECONDS = 0.25
LATE_SECONDS = 1  # so long before the resolver forgets postscreen asks it
OWN_BOUNDS = {"postscreen_dnsbl_min_ttl": "60s", "postscreen_dnsbl_max_ttl": "1h"}  # of Postfix


def listed(unbound):
    return bool(peers.dns(unbound.port, vouch.question(LISTED)).records)


def passed(postscreen):
    return postfix_postscreen_test.answer(postscreen, LISTED) == postfix_postscreen_test.HANDED_ON


def accepted(postfix):
    return postfix_receiver_test.answer(postfix, LISTED) == 250


def marked(rspamd):
    return any(name.startswith("VOUCH") for name in rspamd.check(certified.mail(LISTED), LISTED))


def measure(ttl, stack, folder):
    """(receiver, stated, seconds) of each."""
    certified.own_resolver(folder)
    certified.TTL_SECONDS = ttl
    server = stack.enter_context(certified.daemon())
    unbound = stack.enter_context(certified.resolver(server, port=53))
    os.mkdir(f"{folder}/local.d")
    for name in ("rbl.conf", "rbl_group.conf"):
        shutil.copy(certified.shipped(f"rspamd/{name}"), f"{folder}/local.d/{name}")
    # What lets it through; at which second it is asked first; what is stated.
    receivers = {
        "Unbound": (listed, unbound, 0, ttl + 1),
        "rspamd": (marked, stack.enter_context(peers.Rspamd(53, folder)), 0, ttl + 1),
        "smtpd, max_use=1": (accepted, stack.enter_context(peers.Postfix(1, settings=postfix_receiver_test.settings())), 0, ttl + 1),
    }
    for name, bounds, least in (("postscreen.cf", {}, 5), ("postscreen, own bounds", OWN_BOUNDS, 60)):
        postscreen = stack.enter_context(peers.Postscreen(1, settings=postfix_postscreen_test.settings(**bounds)))
        receivers[name] = (passed, postscreen, ttl - LATE_SECONDS, ttl + 1 + least)
    if not listed(unbound):  # now the resolver has it for the whole TTL
        raise peers.PeerError("the source is not listed")
    server.command("suspend", "sender", "operator", "measured")
    fell, took = time.monotonic(), {}

    def watch(name, lets, receiver, first):
        time.sleep(max(0, fell + first - time.monotonic()))
        while lets(receiver):
            took[name] = time.monotonic() - fell
            time.sleep(EACH_SECONDS)

    threads = [threading.Thread(target=watch, args=(name, lets, receiver, first))
               for name, (lets, receiver, first, _) in receivers.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [(name, receivers[name][3], took.get(name, 0)) for name in receivers]


def main():
    ttls = [int(word) for word in sys.argv[1:]] or [60, 5]
    if os.environ.get(INSIDE):
        with contextlib.redirect_stdout(sys.stderr), tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            os.chmod(folder, 0o755)
            rows = measure(ttls[0], stack, folder)
        for name, stated, seconds in rows:
            print(json.dumps({"bench": "receiver", "what": f"TTL {ttls[0]} s: seconds a fallen source passes, {name}", "value": seconds,
                              "peer": "stated", "peer_value": stated}), flush=True)
        return 0
    for name in NEEDED:
        if peers.why_not(name):
            print(f"{name}: {peers.why_not(name)}", file=sys.stderr)
            return 0
    runs = [subprocess.Popen(["unshare", "--net", "--mount", sys.executable, "-B", *sys.argv[:1], str(ttl)],
                             env={**os.environ, INSIDE: "yes"}) for ttl in ttls]
    return max(run.wait() for run in runs)


sys.exit(main())
