"""Name servers that follow our zones by transfer, with a TSIG key: Knot, NSD, PowerDNS, and BIND, which signs what it got (DNSSEC).

Each is a peers.Server; the zones are those of one primary on loopback. records(zone) is what it serves, by AXFR, as a set.
"""

import os
import subprocess

import peers

KEY, ALGORITHM = "secondaries.example", "hmac-sha256"
SECRET = "c2VjcmV0IG9mIHRoZSBzZWNvbmRhcmllcyBpbiB0ZXN0cw=="
OTHER_SECRET = "bm90IHRoZSBzZWNyZXQgb2YgdGhlIHNlY29uZGFyaWVzIQ=="
SIGNING = {"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY", "TYPE65534"}


def dig(port, *words, key=None):
    """What dig prints for a question, one record a line."""
    keyed = ["-y", key] if key else []
    return subprocess.run([peers.program("dig"), "+noall", "+answer", "+onesoa", "+tries=1", "+time=10", "@127.0.0.1", "-p",
                           str(port), *keyed, *words], env=peers.ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding="utf-8", timeout=120, check=False).stdout


def key_for_dig(secret=SECRET, algorithm=ALGORITHM):
    return f"{algorithm}:{KEY}:{secret}"


def bind_env():
    """What named needs beside peers.ENV to find its own libraries."""
    modules = peers.peer_file("/usr/lib/x86_64-linux-gnu/bind")
    return {"LD_LIBRARY_PATH": f"{modules}:{peers.ENV.get('LD_LIBRARY_PATH', '')}"} if os.path.isdir(modules) else {}


def zone_of(text):
    """The records of an AXFR as a set, without the SOA and what a signer adds."""
    lines = [line.split(None, 4) for line in text.splitlines() if line and not line.startswith(";")]
    return {(owner.lower(), ttl, kind, data) for owner, ttl, _, kind, data in lines if kind != "SOA" and kind not in SIGNING}


def serial_of(port, zone):
    """The serial a server has, None when it does not have the zone."""
    answer = dig(port, zone, "SOA").split()
    return int(answer[6]) if len(answer) > 6 and answer[3] == "SOA" else None


class Secondary(peers.Server):
    """primary: the port it transfers from; its own port is told of changes."""

    def __init__(self, primary, zones, port, secret=SECRET):
        self.primary, self.zones, self.port, self.secret = primary, list(zones), port, secret
        super().__init__()

    def records(self, zone):
        return zone_of(dig(self.port, zone, "AXFR"))

    def serial(self, zone):
        return serial_of(self.port, zone)

    def is_up(self):
        return "status:" in dig(self.port, "+comments", "nothing.example", "SOA")


class Knot(Secondary):
    name = "knot"

    def _start(self):
        zones = "".join(f"""
  - domain: {zone}
    master: primary
    acl: [notify, fetch]""" for zone in self.zones)
        config = self.write("knot.conf", f"""\
server:
    rundir: "{self.path('run', '.')}"
    listen: 127.0.0.1@{self.port}
database:
    storage: "{self.path('data', '.')}"
log:
  - target: stderr
    any: info
key:
  - id: {KEY}
    algorithm: {ALGORITHM}
    secret: {self.secret}
remote:
  - id: primary
    address: 127.0.0.1@{self.primary}
    key: {KEY}
acl:
  - id: notify
    key: {KEY}
    action: notify
  - id: fetch
    address: 127.0.0.1
    action: transfer
template:
  - id: default
    storage: "{self.path('zones', '.')}"
    journal-content: all
    zonefile-sync: -1
    zonefile-load: none
    refresh-min-interval: 2
    retry-max-interval: 2
zone:{zones}
""")
        self.run(["knotd", "-c", config], self.is_up)


