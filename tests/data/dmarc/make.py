#!/usr/bin/env python3
"""make.py: writes made.txt and made_expected.txt.

Nothing here knows the reader. What a report made here must read as stands beside it; what a sample must read as is found by `read`, a second
writing of the rules of doc/data/dmarc.md on xml.etree.
"""

import base64
import datetime
import gzip
import io
import os
import re
import sys
import xml.etree.ElementTree as etree
import zipfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from made import add, write  # noqa: E402

AT = "2026-01-05T11:59:59.500Z"  # the middle of the day
BEGIN, END = 1767571200, 1767657599
samples = []  # names, and what they must read as


def record(ip="192.0.2.10", count="7", dkim="pass", spf="pass", disposition="none", sender="shop.example", auth="", extra="", row=""):
    return f"""<record><row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated><disposition>{disposition}</disposition>
<dkim>{dkim}</dkim><spf>{spf}</spf>{row}</policy_evaluated></row><identifiers><header_from>{sender}</header_from>{extra}</identifiers>
<auth_results>{auth}</auth_results></record>"""


def dkim(domain, result="pass"):
    return f"<dkim><domain>{domain}</domain><result>{result}</result></dkim>"


def spf(domain, result="pass"):
    return f"<spf><domain>{domain}</domain><result>{result}</result></spf>"


def report(*records, begin=BEGIN, end=END, root="feedback", head='<?xml version="1.0"?>\n', org="mailbox.example", more=""):
    return f"""{head}<{root}>{more}<report_metadata><org_name>{org}</org_name><email>a@{org}</email><report_id>r1</report_id>
<date_range><begin>{begin}</begin><end>{end}</end></date_range></report_metadata><policy_published><domain>shop.example</domain><p>none</p>
</policy_published>{"".join(records)}</{root.split()[0]}>"""


