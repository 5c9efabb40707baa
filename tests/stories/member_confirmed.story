story "what is still told of a confirmed takeover does not take the member's other systems off the list"

clock     2026-01-05T00:00:00Z
programme reporters.yaml
accept    harbour-bank by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.20 delivered ~2000 complaint ~1 unknown_user ~10
every     10m for 60m by mailbox: 192.0.2.10 delivered 5000 complaint 200 unknown_user 900 trap_pristine 2
expect    state 192.0.2.10 == SUSPENDED
confirm   case of 192.0.2.10 by analyst because "its key was stolen"
every     10m for 60m by mailbox: 192.0.2.10 complaint 200 trap_pristine 2 and 192.0.2.20 delivered 330 complaint 1
every     1h for 24h by mailbox: 192.0.2.10 complaint 100 and 192.0.2.20 delivered 2000 complaint 1 unknown_user 10
expect    state 192.0.2.10 == REVOKED
expect    state 192.0.2.20 == CERTIFIED
expect    cases == 0

# The other system is watched as ever.
every     10m for 60m by mailbox: 192.0.2.20 delivered 5000 complaint 200 unknown_user 900 trap_pristine 2
expect    state 192.0.2.20 == SUSPENDED
