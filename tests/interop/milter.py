"""vouch-milter between real mail servers: the milter itself, OpenDKIM before it, and a mailbox behind Postfix.

    with milter.Milter({"address_zones": "[certified.example=127.0.0.10]"}) as ours, milter.Store() as store, \\
            peers.Postfix(store.port, settings=milter.settings(ours)) as postfix:
        milter.swaks(postfix, "198.18.0.7")
        message = store.next()
"""

import collections
import contextlib
import email
import http.server
import os
import queue
import re
import signal
import socket
import socketserver
import subprocess
import threading
import urllib.error
import urllib.request

import certified
import peers
import vouch

HOST = "mx.example.test"  # myhostname of peers.Postfix, so the authserv-id
RECIPIENT = "u@fbl.example"
FIELD = "Authentication-Results"
SECOND = "198.18.0.8"  # of another system than LISTED
SIGNALS = ("delivered", "unknown_user", "complaint", "not_spam", "spam_verdict")
# More of vouch.yaml: a secondary that is told of each change.
SECONDARY = """\
    ns: [ns1.dns.example]
transfers:
  - key: {key}
    secret: {secret}
    networks: 127.0.0.0/8
    notify: 127.0.0.1:{port}
"""
PROGRAMME = certified.programme({"sender-news": [certified.LISTED], "sender-alerts": [SECOND]},
                                f"token_sha256: {vouch.token_of('mailbox')[1]}")
expect = certified.expect


class Milter(peers.Own):
    """One vouch-milter. options: of vouch-milter.yaml, key -> value as it is written there."""

    name = "vouch-milter"

    def __init__(self, options=None):
        self.options, self.port, self.starts = dict(options or {}), peers.free_port(), 0
        super().__init__()

    def _start(self):
        self.options = {**shipped_options(), "socket": f"inet:{self.port}@127.0.0.1", **self.options}
        self.yaml = self.write("vouch-milter.yaml", "".join(f"{key}: {value}\n" for key, value in self.options.items()))
        self.start()

    def start(self):
        self.run([os.path.join(vouch.BIN, "vouch-milter"), "-c", self.yaml],
                 lambda: self.listens() > self.starts, vouch.OWN_ENV)
        self.starts = self.listens()

    def again(self, **options):
        """After it ended: with other options."""
        self.options.update(options)
        self._start()

    def listens(self):
        """How often it has opened its socket."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read().count(f"socket={self.options['socket']}")

    def freeze(self, yes):
        self.process.send_signal(signal.SIGSTOP if yes else signal.SIGCONT)


def shipped_options():
    """Those of the example in contrib/."""
    with open(certified.shipped("milter/vouch-milter.yaml"), encoding="utf-8") as text:
        return dict(line.strip().split(": ", 1) for line in text if line.strip() and not line.startswith("#"))


class OpenDkim(peers.Server):
    """OpenDKIM that verifies, as authserv-id HOST. records: name of a key -> its TXT record, in place of DNS."""

    name = "opendkim"

    def __init__(self, records):
        self.records, self.port = dict(records), peers.free_port()
        super().__init__()

    def _start(self):
        data = self.write("dns", "".join(f"{key} {value}\n" for key, value in self.records.items()))
        config = self.write("opendkim.conf", f"""\
Mode v
Socket inet:{self.port}@127.0.0.1
AuthservID {HOST}
TestDNSData file:{data}
Syslog no
RequireSafeKeys no
MinimumKeyBits 1024
""")
        self.run(["opendkim", "-f", "-x", config], lambda: is_open(self.port))


def is_open(port):
    with socket.create_connection(("127.0.0.1", port), 2):
        return True


class Serving:
    """Has a server, which answers from a thread of its own while it is entered."""

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind, error, trace):
        self.server.shutdown()
        self.server.server_close()


class Store(Serving):
    """A mailbox: takes all by LMTP; next() gives the messages in their order."""

    def __init__(self):
        store = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                with contextlib.suppress(ConnectionError):
                    store.serve(self.rfile, self.wfile)

        self.messages = queue.Queue()
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def serve(self, lines, out):
        """LMTP (RFC 2033), as little as Postfix needs; or SMTP, as Sendmail speaks it."""
        recipients, is_smtp = 0, False
        out.write(b"220 store\r\n")
        while line := lines.readline():
            verb, data = line[:4].upper(), b""
            recipients = {b"LHLO": 0, b"RCPT": recipients + 1}.get(verb, recipients)
            is_smtp = is_smtp or verb in (b"EHLO", b"HELO")
            if verb == b"DATA":
                out.write(b"354 go\r\n")
                while (line := lines.readline()) != b".\r\n":
                    data += line[1:] if line.startswith(b".") else line
                self.messages.put(email.message_from_bytes(data))
                out.write(b"250 2.0.0 taken\r\n" * (1 if is_smtp else recipients))
                recipients = 0
            else:
                out.write({b"LHLO": b"250-store\r\n250 PIPELINING\r\n", b"QUIT": b"221 bye\r\n"}.get(verb, b"250 2.0.0 ok\r\n"))

    def next(self):
        try:
            return self.messages.get(timeout=peers.READY_SECONDS)
        except queue.Empty:
            raise peers.PeerError("no mail came to the mailbox") from None


class Wire(Serving):
    """Stands between the milter and the operator, and keeps what goes over the wire. lose: so many answers get lost; away: nothing gets through."""

    def __init__(self, server):
        wire = self

        class Forward(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = 502
                if not wire.away:
                    wire.bodies.append(body)
                    status = wire.forward(self.path, body, self.headers)
                if wire.lose > 0:
                    wire.lose -= 1
                    self.close_connection = True
                else:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_):
                pass

        self.to, self.bodies, self.lose, self.away = server, [], 0, False
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forward)
        self.port = self.server.server_address[1]

    def forward(self, path, body, headers):
        """The status of the operator's answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.to.http_port}{path}", body,
                                         {"Authorization": headers["Authorization"], "Content-Type": headers["Content-Type"]})
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status
        except urllib.error.HTTPError as error:
            return error.code


