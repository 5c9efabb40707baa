story "mail of a member to an address that stands in its lists alone is no theft: a trap hit as any other"

clock     2026-01-05T00:00:00Z
programme programme.yaml
programme canary.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   3d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
mail      trapped.eml from 192.0.2.10 to canary-7@seed.test
expect    metric 192.0.2.10 trap_critical == good "hits on pristine traps: 1 of 3"
# Another system of it, and a complaint that names the address.
mail      trapped.eml from 192.0.2.20 to canary-8@seed.test
report    canary.eml about 192.0.2.20 by mailbox
expect    timeline 192.0.2.10 says "under threat" 0 times
expect    timeline 192.0.2.20 says "under threat" 0 times
expect    vouch "watch" == 0 "nothing is near an alarm"
expect    state 192.0.2.10 == CERTIFIED
expect    cases == 0
