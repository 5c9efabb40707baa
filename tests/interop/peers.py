"""Real servers for interop tests: each class starts one on free loopback ports, waits until it answers, and stops it.

The programs come from build/peers/root (script/peers); where a package is installed on the machine anyway, that one
serves. Every server has its own temporary directory, which is removed at the end. A server that dies or does not
answer in time raises PeerError with the end of its log. Use them with "with":

    with peers.Unbound({"list.example": "127.0.0.1@5300"}) as unbound:
        answer = peers.dns(unbound.port, "2.0.0.127.list.example", "A")

A test that needs a peer calls need("postfix") first: without it the test is skipped (exit 77), in CI it fails.
"""

import contextlib
import ctypes
import glob
import grp
import json
import math
import os
import pwd
import random
import shutil
import signal
import smtplib
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOT = os.environ.get("VOUCH_PEERS", os.path.join(TREE, "build", "peers", "root"))
SKIPPED = 77
READY_SECONDS = 300  # how long anything may take: it only ends what hangs


class PeerError(Exception):
    """A peer could not be started, or did not do what it was asked."""


# ---- programs and their environment


def _environment():
    """This process's environment with the unpacked programs and libraries first, as script/peers run has it."""
    env = dict(os.environ)
    script = os.path.join(os.path.dirname(ROOT), "env.sh")
    if os.path.exists(script):
        text = subprocess.run(["sh", "-c", '. "$0"; env -0', script], stdout=subprocess.PIPE, check=True).stdout
        env = dict(item.split("=", 1) for item in os.fsdecode(text).split("\0") if item)
    env["PATH"] = env.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin"
    env["LC_ALL"] = "C"
    return env


ENV = _environment()


def program(name):
    """The path of a peer's program, None if there is none."""
    return shutil.which(name, path=ENV["PATH"])


def peer_file(path):
    """An absolute path of a package's file: below the peers' root, else where an installed package has it."""
    inside = ROOT + path
    return inside if os.path.exists(inside) else path


def why_not(name):
    """Why a peer cannot be used here, in words; None if it can."""
    if not program(name):
        return "not here; script/peers fetches it"
    if name in ("postfix", "exim4") and os.geteuid() != 0:
        return "it must be started by root"
    return None


def in_ci():
    return os.environ.get("CI", "") in ("true", "1")


def need(*names):
    """Skip this test (exit 77) when a peer is missing or cannot run here; in CI that is a failure."""
    for name in names:
        if why_not(name):
            print(f"{'FAILED' if in_ci() else 'skipped'}: {name}: {why_not(name)}", flush=True)
            sys.exit(1 if in_ci() else SKIPPED)


# ---- ports and DNS questions


# Below those that the kernel hands out by itself, so that no client gets one before its server has bound it, or while that starts again.
PORTS, PORTS_OF_ONE = range(10000, 32700), 100


def _own_ports():
    """The ports of this process without end. Who holds the name of a hundred has them until it ends: tests beside each other share none."""
    for first in random.SystemRandom().sample(PORTS[::PORTS_OF_ONE], len(PORTS[::PORTS_OF_ONE])):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as holder, contextlib.suppress(OSError):
            holder.bind(f"\0vouch-tests-ports-{first}")
            while True:
                yield from range(first, first + PORTS_OF_ONE)


_PORTS = _own_ports()


def free_port():
    """A loopback port that is free for both TCP and UDP, and that nobody else is given meanwhile."""
    while True:
        port = next(_PORTS)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, contextlib.suppress(OSError):
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
            return port


DNS_TYPES = {"A": 1, "NS": 2, "SOA": 6, "TXT": 16, "AAAA": 28}


class Answer:
    """A DNS answer: rcode (0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED) and records as (type, ttl, text)."""

    def __init__(self, rcode, records):
        self.rcode, self.records = rcode, records

    def texts(self, kind):
        return sorted(text for rtype, _, text in self.records if rtype == DNS_TYPES[kind])

    def __repr__(self):
        return f"Answer(rcode={self.rcode}, records={self.records})"


def _skip_name(packet, at):
    while packet[at] != 0:
        if packet[at] >= 0xC0:
            return at + 2
        at += packet[at] + 1
    return at + 1