class Nsd(Secondary):
    name = "nsd"

    def _start(self):
        zones = "".join(f"""
zone:
    name: {zone}
    zonefile: {zone}
    request-xfr: 127.0.0.1@{self.primary} {KEY}
    allow-notify: 127.0.0.1 {KEY}
    provide-xfr: 127.0.0.1 NOKEY
    max-retry-time: 2
    max-refresh-time: 60""" for zone in self.zones)
        config = self.write("nsd.conf", f"""\
server:
    ip-address: 127.0.0.1@{self.port}
    username: ""
    chroot: ""
    zonesdir: "{self.dir}"
    database: ""
    pidfile: "{self.dir}/nsd.pid"
    xfrdfile: "{self.dir}/xfrd.state"
    zonelistfile: "{self.dir}/zones.list"
    xfrdir: "{self.dir}"
    xfrd-reload-timeout: 0
    hide-version: yes
    verbosity: 2
remote-control:
    control-enable: no
key:
    name: {KEY}
    algorithm: {ALGORITHM}
    secret: "{self.secret}"
{zones}
""")
        self.run(["nsd", "-d", "-c", config], self.is_up)


class Bind(Secondary):
    """Signs the zones with a policy of its own; the serial it serves is its own too. Without `signing` it serves what it got."""

    name = "bind"
    signing = """\
    inline-signing yes;
    dnssec-policy "test";
"""

    def _start(self):
        zones = "".join(f"""
zone "{zone}" {{
    type secondary;
    primaries {{ 127.0.0.1 port {self.primary} key "{KEY}"; }};
    allow-notify {{ key "{KEY}"; }};
    file "{zone}.db";
    masterfile-format text;
{self.signing}    min-retry-time 1; max-retry-time 2;
    min-refresh-time 1; max-refresh-time 60;
}};""" for zone in self.zones)
        config = self.write("named.conf", f"""\
options {{
    directory "{self.dir}";
    pid-file none;
    session-keyfile none;
    listen-on port {self.port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    recursion no;
    dnssec-validation no;
    allow-transfer {{ 127.0.0.1; }};
    notify no;
    serial-query-rate 1000;
    startup-notify-rate 1000;
    key-directory "{self.dir}";
}};
controls {{ }};
key "{KEY}" {{ algorithm {ALGORITHM}; secret "{self.secret}"; }};
dnssec-policy "test" {{
    keys {{ csk lifetime unlimited algorithm ecdsap256sha256; }};
}};
{zones}
""")
        self.run(["named", "-g", "-c", config], self.is_up, bind_env())


class PowerDns(Secondary):
    """With its bind backend: zones as files, keys in a database beside them. Takes changes as whole zones."""

    name = "powerdns"

    def is_up(self):
        return "status:" in dig(self.port, "+comments", self.zones[0], "SOA")  # it does not answer for what it does not have

    def _pdnsutil(self, *words):
        done = subprocess.run([peers.program("pdnsutil"), "--config-dir", self.dir, *words], env=peers.ENV, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, encoding="utf-8", timeout=60, check=False)
        if done.returncode != 0:
            raise peers.PeerError(f"pdnsutil {words[0]}: {done.stdout}")

    def _start(self):
        zones = "".join(f"""
zone "{zone}" {{ type slave; masters {{ 127.0.0.1:{self.primary}; }}; file "{self.path(zone)}"; }};""" for zone in self.zones)
        self.write("pdns.conf", f"""\
launch=bind
module-dir={peers.peer_file("/usr/lib/x86_64-linux-gnu/pdns")}
bind-config={self.write("named.conf", zones)}
bind-dnssec-db={self.path("keys.db")}
local-address=127.0.0.1
local-port={self.port}
socket-dir={self.dir}
secondary=yes
slave-cycle-interval=2
trusted-notification-proxy=127.0.0.1
allow-axfr-ips=127.0.0.1
disable-syslog=yes
receiver-threads=1
distributor-threads=1
""")
        self._pdnsutil("create-bind-db", self.path("keys.db"))
        self._pdnsutil("import-tsig-key", KEY, ALGORITHM, self.secret)
        for zone in self.zones:
            self._pdnsutil("activate-tsig-key", zone, KEY, "secondary")
        self.run(["pdns_server", f"--config-dir={self.dir}", "--daemon=no", "--guardian=no"], self.is_up)
