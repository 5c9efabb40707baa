/* A table that does not follow from the chain: DNS queries of receivers by day. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "journal/journal.h"
#include "unit/test_folder.h"

#include <stdio.h>
#include <stdlib.h>

struct usage_found {
	unsigned count;
	uint64_t listed;
	char last[32];
};

static enum result
add_usage(void *context, const struct journal_usage *row)
{
	struct usage_found *found = context;

	found->count++;
	found->listed += row->listed;
	(void)snprintf(found->last, sizeof found->last, "%.*s %.*s", TEXT_ARG(row->day),
		       TEXT_ARG(row->receiver));
	return RESULT_OK;
}

static void
the_usage_of_a_day_is_replaced_and_read_in_order(void **state)
{
	char dir[] = "/tmp/vouch-usage-XXXXXX";
	struct journal *j;
	struct journal_usage row = { .day = TEXT("2026-01-04"), .receiver = TEXT("public"), .listed = 1 };
	struct usage_found found = { 0 };
	struct journal_tx tx;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(journal_sqlite_open(dir, JOURNAL_WRITE, &j, NULL), RESULT_OK);
	tx = journal_begin(j);
	journal_put_usage(&tx, &row);
	row.day = TEXT("2026-01-05");
	journal_put_usage(&tx, &row);
	row.receiver = TEXT("mailbox");
	journal_put_usage(&tx, &row);
	assert_int_equal(journal_commit(&tx), RESULT_OK); /* no record: it does not follow from one */
	tx = journal_begin(j);
	row.listed = 70;
	journal_put_usage(&tx, &row);
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	assert_int_equal(journal_scan_usage(j, TEXT("2026-01-05"), add_usage, &found), RESULT_OK);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.listed, 71);
	assert_string_equal(found.last, "2026-01-05 public");
	assert_int_equal(journal_verify(j, &(struct journal_auditor){ 0 }), RESULT_OK);
	journal_close(j);
	test_folder_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usage_of_a_day_is_replaced_and_read_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
