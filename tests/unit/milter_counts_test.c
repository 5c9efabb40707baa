/* What vouch-milter counts, and what of it leaves: sums, the threshold of domains, bounds; tickets and signatures; reports on disk. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "intake/intake.h"
#include "milter/counts.h"
#include "milter/spool.h"
#include "milter/ticket.h"
#include "model/signature.h"

static const struct instant none = { 0 }, now = { 1767600000000 };

/* The report, as one text. */
static const char *
report_of(struct counts *c, uint64_t domains_from, char *out, size_t room)
{
	struct tally *t = counts_take(c);
	struct buffer b;
	bool any;

	buffer_init(&b, REPORT_BYTES_MAX);
	any = t != NULL && tally_write(t, now, domains_from, "0123456789abcdef", &b);
	assert_int_equal(any, b.n > 0);
	assert_true(b.n < room);
	if (b.n > 0) {
		memcpy(out, b.p, b.n);
	}
	out[b.n] = '\0';
	buffer_free(&b);
	tally_free(t);
	return out;
}

static void
it_sums_by_source_signal_and_arrival(void **state)
{
	struct counts *c = counts_new();
	char out[4096];

	(void)state;
	counts_add(c, "192.0.2.1,a.test", SIGNAL_DELIVERED, none, 2);
	counts_add(c, "192.0.2.1", SIGNAL_DELIVERED, none, 1);
	counts_add(c, "192.0.2.1,a.test", SIGNAL_DELIVERED, none, 3);
	counts_add(c, "192.0.2.1", SIGNAL_COMPLAINT, (struct instant){ 1767500000000 }, 1);
	assert_string_equal(
	    report_of(c, 1, out, sizeof out),
	    "{\"time\":1767600000000,\"source\":[\"192.0.2.1\",\"a.test\"],\"signal\":\"delivered\","
	    "\"count\":5,"
	    "\"attributes\":{\"batch\":\"0123456789abcdef\"}}\n"
	    "{\"time\":1767600000000,\"source\":[\"192.0.2.1\"],\"signal\":\"delivered\",\"count\":1}\n"
	    "{\"time\":1767600000000,\"source\":[\"192.0.2.1\"],\"signal\":\"complaint\",\"count\":1,"
	    "\"attributes\":{\"arrival\":1767500000}}\n");
	assert_string_equal(report_of(c, 1, out, sizeof out), "");
	counts_free(c);
}

static void
a_domain_is_told_from_so_many_mails_on(void **state)
{
	struct counts *c = counts_new();
	char out[4096];

	(void)state;
	for (int i = 0; i < 3; i++) {
		counts_domain(c, "192.0.2.1", "link_domain", TEXT("Often.test"));
		counts_domain(c, "192.0.2.1", "from_domain", TEXT("no domain\"}"));
	}
	for (int i = 0; i < 2; i++) {
		counts_domain(c, "192.0.2.1", "link_domain", TEXT("seldom.test"));
		counts_domain(c, "192.0.2.2", "link_domain", TEXT("often.test"));
	}
	assert_string_equal(
	    report_of(c, 3, out, sizeof out),
	    "{\"time\":1767600000000,\"source\":[\"192.0.2.1\"],\"signal\":\"sample\",\"count\":3,"
	    "\"attributes\":{\"link_domain\":\"often.test\",\"batch\":\"0123456789abcdef\"}}\n");
	counts_free(c);
}

/* A sender that is taken over may link to a new name in each mail. */
static void
domains_and_sources_are_bounded(void **state)
{
	struct counts *c = counts_new();
	char name[64];
	struct tally *t;
	struct buffer b;
	size_t lines = 0;

	(void)state;
	for (unsigned i = 0; i < COUNTS_DOMAINS_MAX + 100; i++) {
		(void)snprintf(name, sizeof name, "x%u.test", i);
		counts_domain(c, "192.0.2.1", "link_domain", text_of(name));
	}
	for (unsigned i = 0; i < COUNTS_ENTRIES_MAX + 100; i++) {
		(void)snprintf(name, sizeof name, "y%u.test", i);
		counts_add(c, name, SIGNAL_DELIVERED, none, 1);
	}
	t = counts_take(c);
	buffer_init(&b, REPORT_BYTES_MAX);
	assert_true(tally_write(t, now, 1, "b", &b));
	assert_false(b.full);
	for (size_t i = 0; i < b.n; i++) {
		lines += b.p[i] == '\n';
	}
	/* But one entry stands for the source of the domains, and is no line. */
	assert_int_equal(lines, COUNTS_ENTRIES_MAX - 1);
	buffer_free(&b);
	tally_free(t);
	counts_free(c);
}

static void
what_could_not_be_stored_counts_with_the_next(void **state)
{
	struct counts *c = counts_new();
	char out[4096];

	(void)state;
	counts_add(c, "192.0.2.1", SIGNAL_DELIVERED, none, 2);
	counts_domain(c, "192.0.2.1", "link_domain", TEXT("a.test"));
	counts_give_back(c, counts_take(c));
	counts_add(c, "192.0.2.1", SIGNAL_DELIVERED, none, 1);
	counts_domain(c, "192.0.2.1", "link_domain", TEXT("a.test"));
	report_of(c, 2, out, sizeof out);
	assert_non_null(strstr(out, "\"signal\":\"delivered\",\"count\":3"));
	assert_non_null(strstr(out, "\"signal\":\"sample\",\"count\":2"));
	counts_free(c);
}