def zipped(*files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in files:
            z.writestr(zipfile.ZipInfo(name, (2026, 1, 6, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def mail(content, kind="application/gzip", multipart=True, subject="Report domain: shop.example Submitter: mailbox.example Report-ID: r1"):
    body = base64.encodebytes(content).decode()
    head = f"From: dmarc@mailbox.example\nTo: rua@shop.example\nDate: Tue, 06 Jan 2026 01:00:00 +0000\nMessage-ID: <r1@mailbox.example>\nSubject: {subject}\nMIME-Version: 1.0\n"
    part = f'Content-Type: {kind}\nContent-Disposition: attachment; filename="mailbox.example!shop.example!1!2.xml.gz"\nContent-Transfer-Encoding: base64\n\n{body}'
    if not multipart:
        return head + part
    return head + f'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nYour report.\n--b\n{part}--b--\n'


def packed(text):
    return gzip.compress(text.encode(), mtime=0)


D = "delivered 7 192.0.2.10 {keys}" + AT
PASS = "delivered 7 192.0.2.10 shop.example " + AT
plain = report(record(auth=dkim("shop.example")))

# ---- ways in
add("plain", plain, PASS + " from_domain=shop.example receiver=mailbox.example report=r1 dkim=pass spf=pass disposition=none")
add("gzip", packed(plain), PASS)
add("zip", zipped(("r.xml", plain)), PASS)
add("zip-with-folder", zipped(("reports/", ""), ("reports/r.xml", plain)), PASS)
add("gzip-with-rubbish-behind", packed(plain) + b"\0" * 20 + b"rubbish", PASS)
add("gzip-twice", gzip.compress(packed(plain), mtime=0), "refused it is packed more than once")
add("gzip-cut-off", packed(plain)[:120], "refused the packed file is damaged")
add("bomb", gzip.compress(b" " * (17 << 20), mtime=0), "refused it is too large unpacked")
add("zip-empty", zipped(), "refused none of the formats that are read: no mail, no table, no JSON")
add("zip-of-nothing", zipped(("a.xml", "")), "refused the packed file is empty")
add("mail-gzip", mail(packed(plain)), PASS)
add("mail-zip", mail(zipped(("r.xml", plain)), "application/zip"), PASS)
add("mail-octet-stream", mail(packed(plain), "application/octet-stream"), PASS)
add("mail-xml", mail(plain.encode(), "text/xml"), PASS)
add("mail-without-parts", mail(packed(plain), multipart=False), PASS)
add("bom", "\ufeff" + plain, PASS)

# ---- shapes
add("namespace", report(record(auth=dkim("shop.example")), root='feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0"'), PASS)
PREFIXED = re.sub(r"<(/?)([a-z])", r"<\1dm:\2", report(record(ip="nowhere"), record(auth=dkim("shop.example")), head="")).replace(
    "<dm:feedback>", '<dm:feedback xmlns:dm="urn:ietf:params:xml:ns:dmarc-2.0">')
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
add("namespace-with-a-prefix", HEAD + PREFIXED, "fault 'nowhere' is no address", PASS + " from_domain=shop.example receiver=mailbox.example report=r1")
add("mail-namespace-with-a-prefix", mail(packed(HEAD + PREFIXED)), "fault 'nowhere' is no address", PASS)
add("utf-16-with-a-prefix", (HEAD.replace("UTF-8", "UTF-16") + PREFIXED).encode("utf-16"), "fault 'nowhere' is no address", PASS)
add("something-behind-a-prefix", PREFIXED + "</dm:schema>", "fault 'nowhere' is no address", PASS)
add("prefix-of-something-else", plain.replace("feedback>", "dm:feedbacks>"), "refused no DMARC report: there is no <feedback>")
add("prolog-of-another-schema", report(record(auth=dkim("shop.example")), head='<?xml version="1.0"?> <xs:schema xmlns:xs="x">\n'), PASS)
add("something-behind", plain + "\n</xs:schema>", PASS)
add("unknown-elements", report(record(auth=dkim("shop.example"), extra="<x:y xmlns:x='z'>1</x:y><deep><er>2</er></deep>")), PASS)
add("attributes-and-comments", plain.replace("<row>", "<row id='1'><!-- <count>9</count> -->"), PASS)
add("cdata", plain.replace(">7<", "><![CDATA[7]]><"), PASS)
add("blanks-around", plain.replace(">192.0.2.10<", ">\n 192.0.2.10\t<"), PASS)
add("old-identities", plain.replace("identifiers>", "identities>"), PASS + " from_domain=shop.example")
add("results-first", report("<record><auth_results>" + spf("other.example") + "</auth_results>" + record(dkim="fail", spf="fail")[8:]),
    f"delivered 7 192.0.2.10 {AT}", f"auth_fail 7 192.0.2.10 {AT}", f"foreign_from 7 192.0.2.10 {AT}")
add("latin-1", report(record(auth=dkim("shop.example")), head='<?xml version="1.0" encoding="iso-8859-1"?>', org="caf\u00e9.example").encode("latin-1"),
    PASS + " receiver=caf\u00e9.example")
CAFE = report(record(auth=dkim("shop.example")), head='<?xml version="1.0" encoding="%s"?>\n', org="caf\u00e9.example")
add("windows-1252", (CAFE % "windows-1252").replace("caf", "\u20ac").encode("cp1252"), PASS + " receiver=\u20ac\u00e9.example")
add("utf-16", (CAFE % "UTF-16").encode("utf-16"), PASS + " receiver=caf\u00e9.example")
add("utf-16-big-endian", b"\xfe\xff" + (CAFE % "utf-16").encode("utf-16-be"), PASS + " receiver=caf\u00e9.example")
add("mail-utf-16", mail((CAFE % "UTF-16").encode("utf-16"), "text/xml"), PASS + " receiver=caf\u00e9.example")
add("latin-1-that-says-utf-8", (CAFE % "UTF-8").encode("latin-1"), PASS + " receiver=caf?.example")
add("a-charset-that-nobody-knows", (CAFE % "x-klingon").encode("latin-1"), PASS + " receiver=caf?.example")
add("control-characters", plain.replace("<email>", "<email>\x01\x00").encode(), PASS)
add("zip-with-a-page-in-front", zipped(("README.txt", "see https://mailbox.example/"), ("r.xml", plain)), PASS)
add("zip-of-pages", zipped(("a.txt", "nothing"), ("b.txt", "here")), "refused no DMARC report: there is no <feedback>")
add("stray-signs", report(record(auth=dkim("shop.example")), org="a & b <mail@x.example>"), PASS + ' receiver="a & b <mail@x.example>"')
add("entities-are-not-known", '<!DOCTYPE f [<!ENTITY a "192.0.2.10">]>' + plain.replace("192.0.2.10", "&a;")[21:],
    "fault '&a;' is no address")
add("cut-off", plain[:-40], "refused no element found")
add("empty-report", report(), "nothing")
add("no-feedback", "<?xml version='1.0'?><html></html>", "refused no DMARC report: there is no <feedback>")

# ---- what is read
add("ipv6", report(record(ip="2001:db8::25")), f"delivered 7 2001:db8::25 {AT}")
add("two-domains", report(record(auth=dkim("shop.example") + dkim("bad.example", "fail") + dkim("esp.example"))),
    f"delivered 7 192.0.2.10 shop.example esp.example {AT}")
add("fails", report(record(dkim="fail", spf="fail", auth=dkim("shop.example", "fail"))),
    f"delivered 7 192.0.2.10 {AT}", f"auth_fail 7 192.0.2.10 {AT}")
add("one-of-two-is-enough", report(record(dkim="fail", spf="pass", auth=spf("shop.example"))), f"delivered 7 192.0.2.10 {AT}")
add("quarantined", report(record(disposition="quarantine", dkim="fail", spf="fail")),
    f"delivered 7 192.0.2.10 {AT} disposition=quarantine", f"auth_fail 7 192.0.2.10 {AT}")
add("rejected", report(record(disposition="reject", dkim="fail", spf="fail")),
    f"policy_block 7 192.0.2.10 {AT} disposition=reject", f"auth_fail 7 192.0.2.10 {AT}")
add("as-somebody-else", report(record(dkim="fail", spf="fail", auth=dkim("esp.example") + spf("bounce.esp.example"))),
    f"delivered 7 192.0.2.10 esp.example {AT}", f"auth_fail 7 192.0.2.10 esp.example {AT}",
    f"foreign_from 7 192.0.2.10 esp.example {AT} from_domain=shop.example spf_domain=bounce.esp.example")
add("as-its-own-subdomain", report(record(dkim="fail", spf="fail", auth=spf("mail.shop.example"))),
    f"delivered 7 192.0.2.10 {AT}", f"auth_fail 7 192.0.2.10 {AT}")
add("not-only-the-end-of-a-name", report(record(dkim="fail", spf="fail", auth=spf("bookshop.example"))),
    f"delivered 7 192.0.2.10 {AT}", f"auth_fail 7 192.0.2.10 {AT}", f"foreign_from 7 192.0.2.10 {AT}")
add("override", report(record(dkim="fail", spf="fail", row="<reason><type>mailing_list</type></reason>")),
    f"delivered 7 192.0.2.10 {AT} override=mailing_list", f"auth_fail 7 192.0.2.10 {AT} override=mailing_list")
add("from-is-no-domain", report(record(sender="not a domain", auth=dkim("shop.example"))), PASS + " from_domain=")
add("count-of-nothing", report(record(count="0")), "nothing")
add("bad-address", report(record(ip="nowhere"), record(ip="192.0.2.11")), "fault 'nowhere' is no address", f"delivered 7 192.0.2.11 {AT}")
add("bad-count", report(record(count="many")), "fault 'many' is no number of messages")
add("prefix-is-no-address", report(record(ip="192.0.2.0/24")), "fault '192.0.2.0/24' is no address")
add("times-missing", report(record(), begin="", end=""), "delivered 7 192.0.2.10 2026-02-01T00:00:00Z")
add("times-as-text", report(record(), begin="2026-01-05T00:00:00Z", end="2026-01-06T00:00:00Z"), "delivered 7 192.0.2.10 2026-01-05T12:00:00Z")
add("time-in-the-future", report(record(), begin=4000000000, end=4000086399), "delivered 7 192.0.2.10 2026-02-01T00:00:00Z")
add("end-before-begin", report(record(), begin=BEGIN, end=1), "delivered 7 192.0.2.10 2026-01-05T00:00:00Z")


# ---- the samples, by a reader of its own
def text(node, path):
    found = node.find(path)
    return "" if found is None or found.text is None else found.text.strip()


def near(a, b):
    return a == b or a.endswith("." + b) or b.endswith("." + a)


def read(raw):
    raw = raw[raw.index(b"<feedback"):]
    root = etree.fromstring(re.sub(rb' xmlns="[^"]*"', b"", raw))
    begin, end = (int(text(root, f"report_metadata/date_range/{which}")) for which in ("begin", "end"))
    at = datetime.datetime.fromtimestamp(0, datetime.timezone.utc) + datetime.timedelta(seconds=begin + (end - begin) / 2)
    at = at.strftime("%Y-%m-%dT%H:%M:%S") + (".500Z" if (end - begin) % 2 else "Z")
    for r in root.iter("record"):
        passed = [text(d, "domain") for d in r.findall("auth_results/dkim") if text(d, "result") == "pass"]
        passed_spf = [text(d, "domain") for d in r.findall("auth_results/spf") if text(d, "result") == "pass"]
        keys = " ".join(dict.fromkeys([text(r, "row/source_ip")] + passed[:3]))
        verdict = {text(r, "row/policy_evaluated/dkim"), text(r, "row/policy_evaluated/spf")}
        sender, n = text(r, "identifiers/header_from"), text(r, "row/count")
        signals = ["policy_block" if text(r, "row/policy_evaluated/disposition") == "reject" else "delivered"]
        if "pass" not in verdict:
            signals.append("auth_fail")
            if passed + passed_spf and not any(near(d, sender) for d in passed + passed_spf):
                signals.append("foreign_from")
        for signal in signals:
            yield f"{signal} {n} {keys} {at} from_domain={sender}"


def sample(name):
    with open(name, "rb") as file:
        raw = file.read()
    if name.endswith(".gz"):
        raw = gzip.decompress(raw)
    elif name.endswith(".zip"):
        with zipfile.ZipFile(name) as z:
            raw = z.read(z.namelist()[0])
    samples.append((name, list(read(raw))))


def main():
    for name in ("addisonfoods.com_example.com_1536105600_1536191999.xml", "ikea.com_example.de_1538690400_1538776800.xml",
                 "estadocuenta1.infonacot.gob.mx_example.com_1536853302_1536939702_2940.xml.zip",
                 "fastmail.com_example.com_1516060800_1516147199_102675056.xml.gz", "nice-input.xml", "old_draft_from_wiki.xml",
                 "rfc9990-sample.xml"):
        sample(name)
    write(end="\n", more=samples)


main()
