#!/usr/bin/env python3
"""dig asks in every way it knows: sizes, versions and options of EDNS, classes, opcodes, flags, letters, TCP with many at once."""

import re
import subprocess
import sys

import certified
import peers
import vouch
from certified import DOMAIN, LISTED, OTHER, expect

NAME, NONE = vouch.question(LISTED), vouch.question(OTHER)
# What dig is told, the status, and how many answers.
ROWS = (
    ((NAME, "A"), "NOERROR", 1),
    ((NAME, "TXT"), "NOERROR", 1),
    ((NAME, "AAAA"), "NOERROR", 0),
    ((NAME, "ANY"), "NOERROR", 1),
    ((NAME, "TYPE65280"), "NOERROR", 0),
    ((NAME.upper(), "A"), "NOERROR", 1),
    ((vouch.question(DOMAIN), "A"), "NOERROR", 1),
    ((NONE, "A"), "NXDOMAIN", 0),
    (("elsewhere.example", "A"), "REFUSED", 0),
    ((".", "NS"), "REFUSED", 0),
    ((NAME, "A", "-c", "CH"), "REFUSED", 0),
    ((NAME, "A", "-c", "HS"), "REFUSED", 0),
    (("version.bind", "TXT", "-c", "CH"), "REFUSED", 0),
    ((NAME, "A", "+noedns", "+nocookie"), "NOERROR", 1),
    ((NAME, "A", "+bufsize=0"), "NOERROR", 1),
    ((NAME, "A", "+bufsize=65535"), "NOERROR", 1),
    ((NAME, "A", "+dnssec", "+cdflag", "+adflag"), "NOERROR", 1),
    ((NAME, "A", "+edns=1", "+noednsneg"), "BADVERS", 0),
    ((NAME, "A", "+edns=255", "+noednsneg"), "BADVERS", 0),
    ((NAME, "A", "+edns=1", "+ednsneg"), "NOERROR", 1),
    ((NAME, "A", "+nsid", "+expire", "+padding=512", "+subnet=192.0.2.0/24", "+ednsopt=65001:cafe"), "NOERROR", 1),
    ((NAME, "A", "+ednsflags=0x7fff"), "NOERROR", 1),
    ((NAME, "A", "+zflag"), "NOERROR", 1),
    ((NAME, "A", "+cookie=0102030405060708"), "NOERROR", 1),
    ((NAME, "A", "+cookie=0102030405060708" + 16 * "ab"), "NOERROR", 1),
    ((NAME, "A", "+ednsopt=10:0102"), "FORMERR", 0),
    ((NAME, "A", "+header-only", "+noedns"), "FORMERR", 0),
    ((NAME, "A", "+header-only", "+cookie=0102030405060708"), "NOERROR", 0),
    *(((NAME, "A", f"+opcode={n}"), "NOTIMP", 0) for n in (1, 2, 4, 5, 6, 15)),
)


def dig(port, *words):
    """All that dig prints; it fails when it finds an answer malformed."""
    argv = [peers.program("dig"), "@127.0.0.1", "-p", str(port), "+tries=1", "+time=60", "+qr", *words]
    done = subprocess.run(argv, env=peers.ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
                          timeout=120, check=False)
    expect(f"no complaint of dig: {' '.join(words)}\n{done.stdout}",
           done.returncode == 0 and not re.search(r"malformed|Got bad packet|mismatch|extra bytes", done.stdout))
    return done.stdout


def answers(text):
    """(status, count of answers) of each reply in it, the questions left out."""
    return [(status, int(count)) for status, flags, count in
            re.findall(r"status: (\w+), id: \d+\n;; flags:([^;]*); .*?ANSWER: (\d+)", text) if " qr" in flags]


def check():
    with certified.daemon(f"    txt: {60 * '$'}\n") as server:  # 60 times the source: more than 512 bytes
        for transport in ("+notcp", "+tcp"):
            for words, status, count in ROWS:
                got = answers(dig(server.dns_port, transport, *words))
                expect(f"{status} and {count} for {transport} {' '.join(words)}, not {got}", got[-1:] == [(status, count)])
        many = [word for i in range(50) for word in ((NAME if i % 2 else NONE), "A", "+tcp", "+keepopen")]
        got = answers(dig(server.dns_port, "+tcp", "+keepopen", *many))
        expect(f"answers to 50 on one connection, not {got}", got == [("NXDOMAIN", 0), ("NOERROR", 1)] * 25)
        cut, whole = (dig(server.dns_port, how, "+noedns", NAME, "TXT") for how in ("+ignore", "+noignore"))
        expect(f"a cut answer by UDP, not {cut}", re.search(r"flags: qr aa tc rd;", cut) and answers(cut) == [("NOERROR", 0)])
        expect(f"dig to fetch it by TCP: {whole}", answers(whole)[-1] == ("NOERROR", 1) and 60 * LISTED in whole.replace('" "', ""))
        text = dig(server.dns_port, "+edns", NAME, "A")
        expect(f"our own size of UDP: {text}", re.search(r"flags: qr aa rd;.*EDNS: version: 0, flags:; udp: 1232\n", text, re.S))


if __name__ == "__main__":
    sys.exit(certified.run(check, "dig"))
