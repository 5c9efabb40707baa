"""Documents of our own and what they must read as, for the make.py of each format (tests/unit/intake_samples.h reads what it writes).

Expected lines are written by a person who knows the format, never by running the reader.
"""

import base64
import json

made = []


def add(name, document, *lines):
    """A document: text, bytes (written in base64), or what is written as JSON. The lines are those of intake_samples.h."""
    made.append((name, document if isinstance(document, (str, bytes)) else json.dumps(document), lines))


def write(end="", more=()):
    """Writes made.txt, each document with `end` behind it, and made_expected.txt, into the present folder; `more`: expected of samples."""
    with open("made.txt", "w", encoding="utf-8", newline="") as out, open("made_expected.txt", "w", encoding="utf-8") as want:
        want.write("# written by make.py\n")
        for name, document, lines in made:
            if isinstance(document, bytes):
                out.write(f"=== {name} base64\n{base64.encodebytes(document).decode()}")
            else:
                out.write(f"=== {name}\n{document}{end}")
            want.write(name + "\n" + "".join(f"  {line}\n" for line in lines))
        for name, lines in more:
            want.write(name + "\n" + "".join(f"  {line}\n" for line in lines))
