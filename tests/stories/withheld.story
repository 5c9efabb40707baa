story "a source that is suspended for one receiver is off the list for that receiver alone, by its key or from its network, until it is cleared"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
config <<
receivers:
  - {id: mailbox, key: mailbox-7f3a9c2e5b8d4f60}
  - {id: another, key: another-0123456789abcdef}
end

# Above the threshold of complaints at this mailbox operator.
history   5d every 1d by mailbox: 192.0.2.10 delivered 5000 complaint 6 and 192.0.2.11 delivered 500
history   5d every 1d by mailbox: 192.0.2.10 delivered 5000 complaint 10 and 192.0.2.11 delivered 500
history   6d every 1d by mailbox: 192.0.2.10 delivered 2000 complaint 16 and 192.0.2.11 delivered 500
expect    dns 10.2.0.192.mailbox-7f3a9c2e5b8d4f60.certified.example A == 127.0.0.10
report rows by mailbox <<
time,source,signal,count
2026-01-17T12:00:00Z,192.0.2.10,complaint,24
end
expect    standing 192.0.2.10 == partially suspended for mailbox
expect    dns 10.2.0.192.mailbox-7f3a9c2e5b8d4f60.certified.example A == NXDOMAIN
expect    dns 10.2.0.192.mailbox-7f3a9c2e5b8d4f60.certified.example TXT == NXDOMAIN
expect    dns 10.2.0.192.another-0123456789abcdef.certified.example A == 127.0.0.10
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
expect    dns 11.2.0.192.mailbox-7f3a9c2e5b8d4f60.certified.example A == 127.0.0.10

# Also after a restart that reads it all again; and suspended, it is off for all.
restart with kill -9
expect    dns 10.2.0.192.mailbox-7f3a9c2e5b8d4f60.certified.example A == NXDOMAIN
expect    dns 10.2.0.192.certified.example A == 127.0.0.10

# Also when it comes with a reload, after it was gone.
reload <<
receivers:
  - {id: another, key: another-0123456789abcdef}
end
expect    dns 10.2.0.192.mailbox-7f3a9c2e5b8d4f60.certified.example A == NXDOMAIN
expect    dns 11.2.0.192.mailbox-7f3a9c2e5b8d4f60.certified.example A == NXDOMAIN
expect    dns 10.2.0.192.another-0123456789abcdef.certified.example A == 127.0.0.10
reload <<
receivers:
  - {id: newcomer, key: newcomer-0123456789abcde}
  - {id: mailbox, key: mailbox-7f3a9c2e5b8d4f60}
  - {id: another, key: another-0123456789abcdef}
end
expect    dns 10.2.0.192.mailbox-7f3a9c2e5b8d4f60.certified.example A == NXDOMAIN
expect    dns 11.2.0.192.mailbox-7f3a9c2e5b8d4f60.certified.example A == 127.0.0.10
expect    dns 10.2.0.192.newcomer-0123456789abcde.certified.example A == 127.0.0.10
expect    dns 10.2.0.192.another-0123456789abcdef.certified.example A == 127.0.0.10

# From a network of its own it needs no key.
config <<
receivers:
  - {id: mailbox, networks: 127.0.0.1}
end
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
expect    dns 11.2.0.192.certified.example A == 127.0.0.10
clear     192.0.2.10 by analyst because "a list of old addresses, repaired"
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
