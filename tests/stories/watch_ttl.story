story "the TTL of an answer steps down as evidence grows, and back as it fades"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.11 delivered ~2000 complaint ~1 unknown_user ~10
expect    vouch "status 192.0.2.10 --json" == 0 "'watch_level': 'calm'"
expect    ttls of calm 60 watched 15 near 5

# Eight times the usual complaints: not enough to suspend, enough to watch.
every     10m for 30m by mailbox: 192.0.2.10 delivered 2000 complaint 8 unknown_user 20
expect    ttls of calm 60 watched 15 near 5
every     10m for 20m by mailbox: 192.0.2.10 delivered 2000 complaint 8 unknown_user 20
expect    vouch "status 192.0.2.10 --json" == 0 "'watch_level': 'watched'"
expect    ttls of calm 60 watched 15 near 5
restart with kill -9
expect    vouch "status 192.0.2.10 --json" == 0 "'watch_level': 'watched'"
expect    ttls of calm 60 watched 15 near 5

# Nobody complains any more.
every     1h for 3h by mailbox: 192.0.2.10 delivered 2000 and 192.0.2.11 delivered 2000
expect    vouch "status 192.0.2.10 --json" == 0 "'watch_level': 'calm'"
expect    ttls of calm 60 watched 15 near 5
