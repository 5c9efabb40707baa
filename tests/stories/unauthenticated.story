story "reports of whoever is not trusted are kept and change nothing, be it one, fifty of one sender or thousands"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
report    abuse.eml about 192.0.2.10 unauthenticated
wait      1h
expect    state 192.0.2.10 == CERTIFIED
report    abuse.eml about 192.0.2.10 unauthenticated 50 times
wait      1h
expect    state 192.0.2.10 == CERTIFIED
expect    timeline 192.0.2.10 says "complaint"

# A registered reporter whose word has no weight.
every     10m for 60m by stranger: 192.0.2.10 complaint 1000 trap_pristine 500
wait      2d
expect    state 192.0.2.10 == CERTIFIED
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
expect    cases == 0

# Without a token nobody speaks over HTTP, and a reporter's token is no operator's.
expect    http POST /v1/reports == 401
expect    http GET /v1/cases == 401
expect    http GET /v1/cases == 403 with the token of mailbox
expect    http POST /v1/commands == 403 with the token of mailbox
