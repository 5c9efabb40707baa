#!/usr/bin/env python3
"""Play stories against the real daemon: tests/stories/run.py FILE.story...

A story is a promise in the project's words, one sentence per line; what each sentence does is said at its function
below (run.py --language lists them). Time is the story's own (clock: manual), so weeks pass in seconds and nothing
depends on the speed of the machine. Numbers with a tilde (~2000) are drawn around their mean with the story's name as
the seed: the same in every run. At the end of each story the chain must be whole and the replay must give the same.
"""

import datetime
import math
import json
import os
import random
import re
import shlex
import string
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))
import peers  # noqa: E402
import vouch  # noqa: E402

SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SPAN, NAME, WORDS = r"\d+[smhd]", r"[\w.:/@-]+", r'"[^"]*"'
RCODES = {2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}
SENTENCES = []  # (pattern, function, as it is written)


class Broken(Exception):
    """The story does not hold, or cannot be read."""


def sentence(written, pattern):
    """Marks the method that plays a sentence. `written` is for readers; named groups are its arguments."""

    def mark(function):
        SENTENCES.append((re.compile(pattern + r"\Z"), function, written))
        return function

    return mark


def span(text):
    return datetime.timedelta(seconds=int(text[:-1]) * SPANS[text[-1]])


def same(what, got, wanted):
    if got != wanted:
        raise Broken(f"{what}: {got}, not {wanted}")


def plain(number):
    """'1', '2.5' or '0' from a text like ~1."""
    return float(number.lstrip("~"))


class Traffic:
    """What each step brings: "192.0.2.10 delivered ~2000 complaint ~1 and 192.0.2.11 delivered 10"."""

    def __init__(self, text, seed):
        self.random = random.Random(seed)
        self.parts = []
        for part in text.split(" and "):
            source, *words = part.split()
            if len(words) % 2 or not words or not all(re.fullmatch(r"~?[0-9.]+", n) for n in words[1::2]):
                raise Broken(f"no traffic: {part!r}")
            self.parts.append((source, list(zip(words[::2], words[1::2]))))

    def _draw(self, mean, is_volume):
        """Volume spreads by a third; bad news is Poisson."""
        if is_volume:
            return round(mean * math.exp(self.random.gauss(-0.045, 0.3)))
        if mean > 50:
            return max(0, round(self.random.gauss(mean, math.sqrt(mean))))
        count, chance = 0, self.random.random()
        floor = term = math.exp(-mean)
        while chance > floor:
            count += 1
            term *= mean / count
            floor += term
            if term < 1e-12:
                break
        return count

    def rows(self, at):
        """CSV rows of one step that starts at `at`. Bad news follows the volume that was drawn."""
        for source, signals in self.parts:
            factor = 1.0
            for signal, number in signals:
                count = plain(number)
                if number.startswith("~"):
                    count = self._draw(count * (1.0 if signal == "delivered" else factor), signal == "delivered")
                    if signal == "delivered":
                        factor = count / plain(number)
                if count >= 1:
                    yield f"{vouch.instant_text(at)},{source},{signal},{int(count)}\n"


