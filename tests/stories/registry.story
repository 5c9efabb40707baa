story "the programme is made and changed by verbs as by a file, and each change is shown, once, and tells who made it"

clock     2026-01-05T00:00:00Z
expect    vouch "add member harbour-bank name='Harbour Bank' contact=postmaster@harbour.test --actor anna" == 0 "+ member harbour-bank" "applied 1 change"
expect    vouch "add system harbour-news member=harbour-bank declared.from=news.harbour.test,harbour.test" == 0 "+ system harbour-news (harbour-bank)"
expect    vouch "add source 192.0.2.10 system=harbour-news --dry-run" == 0 "+ source 192.0.2.10 (harbour-bank, harbour-news)"
expect    vouch "status 192.0.2.10" == 1 "no source, system, member or case"
expect    vouch "add source 192.0.2.10 system=harbour-news --actor anna" == 0 "+ source 192.0.2.10 (harbour-bank, harbour-news)"
expect    vouch "add source 192.0.2.10 system=harbour-news" == 0 "nothing to change"
expect    state 192.0.2.10 == APPLIED
expect    vouch "accept harbour-news control is proven" == 0 "applied  certified"
expect    dns 10.2.0.192.certified.example A == 127.0.0.10

# Two members do not share an address, and both are named.
expect    vouch "add member meadow-mail name='Meadow Mail'" == 0
expect    vouch "add system meadow-shared member=meadow-mail" == 0
expect    vouch "add source 192.0.2.0/24 system=meadow-shared" == 3 "source 192.0.2.0/24 of meadow-mail overlaps 192.0.2.10 of harbour-bank"
expect    vouch "add source 192.0.2.10 system=meadow-shared" == 3 "source 192.0.2.10 belongs to harbour-bank, harbour-news, already"

# A list that is published nowhere is no list, by verb and by file.
expect    vouch "add system lost member=meadow-mail list=safe" == 2 "no list is called 'safe'; vouch.yaml has certified"
file lost.yaml <<
members:
  - id: harbour-bank
    name: Harbour Bank
    systems:
      - id: lost
        list: safe
end
expect    vouch "import lost.yaml --dry-run" == 2 "lost.yaml:5: no list is called 'safe'; vouch.yaml has certified"
expect    vouch "list safe" == 1 "no list is called 'safe'"

# A reporter's word counts from now on, and it has its token back only when it is given again.
expect    vouch "add reporter mailbox kind=mailbox trust=none" == 0 "+ reporter mailbox"
expect    vouch "change reporter mailbox trust=full" == 0 "~ reporter mailbox: trust none -> full"
expect    vouch "change reporter mailbox trust=some" == 2 "full, partial or none is wanted"
expect    vouch "change reporter mailbix trust=full" == 1 "no reporter is called 'mailbix'"
expect    vouch "add wizard x" == 2 "member, system, source, reporter or receiver"
expect    vouch "add member" == 2 "usage: vouch add THING ID"
expect    vouch "change member harbour-bank name" == 2 "KEY=VALUE is wanted"

# What verbs made is a file, and the file changes nothing.
expect    vouch "programme" == 0 "  - id: harbour-bank" "          from: [news.harbour.test, harbour.test]" "receivers: []"
expect    vouch "programme --json" == 0 "'id': 'harbour-news'" "'192.0.2.10'"
expect    programme changes nothing

# Who, when and what is told; a removal is shown first, and takes the source off the list.
expect    timeline 192.0.2.10 says "added to the programme by anna (vouch add)"
expect    vouch "remove member harbour-bank" == 3 "- source 192.0.2.10 (harbour-bank, harbour-news)" "nothing was applied"
expect    dns 10.2.0.192.certified.example A == 127.0.0.10
expect    vouch "remove member harbour-bank --yes" == 0 "applied 3 changes"
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
# What has left can still be asked for, by whoever has to explain it later; nobody can list it.
expect    vouch "status 192.0.2.10" == 0 "harbour-bank" "revoked" "withdrawn"
expect    vouch "why 192.0.2.10" == 0 "192.0.2.10 is revoked since" "off the list (withdrawn). It belongs to harbour-bank" "it is no longer in the programme"
expect    vouch "timeline 192.0.2.10" == 0 "added to the programme by anna" "taken out of the programme by" "certified -> suspended" "suspended -> revoked"
expect    vouch "apply 192.0.2.10 come back" == 1 "no source is there"
expect    vouch "list" == 0 "no source yet"
expect    vouch "add source 192.0.2.10 system=meadow-shared" == 0 "+ source 192.0.2.10 (meadow-mail, meadow-shared)"
restart with kill -9
expect    state 192.0.2.10 == APPLIED
expect    dns 10.2.0.192.certified.example A == NXDOMAIN
