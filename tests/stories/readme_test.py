#!/usr/bin/env python3
"""readme_test.py PROGRAMS: plays "Five minutes by hand" of the README word for word, and looks whether it does what it says.

The programs of the folder stand in for those that `make build` makes. In a network of its own where that is allowed, since the tour uses
the ports that a daemon without configuration takes.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ALONE = ["unshare", "--user", "--map-root-user", "--net"]

# What each command of the tour says, in their order: its beginning, what is in its answer, what is not.
EXPECTED = [
    ("vouch import", "applied 7 changes", None),
    ("vouch accept", "certified", None),
    ("dig", "127.0.0.10", None),
    ("vouch ingest", "1 accepted, 0 duplicate, 0 quarantined, 2033 observations, 0 unknown", None),
    ("vouch ingest", "0 accepted, 1 duplicate", None),
    ("dig", "", "127.0.0.10"),
    ("vouch status", "suspended", None),
    ("vouch cases", "bought or scraped list", None),
    ("vouch why", "trap hits: 10", None),
    ("vouch timeline", "alarm", None),
    ("vouch clear", "reinstated", None),
    ("vouch verify", "the chain is whole", None),
    ("vouch replay vouch-data", "so the same list", None),
    ("vouch replay vouch-data --budget", "with a budget of 0.001: 0 alarms", None),
]


def script(programs, folder):
    with open(os.path.join(TREE, "README.md"), encoding="utf-8") as file:
        readme = file.read()
    tour = readme[readme.index("## Five minutes by hand"):readme.index("## The picture")]
    text = "".join(re.findall(r"```sh\n(.*?)```", tour, re.S))
    for old, new in (("make build\n", ""), ("export PATH=$PWD/build/release:$PATH", f"export PATH={programs}:$PATH"),
                     ('cd "$(mktemp -d)"', f"cd {folder}"), ("kill %1", "kill %1; wait %1")):
        if old not in text:
            sys.exit(f"the tour has no line {old!r}")
        text = text.replace(old, new)
    text = re.sub(r"(?m)^(vouchd .*&).*$", r"\1\nuntil grep -q event=ready vouchd.log; do sleep 0.05; done", text)
    return "exec 2>&1\nip link set lo up 2>/dev/null\nPS4='@@ '\nset -x\n" + text


def answers(output):
    """(command, what it said) of each command that begins with dig or vouch."""
    found = []
    for line in output.splitlines():
        traced = re.match(r"@@+ (.*)", line)
        if traced:
            found.append([traced.group(1), ""])
        elif found:
            found[-1][1] += line + "\n"
    return [(command, said) for command, said in found if re.match(r"(dig|vouch \w+) ", command) or command == "vouch cases"]


def main():
    programs = os.path.abspath(sys.argv[1])
    alone = ALONE if subprocess.run([*ALONE, "true"], check=False, stderr=subprocess.DEVNULL).returncode == 0 else []
    folder = tempfile.mkdtemp(prefix="vouch-readme-")
    try:
        done = subprocess.run([*alone, "bash", "-c", script(programs, folder)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                              timeout=800, check=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    output = done.stdout.decode(errors="replace")
    said = answers(output)
    bad = []
    if len(said) != len(EXPECTED):
        bad.append(f"{len(said)} commands where {len(EXPECTED)} are known here: {', '.join(command for command, _ in said)}")
    for (command, text), (begins, has, lacks) in zip(said, EXPECTED):
        if not command.startswith(begins) or has not in text or (lacks and lacks in text):
            bad.append(f"`{command}`: {has or 'no ' + lacks!r} was expected of {begins}\n{text}")
    if done.returncode != 0:
        bad.append(f"the daemon ended with {done.returncode}")
    for line in bad:
        print(line)
    if bad:
        print(output)
        sys.exit(1)
    print(f"{len(said)} commands of the README do what it says")


main()
