story "a little at each system of a member is much at the member, and nothing at another"

clock     2026-01-05T00:00:00Z
programme systems.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   28d every 1h by mailbox: 192.0.2.10 delivered ~60 unknown_user ~0.2 and 192.0.2.20 delivered ~60 unknown_user ~0.2 and 192.0.2.30 delivered ~60 unknown_user ~0.2 and 192.0.2.40 delivered ~60 unknown_user ~0.2 and 192.0.2.50 delivered ~60 unknown_user ~0.2 and 198.51.100.1 delivered ~60 unknown_user ~0.2

# One complaint an hour is nothing at one system; at four of a member it is a takeover of these, and not of its fifth, of which nobody complains.
every     1h for 2h by mailbox: 192.0.2.10 delivered 150 complaint 1 and 192.0.2.20 delivered 150 complaint 1 and 192.0.2.30 delivered 150 complaint 1 and 192.0.2.40 delivered 150 complaint 1 and 192.0.2.50 delivered 50 and 198.51.100.1 delivered 150 complaint 1
wait      30m
expect    state 198.51.100.1 == CERTIFIED
expect    state 192.0.2.10 == SUSPENDED kind security
expect    state 192.0.2.20 == SUSPENDED kind security
expect    state 192.0.2.50 == CERTIFIED
expect    why 192.0.2.10 says "all systems of the member harbour-bank"
expect    timeline 192.0.2.20 says "the whole member"
expect    cases == 4
expect    vouch "audit" == 0 "member"
restart with kill -9
clear     192.0.2.40 by analyst because "its credentials are others"
expect    state 192.0.2.40 == REINSTATED
expect    state 192.0.2.10 == SUSPENDED kind security

# The one that is left, alone, is nothing.
every     1h for 2h by mailbox: 192.0.2.50 delivered 150 complaint 1
expect    state 192.0.2.50 == CERTIFIED
