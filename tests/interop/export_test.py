#!/usr/bin/env python3
"""What vouch export writes, read by those it is for: rbldnsd answers random questions as the daemon does; BIND takes the policy zone.

VOUCH_QUERIES: so many questions to each rbldnsd (350000: a million to the three).
"""

import json
import os
import random
import socket
import struct
import subprocess
import sys
import time

import certified
import nameservers
import peers
import vouch
from certified import expect

QUERIES = int(os.environ.get("VOUCH_QUERIES", "350000"))
BATCH = 64
KINDS = {"A": 1, "TXT": 16}


def sources(chance):
    """Prefixes within prefixes of all lengths, in a small space; addresses; IPv6; domains."""
    found = {"198.18.4.0/22", "198.18.4.0/24", "198.18.5.0/24", "198.18.5.128/25", "198.18.5.7", "9.0.0.0/8",
             "9.8.0.0/16", "9.8.7.0/24", "2001:db8:14::/46", "2600::/12", "news.sender.test", "a.news.sender.test"}
    while len(found) < 220:
        bits = chance.choice([32, 32, 32, 31, 30, 28, 26, 25, 24, 24, 23, 22, 20])
        address = (198 << 24 | chance.randrange(12, 28) << 16 | chance.randrange(8) << 8 | chance.randrange(256)) >> (32 - bits) << (32 - bits)
        text = socket.inet_ntoa(struct.pack("!I", address))
        found.add(text if bits == 32 else f"{text}/{bits}")
    while len(found) < 300:
        bits = chance.choice([128, 128, 64, 56, 48, 47, 44, 43])
        address = (0x20010DB8 << 96 | chance.randrange(1 << 10) << 86 | chance.randrange(4)) >> (128 - bits) << (128 - bits)
        text = socket.inet_ntop(socket.AF_INET6, address.to_bytes(16, "big"))
        found.add(text if bits == 128 else f"{text}/{bits}")
    return sorted(found | {f"d{i}.example.test" for i in range(20)})


def programme(chosen):
    systems = "".join(f"      - id: system-{i}\n        sources: [\"{source}\"]\n" for i, source in enumerate(chosen))
    return f"members:\n  - id: sender\n    name: Sender\n    systems:\n{systems}"


OCTETS = [bytes([len(str(i))]) + str(i).encode() for i in range(256)]


