#!/usr/bin/env python3
"""Every real server of peers.py starts, does its work against a small list, and stops.

peers_test.py [NAME...]: only the named ones. What fails here is the machine or the packages, not Vouch. Exim needs namespaces: exim_test.py.
"""

import os
import queue
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

import peers

ZONE = "list.example"
LISTED, OTHER = "198.18.0.7", "198.18.0.9"  # RFC 2544: filters do not know it as a private or illegal range
MAIL = (b"Received: from mail.example.test (mail.example.test [%s]) by mx.example.test with ESMTP id 1;"
        b" Mon, 5 Jan 2026 08:00:00 +0000\r\nFrom: a@example.test\r\nTo: u@example.test\r\nSubject: hello\r\n"
        b"Date: Mon, 5 Jan 2026 08:00:00 +0000\r\nMessage-ID: <1@example.test>\r\n\r\nGood morning.\r\n")


def expect(what, holds):
    if not holds:
        raise peers.PeerError(f"expected: {what}")


def the_list():
    return peers.Rbldnsd(ZONE, [":127.0.0.10:certified", LISTED])


def reverse(address):
    return ".".join(reversed(address.split("."))) + "." + ZONE


def check_rbldnsd():
    with the_list() as server:
        expect("a listed address answers", peers.dns(server.port, reverse(LISTED)).texts("A") == ["127.0.0.10"])
        expect("a TXT record", peers.dns(server.port, reverse(LISTED), "TXT").texts("TXT") == ["certified"])
        expect("NXDOMAIN for another", peers.dns(server.port, reverse(OTHER)).rcode == 3)
        with open(server.data, "a", encoding="utf-8") as data:
            data.write(OTHER + "\n")
        server.reload()
        server.wait(lambda: peers.dns(server.port, reverse(OTHER)).texts("A") == ["127.0.0.10"], "reload")


def check_unbound():
    with the_list() as server, peers.Unbound({ZONE: f"127.0.0.1@{server.port}"}) as unbound:
        answer = peers.dns(unbound.port, reverse(LISTED))
        expect(f"the zone through the resolver, got {answer}", answer.texts("A") == ["127.0.0.10"])
        expect("NXDOMAIN through the resolver", peers.dns(unbound.port, reverse(OTHER)).rcode == 3)


def check_dig():
    with the_list() as server:
        text = subprocess.run([peers.program("dig"), "+short", "@127.0.0.1", "-p", str(server.port), reverse(LISTED)],
                              env=peers.ENV, stdout=subprocess.PIPE, check=True, timeout=120).stdout
        expect("dig prints the answer", text.strip() == b"127.0.0.10")


def check_dnsperf():
    with the_list() as server, tempfile.NamedTemporaryFile("w", suffix=".txt") as questions:
        questions.write(f"{reverse(LISTED)} A\n{reverse(OTHER)} A\n")
        questions.flush()
        text = subprocess.run([peers.program("dnsperf"), "-s", "127.0.0.1", "-p", str(server.port), "-d", questions.name,
                               "-l", "1", "-c", "2"], env=peers.ENV, stdout=subprocess.PIPE, check=True,
                              timeout=120).stdout.decode()
        expect("dnsperf counts queries", "Queries per second" in text)


class Lmtp(socketserver.StreamRequestHandler):
    """Takes one mail after the other and puts it into server.mails."""

    def handle(self):
        self.say("220 sink LMTP")
        while line := self.rfile.readline():
            verb = line.split(b" ")[0].strip().upper()
            if verb == b"LHLO":
                self.say("250 sink")
            elif verb == b"DATA":
                self.say("354 go on")
                body = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.mails.put(body)
                self.say("250 stored")
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")


def check_postfix():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Lmtp) as sink:
        sink.daemon_threads, sink.mails = True, queue.Queue()
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        with peers.Postfix(sink.server_address[1]) as postfix:
            postfix.send("report@fbl.example", MAIL % LISTED.encode())
            body = sink.mails.get(timeout=peers.READY_SECONDS)
            expect("the mail arrives by LMTP", b"Good morning." in body)
            postfix.wait_line("status=sent (250 stored)")
        sink.shutdown()


def check_rspamd():
    with the_list() as server, tempfile.TemporaryDirectory() as conf:
        os.mkdir(f"{conf}/local.d")
        with open(f"{conf}/local.d/rbl.conf", "w", encoding="utf-8") as out:
            out.write('rbls { certified { symbol = "RCVD_CERTIFIED"; rbl = "%s"; ipv4 = true; ipv6 = true;'
                      ' checks = ["from"]; returncodes { CERTIFIED_OK = "127.0.0.10"; } } }\n' % ZONE)
        with peers.Rspamd(server.port, conf) as rspamd:
            hit = rspamd.check(MAIL % LISTED.encode(), LISTED)
            expect(f"the symbol for a listed address, got {hit}", "CERTIFIED_OK" in hit)
            expect("no symbol for another", "CERTIFIED_OK" not in rspamd.check(MAIL % OTHER.encode(), OTHER))


def check_spamassassin():
    with the_list() as server, tempfile.TemporaryDirectory() as conf:
        with open(f"{conf}/certified.cf", "w", encoding="utf-8") as out:
            out.write(f"header RCVD_IN_CERTIFIED eval:check_rbl('certified-firsttrusted','{ZONE}.','^127\\.0\\.0\\.10$')\n"
                      "tflags RCVD_IN_CERTIFIED net nice\nscore RCVD_IN_CERTIFIED -5\n")
        with peers.SpamAssassin(server.port, conf) as assassin:
            assassin.lint()
            hit = assassin.check(MAIL % LISTED.encode())
            expect(f"the rule for a listed address, got {hit}", "RCVD_IN_CERTIFIED" in hit)
            expect("no rule for another", "RCVD_IN_CERTIFIED" not in assassin.check(MAIL % OTHER.encode()))


CHECKS = {"rbldnsd": check_rbldnsd, "unbound": check_unbound, "dig": check_dig, "dnsperf": check_dnsperf,
          "postfix": check_postfix, "rspamd": check_rspamd, "spamassassin": check_spamassassin}


def outcome(name):
    """Run one check: (word, what to print)."""
    for needed in (name,) if name == "postfix" else (name, "rbldnsd"):
        if peers.why_not(needed):
            return "FAILED" if peers.in_ci() else "skipped", f"{needed}: {peers.why_not(needed)}"
    start = time.monotonic()
    try:
        CHECKS[name]()
        return "ok", f"{time.monotonic() - start:5.1f} s"
    except (peers.PeerError, OSError, queue.Empty, subprocess.SubprocessError) as error:
        return "FAILED", f"{type(error).__name__}: {error}"


def main():
    words = []
    for name in sys.argv[1:] or CHECKS:
        word, detail = outcome(name)
        words.append(word)
        print(f"{word:8}{name:14} {detail}", flush=True)
    if "FAILED" in words:
        return 1
    return 0 if "ok" in words else peers.SKIPPED


if __name__ == "__main__":
    sys.exit(main())
