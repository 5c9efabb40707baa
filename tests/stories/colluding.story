story "two reporters forge thousands of reports and nobody is suspended; what independent reporters say suspends"

clock     2026-01-05T00:00:00Z
programme reporters.yaml
accept    harbour-bank by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.20 delivered ~2000 complaint ~1 unknown_user ~10
every     6h for 24h by alder: 192.0.2.10 complaint 1 and 192.0.2.20 complaint 1

# The attack on the list itself: whoever can speak for two reporters wants a member off the list.
every     1h for 2h by mailbox: 192.0.2.10 delivered 2000 complaint 1 and 192.0.2.20 delivered 2000 complaint 1
every     10m for 60m by fox: 192.0.2.10 complaint 4000
every     10m for 60m by ferret: 192.0.2.10 trap_pristine 4000
every     1h for 26h by mailbox: 192.0.2.10 delivered 2000 complaint 1 and 192.0.2.20 delivered 2000 complaint 1
every     1h for 3h by fox: 192.0.2.10 complaint 90000 and 192.0.2.20 complaint 90000
every     1h for 3h by mailbox: 192.0.2.10 delivered 2000 complaint 1 and 192.0.2.20 delivered 2000 complaint 1
wait      2d
expect    state 192.0.2.10 == CERTIFIED
expect    state 192.0.2.20 == CERTIFIED
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
expect    cases == 0
expect    timeline 192.0.2.10 says "complaint"
history   3d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.20 delivered ~2000 complaint ~1 unknown_user ~10

# The same evidence, and far less of it, from reporters that are independent. Nobody of full trust has said a word.
report rows by alder <<
time,source,signal,count
${now},192.0.2.10,complaint,30
end
report rows by birch <<
time,source,signal,count
${now},192.0.2.10,complaint,30
end
report rows by cedar <<
time,source,signal,count
${now},192.0.2.10,complaint,30
end
report rows by dogwood <<
time,source,signal,count
${now},192.0.2.10,complaint,30
end
expect    state 192.0.2.10 == CERTIFIED
report rows by elder <<
time,source,signal,count
${now},192.0.2.10,complaint,30
end
every     1h for 1h by mailbox: 192.0.2.10 delivered 2000 complaint 1 and 192.0.2.20 delivered 2000 complaint 1
wait      10m
expect    state 192.0.2.10 == SUSPENDED kind security
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
expect    cases == 1
expect    why 192.0.2.10 says "reports of several reporters that agree"
expect    vouch "why 192.0.2.10 --json" == 0 "'takeover': 'reported'"
expect    state 192.0.2.20 == CERTIFIED

restart with kill -9
expect    state 192.0.2.10 == SUSPENDED kind security
expect    replay same