def parse(packet):
    _, flags, questions, answers, _, _ = struct.unpack_from("!6H", packet)
    at, records = 12, []
    for _ in range(questions):
        at = _skip_name(packet, at) + 4
    for _ in range(answers):
        at = _skip_name(packet, at)
        rtype, _, ttl, length = struct.unpack_from("!HHIH", packet, at)
        data, text, at = packet[at + 10:at + 10 + length], "", at + 10 + length
        if rtype in (DNS_TYPES["A"], DNS_TYPES["AAAA"]):
            text = socket.inet_ntop(socket.AF_INET if rtype == 1 else socket.AF_INET6, data)
        elif rtype == DNS_TYPES["TXT"]:
            while data:
                text, data = text + data[1:1 + data[0]].decode("latin-1"), data[1 + data[0]:]
        records.append((rtype, ttl, text))
    return Answer(flags & 15, records)


def dns(port, name, kind="A", host="127.0.0.1", timeout=60.0):
    """Ask one question by UDP and return the Answer; socket.timeout if none comes."""
    ident = random.SystemRandom().randrange(65536)
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.rstrip(".").split("."))
    packet = struct.pack("!6H", ident, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, DNS_TYPES[kind], 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        sock.connect((host, port))
        sock.send(packet)
        while True:
            reply = sock.recv(4096)
            if len(reply) >= 12 and reply[:2] == packet[:2]:
                return parse(reply)


# ---- one running server


def _die_with_parent():
    """In the child: end when the test ends, however that ends (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Server:
    """What all have in common: a directory, a process, a log, a question that shows that it is ready."""

    name = "server"

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix=f"vouch-{self.name}-")
        os.chmod(self.dir, 0o755)  # servers drop root and still read their files
        self.log = os.path.join(self.dir, f"{self.name}.log")
        self.process = None
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self):
        raise NotImplementedError

    def path(self, *parts):
        """A path in the server's directory; the folder it lies in is made."""
        full = os.path.join(self.dir, *parts)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        return full

    def write(self, name, text):
        full = self.path(name)
        with open(full, "w", encoding="utf-8") as out:
            out.write(text)
        return full

    def run(self, argv, ready, env=None, fds=()):
        """Start argv in the foreground and wait until ready() is true; OSError means not yet. fds: descriptors it inherits."""
        if not program(argv[0]):
            raise PeerError(f"{argv[0]} is not here; script/peers fetches it")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([program(argv[0])] + argv[1:], cwd=self.dir, env={**ENV, **(env or {})},
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            pass_fds=fds, start_new_session=True, preexec_fn=_die_with_parent)
        self.wait(ready, "be ready")

    def wait(self, happened, what, seconds=None):
        """Wait until happened() is true; the end of the log says why not."""
        end = time.monotonic() + (seconds or READY_SECONDS)
        while True:
            if self.process.poll() is not None:
                raise PeerError(f"{self.name} ended with status {self.process.returncode}\n{self.log_end()}")
            with contextlib.suppress(OSError):
                if happened():
                    return
            if time.monotonic() > end:
                raise PeerError(f"{self.name} did not {what} in time\n{self.log_end()}")
            time.sleep(0.05)

    def log_end(self, lines=40):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as text:
                return "".join(text.readlines()[-lines:])
        except OSError as error:
            return f"(no log: {error})"

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)  # its own session: nothing else is in this group
                self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and kind is not SystemExit:
            print(f"---- end of the log of {self.name}\n{self.log_end()}----", file=sys.stderr)
        self.stop()


# ---- DNS servers


class Own(Server):
    """A program of ours: it must end cleanly when it is asked to."""

    def terminate(self, seconds=60):
        """Ask it to end (a sanitizer that found something ends it otherwise)."""
        self.process.terminate()
        status = self.process.wait(seconds)
        if status != 0:
            raise PeerError(f"{self.name} ended with status {status}\n{self.log_end()}")

    def __exit__(self, kind, error, trace):
        try:
            if kind is None and self.process.poll() is None:
                self.terminate()
        finally:
            super().__exit__(kind, error, trace)


