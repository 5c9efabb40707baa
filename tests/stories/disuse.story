story "a source that is not used leaves the list, after a week when it was never used, and only a person brings it back"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"

# Nobody reports any volume: that tells nothing about the sources.
wait      40d
expect    state 192.0.2.10 == CERTIFIED

# 192.0.2.10 and .11 send; 192.0.2.20 never does. Domains have no volume of their own and stay.
history   1d every 6h by mailbox: 192.0.2.10 delivered ~2000 and 192.0.2.11 delivered ~2000
wait      1d
expect    state 192.0.2.20 == SUSPENDED kind disuse
expect    why 192.0.2.20 says "days without any mail since it was listed: 40 of 7"
expect    dns 20.2.0.192.certified.example A == NXDOMAIN
expect    state news.harbour.test == CERTIFIED
expect    cases == 0

# .11 falls silent: a warning after a week, the end after 30 days.
history   9d every 12h by mailbox: 192.0.2.10 delivered ~4000
expect    standing 192.0.2.11 == warning
expect    metric 192.0.2.11 disuse == warning "days without mail: 10 of 30; 20 more are too many"
history   23d every 12h by mailbox: 192.0.2.10 delivered ~4000
expect    state 192.0.2.11 == SUSPENDED kind disuse
expect    state 192.0.2.10 == CERTIFIED

# It wakes up: that is what a takeover looks like, so a person has to say so.
history   2d every 12h by mailbox: 192.0.2.10 delivered ~4000 and 192.0.2.11 delivered ~4000
wait      20d
expect    state 192.0.2.11 == SUSPENDED kind disuse
clear     192.0.2.11 by analyst because "the member starts a new campaign"
expect    state 192.0.2.11 == REINSTATED
expect    dns 11.2.0.192.certified.example A == 127.0.0.10
