story "a cleared source is listed again on probation and matures after 30 days; an alarm in between takes it off"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
every     10m for 60m by mailbox: 192.0.2.10 delivered 5000 complaint 20 unknown_user 900 trap_pristine 2
expect    state 192.0.2.10 == SUSPENDED kind security within 60m
expect    dns 10.2.0.192.certified.example A == NXDOMAIN

clear     case of 192.0.2.10 by analyst because "the stolen account is closed, passwords are changed"
expect    state 192.0.2.10 == REINSTATED
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
expect    cases == 0
restart with kill -9
expect    state 192.0.2.10 == REINSTATED
expect    dns 10.2.0.192.certified.example A == 127.0.0.10

# Honest again for a week, then the attacker is back.
history   7d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
expect    state 192.0.2.10 == REINSTATED
every     10m for 60m by mailbox: 192.0.2.10 delivered 5000 complaint 20 unknown_user 900 trap_pristine 2
expect    state 192.0.2.10 == SUSPENDED kind security within 60m
expect    dns 10.2.0.192.certified.example A == NXDOMAIN

clear     case of 192.0.2.10 by analyst because "the second account is closed too"
history   29d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
expect    state 192.0.2.10 == REINSTATED
wait      2d
expect    state 192.0.2.10 == CERTIFIED
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
