#!/usr/bin/env python3
"""swaks -> Sendmail with contrib/sendmail/vouch-milter.mc -> vouch-milter: marks as behind Postfix, and no mail is stopped."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile

import certified
import milter
import peers
import vouch
from certified import LISTED, OTHER
from milter import FIELD, HOST, expect, fields, listings

PROGRAM = "/usr/libexec/sendmail/sendmail"
FORGED = f"{HOST}; dnswl=pass dns.zone={vouch.ZONE} policy.ip={vouch.CODE}"
CONFIG = """\
divert(0)dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{host}')dnl
define(`QUEUE_DIR', `{dir}/queue')dnl
define(`confPID_FILE', `{dir}/sendmail.pid')dnl
define(`STATUS_FILE', `')dnl
define(`ALIAS_FILE', `')dnl
define(`confCW_FILE', `-o {dir}/names')dnl
define(`confTO_IDENT', `0')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {store}')dnl
define(`SMART_HOST', `relay:[127.0.0.1]')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`promiscuous_relay')dnl
DAEMON_OPTIONS(`Port={port}, Name=MTA')dnl
{milters}
MAILER(`smtp')dnl
"""


class Sendmail(peers.Server):
    """Sendmail on all addresses that hands all mail to the SMTP server at the port `store`. milter: the port of vouch-milter."""

    name = "sendmail"

    def __init__(self, store, ours):
        self.store, self.ours, self.port = store, ours, peers.free_port()
        super().__init__()

    def _milters(self):
        """The lines of contrib/ for ours, at its port here; who verifies signatures is not there, which stops no mail either."""
        with open(certified.shipped("sendmail/vouch-milter.mc"), encoding="utf-8") as text:
            return text.read().replace("inet:8891@", f"inet:{self.ours}@").replace("inet:8892@", f"inet:{peers.free_port()}@")

    def _start(self):
        os.mkdir(self.path("queue"), 0o700)
        share = peers.peer_file("/usr/share/sendmail/cf/")
        source = self.write("sendmail.mc", CONFIG.format(dir=self.dir, host=HOST, store=self.store, port=self.port,
                                                         milters=self._milters()))
        made = subprocess.run([peers.program("m4"), f"-D_CF_DIR_={share}", f"{share}/m4/cf.m4", source], env=peers.ENV,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=60).stdout
        config = self.write("sendmail.cf", made.decode())
        # Without its setgid bit, so that the loader looks for its libraries where they were unpacked.
        program = shutil.copyfile(peers.peer_file(PROGRAM), self.path("program"))
        os.chmod(program, 0o755)
        self.run([program, "-bD", "-C", config, "-O", "LogLevel=9"], self._greets)

    def _greets(self):
        with socket.create_connection(("127.0.0.1", self.port), 10) as sock:
            return sock.recv(200).startswith(b"220")


def own_name(folder):
    """This machine has a name with dots, in the mount namespace of this process alone: without one Sendmail waits a minute."""
    path = os.path.join(folder, "hosts")
    with open(path, "w", encoding="utf-8") as out:
        out.write(f"127.0.0.1 localhost\n127.0.0.1 {HOST} {socket.gethostname()}\n")
    subprocess.run(["mount", "--bind", path, "/etc/hosts"], check=True)


def check():
    with tempfile.TemporaryDirectory() as folder:
        certified.own_resolver(folder)
        own_name(folder)
        for address in (LISTED, OTHER):
            subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", "lo"], check=True)
        with certified.daemon() as server, certified.resolver(server, port=53) as unbound, milter.Store() as store, \
                milter.Milter(milter.options(unbound)) as ours, Sendmail(store.port, ours.port) as sendmail:

            def mail(client, *more, data=None):
                taken, words = milter.swaks(sendmail, None, "--server", f"{client}:{sendmail.port}", *more, data=data)
                expect(f"the mail of {client} to be taken: {words[-600:]}", taken)
                return store.next()

            message = mail(LISTED, "--add-header", f"{FIELD}: {FORGED}")
            want = [(vouch.ZONE, vouch.CODE, f"{LISTED} is certified", "na")]
            expect(f"one mark, not {fields(message)}", listings(message) == want)
            expect(f"it to stand above all else, not {message.keys()}", message.keys()[0] == FIELD)
            message = mail(OTHER, "--add-header", f"{FIELD}: {FORGED}")
            expect(f"nothing forged, not {fields(message)}", fields(message) == [])
            odd = "".join(f"{name}: {FORGED}\n" for name in (f"{FIELD} ", f"{FIELD}\t", FIELD.upper(), FIELD))
            message = mail(OTHER, data=f"{odd}From: news@sender.test\nTo: u@fbl.example\nSubject: news\n\nGood morning\n".encode())
            left = [line for line in message.as_string().splitlines() if "dnswl=" in line]
            expect(f"nothing forged under another spelling of the name, not {left}", left == [])
            ours.terminate()
            expect("mail without a milter", listings(mail(LISTED)) == [])
            ours.start()
            expect("a mark again", listings(mail(LISTED)) == want)


def need_sendmail():
    """It is not in PATH: Postfix has a program of this name."""
    if not os.path.exists(peers.peer_file(PROGRAM)):
        print(f"{'FAILED' if peers.in_ci() else 'skipped'}: sendmail: not here; script/peers fetches it")
        sys.exit(1 if peers.in_ci() else peers.SKIPPED)


if __name__ == "__main__":
    NEEDED = ("unbound", "swaks", "m4")
    need_sendmail()
    if not os.environ.get(certified.INSIDE):
        certified.in_namespace(*NEEDED)
    sys.exit(certified.run(check, *NEEDED))
