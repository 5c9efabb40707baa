#!/usr/bin/env python3
"""
Notices by TLS to real servers: mail through a Postfix that takes it after STARTTLS and a login that Dovecot checks, a webhook by https. A server whose
certificate does not hold, that offers no TLS or refuses the login gets nothing; the notice waits and says why.
"""

import os
import shutil
import ssl
import subprocess
import sys
import tempfile

import certified
import mailbox
import notices_test
import peers
import vouch
from certified import expect

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"  # where the system keeps whom it trusts
DOVECOT = """\
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {log}
import_environment = LD_LIBRARY_PATH PATH
protocols =
ssl = no
default_internal_user = {user}
default_internal_group = nogroup
default_login_user = {login}
default_vsz_limit = 0
passdb {{
  driver = static
  args = user=vouch password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid=nogroup home={dir} allow_all_users=yes
}}
service config {{
  executable = config -c {dir}/dovecot.conf
}}
service auth {{
  unix_listener {dir}/login {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class Logins(peers.Server):
    """Dovecot that checks logins for Postfix, at the socket `login` of its folder: of "vouch" with the PASSWORD, and of nobody else."""

    name = "dovecot"

    def _start(self):
        user, login = "games", "nobody"
        for name in ("run", "state"):
            os.mkdir(os.path.join(self.dir, name))
        config = self.write("dovecot.conf", DOVECOT.format(dir=self.dir, log=self.log, user=user, login=login, password=mailbox.PASSWORD))
        self.run(["doveconf", "-f", "service=master", "-c", config, "-m", "master", "-e", peers.program("dovecot"), "-F"],
                 lambda: os.path.exists(os.path.join(self.dir, "login")))


class Authority:
    """Who signs certificates, in a folder of its own. `trust` makes the system trust it: in this mount namespace alone."""

    def __init__(self, folder):
        self.folder = folder
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=An authority of this test", "-days", "30",
                     "-keyout", self.path("ca.key"), "-out", self.path("ca.crt"))
        shutil.copy(BUNDLE, self.path("bundle"))
        subprocess.run(["mount", "--bind", self.path("bundle"), BUNDLE], check=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    @staticmethod
    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def certificate(self, name, holder):
        """(certificate, key) for "IP:127.0.0.1" or "DNS:name"."""
        key, request, crt, extension = (self.path(f"{name}.{end}") for end in ("key", "csr", "crt", "ext"))
        with open(extension, "w", encoding="utf-8") as out:
            out.write(f"subjectAltName={holder}\n")
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.path("ca.crt"), "-CAkey", self.path("ca.key"), "-CAcreateserial",
                     "-days", "30", "-extfile", extension, "-out", crt)
        return crt, key

    def trust(self):
        with open(self.path("ca.crt"), encoding="ascii") as mine, open(BUNDLE, "a", encoding="ascii") as bundle:
            bundle.write(mine.read())


class Submission(notices_test.Mailboxes):
    """Postfix that takes mail of nobody but who has logged in; after STARTTLS, with this (certificate, key), or without TLS."""

    def __init__(self, logins, pair=None):
        self.logins, self.pair = logins, pair
        super().__init__(1)

    def _main_cf(self, account, group):
        tls = {"smtpd_tls_security_level": "encrypt", "smtpd_tls_cert_file": self.pair[0], "smtpd_tls_key_file": self.pair[1],
               "smtpd_tls_loglevel": "1"} if self.pair else {}
        return {**super()._main_cf(account, group), **tls, "smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot",
                "smtpd_sasl_path": os.path.join(self.logins.dir, "login"), "smtpd_client_restrictions": "permit_sasl_authenticated, reject"}


def settings(server, port, password):
    path = server.write("password", password + "\n")
    os.chmod(path, 0o600)
    return f"""\
