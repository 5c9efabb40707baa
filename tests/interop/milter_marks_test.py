#!/usr/bin/env python3
"""swaks -> Postfix -> OpenDKIM, vouch-milter -> a mailbox: certified mail is marked (RFC 8904), forged marks are gone, and
whatever fails, the mail comes."""

import sys
import time

import certified
import milter
import peers
import vouch
from certified import DOMAIN, LISTED, OTHER, SELECTOR
from milter import FIELD, HOST, expect, fields, listings

REFUSED, WRONG_CODE, BLOCKED = "198.18.0.20", "198.18.0.21", "198.18.0.22"
BY_ADDRESS = (vouch.ZONE, vouch.CODE, f"{LISTED} is certified", "na")
BY_DOMAIN = (vouch.DOMAIN_ZONE, vouch.CODE, f"{DOMAIN} is certified", "na")
# All of them say that they are ours, each in another way.
FORGED = [f"{HOST}; dnswl=pass dns.zone={vouch.ZONE} policy.ip={vouch.CODE}",
          f"{HOST.upper()} 1; dnswl=pass dns.zone={vouch.ZONE}",
          f'"mx.\\example.test"; dnswl=pass dns.zone={vouch.ZONE}',
          f"{HOST}.; dnswl=pass dns.zone={vouch.ZONE}",
          f"(a (b) c) {HOST} (d); dkim=pass header.d={DOMAIN}; dnswl=pass dns.zone={vouch.ZONE}",
          f"; dnswl=pass dns.zone={vouch.ZONE} policy.ip={vouch.CODE}"]
FOREIGN = f"mx.elsewhere.test; dkim=pass header.d={DOMAIN}; dnswl=pass dns.zone={vouch.ZONE}"


class Flow:
    """One mail after another through the same servers."""

    def __init__(self, postfix, store):
        self.postfix, self.store = postfix, store

    def mail(self, client, *options, data=None):
        """The message as it comes to the mailbox."""
        taken, words = milter.swaks(self.postfix, client, *options, data=data)
        expect(f"the mail of {client} to be taken: {words[-800:]}", taken)
        return self.store.next()

    def marks(self, *args, **more):
        return sorted(listings(self.mail(*args, **more)))


def header(name, values):
    return [part for value in values for part in ("--add-header", f"{name}: {value}")]


def check_marks(flow, key):
    message = flow.mail(LISTED)
    expect(f"one mark, not {fields(message)}", listings(message) == [BY_ADDRESS])
    expect(f"the mark to stand above all else, not {message.keys()}", message.keys()[0] == FIELD)
    expect("no mark for another", flow.marks(OTHER) == [])
    message = flow.mail(OTHER, *header(FIELD, [*FORGED, FOREIGN]), *header("X-Vouch", [vouch.ZONE]))
    left = [value for value in fields(message) if "dkim=none" not in value]  # OpenDKIM's own
    expect(f"nothing forged and all foreign, not {left}", left == [FOREIGN])
    expect("no forged tag", fields(message, "X-Vouch") == [])
    message = flow.mail(LISTED, *header(FIELD, FORGED), *header("X-Vouch", ["forged"]))
    expect(f"one true mark, not {fields(message)}", listings(message) == [BY_ADDRESS])
    expect("the true tag", fields(message, "X-Vouch") == [vouch.ZONE])
    signed = certified.mail(OTHER, key)
    expect("a mark for the domain that signed", flow.marks(OTHER, data=signed) == [BY_DOMAIN])
    expect("two marks", flow.marks(LISTED, data=signed) == [BY_ADDRESS, BY_DOMAIN])
    spoilt = signed.replace(b"Good morning", b"Your account")
    expect("no mark for a signature that does not fit", flow.marks(OTHER, data=spoilt) == [])
    message = flow.mail(None, *header(FIELD, FORGED[:1]))
    expect("internal mail to pass as it is", f"{HOST}; dnswl=pass dns.zone={vouch.ZONE}" in fields(message)[0])


