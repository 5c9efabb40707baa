"""Dovecot as the mailbox behind Postfix: mail in by LMTP, users by IMAP, and contrib/dovecot, which tells vouch-milter what they move.

Its programs look for each other where the package has them. So a test that needs it runs in a mount namespace of its own,
in which own_folders() was called.
"""

import contextlib
import imaplib
import os
import shutil
import smtplib
import subprocess

import certified
import peers
import vouch

PASSWORD = "open-sesame"
CONFIG = """\
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {log}
import_environment = LD_LIBRARY_PATH PATH
protocols = lmtp imap
ssl = no
disable_plaintext_auth = no
listen = 127.0.0.1
first_valid_uid = 1
first_valid_gid = 1
default_internal_user = {user}
default_internal_group = nogroup
default_login_user = {login}
default_vsz_limit = 0
mail_location = maildir:{dir}/mail/%n
mail_max_userip_connections = 100
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid=nogroup home={dir}/mail/%n allow_all_users=yes
}}
service config {{
  executable = config -c {dir}/dovecot.conf
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  mailbox Trash {{
    auto = create
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = create
  }}
}}
"""


def own_folders():
    """/usr/lib/dovecot is that of the unpacked package, in the mount namespace of this process alone.

    What is needed for it lies on a file system of the namespace at /mnt, never in a folder that a test removes: the true
    /usr/lib hangs there, read-only.
    """
    if peers.peer_file("/usr/lib/dovecot") == "/usr/lib/dovecot":
        return
    subprocess.run(["mount", "-t", "tmpfs", "none", "/mnt"], check=True)
    old, new = "/mnt/lib-old", "/mnt/lib-new"
    for path in (old, new):
        os.mkdir(path)
    subprocess.run(["mount", "--bind", "/usr/lib", old], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", old], check=True)
    for name in os.listdir(old):
        if name != "dovecot":
            os.symlink(os.path.join(old, name), os.path.join(new, name))
    os.symlink(peers.peer_file("/usr/lib/dovecot"), os.path.join(new, "dovecot"))
    subprocess.run(["mount", "--bind", new, "/usr/lib"], check=True)


class Dovecot(peers.Server):
    """One Dovecot; each user of any name has the PASSWORD. votes: the socket of vouch-milter."""

    name = "dovecot"

    def __init__(self, votes):
        self.votes, self.lmtp_port, self.imap_port = votes, peers.free_port(), peers.free_port()
        super().__init__()

    def _hooks(self):
        """Those of contrib/, with their paths as they are here."""
        for name in ("junk.sieve", "not-junk.sieve", "90-vouch.conf", "bin/vouch-vote"):
            with open(certified.shipped(f"dovecot/{os.path.basename(name)}"), encoding="utf-8") as text:
                hook = text.read().replace("/etc/dovecot/vouch", os.path.join(self.dir, "vouch"))
            self.write(f"vouch/{name}", hook.replace("/run/vouch-milter/votes.sock", self.votes)
                       .replace("PATH=$PATH:", f"LD_LIBRARY_PATH= PATH={vouch.BIN}:$PATH:"))
        os.chmod(self.path("vouch", "bin", "vouch-vote"), 0o755)

    def _start(self):
        user, login = "games", "nobody"  # of the base system; no process of theirs runs here
        os.mkdir(os.path.join(self.dir, "mail"))
        shutil.chown(os.path.join(self.dir, "mail"), user)
        self._hooks()
        for path in (os.path.join(self.dir, "vouch"), os.path.join(self.dir, "run"), os.path.join(self.dir, "state")):
            os.makedirs(path, exist_ok=True)
        shutil.chown(os.path.join(self.dir, "vouch"), user)  # compiled scripts lie beside
        config = self.write("dovecot.conf", CONFIG.format(dir=self.dir, log=self.log, user=user, login=login, password=PASSWORD,
                                                          lmtp_port=self.lmtp_port, imap_port=self.imap_port)
                            + f"!include {self.dir}/vouch/90-vouch.conf\n")
        self.run(["doveconf", "-f", "service=master", "-c", config, "-m", "master", "-e", peers.program("dovecot"), "-F"],
                 self._greets)

    def _greets(self):
        with contextlib.suppress(smtplib.SMTPException, imaplib.IMAP4.error):
            with smtplib.LMTP("127.0.0.1", self.lmtp_port, timeout=2), self.login("ready"):
                return True
        return False

    def login(self, user):
        imap = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=60)
        imap.login(user, PASSWORD)
        return imap

    def count(self, user, folder="INBOX"):
        with self.login(user) as imap:
            return int(imap.select(folder, readonly=True)[1][0])

    def move(self, user, numbers, source, target):
        """What a user does with the mails of these numbers (an IMAP sequence set)."""
        with self.login(user) as imap:
            imap.select(source)
            status, words = imap._simple_command("MOVE", numbers, target)  # imaplib knows MOVE by UID only
            certified.expect(f"the mails to be moved: {words}", status == "OK")
