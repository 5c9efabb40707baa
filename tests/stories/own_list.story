story "mail to the sender's own list with nothing but complaints is seen, by complaints that come as mails"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
expect    dns 10.2.0.192.certified.example A == 127.0.0.10

# The usual volume to real customers; 40 of 4000 complain within the hour.
every     10m for 30m by mailbox: 192.0.2.10 delivered 700
report    abuse.eml about 192.0.2.10 by mailbox 20 times
every     10m for 30m by mailbox: 192.0.2.10 delivered 700
report    abuse.eml about 192.0.2.10 by mailbox 40 times
expect    counts accepted 40 duplicate 0 quarantined 0 observations 40 unknown 0
wait      30m
expect    state 192.0.2.10 == SUSPENDED kind security
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
expect    why 192.0.2.10 says "complaints"
