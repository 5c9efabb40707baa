#!/usr/bin/env python3
"""What /metrics says of the DNS service, against what was asked: zone, response code, transport, receiver, times, and the list."""

import os
import socket
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))
import peers  # noqa: E402
import vouch  # noqa: E402
from reload_test import query  # noqa: E402

KEY = "a-key-of-sixteen-letters"
LISTED = vouch.question("127.0.0.2")
BEHIND_KEY = LISTED.replace(vouch.ZONE, f"{KEY}.{vouch.ZONE}")


def dig(daemon, *question):
    return subprocess.run(["dig", "+tries=1", "-p", str(daemon.dns_port), "@127.0.0.1", *question], encoding="utf-8",
                          stdout=subprocess.PIPE, timeout=60, check=False).stdout


class Page:
    """One look at /metrics, in either form."""

    def __init__(self, daemon, accept="application/openmetrics-text"):
        self.text = daemon.request("GET", "/metrics", headers={"Accept": accept})[1].decode()
        self.values = dict(line.rsplit(" ", 1) for line in self.text.splitlines() if not line.startswith("#"))

    def get(self, name, **labels):
        pairs = ",".join(f'{key}="{value}"' for key, value in labels.items())
        return float(self.values[f"{name}{{{pairs}}}" if pairs else name])

    def buckets(self, name):
        return [float(value) for key, value in self.values.items() if key.startswith(name + "_bucket{")]


def certify(daemon):
    with open(os.path.join(peers.TREE, "demo", "programme.yaml"), "rb") as programme:
        daemon.post("/v1/programme", programme.read(), apply=1)
    member = daemon.get("/v1/status")["sources"][0]["member"]
    daemon.command("accept", member, "operator", "control is proven")


