story "who is under threat: what a person says, and what follows from a confirmed takeover"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   60d every 6h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.20 delivered ~2000 complaint ~1 unknown_user ~10 and 198.51.100.1 delivered ~2000 complaint ~1 unknown_user ~10
expect    vouch "watch" == 0 "nothing is near an alarm"
expect    vouch "threat meadow-mail burglary its door was open" == 2 "exposure or posture"
expect    vouch "threat meadow-mail" == 2 "which threat"
expect    vouch "threat nobody exposure phished" == 1 "nobody"
expect    vouch "threat meadow-mail exposure its staff was phished" == 0 "noted"
expect    vouch "watch --json" == 0 "meadow-shared" "'threat': 10.0" "'threat_until': '2026-04-05"
expect    timeline 198.51.100.0/28 says "member meadow-mail under threat (exposure)"

# A host that is said to be broken into is no evidence, and a reason to look harder, for a week after it was said.
report rows by mailbox <<
time,source,signal,count
${now},192.0.2.10,compromised,40
end
expect    state 192.0.2.10 == CERTIFIED
expect    vouch "watch --json" == 0 "harbour-news" "'threat': 3.0"

# One system of the member falls and is confirmed: its other one is under threat, for two weeks.
every     10m for 60m by mailbox: 192.0.2.20 delivered 5000 complaint 60 unknown_user 1500
expect    state 192.0.2.20 == SUSPENDED kind security
confirm   case of 192.0.2.20 by analyst because "credentials were stolen"
expect    vouch "watch --json" == 0 "harbour-news" "meadow-shared"
expect    timeline 192.0.2.10 says "was confirmed as taken over"

restart with kill -9
expect    vouch "watch --json" == 0 "harbour-news" "meadow-shared"
wait      40d
expect    vouch "watch" == 0 "nothing is near an alarm"
