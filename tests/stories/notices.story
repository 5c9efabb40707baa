story "a member is told that its mail looks unusual, that it is off the list and that it is back; once, also after a crash, and a replay tells nobody"

config <<
notice_mail: smtp://127.0.0.1:1
notice_mail_tls: no
notice_from: notices@certified.example
end
clock     2026-01-05T00:00:00Z
programme programme.yaml
expect    vouch "change member harbour-bank alerts=ops@harbour.test,soc@harbour.test notices=postmaster@harbour.test" == 0
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.11 delivered ~2000 complaint ~1 unknown_user ~10
expect    notices watch_raised about harbour-bank/harbour-news == 0

# Ten times the usual complaints: watched. Each of the two addresses hears it, once.
every     10m for 50m by mailbox: 192.0.2.10 delivered 2000 complaint 10 unknown_user 20
expect    vouch "status 192.0.2.10 --json" == 0 "'watch_level': 'watched'"
expect    notices watch_raised about harbour-bank/harbour-news == 2
restart with kill -9
expect    notices watch_raised about harbour-bank/harbour-news == 2

# Nobody complains any more.
every     1h for 3h by mailbox: 192.0.2.10 delivered 2000 and 192.0.2.11 delivered 2000
expect    notices watch_fell about harbour-bank/harbour-news == 2
expect    notices suspended_security about harbour-bank/harbour-news == 0

# Taken over: what was seen, and what to do, in words. Its neighbour hears nothing.
every     10m for 60m by mailbox: 192.0.2.10 delivered 5000 complaint 20 unknown_user 900 trap_pristine 2
expect    state 192.0.2.10 == SUSPENDED kind security within 60m
expect    notices suspended_security about harbour-bank/harbour-news == 2
expect    notice suspended_security says "Off the list since: 2026-01-19"
expect    notice suspended_security says "192.0.2.10"
expect    notice suspended_security says "complaints"
expect    notice suspended_security says "Number of the case: 1"
expect    notice suspended_security says "Auto-Submitted: auto-generated"
expect    notices suspended_security about meadow-mail/meadow-shared == 0
restart with kill -9
expect    notices suspended_security about harbour-bank/harbour-news == 2

# By now another notice of the kind may be sent.
wait      15m
clear     case of 192.0.2.10 by analyst because "the stolen account is closed, passwords are changed"
expect    notices reinstated about harbour-bank/harbour-news == 2
expect    notice reinstated says "the stolen account is closed"
expect    notices watch_fell about harbour-bank/harbour-news == 2

# By hand; and on and off again within ten minutes: what is so in the end was told already.
suspend   192.0.2.11 by operator because "a test of the alarm"
expect    notices suspended_security about harbour-bank/harbour-news == 4
clear     192.0.2.11 by operator because "the test is over"
expect    notices reinstated about harbour-bank/harbour-news == 2
suspend   192.0.2.11 by operator because "or is it"
wait      1h
expect    notices suspended_security about harbour-bank/harbour-news == 4
expect    notices reinstated about harbour-bank/harbour-news == 2

# What came too soon is told later, if it is still so.
clear     192.0.2.11 by operator because "it is"
expect    notices reinstated about harbour-bank/harbour-news == 4
suspend   192.0.2.11 by operator because "once more"
expect    notices suspended_security about harbour-bank/harbour-news == 6
clear     192.0.2.11 by operator because "that was all"
expect    notices reinstated about harbour-bank/harbour-news == 4
wait      1h
expect    notices reinstated about harbour-bank/harbour-news == 6

# Nothing of it is a record: a replay is the same, and queues nothing.
expect    replay same
expect    notices suspended_security about harbour-bank/harbour-news == 6
expect    vouch "notices --all" == 0 "harbour-bank/harbour-news"
