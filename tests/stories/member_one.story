story "a system of which its people always complained is no takeover of its member when it mails more"

clock     2026-01-05T00:00:00Z
programme systems.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   28d every 1h by mailbox: 192.0.2.10 delivered ~20 complaint ~0.4 and 192.0.2.20 delivered ~600 complaint ~0.02 and 192.0.2.30 delivered ~600 complaint ~0.02 and 192.0.2.40 delivered ~600 complaint ~0.02 and 192.0.2.50 delivered ~600 complaint ~0.02 and 198.51.100.1 delivered ~60

# Rather more of a hundred than ever, of thirty times the mail: one system shows something, and that is its own matter.
every     1h for 6h by mailbox: 192.0.2.10 delivered 600 complaint 20 and 192.0.2.20 delivered 600 and 192.0.2.30 delivered 600 and 192.0.2.40 delivered 600 and 192.0.2.50 delivered 600 and 198.51.100.1 delivered 60
expect    state 192.0.2.10 == CERTIFIED
expect    state 192.0.2.20 == CERTIFIED
expect    cases == 0
