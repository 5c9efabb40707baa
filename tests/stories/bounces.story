story "a bounce that comes back says why the receiver refused, for the address that sent, and counts once"

clock     2026-01-05T12:00:00Z
programme programme.yaml
accept    harbour-bank by operator because "control is proven"
file bounce.eml <<
From: MAILER-DAEMON@mx.inbox.example
To: bounces@harbour-bank.example
Date: Mon, 05 Jan 2026 11:59:00 +0000
Message-ID: <b1@mx.inbox.example>
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.inbox.example

Final-Recipient: rfc822; nobody@inbox.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 user unknown

Final-Recipient: rfc822; somebody@inbox.example
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 554 Your host is on a blocklist

--b
Content-Type: message/rfc822

Received: from out1.harbour-bank.example (out1.harbour-bank.example [192.0.2.10]) by mx.inbox.example; Mon, 05 Jan 2026 11:58:59 +0000
From: news@harbour-bank.example
Subject: January

--b--
end
expect    vouch "ingest bounce.eml" == 0 "1 accepted, 0 duplicate, 0 quarantined, 2 observations, 0 unknown"
expect    vouch "ingest bounce.eml" == 0 "0 accepted, 1 duplicate, 0 quarantined, 0 observations"
expect    timeline 192.0.2.10 says "unknown_user 1"
expect    timeline 192.0.2.10 says "policy_block 1"
