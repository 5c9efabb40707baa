story "what became of a reporter's accusations is known: a verdict judges them, and one that stays alone speaks against it"

clock     2026-01-05T00:00:00Z
programme fares.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10 and 198.51.100.3 delivered ~2000 complaint ~1 unknown_user ~10
every     6h for 24h by alder: 192.0.2.10 complaint 1 and 198.51.100.3 complaint 1
expect    reporter mailbox fared 0 right 0 wrong 0 alone 0 agreed 0 waiting

# A takeover that the mailbox operator saw, and that people confirm.
every     10m for 60m by mailbox: 192.0.2.10 delivered 5000 complaint 200 unknown_user 900 trap_pristine 2
expect    state 192.0.2.10 == SUSPENDED
expect    reporter mailbox fared 0 right 0 wrong 0 alone 0 agreed 1 waiting
confirm   case of 192.0.2.10 by analyst because "its key was stolen"
expect    reporter mailbox fared 1 right 0 wrong 0 alone 0 agreed 0 waiting

# One of partial trust, alone: nothing comes of it, and after a week that is held against it.
every     1d for 8d by mailbox: 198.51.100.3 delivered 2000 complaint 1
every     1d for 1d by alder: 198.51.100.3 complaint 90
expect    state 198.51.100.3 == CERTIFIED
expect    reporter alder fared 0 right 0 wrong 0 alone 0 agreed 1 waiting
every     1d for 9d by mailbox: 198.51.100.3 delivered 2000 complaint 1
expect    reporter alder fared 0 right 0 wrong 1 alone 0 agreed 0 waiting
expect    reporter mailbox fared 1 right 0 wrong 0 alone 0 agreed 0 waiting
