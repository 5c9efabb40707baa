story "receivers are known by network and key, the list can be theirs alone, and no refusal looks like a listing"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
expect    dns amiblocked.certified.example TXT == no: 127.0.0.1 is of the public; no limit

# The list is for its receivers now. Whoever asks comes from 127.0.0.1, which is no network of theirs.
config <<
public: no
receivers:
  - {id: mailbox, networks: [198.51.100.0/24, "2001:db8::/32"], key: mailbox-7f3a9c2e5b8d4f60}
end
expect    dns 10.2.0.192.certified.example A == REFUSED
expect    dns 11.2.0.192.certified.example A == REFUSED
expect    dns news.harbour.test.domains.certified.example A == REFUSED
expect    dns amiblocked.certified.example TXT == yes: 127.0.0.1 is of the public; no limit; the list answers its receivers alone, and this is no network of theirs
expect    dns 10.2.0.192.mailbox-7f3a9c2e5b8d4f60.certified.example A == 127.0.0.10
expect    dns 10.2.0.192.MAILBOX-7F3A9C2E5B8D4F60.certified.example A == 127.0.0.10
expect    dns 99.2.0.192.mailbox-7f3a9c2e5b8d4f60.certified.example A == NXDOMAIN
expect    dns news.harbour.test.mailbox-7f3a9c2e5b8d4f60.domains.certified.example A == 127.0.0.10
expect    dns news.harbour.test._vouch.mailbox-7f3a9c2e5b8d4f60.certified.example TXT == all
expect    dns 10.2.0.192.mailbox-7f3a9c2e5b8d4f61.certified.example A == REFUSED

# What it asked is counted for it, today, and stays counted over a restart; the public was refused four times.
expect    vouch "receivers" == 0 "mailbox" "198.51.100.0/24" "public"
expect    vouch "receivers --json" == 0 "'queries_30_days': 5" "'listed': 4" "'refused': 4" "'day': '2026-01-05'"
restart
expect    vouch "receivers --json" == 0 "'queries_30_days': 5"
suspend   192.0.2.10 by operator because "a test"
expect    dns 10.2.0.192.mailbox-7f3a9c2e5b8d4f60.certified.example A == NXDOMAIN

# Its own network.
config <<
public: no
receivers:
  - {id: mailbox, networks: 127.0.0.0/8}
end
expect    dns 11.2.0.192.certified.example A == 127.0.0.10
expect    dns amiblocked.certified.example TXT == no: 127.0.0.1 is receiver mailbox, by its network; no limit
