story "what a member declares and announces is its own; the same message from a system that announced nothing suspends"

clock     2026-01-05T00:00:00Z
programme reporters.yaml
accept    harbour-bank by operator because "control is proven"
expect    vouch "declare harbour-news from=harbour.test links=harbour.test mail=newsletter" == 0 "~ system harbour-news: declared.from" "applied 1 change"
expect    vouch "declare harbour-alerts from=harbour.test links=harbour.test" == 0 "applied 1 change"
expect    vouch "declare harbour-news links=help.harbour.test,harbour.test" == 0 "declared.links harbour.test -> help.harbour.test harbour.test"
expect    vouch "declare harbour-news list=safe" == 2 "no such key" "it has from, dkim, links, mail"
expect    vouch "declare harbour-news campaign=spring start=2026-03-03 end=2026-03-01 volume=9 links=a.example" == 2 "ends before it begins"
expect    vouch "declare harbour-news campaign=spring start=2026-03-03 end=soon volume=9 links=a.example" == 2 "end=soon"
history   14d every 1h by mailbox: 192.0.2.10 delivered ~2000 complaint ~1 unknown_user ~10 and 192.0.2.20 delivered ~2000 complaint ~1 unknown_user ~10

# Two weeks later a sale is announced for two days.
expect    vouch "declare harbour-news campaign=sale start=2026-01-19 end=2026-01-21 links=sale.test" == 2 "volume=... is wanted"
expect    vouch "declare harbour-news campaign=sale start=2026-01-19 end=2026-01-21 volume=30000 links=sale.test" == 0 "sale/2026-01-19T00:00:00Z/2026-01-21T00:00:00Z/30000/sale.test"
expect    programme changes nothing
report rows by mailbox <<
time,source,signal,count,cluster,from_domain,link_domain,lure
${now},192.0.2.10,sample,1,sale-1,harbour.test,go.sale.test,1
${now},192.0.2.10,sample,1,offer-1,harbour.test,now.sale.test,1
end
wait      10m
expect    state 192.0.2.10 == CERTIFIED
expect    why 192.0.2.10 says "Announced: sale, 30000 messages"

# The system beside it has announced nothing.
report rows by mailbox <<
time,source,signal,count,cluster,from_domain,link_domain,lure
${now},192.0.2.20,sample,1,sale-2,harbour.test,go.sale-now.test,1
${now},192.0.2.20,sample,1,sale-2,harbour.test,go.sale-now.test,1
${now},192.0.2.20,sample,1,offer-2,harbour.test,go.offer-now.test,1
end
wait      10m
expect    state 192.0.2.20 == SUSPENDED kind security
expect    vouch "why 192.0.2.20" == 0 "links to 'go.sale-now.test', asks to sign in, to pay or to open (2 of them, the first in report" "links to 'go.offer-now.test', asks to sign in, to pay or to open (report"
expect    state 192.0.2.10 == CERTIFIED

# When the sale has sent far more than was announced, what it links to is no longer taken for it.
every     1h for 3h by mailbox: 192.0.2.10 delivered 25000 complaint 12 unknown_user 100
report rows by mailbox <<
time,source,signal,count,cluster,from_domain,link_domain,lure
${now},192.0.2.10,sample,1,sale-3,harbour.test,more.sale.test,1
${now},192.0.2.10,sample,1,offer-3,harbour.test,most.sale.test,1
end
wait      10m
expect    state 192.0.2.10 == SUSPENDED kind security
