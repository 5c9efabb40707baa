story "an operator's suspension takes the answer off at once and needs a reason"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
expect    dns 10.2.0.192.certified.example TXT == 192.0.2.10 is certified
expect    dns news.harbour.test.domains.certified.example A == 127.0.0.10
expect    dns 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.0.0.0.8.b.d.0.1.0.0.2.certified.example A == 127.0.0.10
expect    refused 400 "reason": suspend 192.0.2.10 by operator because ""
expect    dns 10.2.0.192.certified.example A == 127.0.0.10

suspend   192.0.2.10 by operator because "seen in a phishing campaign"
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
expect    dns 10.2.0.192.certified.example TXT == NXDOMAIN
expect    state 192.0.2.10 == SUSPENDED kind security
expect    why 192.0.2.10 says "seen in a phishing campaign"
expect    state 192.0.2.11 == CERTIFIED

# A whole system, and a member.
suspend   harbour-news by analyst because "its login page was copied"
expect    dns 11.2.0.192.certified.example A == NXDOMAIN
expect    dns news.harbour.test.domains.certified.example A == NXDOMAIN
expect    dns 20.2.0.192.certified.example A == 127.0.0.10
suspend   meadow-mail by operator because "asked for by the member"
expect    dns 3.100.51.198.certified.example A == NXDOMAIN
expect    dns 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.0.0.0.8.b.d.0.1.0.0.2.certified.example A == NXDOMAIN
restart
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
expect    dns 3.100.51.198.certified.example A == NXDOMAIN

# The command line names every case that a suspension of a member opens.
expect    vouch "clear meadow-mail --reason repaired" == 0 "reinstated"
expect    vouch "clear harbour-bank all is repaired" == 0 "reinstated"
expect    vouch "suspend harbour-bank asked for by the member" == 0 "cases 3, 4"
expect    vouch "suspend meadow-mail asked for by the member" == 0 "case 5"

# A suspended source waits for a verdict; the programme file does not bring it back.
programme programme.yaml
expect    refused 409: accept 192.0.2.10 by operator because "control is proven"
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
expect    refused 404: suspend 203.0.113.9 by operator because "nobody's"
