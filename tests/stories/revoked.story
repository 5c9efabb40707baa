story "a confirmed source is revoked, and only apply and accept bring it back"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
every     10m for 60m by mailbox: 192.0.2.10 delivered 5000 complaint 20 unknown_user 900 trap_pristine 2
expect    state 192.0.2.10 == SUSPENDED kind security within 60m
confirm   case of 192.0.2.10 by analyst because "the member's account was phished"
expect    state 192.0.2.10 == REVOKED
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
expect    cases == 0

expect    refused 409: accept 192.0.2.10 by operator because "they asked nicely"
expect    refused 409: clear 192.0.2.10 by analyst because "they asked nicely"
expect    refused 409: suspend 192.0.2.10 by operator because "once more"
history   40d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10
programme programme.yaml
restart with kill -9
expect    state 192.0.2.10 == REVOKED
expect    dns 10.2.0.192.certified.example A == NXDOMAIN

apply     192.0.2.10 by member because "accounts are closed, two-factor login is in use"
expect    state 192.0.2.10 == APPLIED
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
accept    192.0.2.10 by operator because "control is proven again"
expect    state 192.0.2.10 == CERTIFIED
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
