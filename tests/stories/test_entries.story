story "the list's test entries answer as RFC 5782 says, whatever happens to the sources"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
expect    dns 2.0.0.127.certified.example A == 127.0.0.10
expect    dns 1.0.0.127.certified.example A == NXDOMAIN
expect    dns 2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.certified.example A == 127.0.0.10
expect    dns 1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.certified.example A == NXDOMAIN
expect    dns test.domains.certified.example A == 127.0.0.10
expect    dns invalid.domains.certified.example A == NXDOMAIN
suspend   harbour-bank by operator because "a test"
expect    dns 2.0.0.127.certified.example A == 127.0.0.10
expect    dns 1.0.0.127.certified.example A == NXDOMAIN