class Story:
    """One story as it is played."""

    def __init__(self, path):
        self.path, self.title, self.line = path, "", 0
        self.daemon, self.now, self.since = None, None, None
        self.documents = []
        self.counts, self.last = {}, []  # what the last reports were answered; how to send them again
        self.serial, self.number = 0, None  # number: that the last report was acknowledged with
        with open(path, encoding="utf-8") as text:
            self.lines = text.read().split("\n")

    def play(self):
        """Play it to its end; Broken says where and why it does not hold."""
        with vouch.Vouchd() as self.daemon:
            try:
                while self.line < len(self.lines):
                    text = self.lines[self.line].split("#")[0].strip()
                    self.line += 1
                    if text:
                        self.say(re.sub(r"\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*\Z)", " ", text))
                self.daemon.prove()
            except (vouch.Refused, peers.PeerError, OSError, Broken) as error:
                where = f"{os.path.relpath(self.path, peers.TREE)}:{self.line}"
                raise Broken(f"{where}: {self.lines[self.line - 1].strip()}\n  {error}") from error

    def say(self, text):
        for pattern, function, _ in SENTENCES:
            match = pattern.match(text)
            if match:
                return function(self, **match.groupdict())
        raise Broken("no such sentence; run.py --language lists them")

    def block(self):
        """The lines up to "end", for sentences that end in <<."""
        start = self.line
        while self.lines[self.line].strip() != "end":
            self.line += 1
            if self.line == len(self.lines):
                self.line = start
                raise Broken("<< without end")
        self.line += 1
        return "".join(line + "\n" for line in self.lines[start:self.line - 1])

    def filled_block(self):
        times = {"now": vouch.instant_text(self.now), "in_1h": vouch.instant_text(self.now + span("1h"))}
        return string.Template(self.block()).substitute(times)

    def file(self, name):
        with open(os.path.join(HERE, name), encoding="utf-8") as text:
            return text.read()

    def subject(self, text):
        """A subject, or the number of the case that "case of SOURCE" is in."""
        if not text.startswith("case of "):
            return text
        number = self.daemon.status(text[8:])["case"]
        if number is None:
            raise Broken(f"{text[8:]} is in no case")
        return number

    def advance(self, length, step):
        """Let time pass in steps, as it does for a daemon that lives through it."""
        end = self.now + length
        while self.now < end:
            self.now = min(end, self.now + step)
            self.daemon.set_clock(self.now)

    def send(self, documents, send):
        """Send each document; self.counts sums up the answers."""
        self.counts, self.last, self.documents = {}, [], documents
        for document in documents:
            self.last.append(lambda document=document: send(document))
        self.send_last()

    def send_last(self):
        """A refusal has counts too; the first one is raised when all were sent."""
        self.counts, self.number, refusal = {}, None, None
        for again in self.last:
            try:
                answer = again() or {}
            except vouch.Refused as refused:
                refusal, answer = refusal or refused, refused.document
            self.number = answer.pop("number", None) or self.number
            for name, count in answer.items():
                if isinstance(count, int):
                    self.counts[name] = self.counts.get(name, 0) + count
        if refusal:
            raise refusal

    def post_rows(self, rows, reporter):
        body = ("time,source,signal,count\n" + "".join(rows)).encode()
        self.send([body], lambda document: self.daemon.report(document, reporter, "csv"))

    # ---- what happens

    @sentence('story "what it promises"', rf"story (?P<title>{WORDS})")
    def on_story(self, title):
        """The promise; the first line."""
        self.title = title.strip('"')

    @sentence("clock 2026-01-05T00:00:00Z", r"clock (?P<at>\S+)")
    def on_clock(self, at):
        """It is this time."""
        self.now = vouch.instant(at)
        self.daemon.set_clock(self.now)

    @sentence("wait 30d", rf"wait (?P<length>{SPAN})")
    def on_wait(self, length):
        """Time passes and nothing is reported."""
        self.advance(span(length), max(span(length) / 200, span("1m")))

    @sentence("programme FILE", rf"programme (?P<name>{NAME})")
    def on_programme(self, name):
        """This file is the programme now. ${token_of_NAME} in it is the hash of that reporter's token."""
        text = self.file(name)
        tokens = {key: vouch.token_of(key[9:].replace("_", "-"))[1] for key in re.findall(r"\$\{(token_of_\w+)\}", text)}
        self.daemon.post("/v1/programme", string.Template(text).substitute(tokens).encode(), apply=1, name=name,
                         actor="operator")

    @sentence('suspend SUBJECT by WHO because "..."; also accept, refuse, apply, clear, confirm; also "case of SOURCE"',
              rf"(?P<verb>accept|refuse|apply|suspend|clear|confirm) (?P<subject>(?:case of )?{NAME}) by (?P<actor>{NAME}) "
              rf"because (?P<reason>{WORDS})")
    def on_command(self, verb, subject, actor, reason):
        """A person decides."""
        self.daemon.command(verb, self.subject(subject), actor, reason.strip('"'))

    @sentence('withdraw the report by WHO because "..."', rf"withdraw the report by (?P<actor>{NAME}) because (?P<reason>{WORDS})")
    def on_withdraw(self, actor, reason):
        """All that the report told which was sent last is taken back."""
        body = json.dumps({"actor": actor, "reason": reason.strip('"')}).encode()
        self.daemon.post(f"/v1/reports/{self.number}/withdraw", body)

    @sentence("history 14d every 1h by REPORTER: SOURCE delivered ~2000 complaint ~1 and SOURCE ...",
              rf"history (?P<length>{SPAN}) every (?P<step>{SPAN}) by (?P<reporter>{NAME}): (?P<traffic>.+)")
    def on_history(self, length, step, reporter, traffic):
        """Traffic as it comes day by day: one document a step, when the step is over. (A feed that brings a whole day at
        once teaches the detector to wait a day for volume.)"""
        drawn, step, end = Traffic(traffic, self.title), span(step), self.now + span(length)
        while self.now < end:
            self.now = min(end, self.now + step)
            self.daemon.set_clock(self.now)
            self.post_rows(drawn.rows(self.now), reporter)

    @sentence("every 10m for 60m by REPORTER: SOURCE delivered 5000 complaint 20 and SOURCE ...",
              rf"every (?P<step>{SPAN}) for (?P<length>{SPAN}) by (?P<reporter>{NAME}): (?P<traffic>.+)")
    def on_every(self, step, length, reporter, traffic):
        """The same step after step, each reported when it is over. "within" counts from its start."""
        drawn, step, end = Traffic(traffic, f"{self.title}, line {self.line}"), span(step), self.now + span(length)
        self.since = self.now
        while self.now < end:
            start = self.now
            self.advance(step, max(step / 10, span("1m")))
            self.post_rows(drawn.rows(start), reporter)

    @sentence("report MAIL about SOURCE by REPORTER [3 times]",
              rf"report (?P<name>{NAME}) about (?P<source>{NAME}) by (?P<reporter>{NAME})(?: (?P<times>\d+) times)?")
    def on_report(self, name, source, reporter, times):
        """Feedback mails (tests/stories/MAIL) from a registered reporter, by HTTP."""
        mails = self.mails(name, source, reporter, times)
        self.send(mails, lambda mail: self.daemon.report(mail, reporter, "arf"))

    @sentence("report MAIL about SOURCE unauthenticated [50 times]",
              rf"report (?P<name>{NAME}) about (?P<source>{NAME}) unauthenticated(?: (?P<times>\d+) times)?")
    def on_report_unauthenticated(self, name, source, times):
        """Feedback mails that anybody may have sent, by LMTP."""
        mails = self.mails(name, source, "somebody", times)
        self.send(mails, lambda mail: self.daemon.send_mail(mail, sender="somebody@elsewhere.test"))

    @sentence("mail MAIL from SOURCE to ADDRESS [ADDRESS ...] [3 times]",
              rf"mail (?P<name>{NAME}) from (?P<source>{NAME}) to (?P<recipients>[\w.@ -]+?)(?: (?P<times>\d+) times)?")
    def on_mail(self, name, source, recipients, times):
        """Mails as a sender's system sent them, by LMTP, each to all of these recipients."""
        mails = self.mails(name, source, "mx", times)
        self.send(mails, lambda mail: self.daemon.send_mail(mail, recipients.split(), "bounce@news.harbour.test"))

    def mails(self, name, source, reporter, times):
        template = string.Template(self.file(name).replace("\n", "\r\n"))
        mails = []
        for _ in range(int(times or 1)):
            self.serial += 1
            mails.append(template.substitute(source=source, reporter=reporter, serial=self.serial,
                                             time=self.now.strftime("%a, %d %b %Y %H:%M:%S +0000")).encode())
        return mails

    @sentence("report the same again", r"report the same again")
    def on_report_again(self):
        """What was reported last is sent once more, byte for byte."""
        self.send_last()

    @sentence("report the same again as REPORTER", rf"report the same again as (?P<reporter>{NAME})")
    def on_report_again_as(self, reporter):
        """The same mails, handed in by another reporter, by HTTP."""
        self.send(self.documents, lambda mail: self.daemon.report(mail, reporter, "arf"))

    @sentence("report rows by REPORTER << ... end", rf"report rows by (?P<reporter>{NAME}) <<")
    def on_rows(self, reporter):
        """A CSV document as it stands; ${now} and ${in_1h} are times."""
        body = self.filled_block().encode()
        self.send([body], lambda document: self.daemon.report(document, reporter, "csv"))

    @sentence("file NAME << ... end", rf"file (?P<name>{NAME}) <<")
    def on_file(self, name):
        """A file for the command line, which runs in its folder; ${now} and ${in_1h} are times."""
        self.daemon.write(name, self.filled_block())

    @sentence("retry quarantine", r"retry quarantine")
    def on_retry(self):
        """All that waits in quarantine is read again; refused when some of it still cannot be read."""
        waiting = [entry["id"] for entry in self.daemon.get("/v1/quarantine")["quarantine"] if entry["status"] == "waiting"]
        self.send(waiting, lambda number: self.daemon.post(f"/v1/quarantine/{number}/retry"))

    @sentence("restart [with kill -9]", r"restart(?P<kill> with kill -9)?")
    def on_restart(self, kill):
        """The daemon ends, cleanly or not, and comes back."""
        if kill:
            self.daemon.kill()
        else:
            self.daemon.terminate()
        self.daemon.start()

    @sentence("config << ... end", r"config <<")
    def on_config(self):
        """These lines stand in vouch.yaml from now on, beside those that every story has; the daemon starts again."""
        self.daemon.configure(self.block())

    @sentence("reload << ... end", r"reload <<")
    def on_reload(self):
        self.daemon.reload(self.block())

    @sentence('configure "shadow: 100"', rf"configure (?P<line>{WORDS})")
    def on_configure(self, line):
        """One more line of vouch.yaml; the daemon ends and comes back."""
        with open(self.daemon.yaml, "a", encoding="utf-8") as yaml:
            yaml.write(line.strip('"') + "\n")
        self.daemon.terminate()
        self.daemon.start()

    # ---- what must hold

    @sentence("expect dns NAME TYPE == 127.0.0.10", rf"expect dns (?P<name>{NAME}) (?P<kind>A|TXT) == (?P<wanted>.+)")
    def expect_dns(self, name, kind, wanted):
        """The answer at this moment, or NXDOMAIN, REFUSED, SERVFAIL."""
        answer = peers.dns(self.daemon.dns_port, name, kind)
        same(name, RCODES.get(answer.rcode) or ", ".join(answer.texts(kind)), wanted)

    @sentence("expect ttls of calm 60 watched 15 near 5", r"expect ttls of calm (?P<calm>\d+) watched (?P<watched>\d+) near (?P<near>\d+)")
    def expect_ttls(self, calm, watched, near):
        """How long the answer for each listed address may be kept, by how near an alarm it is, in seconds."""
        wanted = {"calm": int(calm), "watched": int(watched), "near": int(near)}
        for entry in self.daemon.get("/v1/status")["sources"]:
            if entry["watch_level"] and re.fullmatch(r"[\d.]+", entry["source"]):
                name = ".".join(reversed(entry["source"].split("."))) + ".certified.example"
                answer = peers.dns(self.daemon.dns_port, name)
                same(f"ttl of {name}, {entry['watch_level']}", [ttl for _, ttl, _ in answer.records], [wanted[entry["watch_level"]]])

    @sentence("expect state SOURCE == SUSPENDED [kind security] [within 60m]",
              rf"expect state (?P<source>{NAME}) == (?P<state>[A-Z]+)(?: kind (?P<kind>\w+))?(?: within (?P<length>{SPAN}))?")
    def expect_state(self, source, state, kind, length):
        """Where the source is. within: of the start of the last "every"."""
        entry = self.daemon.status(source)
        same(f"state of {source}", entry["state"].upper(), state)
        if kind:
            same(f"kind of {source}", entry["kind"], kind)
        if length:
            took = vouch.instant(entry["since"]) - self.since
            if not datetime.timedelta(0) <= took <= span(length):
                raise Broken(f"{source} is {state} since {entry['since']}, {took} after the start")

    @sentence("expect standing SOURCE == partially suspended for RECEIVER",
              rf"expect standing (?P<source>{NAME}) == (?P<standing>.+)")
    def expect_standing(self, source, standing):
        """active, warning, partially suspended for receivers, or the state that keeps it off the list."""
        same(f"standing of {source}", self.daemon.status(source)["standing"], standing)

    @sentence('expect metric SOURCE THRESHOLD [at RECEIVER] == warning ["words"]',
              rf"expect metric (?P<source>{NAME}) (?P<threshold>\w+)(?: at (?P<party>{NAME}))? == (?P<level>\w+)(?: (?P<words>{WORDS}))?")
    def expect_metric(self, source, threshold, party, level, words):
        """Where a metric stands: good, small, warning or over; its words contain these."""
        metrics = [m for m in self.daemon.status(source)["metrics"] if m["threshold"] == threshold and m["at"] == party]
        if not metrics:
            raise Broken(f"{source} has no metric {threshold}")
        same(f"{threshold} of {source} ({metrics[0]['words']})", metrics[0]["level"], level)
        if words and words.strip('"') not in metrics[0]["words"]:
            raise Broken(f"{threshold} of {source}: {metrics[0]['words']}")

    @sentence("expect cases == 1", r"expect cases == (?P<count>\d+)")
    def expect_cases(self, count):
        """How many cases are open."""
        same("open cases", len(self.daemon.get("/v1/cases", status="open")["cases"]), int(count))

    @sentence("expect case of SOURCE == open", rf"expect case of (?P<source>{NAME}) == (?P<status>\w+)")
    def expect_case(self, source, status):
        """Where the work of people on a case stands."""
        number = self.subject(f"case of {source}")
        cases = {case["case"]: case for case in self.daemon.get("/v1/cases", status="all")["cases"]}
        same(f"case {number}", cases[number]["status"], status)

    @sentence('expect why SOURCE says "words"', rf"expect why (?P<subject>{NAME}) says (?P<words>{WORDS})")
    def expect_why(self, subject, words):
        """The explanation contains these words."""
        lines = "\n".join(self.daemon.get("/v1/why", subject=subject)["words"])
        if words.strip('"') not in lines:
            raise Broken(f"why {subject} says:\n{lines}")

    @sentence('expect timeline SOURCE says "words" [3 times]',
              rf"expect timeline (?P<subject>{NAME}) says (?P<words>{WORDS})(?: (?P<times>\d+) times)?")
    def expect_timeline(self, subject, words, times):
        """So many entries contain these words; at least one where no number is given."""
        entries = [entry["words"] for entry in self.daemon.get("/v1/timeline", subject=subject, limit=10000)["entries"]]
        found = sum(words.strip('"') in entry for entry in entries)
        if found != int(times or max(found, 1)):
            raise Broken(f"{found} entries say {words}; the last are:\n" + "\n".join(entries[-20:]))

    @sentence("expect counts accepted 1 duplicate 0 quarantined 0 observations 1 unknown 0",
              r"expect counts (?P<pairs>(?:[a-z]+ \d+ ?)+)")
    def expect_counts(self, pairs):
        """What the last reports were answered, summed up."""
        words = pairs.split()
        for name, count in zip(words[::2], words[1::2]):
            same(name, self.counts.get(name), int(count))

    @sentence("expect kept 1", r"expect kept (?P<count>\d+)")
    def expect_kept(self, count):
        """How many of the documents that were sent last take room in the store, byte for byte."""
        same("documents kept", sum(self.daemon.keeps(document) for document in self.documents), int(count))

    @sentence("expect quarantine == 1", r"expect quarantine == (?P<count>\d+)")
    def expect_quarantine(self, count):
        """How many documents wait there."""
        entries = self.daemon.get("/v1/quarantine")["quarantine"]
        same("documents that wait", sum(entry["status"] == "waiting" for entry in entries), int(count))

    @sentence('expect refused 409 ["words" ...]: SENTENCE',
              rf"expect refused (?P<status>\d+)(?P<words>(?: {WORDS})*): (?P<rest>.+)")
    def expect_refused(self, status, words, rest):
        """The daemon refuses what the sentence asks for, in words that contain these."""
        try:
            self.say(rest)
        except vouch.Refused as refused:
            same("status", refused.status, int(status))
            for word in re.findall(WORDS, words):
                if word.strip('"') not in refused.words:
                    raise Broken(f"refused, but it says: {refused.words}") from refused
            return
        raise Broken("it was not refused")

    @sentence("expect http METHOD PATH == 401 [with the token of REPORTER]",
              rf"expect http (?P<method>GET|POST) (?P<path>\S+) == (?P<status>\d+)(?: with the token of (?P<reporter>{NAME}))?")
    def expect_http(self, method, path, status, reporter):
        """What the TCP door answers to whoever has no token, or a reporter's."""
        token = vouch.token_of(reporter)[0] if reporter else ""
        same(f"{method} {path}", self.daemon.request(method, path, b"time,source,signal\n", token)[0], int(status))

    @sentence('expect receipt for REPORTER == 200 ["words" ...]',
              rf"expect receipt for (?P<reporter>{NAME}) == (?P<status>\d+)(?P<words>(?: {WORDS})*)")
    def expect_receipt(self, reporter, status, words):
        """What a reporter is told about the report that was sent last; a double quote is a single one."""
        answer = self.daemon.request("GET", f"/v1/reports/{self.number}", token=vouch.token_of(reporter)[0])
        said = str(answer[1].decode() if isinstance(answer[1], bytes) else answer[1]).replace('"', "'")
        same("status", answer[0], int(status))
        for word in re.findall(WORDS, words):
            if word.strip('"') not in said:
                raise Broken(f"the receipt does not say {word}; it says:\n{said}")

    @sentence("expect public case NUMBER == open; or 404", r"expect public case (?P<number>\w+) == (?P<status>\w+)")
    def expect_public_case(self, number, status):
        """What anybody is told of a case: how it stands and since when, and nothing else."""
        answer = self.daemon.request("GET", f"/v1/public/cases/{number}", token="")
        if status.isdigit():
            same("status", answer[0], int(status))
            return
        same("keys", sorted(answer[1]), ["case", "closed", "opened", "status"])
        same("case", answer[1]["case"], int(number))
        same("status", answer[1]["status"], status)
        same("closed", answer[1]["closed"] is None, status == "open")

    @sentence("expect chain intact", r"expect chain intact")
    def expect_chain(self):
        """vouch verify finds nothing."""
        self.daemon.cli("verify", self.daemon.data)

    @sentence("expect replay same", r"expect replay same")
    def expect_replay(self):
        """vouch replay folds the journal again and finds the same alarms, moves and list."""
        self.daemon.cli("replay", self.daemon.data)

    @sentence("expect reporter NAME fared 1 right 0 wrong 0 alone 0 agreed 0 waiting",
              rf"expect reporter (?P<reporter>{NAME}) fared (?P<how>\d+ right \d+ wrong \d+ alone \d+ agreed \d+ waiting)")
    def expect_fare(self, reporter, how):
        """What vouch reporters says became of its accusations."""
        rows = json.loads(self.daemon.cli("reporters", self.daemon.data, "--json").stdout)["reporters"]
        row = next(row for row in rows if row["reporter"] == reporter)
        same(reporter, " ".join(f"{row[word]} {word}" for word in ("right", "wrong", "alone", "agreed", "waiting")), how)

    @sentence("expect programme changes nothing", r"expect programme changes nothing")
    def expect_programme(self):
        """What vouch programme writes is what is there."""
        path = self.daemon.write("written.yaml", self.daemon.cli("programme").stdout)
        same("import", self.daemon.cli("import", path, "--dry-run").stdout, "nothing to change\n")

    def notices(self, kind):
        return [row for row in self.daemon.get("/v1/notices")["notices"] if row["kind"] == kind]

    @sentence("expect notices KIND about MEMBER/SYSTEM == 2", rf"expect notices (?P<kind>\w+) about (?P<about>{NAME}) == (?P<count>\d+)")
    def expect_notices(self, kind, about, count):
        """So many mails and calls of this kind were queued; what is not there yet is waited for, and no more may come within half a second."""
        def found():
            return sum(row["about"] == about for row in self.notices(kind))

        if int(count) > 0:
            self.daemon.wait(lambda: found() >= int(count), f"queue {count} notices {kind}")
        time.sleep(0.5)
        same(f"notices {kind}", found(), int(count))

    @sentence('expect [no] notice KIND says "words"', rf"expect (?P<no>no )?notice (?P<kind>\w+) says (?P<words>{WORDS})")
    def expect_notice(self, no, kind, words):
        """The last one of this kind has these words, or has them not; \\n in them is the end of a line."""
        content = self.daemon.get(f"/v1/notices/{self.notices(kind)[-1]['id']}")["content"]
        content = content.replace("=\r\n", "").replace("\r\n", "\n")
        if (words.strip('"').replace("\\n", "\n") in content) == bool(no):
            raise Broken(f"the notice {'says' if no else 'does not say'} {words}; it says:\n{content}")

    @sentence("expect metric vouch_moves_total == 1", r"expect metric (?P<name>\w+) == (?P<count>\d+)")
    def expect_counter(self, name, count):
        """One number of GET /metrics."""
        lines = self.daemon.get("/metrics").decode().split("\n")
        same(name, [line.split()[1] for line in lines if line.startswith(name + " ")], [count])

    @sentence('expect vouch "status 192.0.2.10 --json" == 0 ["words" ...]',
              rf"expect vouch (?P<line>{WORDS}) == (?P<code>\d)(?P<words>(?: {WORDS})*)")
    def expect_vouch(self, line, code, words):
        """The command line, with its exit code, and words that it says on either output; a double quote is a single one. ${report} is the number of the
        report that was sent last."""
        done = self.daemon.cli(*shlex.split(line.strip('"').replace("${report}", str(self.number))), check=False)
        said = (done.stdout + done.stderr).replace('"', "'")
        for word in re.findall(WORDS, words):
            if word.strip('"') not in said:
                raise Broken(f"vouch does not say {word}; it says:\n{said}")
        if done.returncode != int(code):
            raise Broken(f"exit code {done.returncode}, not {code}:\n{said}")

    @sentence('expect replay with budget 1000 [from TIME] says "words"', rf"expect replay with budget (?P<budget>[\d.]+)(?: from (?P<time>\S+))? says (?P<words>{WORDS})")
    def expect_replay_with(self, budget, time, words):
        """What would have been different is told; nothing is changed by asking."""
        done = self.daemon.cli("replay", self.daemon.data, "--budget", budget, *(["--from", time] if time else []))
        if words.strip('"') not in done.stdout:
            raise Broken(f"vouch replay says:\n{done.stdout}")

    @sentence("expect replay with budgets 1,10 as alone", r"expect replay with budgets (?P<budgets>[\d.,]+) as alone")
    def expect_replay_with_budgets(self, budgets):
        """Several policies folded at once come out as each of them alone."""
        def asked(budget):
            return json.loads(self.daemon.cli("replay", self.daemon.data, "--json", "--budget", budget).stdout)

        same("replay", asked(budgets), [asked(budget) for budget in budgets.split(",")])

    @sentence('expect replay with policy "line of vouch.yaml" says "words"', rf"expect replay with policy (?P<policy>{WORDS}) says (?P<words>{WORDS})")
    def expect_replay_with_policy(self, policy, words):
        """The same with the policy of a file."""
        path = self.daemon.write("tried.yaml", policy.strip('"') + "\n")
        done = self.daemon.cli("replay", self.daemon.data, "--policy", path)
        if words.strip('"') not in done.stdout:
            raise Broken(f"vouch replay says:\n{done.stdout}")


def main():
    if sys.argv[1:] == ["--language"]:
        for _, function, written in SENTENCES:
            print(f"{written}\n        {function.__doc__}")
        return 0
    failed = 0
    for path in sys.argv[1:]:
        story = Story(path)
        try:
            story.play()
            print(f"ok      {story.title}", flush=True)
        except (Broken, peers.PeerError) as error:
            failed += 1
            print(f"FAILED  {story.title}\n{error}", flush=True)
    return 1 if failed or not sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
