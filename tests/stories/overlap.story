story "a programme in which sources of two members overlap is refused with both names and changes nothing"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
expect    refused 409 "harbour-bank" "meadow-mail": programme overlap.yaml
expect    state 192.0.2.10 == CERTIFIED
expect    state 198.51.100.0/28 == CERTIFIED
expect    dns 3.100.51.198.certified.example A == 127.0.0.10
expect    dns 1.2.0.192.certified.example A == NXDOMAIN
