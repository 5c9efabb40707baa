#!/usr/bin/env python3
"""bench/html_peer.py PAGE...: bytes of pages read per second of CPU time with Python's html.parser: text, and hosts of links. Prints one number."""

import html.parser
import sys
import time
import urllib.parse

RUN_SECONDS = 2
LINKS = {("a", "href"), ("area", "href"), ("form", "action"), ("iframe", "src")}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.text, self.hosts, self.skipped = [], set(), 0

    def handle_starttag(self, tag, attrs):
        self.skipped += tag in ("script", "style", "title")
        for name, value in attrs:
            if (tag, name) in LINKS and value:
                self.hosts.add(urllib.parse.urlsplit(value).hostname)

    def handle_endtag(self, tag):
        self.skipped -= tag in ("script", "style", "title")

    def handle_data(self, data):
        if not self.skipped:
            self.text.append(data)


def main(paths):
    pages = [open(path, encoding="utf-8").read() for path in paths]
    start, size = time.process_time(), 0
    while time.process_time() - start < RUN_SECONDS:
        for page in pages:
            parser = Page()
            parser.feed(page)
            parser.close()
            size += len(page.encode())
    print(size / (time.process_time() - start))


main(sys.argv[1:])
