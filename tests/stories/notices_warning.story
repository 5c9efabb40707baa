story "a member is told that it is near a threshold before it is over it, and when a receiver alone no longer sees it on the list"

config <<
notice_mail: smtp://127.0.0.1:1
notice_mail_tls: no
notice_from: notices@certified.example
end
clock     2026-01-05T00:00:00Z
programme programme.yaml
expect    vouch "change member harbour-bank alerts=ops@harbour.test notices=postmaster@harbour.test,list@harbour.test" == 0
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"

# All send; then one creeps up to 0.16 % of 0.20 %: above the share of the limit that warns.
history   6d every 1d by mailbox: 192.0.2.10 delivered 5000 complaint 6 and 192.0.2.11 delivered 10 and news.harbour.test delivered 10
expect    notices warning about harbour-bank/harbour-news == 0
expect    notices warning about harbour-bank/harbour-alerts == 2
history   4d every 1d by mailbox: 192.0.2.10 delivered 5000 complaint 11 and 192.0.2.11 delivered 10 and news.harbour.test delivered 10
history   6d every 1d by mailbox: 192.0.2.10 delivered 2000 complaint 16 and 192.0.2.11 delivered 10 and news.harbour.test delivered 10
expect    metric 192.0.2.10 complaint at mailbox == warning "complaints at mailbox: 0.28 % of 0.20 %"
expect    notices warning about harbour-bank/harbour-news == 2
expect    notice warning says "complaints at mailbox"
expect    notice warning says "more are too many"
expect    notice warning says "nothing has happened yet"
restart with kill -9
expect    notices warning about harbour-bank/harbour-news == 2

# Its other system has sent nothing since it was listed: it was warned after five days, and is off the list after seven, without any news of it.
expect    notices warning about harbour-bank/harbour-alerts == 2
expect    notices suspended_disuse about harbour-bank/harbour-alerts == 2

# A panel finds its mail junk. No source has votes enough to be judged, all together are near the limit.
wait      1d
report rows by mailbox <<
time,source,signal,count
2026-01-21T01:00:00Z,192.0.2.10,junk_vote,4
2026-01-21T01:00:00Z,192.0.2.10,not_junk_vote,1
2026-01-21T01:00:00Z,192.0.2.11,junk_vote,3
2026-01-21T01:00:00Z,192.0.2.11,not_junk_vote,3
end
wait      1h
expect    notices warning about harbour-bank/harbour-news == 4
expect    notice warning says "junk votes on all sources"

# Over it: for this receiver alone.
report rows by mailbox <<
time,source,signal,count
2026-01-17T12:00:00Z,192.0.2.10,complaint,24
end
expect    standing 192.0.2.10 == partially suspended for mailbox
expect    notices suspended_for about harbour-bank/harbour-news == 1
expect    notice suspended_for says "more clean messages"
expect    notices warning about harbour-bank/harbour-news == 4
expect    notices reinstated about harbour-bank/harbour-news == 0
history   4d every 1d by mailbox: 192.0.2.10 delivered 10000
wait      4d
expect    standing 192.0.2.10 == warning
expect    notices reinstated about harbour-bank/harbour-news == 1
expect    replay same