def settings(*milters, **more):
    """Lines of main.cf for these milters, each with a port: those of contrib/. XCLIENT says where a mail comes from."""
    return {**certified.settings("postfix/milter.cf"), "smtpd_milters": ", ".join(f"inet:127.0.0.1:{m.port}" for m in milters),
            "milter_connect_timeout": "60s", "milter_command_timeout": "60s", "milter_content_timeout": "120s",
            "smtpd_authorized_xclient_hosts": "127.0.0.1", "smtpd_relay_restrictions": "permit_auth_destination, reject",
            "mynetworks": "127.0.0.1/32", **more}


def swaks(postfix, client, *options, data=None):
    """Send one mail with swaks as from this client; (is it taken?, what was said)."""
    argv = [peers.program("perl"), peers.program("swaks"), "--server", f"127.0.0.1:{postfix.port}", "--to", RECIPIENT,
            "--from", "news@sender.test", "--helo", "out.sender.test", *options]
    argv += ["--xclient-addr", client] if client else []
    argv += ["--data", "@-"] if data else []
    done = subprocess.run(argv, input=(data or b"").replace(b"\r\n", b"\n"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=peers.ENV, timeout=120, check=False)
    return done.returncode == 0, done.stdout.decode("utf-8", "replace")


def fields(message, name=FIELD):
    """The values of all fields of a name, unfolded."""
    return [" ".join(str(value).split()) for value in message.get_all(name, [])]


# One result of RFC 8904 section 3, to the letter: a comment may stand behind the method, and the text is a quoted string.
LISTING = re.compile(r'dnswl=pass (?:\([^()\\]*\) )?dns\.zone=([a-z0-9.-]+) policy\.ip=([0-9.]+)(?: policy\.txt="((?:[^"\\]|\\.)*)")?'
                     r" dns\.sec=(yes|no|na)")


def listings(message):
    """What the fields of ours say, read strictly: (zone, address, text, sec) of each result."""
    found = []
    for value in fields(message):
        if value.startswith(f"{HOST};") and "dnswl" in value:
            for result in value.split("; ")[1:]:
                match = LISTING.fullmatch(result)
                expect(f"a result as RFC 8904 has it, not {result!r}", match is not None)
                found.append(match.groups())
    return found


def options(unbound, **more):
    """Those of a milter that asks for the zones of vouchd through a resolver."""
    return {"resolvers": f"[127.0.0.1:{unbound.port}]", "trusted_authserv_ids": f"[{HOST}]", "timeout": "10s",
            "address_zones": f"[{vouch.ZONE}={vouch.CODE}]", "domain_zones": f"[{vouch.DOMAIN_ZONE}={vouch.CODE}]", **more}

def counting(unbound, port, folder, **more):
    """Of one that also counts: reports go to this port every second."""
    spool, token = os.path.join(folder, "spool"), os.path.join(folder, "token")
    os.mkdir(spool)
    with open(token, "w", encoding="utf-8") as out:
        out.write(vouch.token_of("mailbox")[0] + "\n")
    return options(unbound, report_url=f"http://127.0.0.1:{port}/v1/reports", reporter="mailbox", token_file=token, interval="1s",
                   spool=spool, votes=os.path.join(folder, "votes.sock"), **more)


def set_up(server):
    """The programme of those that count, by the clock on the wall."""
    server.set_clock(vouch.now())
    server.post("/v1/programme", PROGRAMME.encode(), apply=1, actor="operator")
    server.command("accept", "sender", "operator", "control is proven")


def counted(server):
    """What the daemon has of the sources, from their timelines: (source, signal) -> count."""
    got = collections.Counter()
    for source in (certified.LISTED, SECOND):
        for entry in server.get("/v1/timeline", subject=source, limit=1000)["entries"]:
            words = entry["words"].replace(",", "").split()
            for signal, count in zip(words, words[1:]):
                if signal in SIGNALS and count.isdigit():
                    got[source, signal] += int(count)
    return +got
