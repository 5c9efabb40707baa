story "a taken-over system leaves the list within the hour, and a restart with kill -9 does not bring it back"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.11 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.20 delivered ~200 complaint ~0.02 unknown_user ~0.4 and 198.51.100.3 delivered ~2000 complaint ~1 unknown_user ~10
expect    cases == 0
expect    dns 10.2.0.192.certified.example A == 127.0.0.10

# A blast to a bought list from one address of harbour-news.
every     10m for 60m by mailbox: 192.0.2.10 delivered 5000 complaint 20 unknown_user 900 trap_pristine 2
expect    state 192.0.2.10 == SUSPENDED kind security within 60m
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
expect    cases == 1
expect    case of 192.0.2.10 == open
expect    why 192.0.2.10 says "unknown users"
expect    why 192.0.2.10 says "Of the reports that it names these brought most"
expect    why 192.0.2.10 says " of mailbox: complaints 20, unknown users 900, trap hits 2"
expect    why 192.0.2.10 says "It began most likely with the mail from 2026-01-1"
expect    vouch "why 192.0.2.10 --json" == 0 "'blocks': [" "'brought': [" "'reporter': 'mailbox'" "'first_bad_seq': " "'began_from': '2026-01-1" "'began_to': '2026-01-19T00:"

restart with kill -9
expect    state 192.0.2.10 == SUSPENDED kind security
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
expect    cases == 1

# It waits for people now; who is on the list is watched.
expect    vouch "status 192.0.2.10 --json" == 0 "'watch_level': null"
expect    vouch "status 192.0.2.20 --json" == 0 "'watch_level': 'calm'"
expect    vouch "watch --json" == 0 "'units': ["

# Two weeks of five sources show nothing about the budget yet, and the audit says so.
expect    vouch "audit" == 0 "budget: 10 false suspensions per 1000 source-years. Does it hold?" "Not known yet" "not enough history"
expect    vouch "audit --json" == 0 "'limit_years': 205.7" "'calibrated_years': null"

# The neighbours stay where they are.
expect    state 192.0.2.20 == CERTIFIED
expect    state 198.51.100.0/28 == CERTIFIED
expect    dns 3.100.51.198.certified.example A == 127.0.0.10