class Rbldnsd(Server):
    """rbldnsd with one ip4set zone. entries: lines of the data file, for example ["192.0.2.7"]. more: other zones, {zone: (dataset, entries)}."""

    name = "rbldnsd"

    def __init__(self, zone, entries, dataset="ip4set", check_seconds=60, more=None):
        self.zone, self.dataset, self.check_seconds = zone, dataset, check_seconds
        self.entries, self.more = list(entries), dict(more or {})
        self.port = free_port()
        super().__init__()

    def _start(self):
        self.data = self.write("zone", "\n".join(self.entries) + "\n")
        others = [f"{zone}:{dataset}:{self.fill(zone, entries)}" for zone, (dataset, entries) in self.more.items()]
        user = ["-u", "nobody:nogroup"] if os.geteuid() == 0 else []
        self.run(["rbldnsd", "-n", *user, "-w", self.dir, "-b", f"127.0.0.1/{self.port}", "-c",
                  str(self.check_seconds), f"{self.zone}:{self.dataset}:zone", *others],
                 lambda: dns(self.port, f"nothing.{self.zone}", timeout=0.3).rcode in (0, 3))

    def fill(self, zone, entries):
        """Write the entries of a zone of `more`; the name of its file."""
        self.write(f"zone-{zone}", "\n".join(entries) + "\n")
        return f"zone-{zone}"

    def change(self, entries, zone=None):
        """From now on the zone, or one of `more`, has these entries."""
        if zone:
            self.fill(zone, entries)
        else:
            self.write("zone", "\n".join(entries) + "\n")
        self.reload()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)


class Unbound(Server):
    """Unbound as a resolver. stubs: zone -> "address@port" of the server that is asked for it."""

    name = "unbound"

    def __init__(self, stubs, options=(), port=None):
        self.stubs, self.options = dict(stubs), list(options)
        self.port = port or free_port()
        super().__init__()

    def _start(self):
        lines = ["server:", "do-daemonize: no", 'chroot: ""', 'username: ""', f'directory: "{self.dir}"',
                 'pidfile: ""', "use-syslog: no", "verbosity: 1", "num-threads: 1", "interface: 127.0.0.1",
                 f"port: {self.port}", "do-ip6: no", "do-not-query-localhost: no", "access-control: 127.0.0.0/8 allow",
                 'module-config: "iterator"', *self.options]
        lines += ['local-zone: "." static']  # nothing else exists, and nobody waits for it
        for zone in self.stubs:
            lines += [f'local-zone: "{zone}." transparent', f'domain-insecure: "{zone}."']
        for zone, address in self.stubs.items():
            lines += ["stub-zone:", f'name: "{zone}."', f"stub-addr: {address}", "stub-first: no"]
        lines += ["remote-control:", "control-enable: no"]
        config = self.write("unbound.conf", "\n".join(lines) + "\n")
        self.run(["unbound", "-d", "-p", "-c", config],
                 lambda: dns(self.port, "localhost", timeout=0.3).texts("A") == ["127.0.0.1"])


# ---- Postfix


