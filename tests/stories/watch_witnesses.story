story "what several reporters of partial trust say is seen coming: by the level, by the TTL, in the list and by the member; what two say is not"

config <<
notice_mail: smtp://127.0.0.1:1
notice_mail_tls: no
notice_from: notices@certified.example
end
clock     2026-01-05T00:00:00Z
programme reporters.yaml
expect    vouch "change member harbour-bank alerts=ops@harbour.test" == 0
accept    harbour-bank by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.11 delivered ~20 and 192.0.2.20 delivered ~2000 complaint ~1 unknown_user ~10
every     6h for 24h by alder: 192.0.2.10 complaint 1 and 192.0.2.20 complaint 1

# Two may lie.
every     10m for 20m by fox: 192.0.2.10 complaint 4000
every     10m for 20m by ferret: 192.0.2.10 trap_pristine 4000
every     1h for 2h by mailbox: 192.0.2.10 delivered 2000 complaint 1 and 192.0.2.20 delivered 2000 complaint 1
expect    vouch "watch" == 0 "nothing is near an alarm"
expect    notices watch_raised about harbour-bank/harbour-news == 0

report rows by alder <<
time,source,signal,count
${now},192.0.2.10,complaint,4
end
report rows by birch <<
time,source,signal,count
${now},192.0.2.10,complaint,4
end
report rows by cedar <<
time,source,signal,count
${now},192.0.2.10,complaint,4
end
every     1h for 1h by mailbox: 192.0.2.10 delivered 2000 and 192.0.2.20 delivered 2000
wait      10m
expect    state 192.0.2.10 == CERTIFIED
expect    vouch "watch --json" == 0 "'unit': 'system'" "'name': 'harbour-news'" "'level': 'watched'"
expect    vouch "status 192.0.2.11 --json" == 0 "'watch_level': 'watched'"
expect    ttls of calm 60 watched 15 near 5
expect    why 192.0.2.11 says "the evidence about the system is at 51 % of the limit: watched"
expect    notices watch_raised about harbour-bank/harbour-news == 1
expect    notices watch_raised about harbour-bank/harbour-alerts == 0
restart with kill -9
expect    vouch "status 192.0.2.11 --json" == 0 "'watch_level': 'watched'"
expect    ttls of calm 60 watched 15 near 5

# A little more of each, and it is an alarm.
report rows by alder <<
time,source,signal,count
${now},192.0.2.10,complaint,4
end
report rows by birch <<
time,source,signal,count
${now},192.0.2.10,complaint,4
end
report rows by cedar <<
time,source,signal,count
${now},192.0.2.10,complaint,4
end
every     1h for 1h by mailbox: 192.0.2.10 delivered 2000 and 192.0.2.20 delivered 2000
wait      10m
expect    state 192.0.2.10 == SUSPENDED kind security
expect    vouch "watch" == 0 "nothing is near an alarm"
expect    replay same
