story "one critical or two significant blocklists, votes of a panel on one source or on all of a member, each suspend; another policy suspends at once"

clock     2026-01-05T00:00:00Z
programme programme.yaml
programme blocklists.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"

report rows by harsh <<
time,source,signal,count
${now},192.0.2.20,blocklisted,1
end
expect    state 192.0.2.20 == SUSPENDED kind compliance
report rows by mild-one <<
time,source,signal,count
${now},192.0.2.10,blocklisted,1
end
expect    state 192.0.2.10 == CERTIFIED
expect    standing 192.0.2.10 == warning
report rows by mild-two <<
time,source,signal,count
${now},192.0.2.10,blocklisted,1
end
expect    state 192.0.2.10 == SUSPENDED kind compliance
expect    why 192.0.2.10 says "significant blocklists: 2 of 2"
wait      8d
report rows by mild-one <<
time,source,signal,count
${now},192.0.2.10,delisted,1
end
wait      1h
expect    state 192.0.2.10 == REINSTATED
expect    state 192.0.2.20 == SUSPENDED kind compliance

# Votes: five of six on one source; then, at the member, four of each of three.
report rows by mailbox <<
time,source,signal,count
${now},198.51.100.3,junk_vote,5
${now},198.51.100.3,not_junk_vote,1
end
expect    state 198.51.100.0/28 == SUSPENDED kind compliance
report rows by mailbox <<
time,source,signal,count
${now},192.0.2.10,junk_vote,4
${now},192.0.2.11,junk_vote,4
${now},news.harbour.test,junk_vote,4
end
expect    state 192.0.2.11 == SUSPENDED kind compliance
expect    state news.harbour.test == SUSPENDED kind compliance
expect    why harbour-bank says "Thresholds of the member now:"
expect    why 192.0.2.11 says "junk votes on all sources: 100.00 % of 75.00 % (12 of 12 in 30 days)"

# An alarm still takes precedence over a threshold: it needs a verdict, and time alone does not bring the source back.
suspend   192.0.2.11 by analyst because "its login page was copied"
expect    state 192.0.2.11 == SUSPENDED kind security
expect    cases == 1
wait      60d
expect    state 192.0.2.11 == SUSPENDED kind security
expect    state news.harbour.test == CERTIFIED

# The programme may say that a list weighs more.
report rows by mild-one <<
time,source,signal,count
${now},news.harbour.test,blocklisted,1
end
expect    state news.harbour.test == CERTIFIED
programme blocklists_harsher.yaml
expect    state news.harbour.test == SUSPENDED kind compliance
