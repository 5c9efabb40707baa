story "what a hit on a trap counts as follows from the address that the mail came to"

clock     2026-01-05T00:00:00Z
programme programme.yaml
programme traps_by_address.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   3d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10

# Two classes in one mail; a mail to nobody's address is no trap hit, and none is read from what the sender writes.
mail      trapped.eml from 192.0.2.10 to anna@old.test seed-17@OLD.test
expect    metric 192.0.2.10 trap_critical == good "hits on pristine traps: 1 of 3"
expect    metric 192.0.2.10 trap_significant == good "hits on recycled traps: 1 of 5"
mail      trapped.eml from 192.0.2.10 to bertha@old.test
expect    quarantine == 1
expect    metric 192.0.2.10 trap_significant == good "hits on recycled traps: 1 of 5"

# The same mail again is a duplicate; another one to the same address is another hit.
mail      trapped.eml from 192.0.2.10 to anna@old.test
report the same again
expect    metric 192.0.2.10 trap_significant == good "hits on recycled traps: 2 of 5"
mail      trapped.eml from 192.0.2.10 to anyone@news.gmial.test
expect    timeline 192.0.2.10 says "trap_typo 1 from spider" 1 times
expect    metric 192.0.2.10 trap_critical == good "hits on pristine traps: 1 of 3"
# The most exact entry of all tables holds.
mail      trapped.eml from 192.0.2.10 to anyone@mail.gmial.test
expect    timeline 192.0.2.10 says "trap_pristine 1 from other-spider" 1 times
expect    metric 192.0.2.10 trap_critical == warning "hits on pristine traps: 2 of 3"

# The fifth hit on recycled addresses is too many.
mail      trapped.eml from 192.0.2.10 to anna@old.test 2 times
expect    state 192.0.2.10 == CERTIFIED
mail      trapped.eml from 192.0.2.10 to anna@old.test
expect    state 192.0.2.10 == SUSPENDED kind compliance
expect    why 192.0.2.10 says "hits on recycled traps: 5 of 5"
expect    programme changes nothing

# An address is one network's alone.
expect    refused 409 "it belongs to another reporter already": programme traps_twice.yaml
