/* A table that does not follow from the chain: what is to be sent to people. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "journal/journal.h"
#include "unit/test_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct journal_outbox
letter(uint64_t id, const char *channel, int64_t due_ms)
{
	return (struct journal_outbox){ .id = id,
					.created = { 1000 },
					.due = { due_ms },
					.status = TEXT("waiting"),
					.channel = text_of(channel),
					.kind = TEXT("suspended"),
					.about = TEXT("harbour-bank"),
					.recipient = TEXT("ops@harbour.example"),
					.subject = TEXT("off the list"),
					.content = { "line\r\n\0end", 10 } };
}

static void
put(struct journal *j, const struct journal_outbox *row)
{
	struct journal_tx tx = journal_begin(j);

	journal_put_outbox(&tx, row);
	assert_int_equal(journal_commit(&tx), RESULT_OK); /* no record: it does not follow from one */
}

static enum result
add_id(void *context, const struct journal_outbox *row)
{
	char *ids = context;
	size_t n = strlen(ids);

	assert_int_equal(row->content.n, 10);
	assert_memory_equal(row->content.p, "line\r\n\0end", 10);
	assert_string_equal(row->recipient.p, "ops@harbour.example");
	(void)snprintf(ids + n, 64 - n, "%u ", (unsigned)row->id);
	return RESULT_OK;
}

static void
what_waits_is_found_by_when_it_is_due(void **state)
{
	char dir[] = "/tmp/vouch-outbox-XXXXXX", all[64] = "", mails[64] = "", hooks[64] = "";
	struct journal_outbox rows[] = { letter(1, "mail", 9000), letter(2, "mail", 5000),
					 letter(3, "webhook", 1), letter(4, "mail", 7000) };
	struct journal *j;
	uint64_t last;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(journal_sqlite_open(dir, JOURNAL_WRITE, &j, NULL), RESULT_OK);
	assert_int_equal(journal_last_outbox(j, &last), RESULT_OK);
	assert_int_equal(last, 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		put(j, &rows[i]);
	}
	rows[3].status = TEXT("delivered");
	put(j, &rows[3]);
	assert_int_equal(journal_last_outbox(j, &last), RESULT_OK);
	assert_int_equal(last, 4);
	assert_int_equal(journal_scan_outbox(j, 2, add_id, all), RESULT_OK);
	assert_string_equal(all, "2 3 4 ");
	assert_int_equal(journal_scan_waiting(j, TEXT("mail"), add_id, mails), RESULT_OK);
	assert_string_equal(mails, "2 1 ");
	assert_int_equal(journal_scan_waiting(j, TEXT("webhook"), add_id, hooks), RESULT_OK);
	assert_string_equal(hooks, "3 ");
	assert_int_equal(journal_verify(j, &(struct journal_auditor){ 0 }), RESULT_OK);
	journal_close(j);
	test_folder_remove(dir);
}

static void
what_ended_long_ago_goes_but_no_number_comes_twice(void **state)
{
	char dir[] = "/tmp/vouch-outbox-XXXXXX", all[64] = "";
	struct journal_outbox rows[] = { letter(1, "mail", 1000), letter(2, "mail", 1000),
					 letter(3, "mail", 6000), letter(4, "mail", 1000) };
	struct journal_tx tx;
	struct journal *j;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(journal_sqlite_open(dir, JOURNAL_WRITE, &j, NULL), RESULT_OK);
	rows[0].status = rows[2].status = rows[3].status = TEXT("refused");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		put(j, &rows[i]);
	}
	tx = journal_begin(j);
	journal_trim_outbox(&tx, (struct instant){ 5000 });
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	assert_int_equal(journal_scan_outbox(j, 0, add_id, all), RESULT_OK);
	assert_string_equal(all, "2 3 4 "); /* 2 waits, 3 is new, 4 is the last */
	journal_close(j);
	test_folder_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_waits_is_found_by_when_it_is_due),
		cmocka_unit_test(what_ended_long_ago_goes_but_no_number_comes_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
