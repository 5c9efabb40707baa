story "what cannot be read is said so at every door, each time, and can be looked at and read again"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"

# One row of a mailbox operator's feed lies in the future, one cannot be read.
file feed.csv <<
time,source,signal,count,reporter
${now},192.0.2.10,delivered,100,mailbox
${in_1h},192.0.2.10,delivered,200,mailbox
${now},192.0.2.10,shouted,3,mailbox
end
expect    vouch "ingest feed.csv" == 2 "feed.csv:3: time:" "feed.csv:4: signal:" "1 accepted, 0 duplicate, 2 quarantined"
# Sending it again counts nothing, and still says what is wrong.
expect    vouch "ingest feed.csv" == 2 "feed.csv:3: time:" "feed.csv:4: signal:" "0 accepted, 3 duplicate, 0 quarantined"
expect    vouch "quarantine" == 0 "feed.csv" "waiting"

# In two hours the first row is no longer in the future; it is the mailbox operator's word, as it was in the file.
wait      2h
expect    refused 400 "shouted": retry quarantine
expect    quarantine == 1
expect    timeline 192.0.2.10 says "delivered 200 from mailbox"

# A document of which nothing can be read is kept, and its sender does not take that for success.
file notes.txt <<
See you at ten.
end
expect    refused 400 "no message/feedback-report part": report notes.txt about 192.0.2.10 by mailbox
expect    refused 400 "no message/feedback-report part": report notes.txt about 192.0.2.10 by mailbox
expect    vouch "ingest notes.txt" == 2 "notes.txt" "0 accepted, 0 duplicate, 1 quarantined"
expect    vouch "ingest --json notes.txt" == 2 "none of the formats that are read"
report    notes.txt about 192.0.2.10 unauthenticated
expect    vouch "quarantine list" == 0 "<somebody@elsewhere.test>"
expect    vouch "quarantine show 1 --json" == 1
expect    quarantine == 5

# The counters know every door.
report    abuse.eml about 192.0.2.10 unauthenticated
report the same again
expect    metric vouch_reports_accepted_total == 3
expect    metric vouch_reports_duplicate_total == 5
expect    metric vouch_reports_quarantined_total == 6
