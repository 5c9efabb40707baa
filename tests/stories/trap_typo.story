story "one trap at a mistyped domain changes nothing"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
every     10m for 10m by trapnet: 192.0.2.10 trap_typo 1
every     1h for 3h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
wait      2d
expect    state 192.0.2.10 == CERTIFIED
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
expect    cases == 0
expect    timeline 192.0.2.10 says "trap_typo"