/* The other side reads each line as what was meant. */
static void
the_report_is_read_by_intake(void **state)
{
	struct counts *c = counts_new();
	struct arena arena = { 0 };
	struct intake_hint hint = { .format = INTAKE_JSONL, .received = { 1767600001000 }, .first_line = 1 };
	struct intake_result read;
	char out[4096];

	(void)state;
	counts_add(c, "2001:db8::1,a.test", SIGNAL_SPAM_VERDICT, none, 7);
	counts_domain(c, "192.0.2.1", "from_domain", TEXT("b.test"));
	report_of(c, 1, out, sizeof out);
	assert_int_equal(intake_read(text_of(out), &hint, &arena, &read), RESULT_OK);
	assert_int_equal(read.fault_count, 0);
	assert_int_equal(read.reports[0].observation_count, 2);
	assert_int_equal(read.reports[0].observations[0].signal, SIGNAL_SPAM_VERDICT);
	assert_int_equal(read.reports[0].observations[0].count, 7);
	assert_int_equal(read.reports[0].observations[0].key_count, 2);
	assert_int_equal(read.reports[0].observations[0].at.ms, now.ms);
	arena_clear(&arena);
	counts_free(c);
}

/* ---- tickets, signatures */

static void
a_ticket_is_ours_or_none(void **state)
{
	const struct hash key = { { 1, 2, 3 } }, other = { { 1, 2, 4 } };
	struct ticket t = { .came = { 1767600000000 },
			    .id = 0xfedcba9876543210,
			    .sources = "192.0.2.1,a.test" };
	struct ticket read;
	struct buffer b;

	(void)state;
	buffer_init(&b, TICKET_BYTES_MAX);
	ticket_write(&t, &key, &b);
	assert_true(ticket_read(buffer_text(&b), &key, &read));
	assert_int_equal(read.came.ms, t.came.ms);
	assert_true(read.id == t.id);
	assert_string_equal(read.sources, t.sources);
	assert_false(ticket_read(buffer_text(&b), &other, &read));
	for (size_t i = 0; i < b.n; i++) {
		b.p[i] ^= 1;
		assert_false(ticket_read(buffer_text(&b), &key, &read));
		b.p[i] ^= 1;
		assert_false(ticket_read((struct text){ (const char *)b.p, i }, &key, &read));
	}
	buffer_free(&b);
}

static void
a_signature_fits_one_key_and_one_body(void **state)
{
	const struct hash key = { { 7 } }, other = { { 8 } };
	struct hash body = hash_of("body", 4);
	struct signature s;
	struct buffer b;

	(void)state;
	buffer_init(&b, 1024);
	signature_write(TEXT("mailbox"), &key, TEXT("body"), &b);
	assert_true(signature_read(buffer_text(&b), &s));
	assert_true(text_equal(s.reporter, TEXT("mailbox")));
	assert_true(hash_equal(&s.body, &body));
	assert_true(signature_fits(&s, &key));
	assert_false(signature_fits(&s, &other));
	s.reporter = TEXT("mailboy");
	assert_false(signature_fits(&s, &key));
	for (size_t i = 0; i < b.n; i++) {
		assert_false(signature_read((struct text){ (const char *)b.p, i }, &s));
	}
	assert_false(signature_read(TEXT("Bearer token"), &s));
	buffer_free(&b);
}

/* ---- on disk */

static void
the_oldest_goes_first_and_too_many_go(void **state)
{
	char folder[] = "/tmp/vouch-spool-XXXXXX", name[4096];
	struct arena arena = { 0 };
	const char *path, *first;
	struct text report;
	size_t count = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (int64_t i = 0; i < SPOOL_FILES_MAX + 3; i++) {
		(void)snprintf(name, sizeof name, "%s/%020lld-x.jsonl", folder, (long long)i);
		FILE *f = fopen(name, "w");

		assert_non_null(f);
		assert_int_equal(fclose(f), 0);
	}
	assert_int_equal(spool_put(folder, now, "0123456789abcdef", TEXT("report"), NULL), RESULT_OK);
	assert_true(spool_oldest(folder, &arena, &first));
	assert_non_null(strstr(first, "/00000000000000000004-x.jsonl"));
	while (spool_oldest(folder, &arena, &path)) {
		assert_int_equal(spool_read(path, &arena, &report, NULL), RESULT_OK);
		count++;
		spool_remove(path);
		if (count == SPOOL_FILES_MAX) {
			assert_true(text_equal(report, TEXT("report")));
		}
		arena_clear(&arena);
	}
	assert_int_equal(count, SPOOL_FILES_MAX);
	assert_int_equal(rmdir(folder), 0); /* nothing half written is left */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_sums_by_source_signal_and_arrival),
		cmocka_unit_test(a_domain_is_told_from_so_many_mails_on),
		cmocka_unit_test(domains_and_sources_are_bounded),
		cmocka_unit_test(what_could_not_be_stored_counts_with_the_next),
		cmocka_unit_test(the_report_is_read_by_intake),
		cmocka_unit_test(a_ticket_is_ours_or_none),
		cmocka_unit_test(a_signature_fits_one_key_and_one_body),
		cmocka_unit_test(the_oldest_goes_first_and_too_many_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