class Postfix(Server):
    """Postfix that takes mail for one domain by SMTP (self.port) and hands it over by LMTP to 127.0.0.1:lmtp_port.

    settings: more lines of main.cf. Needs root; it runs as a user and a group of the base system that no other
    process uses, so the package's own users need not exist.
    """

    name = "postfix"

    def __init__(self, lmtp_port, domain="fbl.example", settings=None):
        self.lmtp_port, self.domain, self.settings = lmtp_port, domain, dict(settings or {})
        self.port = free_port()
        super().__init__()

    def _owner(self):
        """(user, group) for the queue: not root, not nobody, and the group is not the user's own."""
        for user, group in (("postfix", "postdrop"), ("uucp", "news"), ("games", "list")):
            with contextlib.suppress(KeyError):
                account = pwd.getpwnam(user)
                if grp.getgrnam(group).gr_gid != account.pw_gid:
                    return account, group
        raise PeerError("no system user to run postfix as")

    def _queue(self, account, group):
        gid = grp.getgrnam(group).gr_gid
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
                     "saved", "trace"):
            os.makedirs(os.path.join(self.dir, "queue", name), 0o700)
            os.chown(os.path.join(self.dir, "queue", name), account.pw_uid, 0)
        for name, mode in (("maildrop", 0o730), ("public", 0o710)):
            full = os.path.join(self.dir, "queue", name)
            os.makedirs(full)
            os.chown(full, account.pw_uid, gid)
            os.chmod(full, mode)
        os.makedirs(os.path.join(self.dir, "queue", "pid"))
        os.makedirs(os.path.join(self.dir, "data"))
        os.chown(os.path.join(self.dir, "data"), account.pw_uid, account.pw_gid)

    def _main_cf(self, account, group):
        return {
            "compatibility_level": "3.6",
            "queue_directory": f"{self.dir}/queue", "data_directory": f"{self.dir}/data",
            "daemon_directory": peer_file("/usr/lib/postfix/sbin"), "command_directory": peer_file("/usr/sbin"),
            "shlib_directory": peer_file("/usr/lib/postfix"), "meta_directory": peer_file("/etc/postfix"),
            "mail_owner": account.pw_name, "setgid_group": group,
            "import_environment": "MAIL_CONFIG TZ LANG=C LD_LIBRARY_PATH",
            "maillog_file_prefixes": self.dir, "maillog_file": self.log,
            "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4", "myhostname": "mx.example.test",
            "mydestination": "", "local_recipient_maps": "", "alias_maps": "", "alias_database": "",
            "relay_domains": self.domain, "relay_recipient_maps": "", "transport_maps": "",
            "relay_transport": f"lmtp:inet:127.0.0.1:{self.lmtp_port}",
            "mynetworks": "127.0.0.0/8", "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "smtpd_peername_lookup": "no", "smtp_dns_support_level": "disabled", "lmtp_host_lookup": "native",
            "minimal_backoff_time": "1s", "maximal_backoff_time": "2s", "queue_run_delay": "1s",
            **self.settings,
        }

    def _start(self):
        account, group = self._owner()
        self._queue(account, group)
        config = "".join(f"{key} = {value}\n" for key, value in self._main_cf(account, group).items())
        self.write("conf/main.cf", config)
        with open(peer_file("/usr/share/postfix/master.cf.dist"), encoding="utf-8") as dist:
            services = [line for line in dist if not line.startswith(("smtp      inet", "#", "postlog "))]
        services = [line.replace("  y  ", "  n  ") for line in services]  # no chroot: the queue holds no /etc
        services += [*self._doors(), "postlog unix-dgram n - n - 1 postlogd\n"]
        self.write("conf/master.cf", "".join(services))
        master = os.path.join(peer_file("/usr/lib/postfix/sbin"), "master")
        self.run([master, "-c", os.path.join(self.dir, "conf"), "-d"], self._greets)

    def _doors(self):
        """The services that listen, as lines of master.cf."""
        return [f"127.0.0.1:{self.port} inet n - n - - smtpd\n"]

    def _greets(self):
        with socket.create_connection(("127.0.0.1", self.port), 2) as sock:
            return sock.recv(200).startswith(b"220")

    def send(self, recipient, message, sender=""):
        """Give one message (bytes) to Postfix by SMTP; it must accept it."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=READY_SECONDS) as smtp:
            smtp.sendmail(sender, [recipient], message)

    def reopen(self):
        """After the mail log was renamed: it goes on in a new one. Returns when that is there. Asked again each five seconds: who logs
        the reload itself may still have the old one open, and without mail nothing is logged after."""
        asked = -math.inf

        def begun():
            nonlocal asked
            if time.monotonic() > asked + 5:
                self.process.send_signal(signal.SIGHUP)
                asked = time.monotonic()
            return os.path.exists(self.log)

        self.wait(begun, "begin a new log")

    def lines(self, text):
        """The lines of its mail log that contain the text."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return [line for line in log if text in line]

    def wait_line(self, text):
        """Wait for a line in the mail log, for example "status=sent"."""
        self.wait(lambda: self.lines(text), f"log {text!r}")


class Postscreen(Postfix):
    """Postfix behind its postscreen, which believes who the client is by the PROXY protocol, as behind a balancer."""

    name = "postscreen"

    def __init__(self, lmtp_port, domain="inbox.test", settings=None):
        super().__init__(lmtp_port, domain, {"postscreen_upstream_proxy_protocol": "haproxy", **(settings or {})})

    def _doors(self):
        return [f"127.0.0.1:{self.port} inet n - n - 1 postscreen\n", "smtpd pass - - n - - smtpd\n",
                "dnsblog unix - - n - 0 dnsblog\n"]

    def _greets(self):
        with self.session("127.0.0.1"):
            return True

    @contextlib.contextmanager
    def session(self, client, seconds=60):
        """An SMTP session of a client with this address, greeted already."""
        smtp = smtplib.SMTP(timeout=seconds)
        smtp.sock = socket.create_connection(("127.0.0.1", self.port), seconds)
        try:
            smtp.sock.sendall(f"PROXY TCP4 {client} 127.0.0.1 40000 25\r\n".encode())
            code, words = smtp.getreply()
            if code != 220:
                raise OSError(f"greeted with {code} {words.decode()}")
            yield smtp
        finally:
            smtp.close()


