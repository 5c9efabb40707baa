story "an alarm that the lot sends to review suspends nobody; its verdict is counted, and without a verdict in time it suspends after all"

clock     2026-01-05T00:00:00Z
programme reporters.yaml
accept    harbour-bank by operator because "control is proven"
configure "shadow: 100"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.20 delivered ~2000 complaint ~1 unknown_user ~10
every     10m for 60m by mailbox: 192.0.2.20 delivered 5000 complaint 60 unknown_user 1500
expect    state 192.0.2.20 == CERTIFIED
expect    cases == 1
expect    why 192.0.2.20 says "waits for review"
expect    vouch "why 1" == 0 "Case 1 is a review" "it was none: nothing moves" "unknown users"
expect    vouch "cases --json" == 0 "'kind': 'review'"
expect    vouch "audit" == 0 "100 % of the alarms that would suspend; 0 were right, 0 wrong, 1 wait"
expect    vouch "suspend 1 it looks bad" == 3 "case 1 is a review"

# Nobody looks within the hour.
wait      1h
expect    state 192.0.2.20 == SUSPENDED kind security
expect    cases == 2
expect    vouch "confirm 1 it was a takeover" == 0
expect    vouch "audit --json" == 0 "'right': 1" "'wrong': 0" "'percent': 100"

restart with kill -9
expect    vouch "audit" == 0 "1 were right, 0 wrong, 0 wait; 0 % wrong"
expect    vouch "confirm 1 again" == 3 "it waits for nothing"
expect    vouch "clear 2 repaired" == 0
expect    dns 20.2.0.192.certified.example A == 127.0.0.10
# Another share of reviews: with none of them it falls an hour sooner, with the one that was in force when it did.
expect    replay with policy "budget: 10" says "192.0.2.20  harbour-bank  no         2026-01-19T01:21:00Z   0.02708  -    2026-01-19T00:21:00Z"
expect    replay with policy "{budget: 10, shadow: 100}" says "reviews with this policy, 100 % of its alarms: 1, cleared 0"
