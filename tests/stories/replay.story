story "the replay gives the same alarms, moves and list; asking what another budget had given changes nothing"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.11 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.20 delivered ~200 complaint ~0.02 unknown_user ~0.4 and 198.51.100.3 delivered ~2000 complaint ~1 unknown_user ~10
every     10m for 60m by mailbox: 192.0.2.10 delivered 5000 complaint 20 unknown_user 900 trap_pristine 2
report    abuse.eml about 192.0.2.11 by mailbox 5 times
report    abuse.eml about 192.0.2.11 unauthenticated 5 times
suspend   198.51.100.0/28 by operator because "the member asked for it"
clear     case of 192.0.2.10 by analyst because "repaired"
history   2d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
expect    chain intact
expect    replay same
# The trap hits take 192.0.2.10 off whatever the budget; 192.0.2.11 fell with its system, by an alarm.
expect    replay with budget 0.001 says "192.0.2.11"
expect    replay with budgets 0.001,10,1000 as alone
# The policy that was in force: the same course. One that knows no takeover: case 1 is then what a person suspended, and the verdict on
# the recorded case 1 must not clear that.
expect    replay with policy "budget: 10" says "with this policy: 4 sources suspended; 0 of 0 confirmed takeovers; 5 suspensions that nobody confirmed, 10.1 days off the list"
expect    replay with policy "budget: 10" says "1 case still waits for a verdict with this policy, and counts as not confirmed"
expect    replay with policy "{budget: 0.001, thresholds: [{name: trap_critical, limit: off}, {name: disuse_new, limit: off}]}" says "1 commands would have had nothing to act on"
expect    replay with policy "{budget: 0.001, thresholds: [{name: trap_critical, limit: off}, {name: disuse_new, limit: off}]}" says "0 suspensions that nobody confirmed, 2.0 days off the list"
# Its alarm goes to review, and within the hour the recorded verdict clears that: 192.0.2.11 does not fall.
expect    replay with policy "{budget: 10, shadow: 100}" says "reviews with this policy, 100 % of its alarms: 1, cleared 1"
expect    replay with policy "{budget: 10, shadow: 100}" says "192.0.2.11         harbour-bank  no         2026-01-19T00:21:00Z   0.02708  -    -                            0"
# From a day on which all had happened the other policy changes nothing.
expect    replay with budget 0.001 from 2026-01-20 says "with this policy: 0 sources suspended"
expect    replay same
restart with kill -9
expect    replay same
expect    state 192.0.2.10 == REINSTATED
expect    state 198.51.100.0/28 == SUSPENDED