def check_odd_names(flow):
    """A blank before the colon, other letters, a line end in front: fields of that name to whoever reads them, and they count where one is taken out.

    Postfix hands the name on without the blank, as Sendmail does; what the milter makes of one is in milter_authres_test.c.
    """
    odd = [(f"{FIELD} ", FORGED[0]), (f"{FIELD}\t", FORGED[0]), (FIELD.upper(), FORGED[0])]
    lines = [f"{name}: {value}\n" for name, value in [*odd, (FIELD, FOREIGN), (FIELD, FORGED[0]), (FIELD, f"\n\t{FORGED[0]}"), *odd]]
    data = "".join(lines) + "From: news@sender.test\nTo: u@fbl.example\nSubject: news\n\nGood morning\n"
    message = flow.mail(OTHER, data=data.encode())
    left = [line for line in message.as_string().splitlines() if "dnswl=" in line]
    expect(f"the foreign one alone, not {left}", len(left) == 1 and "elsewhere" in left[0])


def check_codes(flow):
    expect("no mark when the list refuses", flow.marks(REFUSED) == [])
    expect("no mark for another code", flow.marks(WRONG_CODE) == [])
    taken, words = milter.swaks(flow.postfix, BLOCKED)
    expect("a refusal for what the operator chose", not taken and f"550 5.7.1 {BLOCKED} stands on blocked.example" in words)
    expect("a mail of the same session after it", flow.marks(LISTED) == [BY_ADDRESS])


def check_failures(flow, ours, unbound):
    ours.terminate()
    ours.again(timeout="2s")  # from here on; before that a busy machine has more time
    unbound.process.send_signal(19)  # SIGSTOP: questions get no answer at all
    times = []
    for _ in range(5):
        start = time.monotonic()
        expect("no mark while DNS is silent", flow.marks(LISTED) == [])
        times.append(time.monotonic() - start)
    print("seconds per mail while DNS is silent:", *(f"{t:.1f}" for t in times))
    unbound.process.send_signal(18)
    unbound.wait(lambda: flow.marks(LISTED) == [BY_ADDRESS], "be asked again")
    ours.freeze(True)
    expect("mail while the milter hangs", flow.marks(LISTED) == [])
    ours.freeze(False)
    ours.terminate()
    expect("mail while there is no milter", flow.marks(LISTED) == [])
    ours.start()
    ours.wait(lambda: flow.marks(LISTED) == [BY_ADDRESS], "mark again")
    unbound.stop()
    expect("mail without a resolver", flow.marks(LISTED) == [])


def odd_list():
    return peers.Rbldnsd("odd.example", [":127.255.255.254:refused", REFUSED, ":127.0.0.9:something else", WRONG_CODE,
                                         ":127.0.0.10:both", "198.18.0.23"])


def check():
    key = certified.Key()
    record = {f"{SELECTOR}._domainkey.{DOMAIN}": key.record}
    with certified.daemon() as server, odd_list() as odd, \
            peers.Rbldnsd("blocked.example", [":127.0.0.2:blocked", BLOCKED]) as blocked, milter.Store() as store:
        stubs = {vouch.ZONE: server.dns_port, vouch.DOMAIN_ZONE: server.dns_port, "odd.example": odd.port,
                 "blocked.example": blocked.port}
        with peers.Unbound({zone: f"127.0.0.1@{port}" for zone, port in stubs.items()}) as unbound, \
                milter.OpenDkim(record) as dkim, \
                milter.Milter(milter.options(unbound, tag="X-Vouch", reject_zones="[blocked.example=127.0.0.2]",
                                             address_zones=f"[{vouch.ZONE}={vouch.CODE}, odd.example=127.0.0.10]")) as ours, \
                peers.Postfix(store.port, settings=milter.settings(dkim, ours, milter_command_timeout="10s",
                                                                     milter_content_timeout="10s")) as postfix:
            flow = Flow(postfix, store)
            check_marks(flow, key)
            check_odd_names(flow)
            check_codes(flow)
            server.command("suspend", "sender", "operator", "its mail is phishing")
            unbound.wait(lambda: flow.marks(LISTED) == [], "forget the answer")
            server.command("clear", LISTED, "analyst", "it was a false alarm")
            unbound.wait(lambda: flow.marks(LISTED) == [BY_ADDRESS], "learn the answer")
            check_failures(flow, ours, unbound)


if __name__ == "__main__":
    sys.exit(certified.run(check, "postfix", "unbound", "rbldnsd", "swaks", "opendkim"))
