#!/usr/bin/env python3
"""DNS cookies with BIND: with one secret each takes the other's (RFC 9018), and as a resolver it shows us our own (RFC 7873).

BIND answers BADCOOKIE to who has no good one. We answer a good one as it is and make a new one for any other; the second has
gone on meanwhile, and the time stands in a cookie, so a new one is another.
"""

import json
import re
import subprocess
import sys
import time
import urllib.request

import certified
import nameservers
import peers
import vouch
from certified import LISTED, expect

SECRET, OTHER_SECRET = "e5e973e5a6b2a43f48e7dc849e37bfcf", "445536bcd2513298075a5d379663c962"
CLIENT = "fc93fc62807ddb86"


class Bind(peers.Server):
    """Asks the daemon for its zone, and tells by HTTP what it counted."""

    name = "bind"

    def __init__(self, upstream):
        self.upstream, self.port, self.http = upstream, peers.free_port(), peers.free_port()
        super().__init__()

    def _start(self):
        config = self.write("named.conf", f"""\
options {{
    directory "{self.dir}"; pid-file none; session-keyfile none;
    listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    recursion yes; dnssec-validation no; empty-zones-enable no;
    cookie-algorithm siphash24; cookie-secret "{SECRET}"; require-server-cookie yes;
}};
controls {{ }};
statistics-channels {{ inet 127.0.0.1 port {self.http}; }};
zone "{vouch.ZONE}" {{ type forward; forward only; forwarders {{ 127.0.0.1 port {self.upstream}; }}; }};
""")
        self.run(["named", "-g", "-c", config], lambda: ask(self.port)[0], nameservers.bind_env())

    def counts(self):
        """Of its questions to others, by name."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/json/v1/server", timeout=60) as reply:
            return json.load(reply)["views"]["_default"]["resolver"]["stats"]


def ask(port, cookie=CLIENT, subject=LISTED):
    """(status, cookie) of what dig is answered, when it shows this cookie; (None, None) without an answer."""
    argv = [peers.program("dig"), "@127.0.0.1", "-p", str(port), "+tries=1", "+time=60", "+nobadcookie", f"+cookie={cookie}",
            vouch.question(subject), "A"]
    text = subprocess.run(argv, env=peers.ENV, stdout=subprocess.PIPE, encoding="utf-8", timeout=120, check=False).stdout
    status = re.search(r"status: (\w+)", text)
    back = re.search(r"COOKIE: ([0-9a-f]+) \(good\)", text)
    return status and status.group(1), back and back.group(1)


def fresh(port):
    """A cookie of this server, when the second in it is over."""
    cookie = ask(port)[1]
    expect(f"a whole cookie of the client's, not {cookie}", re.fullmatch(CLIENT + "01000000[0-9a-f]{24}", cookie or ""))
    made = int(cookie[24:32], 16)
    while time.time() < made + 2:
        time.sleep(0.05)
    return cookie


def check_servers(server, bind):
    expect("BIND to want a cookie", ask(bind.port)[0] == "BADCOOKIE")
    of_bind = fresh(bind.port)
    expect("BIND's cookie to be ours", ask(server.dns_port, of_bind) == ("NOERROR", of_bind))
    ours = fresh(server.dns_port)
    expect("our cookie to be BIND's", ask(bind.port, ours)[0] == "NOERROR")
    wrong = ours[:-1] + ("1" if ours[-1] == "0" else "0")
    expect("one of another hash to be nobody's", ask(bind.port, wrong)[0] == "BADCOOKIE")
    status, back = ask(server.dns_port, wrong)
    expect(f"a new one for it, not {back}", status == "NOERROR" and back not in (None, wrong, ours))


def check():
    with certified.daemon(f"cookie_secret: {SECRET}\n") as server, Bind(server.dns_port) as bind:
        check_servers(server, bind)
        for last in range(20, 40):
            ask(bind.port, ask(bind.port)[1], f"198.18.0.{last}")
        counts = bind.counts()
        print({name: count for name, count in counts.items() if "Cookie" in name}, flush=True)
        expect("BIND to show us the cookie that we made", counts.get("ServerCookieOut", 0) >= 10)
        expect("BIND to take our answers for those of the asked", counts.get("CookieClientOk", 0) >= 20)
        server.configure(f"cookie_secret: [{OTHER_SECRET}, {SECRET}]\n")
        ours = fresh(server.dns_port)
        expect("a cookie of the next secret to be nobody's at BIND", ask(bind.port, ours)[0] == "BADCOOKIE")
        of_bind = fresh(bind.port)
        status, back = ask(server.dns_port, of_bind)
        expect(f"one of the last secret to be taken, and replaced, not {back}", status == "NOERROR" and back not in (None, of_bind))


if __name__ == "__main__":
    sys.exit(certified.run(check, "named", "dig"))
