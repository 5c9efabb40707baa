story "one complaint is enough when the mail in it lures to a page that the member has not declared; the usual mail never is"

clock     2026-01-05T00:00:00Z
programme content.yaml
accept    harbour-bank by operator because "control is proven"
history   20d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10

# Three complaints about the bank's own newsletter: its links are declared, whatever else it says.
every     10m for 30m by mailbox: 192.0.2.10 delivered 700
report    newsletter.eml about 192.0.2.10 by mailbox 3 times
expect    counts accepted 3 duplicate 0 quarantined 0 observations 3 unknown 0
wait      30m
expect    state 192.0.2.10 == CERTIFIED

# One about a lure to a page with a name that nobody knows.
every     10m for 30m by mailbox: 192.0.2.10 delivered 700
report    lure.eml about 192.0.2.10 by mailbox 1 times
expect    counts accepted 1 duplicate 0 quarantined 0 observations 1 unknown 0
wait      10m
expect    state 192.0.2.10 == SUSPENDED kind security
expect    why 192.0.2.10 says "links to a domain that the member has neither declared nor used"
expect    why 192.0.2.10 says "asks to sign in, to pay or to open"
expect    why 192.0.2.10 says "looks like one of the member's"
expect    why 192.0.2.10 says "harb0ur-verify.test harbour.test"