class Metrics(unittest.TestCase):
    def test_each_query_is_counted_by_zone_transport_outcome_response_code_and_receiver(self):
        with vouch.Vouchd(config=f"receivers:\n  - {{id: mailbox, key: {KEY}}}\n") as daemon:
            for _ in range(3):
                daemon.ask("127.0.0.2")
            daemon.ask("10.255.255.254")
            daemon.ask("nothing.example")
            peers.dns(daemon.dns_port, "elsewhere.example")
            peers.dns(daemon.dns_port, BEHIND_KEY)
            for question in ((LISTED, "+tcp"), (LISTED, "+edns=1", "+noednsneg"), (LISTED, "+opcode=notify"), (LISTED, "-c", "CH"),
                             (LISTED, "ANY", "+notcp"), (vouch.ZONE, "AXFR")):
                dig(daemon, *question)
            page = Page(daemon)
            for zone, transport, outcome, wanted in ((vouch.ZONE, "udp", "listed", 4), (vouch.ZONE, "udp", "not_listed", 1),
                                                     (vouch.DOMAIN_ZONE, "udp", "not_listed", 1), (vouch.ZONE, "udp", "other", 1),
                                                     (vouch.ZONE, "tcp", "listed", 1), (vouch.DOMAIN_ZONE, "tcp", "listed", 0)):
                self.assertEqual(page.get("vouch_dns_zone_queries_total", zone=zone, transport=transport, outcome=outcome), wanted,
                                 (zone, transport, outcome))
            for zone, transport, rcode, wanted in ((vouch.ZONE, "udp", "NOERROR", 5), (vouch.ZONE, "udp", "NXDOMAIN", 1),
                                                   (vouch.DOMAIN_ZONE, "udp", "NXDOMAIN", 1), (vouch.ZONE, "tcp", "NOERROR", 1),
                                                   ("", "udp", "REFUSED", 2), ("", "udp", "BADVERS", 1), ("", "udp", "NOTIMP", 1),
                                                   ("", "udp", "FORMERR", 0), ("", "udp", "none", 0)):
                self.assertEqual(page.get("vouch_dns_zone_answers_total", zone=zone, transport=transport, rcode=rcode), wanted,
                                 (zone, transport, rcode))
            self.assertEqual(page.get("vouch_dns_zone_answers_total", zone="", transport="tcp", rcode="REFUSED"), 1)  # AXFR
            self.assertEqual(page.get("vouch_dns_receiver_queries_total", receiver="mailbox", outcome="listed"), 1)
            self.assertEqual(page.get("vouch_dns_receiver_queries_total", receiver="public", outcome="listed"), 4)
            queries = sum(float(v) for k, v in page.values.items() if k.startswith("vouch_dns_zone_queries_total{"))
            for family in ("vouch_dns_zone_answers_total{", "vouch_dns_receiver_queries_total{"):  # none twice, none left out
                self.assertEqual(sum(float(v) for k, v in page.values.items() if k.startswith(family)), queries, family)

    def test_a_query_that_is_not_answered_is_counted_as_none(self):
        with vouch.Vouchd(config="answers_limit: 1\n") as daemon:
            with socket.socket(type=socket.SOCK_DGRAM) as sock:  # at once: the limit is one a second
                sock.connect(("127.0.0.1", daemon.dns_port))
                for number in range(8):  # one is answered, then half are cut and half dropped
                    sock.send(query(number))

            def counted():
                return sum(float(v) for k, v in Page(daemon).values.items() if k.startswith("vouch_dns_queries_total{"))

            daemon.wait(lambda: counted() == 8, "count all of them")
            page = Page(daemon)
            dropped = page.get("vouch_dns_zone_answers_total", zone="", transport="udp", rcode="none")
            self.assertGreater(dropped, 0)
            self.assertEqual(dropped, page.get("vouch_dns_queries_total", outcome="dropped"))

    def test_a_change_and_the_list_that_came_of_it_can_be_seen(self):
        with vouch.Vouchd() as daemon:
            before, since = Page(daemon), time.time()
            self.assertEqual(before.get("vouch_list_change_seconds_count"), 0)
            certify(daemon)
            soa = dig(daemon, "+short", vouch.ZONE, "SOA").split()
            listed = [s for s in daemon.get("/v1/status")["sources"] if s["state"] == "certified"]
            page = Page(daemon)
            self.assertGreater(len(listed), 0)
            self.assertEqual(page.get("vouch_list_entries", zone=vouch.ZONE), len(listed))
            self.assertEqual(page.get("vouch_list_serial"), int(soa[2]))
            self.assertEqual(page.get("vouch_list_change_seconds_count"), 1)
            self.assertGreater(page.get("vouch_list_change_seconds_sum"), 0)
            self.assertLess(page.get("vouch_list_unconfirmed_seconds"), 900)
            self.assertGreaterEqual(page.get("vouch_snapshot_published_seconds"), int(since))

    def test_histograms_grow_from_bucket_to_bucket_and_a_reload_forgets_nothing(self):
        with vouch.Vouchd() as daemon:
            certify(daemon)
            daemon.ask("127.0.0.2")
            with open(daemon.yaml, encoding="utf-8") as yaml:
                text = yaml.read().replace(f"dns: 127.0.0.1:{daemon.dns_port}", "dns: []")
            self.assertIn("event=reloaded", daemon.reload(text=text))
            page = Page(daemon)
            for name in ("vouch_dns_answer_seconds", "vouch_list_change_seconds"):  # of answers the first batch, then one in 64
                buckets = page.buckets(name)
                self.assertEqual(buckets, sorted(buckets), name)
                self.assertEqual(page.get(name + "_count"), 1, name)
                self.assertEqual(buckets[-1], 1, name)
                self.assertEqual(page.get(name + "_bucket", le="+Inf"), 1, name)
                self.assertGreater(page.get(name + "_sum"), 0, name)
            self.assertEqual(page.get("vouch_dns_zone_queries_total", zone=vouch.ZONE, transport="udp", outcome="listed"), 1)

    def test_each_family_is_declared_once_with_its_type_in_both_forms(self):
        with vouch.Vouchd() as daemon:
            for accept, suffix in (("application/openmetrics-text", ""), ("text/plain", "_total")):
                lines = Page(daemon, accept).text.splitlines()
                types = [line.split()[2:] for line in lines if line.startswith("# TYPE")]
                self.assertEqual(len(types), len({name for name, _ in types}))
                for name, kind in (("vouch_dns_zone_queries" + suffix, "counter"), ("vouch_dns_zone_answers" + suffix, "counter"),
                                   ("vouch_dns_receiver_queries" + suffix, "counter"), ("vouch_dns_answer_seconds", "histogram"),
                                   ("vouch_dns_overrun" + suffix, "counter"), ("vouch_list_change_seconds", "histogram"), ("vouch_list_serial", "gauge"),
                                   ("vouch_list_entries", "gauge"), ("vouch_list_unconfirmed_seconds", "gauge")):
                    self.assertIn([name, kind], types)


if __name__ == "__main__":
    unittest.main(verbosity=2)