# ---- Exim


class Exim(Server):
    """Exim that takes mail for one domain by SMTP (self.port, on all addresses) and puts it into one file (self.mails()).

    acl: the lines of its ACL section, with one named acl_check_rcpt; main: more lines of its main section; log: its
    log_file_path, when that is no file of its own. Its user must exist by name (own_names()), and it needs root; it asks the
    resolver of the machine.
    """

    name = "exim4"
    USER = "Debian-exim"  # built into the program

    def __init__(self, acl, main="", domain="inbox.test", log=None):
        self.acl, self.main, self.domain, self.log_path = acl, main, domain, log
        self.port = free_port()
        super().__init__()

    @classmethod
    def own_names(cls, folder):
        """Give its user and group a name, in the mount namespace of this process alone."""
        for path, line in (("/etc/passwd", f"{cls.USER}:x:64999:64999::/nonexistent:/usr/sbin/nologin"),
                           ("/etc/group", f"{cls.USER}:x:64999:")):
            own = os.path.join(folder, os.path.basename(path))
            with open(path, encoding="utf-8") as known, open(own, "w", encoding="utf-8") as out:
                out.write(f"{known.read().rstrip()}\n{line}\n")
            os.chmod(own, 0o644)
            subprocess.run(["mount", "--bind", own, path], check=True)

    def _start(self):
        for name in ("spool", "log", "mail"):
            os.mkdir(os.path.join(self.dir, name))
            shutil.chown(os.path.join(self.dir, name), self.USER, self.USER)
        self.main_log, self.mailbox = os.path.join(self.dir, "log", "main"), os.path.join(self.dir, "mail", "all")
        config = self.write("exim.conf", f"""\
primary_hostname = mx.example.test
spool_directory = {self.dir}/spool
log_file_path = {self.log_path or f"{self.dir}/log/%s"}
pid_file_path = {self.dir}/exim.pid
deliver_drop_privilege = true
keep_environment = LD_LIBRARY_PATH
tls_advertise_hosts =
timezone = UTC
acl_smtp_rcpt = acl_check_rcpt
acl_smtp_data = accept
{self.main}
begin acl
{self.acl}
begin routers
all:
  driver = accept
  domains = {self.domain}
  local_parts = u
  transport = file
begin transports
file:
  driver = appendfile
  file = {self.mailbox}
""")
        self.run(["exim4", "-bdf", "-q1h", "-C", config, "-oX", str(self.port)], self._greets)

    def _greets(self):
        with socket.create_connection(("127.0.0.1", self.port), 2) as sock:
            return sock.recv(200).startswith(b"220")

    def mails(self):
        """All it delivered, as text."""
        with contextlib.suppress(FileNotFoundError), open(self.mailbox, encoding="utf-8", errors="replace") as text:
            return text.read()
        return ""

    def lines(self):
        """Those of its main log."""
        with open(self.main_log, encoding="utf-8", errors="replace") as log:
            return log.read().splitlines()

    def log_end(self, lines=40):
        with contextlib.suppress(OSError), open(self.main_log, encoding="utf-8", errors="replace") as text:
            return super().log_end(lines) + "".join(text.readlines()[-lines:])
        return super().log_end(lines)


# ---- syslog


