story "a report has a number, counts once whatever the door, and no reporter can send without end"

clock     2026-01-05T00:00:00Z
programme receipts.yaml
accept    harbour-bank by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10

# The number is an acknowledgement, and stays when the same is sent again.
report    abuse.eml about 192.0.2.10 by alder
expect    receipt for alder == 200 "'word': 'partial'" "'192.0.2.10': 'none'"
expect    receipt for mailbox == 404
report the same again
expect    counts accepted 0 duplicate 1
expect    receipt for alder == 200 "'format': 'arf'"

# A copy that came first from anybody does not stand in for the mail of the mailbox operator.
report    abuse.eml about 192.0.2.10 unauthenticated
expect    timeline 192.0.2.10 says "from anybody" 1 times
report the same again as mailbox
expect    counts accepted 1 duplicate 0
expect    receipt for mailbox == 200 "'word': 'full'"
report the same again as mailbox
expect    counts accepted 0 duplicate 1

# The quota of alder is three documents a day; what was there before is no new one.
report    abuse.eml about 192.0.2.10 by alder 2 times
expect    counts accepted 2 duplicate 0
expect    kept 2
expect    refused 429 "as much as is taken": report abuse.eml about 192.0.2.10 by alder
expect    kept 0
expect    metric vouch_reports_over_quota_total == 1
report    abuse.eml about 192.0.2.10 by mailbox 5 times
wait      1d
report    abuse.eml about 192.0.2.10 by alder
expect    counts accepted 1 duplicate 0

# How people judged what it names, without their names.
suspend   192.0.2.10 by operator because "a customer was phished"
expect    receipt for alder == 200 "'192.0.2.10': 'open'"
expect    public case 1 == open
expect    public case 0 == 404
expect    public case 2 == 404
expect    public case harbour == 404
wait      2h
expect    public case 1 == open
confirm   case of 192.0.2.10 by operator because "it was"
expect    receipt for alder == 200 "'192.0.2.10': 'confirmed'"
expect    public case 1 == confirmed

# What cannot be read takes of the quota too: quarantine is no way around it.
expect    refused 400 "no message/feedback-report part": report notes.txt about 192.0.2.10 by alder
expect    refused 400 "no message/feedback-report part": report notes.txt about 192.0.2.10 by alder
expect    refused 429 "as much as is taken": report notes.txt about 192.0.2.10 by alder
