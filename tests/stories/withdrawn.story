story "a person takes back all that a report told, exactly and once; the report stays, and a resend does not bring it back"

clock     2026-01-05T00:00:00Z
programme reporters.yaml
accept    harbour-bank by operator because "control is proven"
history   1d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10

# A table with somebody else's traps suspends the source, by the thresholds.
report rows by mailbox <<
time,source,signal,count
${now},192.0.2.10,trap_pristine,3
${now},192.0.2.10,trap_recycled,2
${now},192.0.2.11,trap_pristine,1
end
expect    state 192.0.2.10 == SUSPENDED kind compliance
expect    metric 192.0.2.10 trap_critical == over "hits on pristine traps: 3 of 3"

# Without a reason nothing is taken back, nor of a record that is no report.
expect    vouch "withdraw ${report}" == 2 "a reason is wanted"
expect    vouch "withdraw 1 the reporter said so" == 1 "no report has the number 1"
expect    vouch "withdraw x the reporter said so" == 2 "the number of a report is wanted"
expect    receipt for mailbox == 200 "'withdrawn': False"

# The reporter says that it was an error: the counts leave, with the suspension that rests on them.
expect    vouch "withdraw ${report} the traps were of another sender" == 0 "told no longer 4 trap_pristine, 2 trap_recycled"
expect    timeline 192.0.2.10 says "withdrawn by" 1 times
expect    timeline 192.0.2.10 says "the traps were of another sender; told no longer: trap_pristine 3, trap_recycled 2" 1 times
expect    timeline 192.0.2.11 says "told no longer: trap_pristine 1" 1 times
expect    receipt for mailbox == 200 "'withdrawn': True"
wait      8d
expect    state 192.0.2.10 == REINSTATED

# Once: neither a second withdrawal, nor a resend, nor reading it again counts it anew; also after a crash.
expect    refused 409 "was withdrawn before": withdraw the report by anna because "again"
report the same again
expect    counts accepted 0 duplicate 1
restart with kill -9
expect    refused 409 "was withdrawn before": withdraw the report by anna because "again"
expect    vouch "reread --json again" == 0 "it was withdrawn"
report rows by mailbox <<
time,source,signal,count
${now},192.0.2.10,trap_pristine,1
end
expect    metric 192.0.2.10 trap_critical == good "hits on pristine traps: 1 of 3"

# How a report was counted by a programme that was another one is not known any more: then nothing of it is taken.
report rows by mailbox <<
time,source,signal,count
${now},192.0.2.20,trap_pristine,1
${now},192.0.2.11,trap_pristine,1
end
expect    metric 192.0.2.20 trap_critical == good "hits on pristine traps: 1 of 3"
programme reporters_later.yaml
expect    refused 409 "is not known any more": withdraw the report by anna because "it was forged"
expect    metric 192.0.2.20 trap_critical == good "hits on pristine traps: 1 of 3"

# Nor of a listing, which is a state: the blocklist says when it ends.
report rows by mailbox <<
time,source,signal,count
${now},192.0.2.10,blocklisted,1
end
expect    refused 409 "a state and no count": withdraw the report by anna because "it was forged"
expect    chain intact
expect    replay same
