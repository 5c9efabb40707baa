#!/usr/bin/env python3
"""bench/milter_bench.py [MAILS]: mails a second through Postfix with vouch-milter, and without any milter in the same run (2000 each, three rounds in turn, 4 kB each).

smtp-source sends over ten connections; Postfix throws away what it took. Certified mail is marked and counted, other mail asked for and passed on; names are
looked up through Unbound. The milter's socket is a file, or TCP. Each kind of mail comes from an address of its own in a network namespace; needs root. Takes
two minutes. Run: make bench N=milter.
"""

import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

TREE = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("VOUCH_BIN", os.environ.get("VOUCH_BUILD", str(TREE / "build" / "release")))
sys.path.insert(0, str(TREE / "tests" / "interop"))
import certified  # noqa: E402: the path is needed first
import milter  # noqa: E402
import peers  # noqa: E402
import vouch  # noqa: E402
from certified import INSIDE, LISTED, OTHER  # noqa: E402

NEEDED = ("postfix", "unbound", "smtp-source")
SESSIONS, ROUNDS, BYTES = 10, 3, 4000


def rate(postfix, client, mails):
    """Mails a second that Postfix takes from this address."""
    begin = time.monotonic()
    subprocess.run([peers.program("smtp-source"), "-d", "-s", str(SESSIONS), "-m", str(mails), "-l", str(BYTES), "-f", "news@sender.test", "-t",
                    milter.RECIPIENT, f"inet:{client}:{postfix.port}"], env=peers.ENV, stdout=sys.stderr, check=True, timeout=600)
    return mails / (time.monotonic() - begin)


def options(server, unbound, folder, **more):
    token = os.path.join(folder, "token")
    with open(token, "w", encoding="utf-8") as out:
        out.write(vouch.token_of("mailbox")[0])
    return milter.options(unbound, report_url=f"http://127.0.0.1:{server.http_port}/v1/reports", reporter="mailbox", token_file=token,
                          interval="1h", **more)


def measure(stack, folder, mails):
    """(what, rates with the milter, rates without) of each socket and kind of mail."""
    certified.own_resolver(folder)
    for address in (LISTED, OTHER):
        subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", "lo"], check=True)
    server = stack.enter_context(certified.daemon())
    unbound = stack.enter_context(certified.resolver(server, port=53))
    file = os.path.join(folder, "milter.sock")
    by_tcp = stack.enter_context(milter.Milter(options(server, unbound, folder, spool=os.path.join(folder, "spool"))))
    by_file = stack.enter_context(milter.Milter(options(server, unbound, folder, spool=os.path.join(folder, "spool2"), socket=f"local:{file}")))
    os.chmod(file, 0o777)  # smtpd is another user
    more = {"relay_transport": "discard:", "inet_interfaces": f"127.0.0.1, {LISTED}, {OTHER}"}
    plain = stack.enter_context(Postfix(1, settings={**more, "smtpd_relay_restrictions": "permit_auth_destination, reject"}))
    marked = {"a file": stack.enter_context(Postfix(1, settings=milter.settings(by_file, **more, smtpd_milters=f"unix:{file}"))),
              "TCP": stack.enter_context(Postfix(1, settings=milter.settings(by_tcp, **more)))}
    found = {(kind, socket): ([], []) for kind in (("certified", LISTED), ("other", OTHER)) for socket in marked}
    for postfix in (plain, *marked.values()):
        rate(postfix, LISTED, 200)
    for _ in range(ROUNDS):
        for ((_, client), socket), (with_it, without) in found.items():
            without.append(rate(plain, client, mails))
            with_it.append(rate(marked[socket], client, mails))
    return [(f"{kind} mails a second, the socket is {socket}", *rates) for ((kind, _), socket), rates in found.items()]


class Postfix(peers.Postfix):
    def _doors(self):
        return [f"{self.port} inet n - n - - smtpd\n"]


def main():
    if not os.environ.get(INSIDE):
        for name in NEEDED:
            if peers.why_not(name):
                print(f"{name}: {peers.why_not(name)}", file=sys.stderr)
                return 0
        return subprocess.run(["unshare", "--net", "--mount", sys.executable, "-B", *sys.argv], env={**os.environ, INSIDE: "yes"}, check=False).returncode
    mails = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with contextlib.redirect_stdout(sys.stderr), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, contextlib.ExitStack() as stack:
        os.chmod(folder, 0o755)
        rows = measure(stack, folder, mails)
    for what, with_it, without in rows:
        print(json.dumps({"bench": "milter", "what": what, "value": statistics.median(with_it),
                          "peer": "Postfix without a milter", "peer_value": statistics.median(without)}), flush=True)
    return 0


sys.exit(main())