def labels(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"


def questioner(chance, chosen):
    """A function that gives the name of a domain, or of an address in or beside a source, as it is on the wire."""
    families, zone = [], labels(vouch.ZONE)
    for source in chosen:
        text, _, bits = source.partition("/")
        if text[-1].isalpha() and ":" not in text:
            families.append(([labels(vouch.question(before + text)) for before in ("", "", "x.")], 0, 0))
        else:
            packed = socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
            width = 8 * len(packed)
            families.append((int.from_bytes(packed, "big"), width, width - int(bits or width)))

    def question():
        address, width, free = families[int(chance.random() * len(families))]
        if width == 0:
            return address[int(chance.random() * 3)]
        address |= chance.getrandbits(free) if free else 0
        if chance.random() < 0.8:
            address ^= 1 << int(chance.random() * width)
        if width == 32:
            return OCTETS[address & 255] + OCTETS[address >> 8 & 255] + OCTETS[address >> 16 & 255] + OCTETS[address >> 24] + zone
        digits = bytearray(b"\1\0" * 32)
        digits[1::2] = b"%032x" % address
        digits[1::2] = digits[:0:-2]
        return bytes(digits) + zone

    return question


class Asker:
    """Questions to one server, a batch at a time."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", port))

    def ask(self, questions):
        """What comes back to each."""
        for question in questions:
            self.socket.send(question)
        answers = [None] * len(questions)
        for _ in questions:
            reply = self.socket.recv(4096)
            answers[reply[0] << 8 | reply[1]] = reply
        return answers


def records(answer):
    """The records of an answer as a parser reads them, in any order."""
    parsed = peers.parse(answer)
    return parsed.rcode, sorted((ttl, text) for _, ttl, text in parsed.records)


def same(mine, other, at):
    """Do both say the same behind the question, which ends at `at`? A name above listed ones exists for us (RFC 8020); rbldnsd knows only what is listed."""
    if mine[7] == other[7] == 1 and mine[3] & 15 == other[3] & 15 == 0:
        end = at + 12 + (mine[at + 10] << 8 | mine[at + 11])
        if mine[at:end] == other[at:end]:
            return True
    elif mine[7] == other[7] == 0:
        return True
    mine, other = records(mine), records(other)
    return mine[1] == other[1] and (mine[0] == other[0] or not mine[1])


class Files(peers.Rbldnsd):
    """rbldnsd with several files: (zone, dataset, content)."""

    def __init__(self, files):
        self.files = files
        super().__init__(vouch.ZONE, [])

    def _start(self):
        names = [f"{zone}:{dataset}:{os.path.basename(self.write(f'file-{i}', content))}"
                 for i, (zone, dataset, content) in enumerate(self.files)]
        user = ["-u", "nobody:nogroup"] if os.geteuid() == 0 else []
        self.run(["rbldnsd", "-n", *user, "-w", self.dir, "-b", f"127.0.0.1/{self.port}", *names],
                 lambda: peers.dns(self.port, f"nothing.{self.zone}", timeout=0.3).rcode in (0, 3))


def same_answers(daemon, server, chosen, chance, what):
    ours, theirs, listed, question, began = Asker(daemon.dns_port), Asker(server.port), 0, questioner(chance, chosen), time.monotonic()
    heads = [struct.pack("!6H", i, 0x0100, 1, 0, 0, 0) for i in range(BATCH)]
    tails = {kind: struct.pack("!HH", number, 1) for kind, number in KINDS.items()}
    for _ in range(0, QUERIES, BATCH):
        kind = chance.choice(list(KINDS))
        questions = [head + question() + tails[kind] for head in heads]
        for asked, mine, other in zip(questions, ours.ask(questions), theirs.ask(questions)):
            if not same(mine, other, len(asked)):
                raise peers.PeerError(f"{what}: {kind} of {asked[12:-4]}: {records(mine)}, not {records(other)}")
            listed += mine[7]
    print(f"{what}: {QUERIES} questions, {listed} of listed names, the same answers ({time.monotonic() - began:.1f} s)")
    expect("questions of both kinds", QUERIES // 5 < listed < QUERIES * 19 // 20)


def check_rbldnsd(daemon, chosen, chance):
    def export(kind):
        return daemon.cli("export", "--format", kind).stdout

    dnset = (vouch.DOMAIN_ZONE, "dnset", export("dnset"))
    for what, files in (("combined", [(vouch.ZONE, "combined", export("rbldnsd"))]),
                        ("ip4trie, ip6trie, dnset", [(vouch.ZONE, "ip4trie", export("ip4trie")), (vouch.ZONE, "ip6trie", export("ip6trie")), dnset]),
                        ("ip4set, ip6trie, dnset", [(vouch.ZONE, "ip4set", export("ip4set")), (vouch.ZONE, "ip6trie", export("ip6trie")), dnset])):
        with Files(files) as server:
            same_answers(daemon, server, chosen, chance, what)


class PolicyBind(nameservers.Secondary):
    """BIND as a resolver of one zone of its own, with our policy zone before one that blocks all."""

    name = "bind"

    def __init__(self, policy, names):
        self.policy, self.names = policy, names
        super().__init__(0, [], peers.free_port())

    def _start(self):
        head = "$TTL 60\n@ SOA localhost. hostmaster.localhost. 1 300 60 3600 60\n@ NS localhost.\n"
        self.write("policy.db", self.policy)
        self.write("block.db", head + "*. CNAME .\n* CNAME .\n1.0.0.0.0.rpz-ip CNAME .\n1.0.0.0.128.rpz-ip CNAME .\n1.zz.rpz-ip CNAME .\n1.zz.8000.rpz-ip CNAME .\n")
        self.write("test.db", head + "".join(f"{name} {kind} {data}\n" for name, kind, data in self.names))
        config = self.write("named.conf", f"""\
options {{
    directory "{self.dir}"; pid-file none; session-keyfile none;
    listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    recursion yes; dnssec-validation no; notify no;
    response-policy {{ zone "policy.rpz"; zone "block.rpz"; }} break-dnssec yes qname-wait-recurse no recursive-only no;
}};
controls {{ }};
zone "policy.rpz" {{ type primary; file "policy.db"; }};
zone "block.rpz" {{ type primary; file "block.db"; }};
zone "test" {{ type primary; file "test.db"; }};
""")
        self.run(["named", "-g", "-c", config], self.is_up)


def check_rpz(daemon, chosen):
    """A name whose address is certified, and a certified domain, pass; all others are blocked."""
    with open(daemon.path("policy.rpz"), "w", encoding="utf-8") as out:
        out.write(daemon.cli("export", "--format", "rpz").stdout)
    policy = open(daemon.path("policy.rpz"), encoding="utf-8").read()
    names = [("in-prefix", "A", "198.18.4.77"), ("in-eight", "A", "9.1.2.3"), ("other", "A", "192.0.2.1"),
             ("six", "AAAA", "2001:db8:15::5"), ("other-six", "AAAA", "2a00::1"), ("news.sender", "A", "192.0.2.2")]
    with PolicyBind(policy, names) as bind:
        expect("no rule is refused", "invalid" not in bind.log_end(1000) and "rpz-passthru" in policy)
        passed = {name for name, kind, data in names if data in nameservers.dig(bind.port, f"{name}.test", kind)}
        expect(f"certified addresses and domains pass, not {passed}", passed == {"in-prefix", "in-eight", "six", "news.sender"})
    expect("an entry for each source", policy.count("rpz-passthru.") == len(chosen))


def check_watch(daemon):
    """The file follows the list, whole at any time, and stays when the daemon is away."""
    name = daemon.path("watched")
    with subprocess.Popen([os.path.join(vouch.BIN, "vouch"), "export", "--output", name, "--watch"], cwd=daemon.dir,
                          env={**os.environ, "VOUCH_SOCKET": daemon.socket}, stderr=subprocess.PIPE) as watching:
        try:
            daemon.wait(lambda: os.path.exists(name), "be exported")
            before = open(name, encoding="utf-8").read()
            inode = os.stat(name).st_ino
            expect("it is there", "198.18.5.7\n" in before)
            daemon.command("suspend", "198.18.5.7", "operator", "a test")
            daemon.wait(lambda: "198.18.5.7\n" not in open(name, encoding="utf-8").read(), "be exported again")
            expect("another file, by its name put in place", os.stat(name).st_ino != inode)
            expect("all else", len(open(name, encoding="utf-8").read().splitlines()) == len(before.splitlines()) - 1)
            expect("nothing left behind", [f for f in os.listdir(daemon.dir) if f.startswith("watched")] == ["watched"])
            inode = os.stat(name).st_ino
            daemon.terminate()
            time.sleep(1.5)
            expect("it waits for the daemon", watching.poll() is None)
            expect("the same file", os.stat(name).st_ino == inode)
            daemon.start()
            daemon.command("clear", "198.18.5.7", "analyst", "a false alarm")
            daemon.wait(lambda: "198.18.5.7\n" in open(name, encoding="utf-8").read(), "be exported after a start")
        finally:
            watching.terminate()


def check():
    chance = random.Random(11)
    chosen = sources(chance)
    with vouch.Vouchd() as daemon:
        daemon.set_clock(certified.START)
        daemon.post("/v1/programme", programme(chosen).encode(), apply=1, actor="operator")
        daemon.command("accept", "sender", "operator", "control is proven")
        lines = [json.loads(line) for line in daemon.cli("export", "--json").stdout.splitlines()]
        expect("a line of JSON for each, with where it comes from", sorted(line["source"] for line in lines) == chosen and
               all(line["member"] == "sender" and line["since"] and line["reason"] for line in lines))
        expect("one source a line", sorted(daemon.cli("export").stdout.splitlines()) == chosen)
        check_rbldnsd(daemon, chosen, chance)
        check_rpz(daemon, chosen)
        check_watch(daemon)


if __name__ == "__main__":
    sys.exit(certified.run(check, "rbldnsd", "named", "dig"))
