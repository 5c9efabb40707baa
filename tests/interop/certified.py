"""A daemon with one certified sender behind a real resolver, and the files of contrib/."""

import base64
import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import peers
import vouch

LISTED, OTHER = "198.18.0.7", "198.18.0.9"  # RFC 2544: filters do not know it as a private or illegal range
BLOCKED = "198.18.0.11"  # a resolver that lies says of it what other lists say of the blocked
DOMAIN, SELECTOR = "news.sender.test", "s1"
TTL_SECONDS = 1
RECIPIENT = "u@inbox.test"
INSIDE = "VOUCH_TEST_INSIDE"  # set in namespaces of its own
START = "2026-01-05T00:00:00Z"
CONTRIB = os.path.join(peers.TREE, "contrib")


def programme(systems, key):
    """A programme file: a member with these systems (name -> sources), and a mailbox that reports, known by this key and value."""
    rows = "".join(f"      - id: {name}\n        sources: [{', '.join(map(json.dumps, sources))}]\n" for name, sources in systems.items())
    return f"""\
members:
  - id: sender
    name: Sender
    systems:
{rows}\
reporters:
  - id: mailbox
    kind: mailbox
    trust: full
    {key}
"""


PROGRAMME = programme({"sender-news": (LISTED, DOMAIN)}, "addresses: [reports@feedback.example]")
MAIL = """\
From: Sender <news@{domain}>
To: u@example.test
Subject: hello
Date: Mon, 5 Jan 2026 08:00:00 +0000
Message-ID: <1@{domain}>
"""


def shipped(name):
    """The path of a file of contrib/. Its zones are those of the daemon here (vouch.ZONE), so it is used as it is."""
    return os.path.join(CONTRIB, name)


def settings(name):
    """Those of a main.cf file of contrib/, key -> value."""
    with open(shipped(name), encoding="utf-8") as text:
        lines = [line for line in text.read().splitlines() if line and not line.startswith("#")]
    return dict(re.split(r"\s*=\s*", line, maxsplit=1) for line in re.sub(r"\n\s+", " ", "\n".join(lines)).split("\n"))


def expect(what, holds):
    if not holds:
        raise peers.PeerError(f"expected: {what}")


@contextlib.contextmanager
def daemon(config=""):
    """vouchd with LISTED and DOMAIN certified; its answers may be kept for TTL_SECONDS. config: more lines of vouch.yaml."""
    with vouch.Vouchd(config, ttl=f"{TTL_SECONDS}s") as server:
        server.set_clock(START)
        server.post("/v1/programme", PROGRAMME.encode(), apply=1, actor="operator")
        server.command("accept", "sender", "operator", "control is proven")
        yield server


def resolver(server, *options, port=None):
    """Unbound that asks this daemon. options: more lines of its server section."""
    stub = f"127.0.0.1@{server.dns_port}"
    return peers.Unbound({vouch.ZONE: stub, vouch.DOMAIN_ZONE: stub}, options, port)


def lies():
    """Lines for a resolver that answers BLOCKED with an address, as a list does that tells so whom it refuses."""
    return [f'local-zone: "{vouch.question(BLOCKED)}." static', f'local-data: "{vouch.question(BLOCKED)}. A 127.255.255.255"']


def in_namespace(*needed):
    """Start this program again in namespaces of its own, when these peers are here; does not return."""
    peers.need(*needed)
    if subprocess.run(["unshare", "--net", "--mount", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        os.environ[INSIDE] = "yes"
        os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, "-B", *sys.argv])
    print(f"{'FAILED' if peers.in_ci() else 'skipped'}: namespaces cannot be made here")
    sys.exit(1 if peers.in_ci() else peers.SKIPPED)


def own_resolver(folder):
    """127.0.0.1, port 53, is the resolver here."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    path = os.path.join(folder, "resolv.conf")
    with open(path, "w", encoding="utf-8") as out:
        out.write("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", path, os.path.realpath("/etc/resolv.conf")], check=True)


def suspend_and_wait(server, unbound):
    """The sender is suspended; returns when the resolver has forgotten its answers: how many seconds after the suspension the last question
    was put that it still answered as before (however late the answer came)."""
    server.command("suspend", "sender", "operator", "its mail is phishing")
    start, last = time.monotonic(), 0
    expect("NXDOMAIN from the daemon at once", server.ask(LISTED).rcode == 3)

    def forgot(name):
        nonlocal last
        put = time.monotonic() - start
        if peers.dns(unbound.port, vouch.question(name)).rcode == 3:
            return True
        last = max(last, put)
        return False

    for name in (LISTED, DOMAIN):
        unbound.wait(lambda name=name: forgot(name), "forget the answer")
    return last


class Key:
    """A DKIM key (RFC 6376) in a temporary folder; signs with openssl(1)."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "key.pem")
        self._openssl("genrsa", "-out", self.path, "1024")  # short enough for one string of a TXT record
        public = self._openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        self.record = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"

    def _openssl(self, *args, text=b""):
        return subprocess.run(["openssl", *args], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=True, timeout=60).stdout

    def unbound_options(self):
        return [f'local-zone: "{DOMAIN}." static',
                f"local-data: '{SELECTOR}._domainkey.{DOMAIN}. TXT \"{self.record}\"'"]

    def sign(self, headers, body, signer=f"d={DOMAIN};"):
        """The DKIM-Signature field for headers ("Name: value" lines, LF) and body (LF), relaxed/simple. signer: its tag d."""
        fields = [line.split(": ", 1) for line in headers.splitlines()]
        digest = hashlib.sha256(body.replace("\n", "\r\n").encode()).digest()
        value = (f"v=1; a=rsa-sha256; c=relaxed/simple; {signer} s={SELECTOR}; "
                 f"h={':'.join(name for name, _ in fields)}; bh={base64.b64encode(digest).decode()}; b=")
        signed = "".join(f"{name.lower()}:{text}\r\n" for name, text in fields) + f"dkim-signature:{value}"
        signature = self._openssl("dgst", "-sha256", "-sign", self.path, text=signed.encode())
        return f"DKIM-Signature: {value}{base64.b64encode(signature).decode()}\n"


def mail(address, key=None, forged=""):
    """A mail received from an address, signed when a key is given. forged: a Received field below the true one."""
    headers, body = MAIL.format(domain=DOMAIN), "Good morning.\n"
    received = (f"Received: from mail.example.test (mail.example.test [{address}]) by mx.example.test with ESMTP id 1;"
                " Mon, 5 Jan 2026 08:00:00 +0000\n")
    signature = key.sign(headers, body) if key else ""
    return (received + forged + signature + headers + "\n" + body).replace("\n", "\r\n").encode()


FORGED = (f"Received: from relay.sender.test (relay.sender.test [{LISTED}]) by mail.example.test with ESMTP id 2;"
          " Mon, 5 Jan 2026 07:59:00 +0000\n")


def run(check, *needed):
    """The end of a test program: 0, 1 with words, 77 when a peer is missing."""
    peers.need(*needed)
    try:
        check()
    except (peers.PeerError, vouch.Refused, OSError, subprocess.SubprocessError) as error:
        print(f"FAILED: {type(error).__name__}: {error}", flush=True)
        return 1
    return 0