notice_mail: smtp://127.0.0.1:{port}
notice_mail_user: vouch
notice_mail_password_file: {path}
notice_from: notices@certified.example
"""


def check_waits(server, postfix, number, words):
    """A test mail is tried, and waits; why stands with it, and nothing came to the server."""
    server.cli("notices", "test", notices_test.OPS)
    server.wait(lambda: notices_test.notice(server, number)["tries"] == 1, "try once")
    row = notices_test.notice(server, number)
    expect(f"it to wait: {row}", row["status"] == "waiting")
    expect(f"{words} in {row['error']!r}", any(word in row["error"].lower() for word in words))
    expect("the reason in the list", row["error"] in server.cli("notices").stdout)
    expect("no mail", not postfix.mails() and not postfix.lines("from=<"))


def check_mail(authority, logins):
    good, other = authority.certificate("good", "IP:127.0.0.1"), authority.certificate("other", "DNS:elsewhere.example")
    with vouch.Vouchd() as server:
        server.set_clock(notices_test.START)
        with Submission(logins, good) as postfix:
            server.configure(settings(server, postfix.port, mailbox.PASSWORD))
            server.set_clock(notices_test.START)
            check_waits(server, postfix, 1, ("certificate",))
            expect("no login over it", not postfix.lines("sasl_username"))
        authority.trust()
        with Submission(logins, other) as postfix:
            server.configure(settings(server, postfix.port, mailbox.PASSWORD))
            check_waits(server, postfix, 2, ("certificate", "match", "peer"))
            expect("no login over it", not postfix.lines("sasl_username"))
        with Submission(logins) as postfix:
            server.configure(settings(server, postfix.port, mailbox.PASSWORD))
            check_waits(server, postfix, 3, ("starttls", "tls", "ssl"))
            expect("no login without TLS", not postfix.lines("sasl_username"))
        with Submission(logins, good) as postfix:
            server.configure(settings(server, postfix.port, "wrong"))
            check_waits(server, postfix, 4, ("535", "login", "auth"))
            server.configure(settings(server, postfix.port, mailbox.PASSWORD))
            for number in range(1, 5):
                server.cli("notices", "retry", number)
            postfix.wait_mails(4)
            for number in range(1, 5):
                notices_test.wait_status(server, number, "delivered")
            postfix.wait_line("TLS connection established")
            postfix.wait_line("sasl_username=vouch")
        with notices_test.server_log(server) as log:
            told = log.read()
        expect("no password in the log", mailbox.PASSWORD not in told)
        expect("each try that failed in it, as a warning", len([line for line in told.split("\n") if "level=warn event=sent" in line]) >= 4)
        server.prove()


class Hook(notices_test.Hook):
    """The member's server, by https; `show` is the certificate that it has from now on."""

    def __init__(self):
        super().__init__()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.get_request = self.accept

    def show(self, certificate, key):
        self.context.load_cert_chain(certificate, key)

    def accept(self):
        connection, address = self.server.socket.accept()
        return self.context.wrap_socket(connection, server_side=True), address


def check_webhook(authority):
    """One notice, to a server with a self-made certificate, then with that of another host, then with its own."""
    own = authority.path("own.crt"), authority.path("own.key")
    authority.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=self-made", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "30",
                      "-keyout", own[1], "-out", own[0])
    with Hook() as hook, vouch.Vouchd() as server:
        key = server.write("key", "a key of the operator\n")
        server.configure(f"notice_webhook_key_file: {key}\nnotice_webhook_private: yes\n")
        server.set_clock(notices_test.START)
        programme = (notices_test.PROGRAMME % hook.port).replace("http://", "https://").replace(f"    alerts: [{notices_test.OPS}]\n", "")
        server.post("/v1/programme", programme.encode(), apply=1, actor="operator")
        server.command("accept", "harbour-bank", "operator", "control is proven")
        hook.show(*own)
        server.command("suspend", "harbour-news", "operator", "a phish went out")
        check_uncalled(server, hook, 1)
        hook.show(authority.path("other.crt"), authority.path("other.key"))
        server.cli("notices", "retry", 1)
        check_uncalled(server, hook, 2)
        hook.show(authority.path("good.crt"), authority.path("good.key"))
        server.cli("notices", "retry", 1)
        notices_test.wait_status(server, 1, "delivered")
        secret = server.cli("notices", "secret", "harbour-bank").stdout.strip()
        expect("one call, with a signature that fits", len(hook.calls) == 1 and notices_test.signed(secret, *hook.calls[0][1:]))
        server.prove()


def check_uncalled(server, hook, tries):
    server.wait(lambda: any(row["tries"] == tries for row in server.get("/v1/notices")["notices"]), f"try {tries} times")
    row = notices_test.notice(server, 1)
    expect(f"it to wait, for the certificate: {row}", row["status"] == "waiting" and
           any(word in row["error"].lower() for word in ("certificate", "match", "peer")))
    expect("no call", not hook.calls)


def check():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    mailbox.own_folders()
    folder = tempfile.mkdtemp(prefix="vouch-certificates-")
    os.chmod(folder, 0o755)
    try:
        authority = Authority(folder)
        with Logins() as logins:
            check_mail(authority, logins)
        check_webhook(authority)
    finally:
        subprocess.run(["umount", BUNDLE], check=False)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    NEEDED = ("postfix", "dovecot")
    if not os.environ.get(certified.INSIDE):
        certified.in_namespace(*NEEDED)
    sys.exit(certified.run(check, *NEEDED))
