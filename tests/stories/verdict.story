story "a case tells its reason, harm, timer and next step on one page; when the hour is over it is overdue and nothing is listed again by itself"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
expect    vouch "cases" == 0 "no open case"
expect    vouch "status" == 0 "sources on a list" "no open case"
expect    vouch "why 192.0.2.10" == 0 "192.0.2.10 is certified since 2026-01-05 00:00 UTC, on the list. It belongs to harbour-bank, system harbour-news." "Why: control is proven (accepted by operator" "Watched: "
suspend   harbour-news by analyst because "its login page was copied"
report rows by mailbox <<
time,source,signal,count
${now},192.0.2.10,delivered,70
end
wait      18m
expect    vouch "cases" == 0 "due in 42 min" "harbour-bank" "its login page was copied" "1 waits for a verdict. vouch why CASE"
expect    vouch "status" == 0 "due in 42 min" "its login page was copied"
expect    vouch "cases --json" == 0 "'seconds_left': 2520" "'delivered_after': 70" "'status': 'open'"
expect    vouch "why 1" == 0 "Why: its login page was copied (suspended by analyst)." "Harm: 70 messages delivered since." "Next: a verdict, due in 42 min" "vouch confirm 1 REASON" "vouch clear 1 REASON"
expect    vouch "why harbour-bank" == 0 "harbour-bank has 4 sources: 1 certified, 3 suspended." "Next: a verdict, due in 42 min"
expect    metric vouch_cases_overdue == 0

# The hour is over: it is said so, and the sources stay off the list.
wait      45m
expect    vouch "cases" == 0 "late by 3 min"
expect    vouch "why 192.0.2.11" == 0 "Next: a verdict, overdue for 3 min"
expect    metric vouch_cases_open == 1
expect    metric vouch_cases_overdue == 1
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
expect    vouch "timeline 192.0.2.11" == 0 "case 1 open, 3 sources: its login page was copied" "case 1 overdue, 3 sources: there is no verdict within the hour"
restart with kill -9
expect    metric vouch_cases_overdue == 1

# Reports one after another are one line, until something else happens.
every     10m for 60m by mailbox: 192.0.2.10 delivered 100 complaint 1
every     10m for 20m by stranger: 192.0.2.10 complaint 5
expect    vouch "timeline 192.0.2.10" == 0 "8 until" "delivered 600, complaint 16; 2 of them not counted"
expect    vouch "timeline 192.0.2.10 --reports" == 0 "complaint 5 from stranger (csv by http, token): not counted"
expect    vouch "timeline 192.0.2.10 --limit 1" == 0 "8 until"
expect    refused 400 "actor": confirm 1 by detector because "it was not me"
expect    vouch "confirm 1 the page was theirs, the keys too --actor anna" == 0 "suspended  revoked" "case 1"
expect    vouch "timeline 1" == 0 "case 1 confirmed, 3 sources: the page was theirs, the keys too"
expect    vouch "why 192.0.2.10" == 0 "Closed: confirmed" "by anna: the page was theirs, the keys too" "vouch apply 192.0.2.10 REASON, then vouch accept"
expect    vouch "cases" == 0 "no open case"
expect    vouch "cases --all" == 0 "confirmed"
expect    metric vouch_cases_open == 0
