story "whoever could not be warned of a source that sends nothing, because days went by unseen, is told so, once"

config <<
notice_mail: smtp://127.0.0.1:1
notice_mail_tls: no
notice_from: notices@certified.example
end
clock     2026-01-05T00:00:00Z
programme programme.yaml
expect    vouch "change member harbour-bank notices=postmaster@harbour.test" == 0
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   3d every 1d by mailbox: 192.0.2.10 delivered 5000 and 192.0.2.11 delivered 10
expect    notices warning about harbour-bank/harbour-alerts == 0

# For a while nothing comes in; then all that happened meanwhile at once. Its seven days are over, and it is listed until the next one begins.
clock     2026-01-12T06:00:00Z
report rows by mailbox <<
time,source,signal,count
2026-01-09T12:00:00Z,192.0.2.10,delivered,5000
2026-01-10T12:00:00Z,192.0.2.10,delivered,5000
2026-01-11T12:00:00Z,192.0.2.10,delivered,5000
2026-01-12T05:00:00Z,192.0.2.10,delivered,5000
2026-01-12T05:00:00Z,192.0.2.11,delivered,5000
end
restart
expect    state 192.0.2.20 == CERTIFIED
expect    notices warning about harbour-bank/harbour-alerts == 1
expect    notice warning says "days without any mail since it was listed: 7 of 7"
history   1d every 1d by mailbox: 192.0.2.10 delivered 5000 and 192.0.2.11 delivered 10
wait      1h
expect    state 192.0.2.20 == SUSPENDED kind disuse
expect    notices suspended_disuse about harbour-bank/harbour-alerts == 1
expect    no notice suspended_disuse says "should have told you"
expect    notice suspended_disuse says "  192.0.2.20\n\nOff the list"
expect    no notice suspended_disuse says "192.0.2.20\n  192.0.2.20"

# A month later the news of it comes again at once, on a day on which its system has had its one warning already: it is held, and too late.
clock     2026-02-16T09:00:00Z
report rows by trapnet <<
time,source,signal,count
2026-02-16T08:00:00Z,192.0.2.10,trap_pristine,2
end
wait      2h
expect    notices warning about harbour-bank/harbour-news == 1
clock     2026-02-16T18:00:00Z
report rows by mailbox <<
time,source,signal,count
2026-02-16T12:00:00Z,192.0.2.10,delivered,5000
end
expect    standing 192.0.2.11 == warning
expect    notices warning about harbour-bank/harbour-news == 1
wait      8h
report rows by mailbox <<
time,source,signal,count
2026-02-17T01:00:00Z,192.0.2.10,delivered,5000
end
expect    state 192.0.2.11 == SUSPENDED kind disuse
expect    notices suspended_disuse about harbour-bank/harbour-news == 1
expect    notice suspended_disuse says "should have told you some days before, and did not, of"
restart with kill -9
expect    notices suspended_disuse about harbour-bank/harbour-news == 1
expect    notices warning about harbour-bank/harbour-news == 1
expect    replay same
