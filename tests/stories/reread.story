story "what a kept document means otherwise now is a record of its own, once; the report stays as it was"

clock     2026-01-05T00:00:00Z
programme programme.yaml
programme reread_before.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   1d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
report    trap_report.eml about 192.0.2.10 by trapnet 3 times
report    abuse.eml about 192.0.2.11 by mailbox 1 times
# A mail at a trap, and rows of which one was set aside: neither is compared.
mail      trapped.eml from 192.0.2.20 to seed@traps.test
report rows by mailbox <<
time,source,signal,count
${now},192.0.2.10,delivered,100
${in_1h},192.0.2.10,delivered,200
end
expect    counts accepted 1 quarantined 1
expect    timeline 192.0.2.10 says "trap_pristine 1 from trapnet" 3 times
expect    state 192.0.2.10 == SUSPENDED kind compliance

# Nothing changed: nothing is written.
expect    vouch "reread --dry-run" == 0 "0 would be corrected, 1 not compared"
expect    vouch "reread" == 2 "a reason is wanted: vouch reread REASON"
expect    vouch "reread after an update" == 0 "0 corrected, 1 not compared"

# The trap network says which of its addresses was a person's: the three reports mean something else, and what they told is no longer counted.
programme reread_after.yaml
expect    vouch "reread --dry-run" == 0 "3 would be corrected"
expect    timeline 192.0.2.10 says "reads otherwise now" 0 times
expect    vouch "reread --actor anna one of the traps was of a person" == 0 "counted too 1 trap_recycled; told no longer 1 trap_pristine" "3 corrected, 1 not compared"
expect    timeline 192.0.2.10 says "reads otherwise now, by anna: one of the traps was of a person; counted: trap_recycled 1; told no longer: trap_pristine 1" 3 times
expect    timeline 192.0.2.10 says "trap_pristine 1 from trapnet" 3 times
expect    metric 192.0.2.10 trap_significant == warning "hits on recycled traps: 3 of 5"
expect    metric 192.0.2.20 trap_critical == good "hits on pristine traps: 1 of 3"
wait      8d
expect    state 192.0.2.10 == REINSTATED

# Again, and after a crash: it leaves nothing. Back to what it was: that is a correction too.
expect    vouch "reread --reason again" == 0 "0 corrected"
restart with kill -9
expect    vouch "reread --json again" == 0 "'corrected': []"
programme reread_before.yaml
expect    vouch "reread it was a trap after all" == 0 "3 corrected"
expect    metric 192.0.2.10 trap_critical == over "hits on pristine traps: 3 of 3"
expect    state 192.0.2.10 == SUSPENDED kind compliance
expect    vouch "reread again" == 0 "0 corrected"
expect    chain intact
expect    replay same

# What waits in quarantine is read again at once; what still cannot be read waits on.
report    notes.txt about 192.0.2.10 unauthenticated
wait      2h
expect    vouch "quarantine retry all" == 0 "1 read, 1 accepted, 1 still wait"
expect    quarantine == 1
expect    vouch "quarantine retry all --json" == 0 "'read': 0" "'waiting': 1"
