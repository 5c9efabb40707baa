story "a stolen list: an address that stands in it alone is mailed from elsewhere, its member is under exposure and nothing is suspended"

clock     2026-01-05T00:00:00Z
programme programme.yaml
programme canary.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   3d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.20 delivered ~2000 complaint ~1 unknown_user ~10 and 198.51.100.1 delivered ~2000 complaint ~1 unknown_user ~10
expect    vouch "watch" == 0 "nothing is near an alarm"

# Whose word does not count tells nothing, and a trap that stands in nobody's list alone does not either.
report    canary.eml about 203.0.113.9 by stranger
mail      trapped.eml from 203.0.113.9 to anna@old.test
expect    vouch "watch" == 0 "nothing is near an alarm"

# Mail from a source of nobody's: the report is kept as any other about a source that is not known, and waits nowhere.
mail      trapped.eml from 203.0.113.9 to canary-7@seed.test
expect    quarantine == 0
expect    vouch "watch --json" == 0 "'name': 'harbour-bank'" "'name': 'harbour-news'" "'name': 'harbour-alerts'" "'threat': 10.0" "'threat_until': '2026-02-07T00:00:00"
expect    timeline 192.0.2.10 says "member harbour-bank under threat (exposure) by canary: mail from 203.0.113.9 came to an address that stands in its lists alone (report "
expect    timeline 192.0.2.20 says "under threat (exposure) by canary" 1 times
expect    timeline 198.51.100.1 says "under threat" 0 times
expect    why 192.0.2.10 says "Under threat until 2026-02-07T00:00 UTC: a takeover of it is taken for 10 times as likely as of others"
expect    state 192.0.2.10 == CERTIFIED
expect    state 192.0.2.20 == CERTIFIED
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
expect    cases == 0

# A stolen list hits many: once in a day, also after a restart.
mail      trapped.eml from 203.0.113.10 to canary-8@seed.test canary-9@seed.test 3 times
restart with kill -9
report    canary.eml about 203.0.113.11 by mailbox
expect    timeline 192.0.2.10 says "under threat (exposure) by canary" 1 times
wait      25h
report    canary.eml about 203.0.113.11 by mailbox
expect    timeline 192.0.2.10 says "under threat (exposure) by canary" 2 times
expect    timeline 192.0.2.10 says "mail from 203.0.113.11 came to an address"

# Mail of another member of the programme is from elsewhere too; the most exact entry says whose the address is.
mail      trapped.eml from 192.0.2.10 to canary-m@seed.test
expect    timeline 198.51.100.1 says "member meadow-mail under threat (exposure) by canary: mail from 192.0.2.10"
expect    state 198.51.100.1 == CERTIFIED
expect    cases == 0
expect    programme changes nothing
wait      40d
expect    vouch "watch" == 0 "nothing is near an alarm"
