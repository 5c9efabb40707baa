story "a complaint rate above the threshold suspends for that receiver alone, from a sample of 200 on, and ends when the metrics are back and a week has passed"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"

# A mailbox operator reports for itself. The rate creeps up, slowly enough to be no takeover.
history   5d every 1d by mailbox: 192.0.2.10 delivered 5000 complaint 6
history   5d every 1d by mailbox: 192.0.2.10 delivered 5000 complaint 10
expect    standing 192.0.2.10 == active
expect    metric 192.0.2.10 complaint at mailbox == good "complaints at mailbox: 0.16 % of 0.20 % (80 of 50,000 in 30 days)"
history   6d every 1d by mailbox: 192.0.2.10 delivered 2000 complaint 16
expect    state 192.0.2.10 == CERTIFIED

# 0.28 % is above the threshold, but these are 176 complaints: a warning, and nothing more.
expect    metric 192.0.2.10 complaint at mailbox == warning "complaints at mailbox: 0.28 % of 0.20 % (176 of 62,000 in 30 days); 24 more are too many"
expect    standing 192.0.2.10 == warning
expect    timeline 192.0.2.10 says "for mailbox" 0 times

# The 200th, reported four days late: it counts in its own day.
report rows by mailbox <<
time,source,signal,count
2026-01-17T12:00:00Z,192.0.2.10,complaint,24
end
expect    standing 192.0.2.10 == partially suspended for mailbox
expect    state 192.0.2.10 == CERTIFIED
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
expect    metric 192.0.2.10 complaint at mailbox == over "0.32 % of 0.20 % (200 of 62,000 in 30 days); 38,000 more clean messages or 15 days"
expect    timeline 192.0.2.10 says "192.0.2.10 for mailbox: certified -> suspended by detector: a threshold is crossed: complaints at mailbox: 0.32 % of 0.20 %" 1 times
expect    why 192.0.2.10 says "Partially suspended for mailbox since 2026-01-21 00:00"
expect    why 192.0.2.10 says "and not before 2026-01-28 00:00"
expect    cases == 0
restart with kill -9
expect    standing 192.0.2.10 == partially suspended for mailbox
expect    replay same

# Clean mail brings the rate back within four days; the waiting time ends after seven.
history   4d every 1d by mailbox: 192.0.2.10 delivered 10000
expect    metric 192.0.2.10 complaint at mailbox == warning "200 of 102,000"
expect    standing 192.0.2.10 == partially suspended for mailbox
restart
wait      2d
expect    standing 192.0.2.10 == partially suspended for mailbox
wait      2d
expect    standing 192.0.2.10 == warning
expect    timeline 192.0.2.10 says "192.0.2.10 for mailbox: suspended -> reinstated by clock" 1 times
expect    state 192.0.2.10 == CERTIFIED
