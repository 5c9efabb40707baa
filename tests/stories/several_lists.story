story "one daemon serves several lists, each with its zones and its code, and a source stands on the one of its system"

clock     2026-01-05T00:00:00Z
config <<
  - name: safe
    zone: safe.example
    domain_zone: domains.safe.example
    code: 127.0.0.20
    txt: "$ is safe"
  - name: trusted
    zone: trusted.example
    code: 127.0.3.10
receivers:
  - {id: mailbox, key: mailbox-7f3a9c2e5b8d4f60}
end
programme programme.yaml
expect    vouch "change system harbour-alerts list=safe" == 0
expect    vouch "change system meadow-shared list=trusted" == 0
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
expect    dns 20.2.0.192.safe.example A == 127.0.0.20
expect    dns 20.2.0.192.safe.example TXT == 192.0.2.20 is safe
expect    dns 3.100.51.198.trusted.example A == 127.0.3.10
expect    dns 20.2.0.192.certified.example A == NXDOMAIN
expect    dns 10.2.0.192.safe.example A == NXDOMAIN
expect    dns 3.100.51.198.certified.example A == NXDOMAIN

# Domains: the zone that filters ask with a DKIM domain, and vouching by reference (RFC 5518).
expect    dns news.harbour.test.domains.certified.example A == 127.0.0.10
expect    dns news.harbour.test._vouch.certified.example TXT == all
expect    dns news.harbour.test.domains.safe.example A == NXDOMAIN
expect    dns news.harbour.test._vouch.safe.example TXT == NXDOMAIN
expect    vouch "change system harbour-news list=safe" == 0
expect    dns news.harbour.test.domains.safe.example A == 127.0.0.20
expect    dns news.harbour.test._vouch.safe.example TXT == all
expect    dns news.harbour.test._vouch.certified.example TXT == NXDOMAIN
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
expect    dns 10.2.0.192.safe.example A == 127.0.0.20

# Each has its test entries, and one key is good for all.
expect    dns 2.0.0.127.safe.example A == 127.0.0.20
expect    dns 2.0.0.127.trusted.example A == 127.0.3.10
expect    dns 1.0.0.127.trusted.example A == NXDOMAIN
expect    dns 3.100.51.198.mailbox-7f3a9c2e5b8d4f60.trusted.example A == 127.0.3.10
expect    dns 10.2.0.192.mailbox-7f3a9c2e5b8d4f60.safe.example A == 127.0.0.20
suspend   192.0.2.20 by operator because "a test"
expect    dns 20.2.0.192.safe.example A == NXDOMAIN