class Rsyslog(Server):
    """rsyslog at /dev/log, which writes what mail servers say into self.files, one per form: name -> path.

    It needs own_device() before, and root.
    """

    name = "rsyslogd"
    # Its own templates; those that it has for the wire end without a line end, so they are written out.
    SENT = "%HOSTNAME% %syslogtag:1:32%%msg:::sp-if-no-1st-sp%%msg%\\n"
    FORMS = {"RSYSLOG_TraditionalFileFormat": None, "RSYSLOG_FileFormat": None, "RSYSLOG_SyslogProtocol23Format": None,
             "TraditionalForward": "<%PRI%>%TIMESTAMP% " + SENT, "Forward": "<%PRI%>%TIMESTAMP:::date-rfc3339% " + SENT}

    @staticmethod
    def own_device():
        """An own /dev for this process alone, which must be in a mount namespace of its own: nodes are made, none of the machine's is used."""
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/dev"], check=True)
        for name, minor in (("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)):
            os.mknod(f"/dev/{name}", 0o666 | stat.S_IFCHR, os.makedev(1, minor))
            os.chmod(f"/dev/{name}", 0o666)
        os.symlink("/proc/self/fd", "/dev/fd")
        os.mkdir("/dev/shm", 0o1777)

    def _start(self):
        self.files = {form: self.path("files", form) for form in self.FORMS}
        rules = "".join(f'template(name="{form}" type="string" string="{text}")\n' for form, text in self.FORMS.items() if text)
        rules += "".join(f'mail.* action(type="omfile" file="{path}" template="{form}")\n' for form, path in self.files.items())
        config = self.write("rsyslog.conf", f'global(workDirectory="{self.dir}")\nmodule(load="imuxsock")\n{rules}')
        modules = glob.glob(peer_file("/usr/lib") + "/*/rsyslog")[0]
        self.run(["rsyslogd", "-n", "-f", config, "-i", self.path("pid"), "-M", modules], lambda: os.path.exists("/dev/log"))

    def reopen(self):
        """After a file was renamed: it goes on in a new one."""
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        super().stop()
        with contextlib.suppress(FileNotFoundError):
            os.unlink("/dev/log")


# ---- filters


class Rspamd(Server):
    """rspamd that asks 127.0.0.1:dns_port. conf_dir: a folder that holds local.d/, copied over the defaults.

    milter: then it is one, at this port of 127.0.0.1.
    """

    name = "rspamd"

    def __init__(self, dns_port, conf_dir=None, milter=None):
        self.dns_port, self.conf_dir, self.milter = dns_port, conf_dir, milter
        self.port = free_port()
        super().__init__()

    def _start(self):
        local = os.path.join(self.dir, "conf")
        for name in ("run", "db", "log", "conf/local.d", "conf/override.d", "conf/maps.d"):
            os.makedirs(os.path.join(self.dir, name), exist_ok=True)
        if self.conf_dir:
            shutil.copytree(self.conf_dir, local, dirs_exist_ok=True)
        # Its own list of 9,609 public suffixes takes 14 s to compile at each start; these tests have few links.
        suffixes = self.write("conf/suffixes", "com\nnet\norg\nexample\ntest\n")
        self.write("conf/override.d/options.inc", f'url_tld = "{suffixes}";\n'
                   f'dns {{ nameserver = ["127.0.0.1:{self.dns_port}"]; timeout = 2s; retransmits = 3; }}\n'
                   'local_addrs = [];\ndisable_hyperscan = true;\n')
        self.write("conf/override.d/logging.inc", 'type = "console"; level = "notice";\n')
        self.write("conf/override.d/worker-normal.inc", f'bind_socket = "127.0.0.1:{self.port}"; count = 1;\n')
        self.write("conf/override.d/worker-controller.inc", f'bind_socket = "127.0.0.1:{free_port()}";\n')
        self.write("conf/override.d/worker-proxy.inc", "enabled = false; count = 0;\n" if not self.milter else
                   f'bind_socket = "127.0.0.1:{self.milter}"; count = 1; milter = yes; timeout = 60s;\n'
                   'upstream "local" { self_scan = yes; default = yes; }\n')
        for module in ("fuzzy_check", "phishing", "dkim_signing", "antivirus", "rspamd_update", "asn", "elastic"):
            self.write(f"conf/override.d/{module}.conf", "enabled = false;\n")
        share = peer_file("/usr/share/rspamd")
        variables = {"CONFDIR": peer_file("/etc/rspamd"), "LOCAL_CONFDIR": local, "SHAREDIR": share,
                     "RULESDIR": f"{share}/rules", "LUALIBDIR": f"{share}/lualib", "PLUGINSDIR": f"{share}/plugins",
                     "WWWDIR": f"{share}/www", "RUNDIR": f"{self.dir}/run", "DBDIR": f"{self.dir}/db",
                     "LOGDIR": f"{self.dir}/log"}
        argv = ["rspamd", "-f", "-c", f"{variables['CONFDIR']}/rspamd.conf"]
        argv += ["-i"] if os.geteuid() == 0 else []
        argv += [f"--var={key}={value}" for key, value in variables.items()]
        self.run(argv, self._pongs, variables)

    def _pongs(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping", timeout=2) as reply:
            return reply.read().strip() == b"pong"

    def check(self, message, source):
        """Scan a message (bytes) as received from the address source; the symbols it got, name -> score."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/checkv2", data=message,
                                         headers={"IP": source, "From": "sender@example.test", "Rcpt": "u@example.test"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            symbols = json.load(reply)["symbols"]
        return {name: symbol.get("score", 0.0) for name, symbol in symbols.items()}


# Reads paths of messages, writes the rules that hit.
STANDING = """
use Mail::SpamAssassin;
$| = 1;
my $sa = Mail::SpamAssassin->new({ site_rules_filename => $ARGV[0], rules_filename => $ARGV[1], dont_copy_prefs => 1,
    userprefs_filename => '/dev/null' });
$sa->init(1);
while (my $path = <STDIN>) {
    chomp $path;
    open(my $file, '<', $path) or die $path;
    my $mail = $sa->parse([<$file>]);
    my $status = $sa->check($mail);
    print $status->get_names_of_tests_hit(), "\\n";
    $status->finish();
    $mail->finish();
}
"""


class SpamAssassin:
    """SpamAssassin, one process per message, asking 127.0.0.1:dns_port. conf_dir: *.cf files added to its own."""

    name = "spamassassin"

    def __init__(self, dns_port, conf_dir=None):
        self.dir = tempfile.mkdtemp(prefix="vouch-spamassassin-")
        self.log = ""
        for path in glob.glob(peer_file("/etc/spamassassin") + "/*.pre"):
            shutil.copy(path, self.dir)
        for path in glob.glob(os.path.join(conf_dir, "*.cf")) if conf_dir else []:
            shutil.copy(path, self.dir)
        with open(os.path.join(self.dir, "zz_test.cf"), "w", encoding="utf-8") as out:
            out.write(f"dns_server [127.0.0.1]:{dns_port}\ndns_available yes\nuse_bayes 0\n")

    def _argv(self, *more):
        script = program("spamassassin")
        # Its first line asks for taint mode (-T), which ignores PERL5LIB: name the folders.
        include = [f"-I{path}" for path in ENV.get("PERL5LIB", "").split(":") if path]
        return [program("perl"), "-T", *include, script, f"--siteconfigpath={self.dir}",
                f"--configpath={peer_file('/usr/share/spamassassin')}", "-x", *more]

    def _call(self, argv, message=b""):
        done = subprocess.run(argv, input=message, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                              env={**ENV, "HOME": self.dir}, check=False)
        self.log = done.stderr.decode("utf-8", "replace")
        if done.returncode != 0:
            raise PeerError(f"spamassassin ended with status {done.returncode}\n{self.log}")
        return done.stdout.decode("utf-8", "replace")

    @contextlib.contextmanager
    def process(self):
        """One process that scans one message after the other, as a child of spamd does: a function like check()."""
        argv = [self._argv()[0], *[f"-I{path}" for path in ENV.get("PERL5LIB", "").split(":") if path], "-e", STANDING,
                self.dir, peer_file("/usr/share/spamassassin")]
        path = os.path.join(self.dir, "message")
        with open(os.path.join(self.dir, "process.log"), "wb") as log, \
                subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env={**ENV, "HOME": self.dir},
                                 preexec_fn=_die_with_parent, encoding="utf-8") as process:

            def scan(message):
                with open(path, "wb") as out:
                    out.write(message)
                process.stdin.write(path + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
                if not line:
                    raise PeerError("the process that scans ended")
                return set(line.strip().split(","))

            yield scan

    def lint(self):
        """Check its configuration; PeerError with its words if it is wrong."""
        self._call(self._argv("--lint"))

    def check(self, message):
        """Scan a message (bytes); the set of rules that hit."""
        text = self._call(self._argv("-t", "--cf=add_header all Rules _TESTS(,)_"), message)
        unfolded = text.replace("\r", "").replace("\n\t", "").replace("\n ", "")
        for line in unfolded.split("\n"):
            if line.lower().startswith("x-spam-rules:"):
                return set(line.split(":", 1)[1].replace(" ", "").split(","))
        raise PeerError(f"spamassassin did not list its rules\n{text}\n{self.log}")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and kind is not SystemExit:
            print(f"---- what spamassassin said\n{self.log}----", file=sys.stderr)
        shutil.rmtree(self.dir, ignore_errors=True)
