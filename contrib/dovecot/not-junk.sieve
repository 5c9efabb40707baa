require ["vnd.dovecot.pipe", "copy", "imapsieve", "environment", "variables"];

# Into the trash is no word about the mail.
if environment :is "imap.mailbox" "Trash" {
  stop;
}
if environment :matches "imap.user" "*" {
  set "user" "${1}";
}
pipe :copy "vouch-vote" ["not_junk", "${user}"];
