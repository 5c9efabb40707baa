#!/usr/bin/env python3
"""make.py: writes the signed mails of this folder and keys.txt, with new keys each time. Signer: dkimpy (Debian python3-dkim, python3-nacl)."""

import base64
import os
import subprocess
import sys

import dkim
import nacl.signing

HERE = os.path.dirname(os.path.abspath(__file__))
HEADERS = [b"from", b"to", b"subject", b"message-id", b"date"]
keys = []
dkim.time.time = lambda: 1767600000  # t= of the signatures: a clock of the past must not see them lie ahead


def mail(number):
    sender = "Feedback <fbl@reports.mailbox.example>"
    body = ("--b1\r\nContent-Type: text/plain\r\n\r\nThis is a feedback report.\r\n\r\n"
            "--b1\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: made/1\r\nVersion: 1\r\n"
            "Source-IP: 192.0.2.10\r\nArrival-Date: Mon, 05 Jan 2026 07:30:00 +0000\r\n\r\n"
            "--b1\r\nContent-Type: message/rfc822\r\n\r\nFrom: Shop <news@shop.example>\r\nMessage-ID: <n1@shop.example>\r\n"
            "Subject: Sale\r\n\r\nBuy.\r\n\r\n--b1--\r\n")
    return (f"From: {sender}\r\nTo: reports@list.example\r\nDate: Mon, 05 Jan 2026 09:00:00 +0100\r\n"
            f"Message-ID: <{number}@reports.mailbox.example>\r\nSubject: Abuse report\r\nMIME-Version: 1.0\r\n"
            f'Content-Type: multipart/report; report-type=feedback-report; boundary="b1"\r\n\r\n{body}').encode()


def rsa(selector, domain, bits=2048, tags=""):
    """A new key: its private half; the public one is written into keys.txt."""
    private = subprocess.run(["openssl", "genrsa", "-traditional", str(bits)], check=True, capture_output=True).stdout
    public = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"], input=private, check=True, capture_output=True).stdout
    keys.append(f"{selector}._domainkey.{domain} v=DKIM1; k=rsa; {tags}p={base64.b64encode(public).decode()}")
    return private


def ed25519(selector, domain):
    private = nacl.signing.SigningKey.generate()
    keys.append(f"{selector}._domainkey.{domain} v=DKIM1; k=ed25519; p={base64.b64encode(bytes(private.verify_key)).decode()}")
    return base64.b64encode(bytes(private))


def sign(message, selector, domain, private, algorithm=b"rsa-sha256", canonical=(b"relaxed", b"relaxed"), headers=None, length=False):
    return dkim.sign(message, selector.encode(), domain.encode(), private, canonicalize=canonical, signature_algorithm=algorithm,
                     include_headers=headers or HEADERS, length=length) + message


def write(name, message):
    with open(os.path.join(HERE, name + ".eml"), "wb") as out:
        out.write(message)


def main():
    ours, elsewhere = "reports.mailbox.example", "elsewhere.example"
    k1 = rsa("k1", ours)
    write("rsa", sign(mail(1), "k1", ours, k1))
    write("simple", sign(mail(2), "k1", ours, k1, canonical=(b"simple", b"simple")))
    write("ed25519", sign(mail(3), "k2", ours, ed25519("k2", ours), b"ed25519-sha256"))
    write("below", sign(mail(4), "k1", "a." + ours, rsa("k1", "a." + ours)))
    write("above", sign(mail(5), "k1", "mailbox.example", rsa("k1", "mailbox.example")))
    stranger = rsa("k1", elsewhere)
    write("elsewhere", sign(mail(6), "k1", elsewhere, stranger))
    write("two", sign(sign(mail(7), "k1", ours, k1), "k1", elsewhere, stranger))
    write("first-broken", sign(mail(8), "k1", ours, rsa("k0", ours)).replace(mail(8), b"") + sign(mail(8), "k1", ours, k1))
    write("length", sign(mail(9), "k1", ours, k1, length=True))
    write("sha1", sign(mail(10), "k1", ours, k1, b"rsa-sha1"))
    write("test-key", sign(mail(11), "k3", ours, rsa("k3", ours, tags="t=y; ")))
    write("short-key", sign(mail(12), "k4", ours, rsa("k4", ours, bits=512)))
    write("no-key", sign(mail(13), "k9", ours, k1))
    write("unsigned", mail(14))
    with open(os.path.join(HERE, "keys.txt"), "w", encoding="utf-8") as out:
        out.write("".join(key + "\n" for key in keys))


if __name__ == "__main__":
    sys.exit(main())
