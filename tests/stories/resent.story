story "a resent report counts once, also after a crash"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
report    abuse.eml about 192.0.2.10 by mailbox 3 times
expect    counts accepted 3 duplicate 0 observations 3
report the same again
expect    counts accepted 0 duplicate 3 observations 0
restart with kill -9
report the same again
expect    counts accepted 0 duplicate 3 observations 0

# Three complaints, sent a hundred times: still three.
report rows by mailbox <<
time,source,signal,count
${now},192.0.2.10,complaint,1
end
expect    counts accepted 1 duplicate 0 observations 1
report the same again
report the same again
expect    counts accepted 0 duplicate 1 observations 0
wait      2d
expect    state 192.0.2.10 == CERTIFIED
expect    cases == 0
