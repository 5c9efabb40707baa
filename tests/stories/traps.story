story "three hits on pristine traps within 30 days take a source off, and it comes back by itself when they have passed"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   3d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
report    abuse.eml about 192.0.2.10 by trapnet 1 times
history   7d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
report    abuse.eml about 192.0.2.10 by trapnet 1 times
expect    state 192.0.2.10 == CERTIFIED
expect    standing 192.0.2.10 == warning
expect    metric 192.0.2.10 trap_critical == warning "hits on pristine traps: 2 of 3 in 30 days; 1 more is too many"
history   7d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
report    abuse.eml about 192.0.2.10 by trapnet 1 times
expect    state 192.0.2.10 == SUSPENDED kind compliance
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
expect    cases == 0
expect    why 192.0.2.10 says "and not before 2026-01-29"
expect    metric 192.0.2.10 trap_critical == over "3 of 3 in 30 days; 16 days without any more"
expect    replay same

# The first hit leaves the window after 16 days: longer than the waiting time.
history   12d every 6h by mailbox: 192.0.2.10 delivered ~12000 complaint ~6 unknown_user ~60
restart with kill -9
expect    state 192.0.2.10 == SUSPENDED kind compliance
history   5d every 6h by mailbox: 192.0.2.10 delivered ~12000 complaint ~6 unknown_user ~60
expect    state 192.0.2.10 == REINSTATED
expect    dns 10.2.0.192.certified.example A == 127.0.0.10

# Once more within the probation, and a person overrules: what was looked at is not counted again.
report    abuse.eml about 192.0.2.10 by trapnet 1 times
expect    state 192.0.2.10 == SUSPENDED kind compliance
clear     192.0.2.10 by analyst because "the trap network says that its address was real"
expect    state 192.0.2.10 == REINSTATED
expect    standing 192.0.2.10 == active
report    abuse.eml about 192.0.2.10 by trapnet 2 times
expect    state 192.0.2.10 == REINSTATED
report    abuse.eml about 192.0.2.10 by trapnet 1 times
expect    state 192.0.2.10 == SUSPENDED kind compliance
