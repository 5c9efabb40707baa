#!/usr/bin/env python3
"""Mails that another program signed go through Postfix; the keys come from Unbound: each is charged to whom it proves, and to nobody else."""

import os
import sys
import tempfile

import certified
import peers
from certified import expect

RECIPIENT = "reports@feedback.example"
DATA = os.path.join(peers.TREE, "tests", "data", "dkim")
PROGRAMME = certified.PROGRAMME + """\
  - id: far-mailbox
    kind: mailbox
    trust: full
    addresses: [far@feedback.example]
    domains: [reports.mailbox.example]
"""
NOBODY = b"\x04lmtp\x03arf\x00\x00"  # door, format, no reporter, no proof


def is_far(record):
    """Is it charged to far-mailbox, and does it say why?"""
    return b"\x0bfar-mailbox" in record and (b"dkim reports.mailbox.example" in record or b"dkim a.reports.mailbox.example" in record)


def mail(name, number):
    """A mail of the folder with a field above it that nobody signed."""
    with open(os.path.join(DATA, name + ".eml"), "rb") as file:
        return b"X-Number: %d\r\n" % number + file.read()


def keys():
    """Local data of Unbound: a TXT record has strings of at most 255 bytes."""
    lines = ['local-zone: "mailbox.example." static', 'local-zone: "elsewhere.example." static']
    with open(os.path.join(DATA, "keys.txt"), encoding="utf-8") as file:
        for line in file:
            name, record = line.rstrip("\n").split(" ", 1)
            strings = " ".join(f'"{record[at:at + 250]}"' for at in range(0, len(record), 250))
            lines.append(f"local-data: '{name}. TXT {strings}'")
    return lines


def check():
    port = peers.free_port()
    with tempfile.TemporaryDirectory(prefix="vouch-maildir-") as maildir:
        for folder in ("new", "cur", "tmp"):
            os.mkdir(os.path.join(maildir, folder))
        config = f"resolvers: 127.0.0.1:{port}\ndkim_timeout: 60s\nmaildir: {maildir}\nmaildir_every: 100ms\nauthserv_id: mx.list.example\n"
        with certified.daemon(config) as server:
            server.post("/v1/programme", PROGRAMME.encode(), apply=1, actor="operator")
            shipped = certified.settings("postfix/feedback.cf")
            shipped["transport_maps"] = shipped["transport_maps"].replace("8024", str(server.lmtp_port))
            # Tried again at once, a mail that its client on a busy machine still holds would stay in the active queue.
            shipped.update(minimal_backoff_time="5s", maximal_backoff_time="5s")
            with peers.Postfix(1, domain="elsewhere.test", settings=shipped) as postfix:
                through_postfix(server, postfix, port)
            from_a_folder(server, maildir, port)
            said_by_the_server_in_front(server)
            server.prove()


def through_postfix(server, postfix, port):
    sent = 0

    def send(message, recipient=RECIPIENT):
        """One more mail through Postfix; the record of its report."""
        nonlocal sent
        sent += 1
        postfix.send(recipient, message)
        postfix.wait(lambda: len(postfix.lines("status=sent (250 ")) == sent, "hand over the mail")
        return server.records("report")[-1]

    # While no key can be had the mail waits in the queue, and then it counts for whom it proves.
    postfix.send(RECIPIENT, mail("rsa", 0))
    postfix.wait(lambda: postfix.lines("status=deferred"), "keep the mail")
    expect("no report of a mail whose key cannot be had", server.records("report") == [])
    with peers.Unbound({}, keys(), port):
        sent = 1
        postfix.wait(lambda: len(postfix.lines("status=sent (250 ")) == 1, "hand over the mail that waited")
        expect("a signed mail to be its reporter's", is_far(server.records("report")[-1]))
        send(mail("rsa", 1))
        expect("the same content by another way to count once", len(server.records("report")) == 1)
        for name in ("simple", "below", "two", "first-broken"):
            expect(f"{name} to be its reporter's", is_far(send(mail(name, 2))))
        # It came to another reporter's address: a signature says more than that. Without one the address decides, as ever.
        for name in ("unsigned", "elsewhere", "above", "length", "sha1", "test-key", "no-key"):
            record = send(mail(name, 3))
            expect(f"{name} to be of the address", not is_far(record) and b"address" in record)

        # Whoever learns the address of a reporter with domains cannot speak for it.
        for name, far in (("ed25519", True), ("short-key", False)):
            message = mail(name, 4)
            server.send_mail(message, "far@feedback.example")
            expect(f"{name} to its own address", is_far(server.records("report")[-1]) == far)
        server.send_mail(mail("simple", 5).replace(b"192.0.2.10", certified.OTHER.encode()), "far@feedback.example")
        expect("a changed mail to be nobody's", NOBODY in server.records("report")[-1])


def from_a_folder(server, maildir, port):
    path = os.path.join(maildir, "tmp", "one")
    with open(path, "wb") as file:
        file.write(mail("ed25519", 6).replace(b"\r\n", b"\n"))
    os.utime(path, (1, 1))
    count = len(server.records("report"))
    with peers.Unbound({}, keys(), port) as unbound:
        os.rename(path, os.path.join(maildir, "new", "one"))
        unbound.wait(lambda: os.listdir(os.path.join(maildir, "new")) == [], "see the mail taken")
    expect("a mail out of a folder to be a duplicate of the one that came by LMTP", len(server.records("report")) == count)


def said_by_the_server_in_front(server):
    word = b"Authentication-Results: %s;\r\n dkim=pass header.d=reports.mailbox.example\r\n"
    message = mail("unsigned", 7).replace(b"192.0.2.10", b"192.0.2.77")
    server.send_mail(word % b"elsewhere.example" + message)
    expect("no word of a stranger to count", b"far-mailbox" not in server.records("report")[-1])
    server.send_mail(word % b"mx.list.example" + message)
    expect("the word of the server in front to count", b"results reports.mailbox.example" in server.records("report")[-1])


if __name__ == "__main__":
    sys.exit(certified.run(check, "postfix", "unbound"))
