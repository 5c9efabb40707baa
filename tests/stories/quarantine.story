story "what cannot be read waits in quarantine, the rest goes on, and a retry counts it once"

clock     2026-01-05T00:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
accept    meadow-mail by operator because "control is proven"
report rows by mailbox <<
time,source,signal,count
${now},192.0.2.10,delivered,100
${now},192.0.2.10,delivered,many
${in_1h},192.0.2.10,delivered,200
${now},192.0.2.10,complaint,1
end
expect    counts accepted 1 duplicate 0 quarantined 2 observations 2
expect    quarantine == 2

# The row of the future can be read when its time has come; the other one never.
wait      2h
expect    refused 400 "many": retry quarantine
expect    quarantine == 1
# It is known still how its reporter was known.
expect    timeline 192.0.2.10 says "delivered 200 from mailbox (csv by http, token)" 1 times
restart with kill -9
expect    quarantine == 1

# The same broken document again fills nothing.
expect    refused 400 "no message/feedback-report part": report notes.txt about 192.0.2.10 by mailbox
expect    counts accepted 0 duplicate 0 quarantined 1
expect    refused 400: report the same again
expect    counts accepted 0 duplicate 1 quarantined 0
expect    quarantine == 2
