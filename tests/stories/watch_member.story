story "what all systems of a member show together is seen coming by the TTL of each of them, in the list and by the member"

config <<
notice_mail: smtp://127.0.0.1:1
notice_mail_tls: no
notice_from: notices@certified.example
end
clock     2026-01-05T00:00:00Z
programme systems.yaml
expect    vouch "change member harbour-bank alerts=ops@harbour.test" == 0
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   28d every 1h by mailbox: 192.0.2.10 delivered ~60 unknown_user ~0.2 and 192.0.2.20 delivered ~60 unknown_user ~0.2 and 192.0.2.30 delivered ~60 unknown_user ~0.2 and 192.0.2.40 delivered ~60 unknown_user ~0.2 and 192.0.2.50 delivered ~60 unknown_user ~0.2 and 198.51.100.1 delivered ~60 unknown_user ~0.2
expect    vouch "watch" == 0 "nothing is near an alarm"

# A complaint now and then is nothing at one system.
every     1h for 1h by mailbox: 192.0.2.10 delivered 150 complaint 1 and 192.0.2.20 delivered 150 complaint 1 and 192.0.2.30 delivered 150 complaint 1 and 192.0.2.40 delivered 150 complaint 1 and 192.0.2.50 delivered 50 and 198.51.100.1 delivered 150 complaint 1
every     1h for 1h by mailbox: 192.0.2.10 delivered 150 complaint 1 and 192.0.2.20 delivered 150 and 192.0.2.30 delivered 150 and 192.0.2.40 delivered 150 and 192.0.2.50 delivered 50 and 198.51.100.1 delivered 150
wait      30m
expect    state 192.0.2.10 == CERTIFIED
expect    vouch "watch --json" == 0 "'unit': 'member'" "'name': 'harbour-bank'" "'level': 'near'"
expect    vouch "status 192.0.2.50 --json" == 0 "'watch_level': 'near'"
expect    vouch "status 198.51.100.1 --json" == 0 "'watch_level': 'calm'"
expect    ttls of calm 60 watched 15 near 5
expect    why 192.0.2.50 says "the evidence about the member is at 76 % of the limit: near"
expect    notices watch_raised about harbour-bank/attic == 1
expect    notices watch_raised about meadow-mail/meadow-shared == 0
restart with kill -9
expect    vouch "status 192.0.2.50 --json" == 0 "'watch_level': 'near'"
expect    ttls of calm 60 watched 15 near 5
expect    notices watch_raised about harbour-bank/attic == 1

# Nobody complains any more.
every     1h for 12h by mailbox: 192.0.2.10 delivered 150 and 192.0.2.20 delivered 150 and 192.0.2.30 delivered 150 and 192.0.2.40 delivered 150 and 192.0.2.50 delivered 50 and 198.51.100.1 delivered 150
expect    vouch "watch" == 0 "nothing is near an alarm"
expect    ttls of calm 60 watched 15 near 5
expect    notices watch_fell about harbour-bank/attic == 1
expect    replay same
