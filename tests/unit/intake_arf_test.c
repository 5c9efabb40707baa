/* Feedback mails: each sample reads as a person reads it; the id follows the content; hostile ones end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "intake/intake.h"
#include "unit/intake_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "signal count keys at", then attributes that must be there; NULL: the mail is refused with these words. */
static const struct sample {
	const char *file;
	const char *reads;
	const char *attributes[5];
	const char *words;
} samples[] = {
	{ "sisimai-arf-01",
	  "complaint 1 192.0.2.89 example.ed.jp 2009-04-29T00:00:00Z",
	  { "feedback_type=abuse", "arrival=2009-04-29T00:00:00Z", "from_domain=example.ed.jp",
	    "mail_from=support@example.ed.jp", "user_agent=SMP-FBL" },
	  NULL },
	{ "sisimai-dos-arf-01",
	  "complaint 1 192.0.2.89 example.ed.jp 2009-04-29T00:00:00Z",
	  { "arrival=2009-04-29T00:00:00Z", "subject=Kijitora cat family",
	    "mail_from=support@example.ed.jp" },
	  NULL },
	{ "sisimai-mac-arf-01",
	  "complaint 1 192.0.2.89 example.ed.jp 2009-04-29T00:00:00Z",
	  { "arrival=2009-04-29T00:00:00Z", "subject=Kijitora cat family",
	    "mail_from=support@example.ed.jp" },
	  NULL },
	{ "sisimai-arf-11",
	  "complaint 1 192.0.2.2 2006-04-09T14:34:45Z",
	  { "source_from=received", "arrival=2006-04-09T14:34:45Z", "from_domain=example.net",
	    "subject=Nyaaan" },
	  NULL },
	{ "sisimai-arf-15",
	  "complaint 1 192.0.2.222 2015-04-29T23:34:45Z",
	  { "arrival=2015-04-29T23:34:45Z", "from_domain=example.net", "mail_from=kijitora@example.net",
	    "user_agent=ReturnPathFBL/1.0" },
	  NULL },
	{ "sisimai-arf-17",
	  "complaint 1 192.0.2.3 2016-04-29T23:34:45Z",
	  { "from_domain=example.jp", "mail_from=sironeko@example.jp",
	    "message_id=<EEEEEEEE-0000-0000-0000-EEEEEEEE2222@example.net>",
	    "original_envelope_id=000000-FFFFFF-22" },
	  NULL },
	{ "sisimai-arf-19",
	  "auth_fail 1 203.0.113.2 example.net ietf.org 2015-04-29T14:34:45Z",
	  { "feedback_type=auth-failure", "delivery_result=delivered", "from_domain=example.net",
	    "mail_from=sironeko@neko.example.com" },
	  NULL },
	{ "sisimai-arf-21",
	  "complaint 1 198.51.100.224 2015-04-29T23:34:45Z",
	  { "from_domain=example.net" },
	  NULL },
	{ "sisimai-arf-23",
	  "complaint 1 192.0.2.222 example.com 2016-04-29T23:34:45Z",
	  { "source_from=subject", "arrival=2016-04-29T23:34:45Z", "from_domain=example.com" },
	  NULL },
	{ "sisimai-arf-25",
	  "complaint 1 10.0.0.1 example.com 2020-10-31T18:32:53Z",
	  { "arrival=2020-10-31T18:02:57Z", "mail_from=alice@example.com", "from_domain=example.com" },
	  NULL },

	{ "made/domain-only",
	  "complaint 1 shop.example 2026-01-05T08:00:00Z",
	  { "from_domain=shop.example" },
	  NULL },
	{ "made/lowercase-and-blank-lines",
	  "complaint 1 192.0.2.10 2026-01-05T08:00:00Z",
	  { "feedback_type=ABUSE", "arrival=2026-01-05T07:30:00Z" },
	  NULL },
	{ "made/base64-feedback",
	  "complaint 1 192.0.2.10 2026-01-05T08:00:00Z",
	  { "user_agent=Maker/1" },
	  NULL },
	{ "made/quoted-printable-headers",
	  "complaint 1 192.0.2.10 2026-01-05T08:00:00Z",
	  { "from_domain=shop.example", "arrival=2026-01-05T07:30:00Z" },
	  NULL },
	{ "made/ipv6", "complaint 1 2001:db8::25 2026-01-05T08:00:00Z", { NULL }, NULL },
	{ "made/ipv6-mapped", "complaint 1 192.0.2.7 2026-01-05T08:00:00Z", { NULL }, NULL },
	{ "made/bracketed", "complaint 1 192.0.2.10 2026-01-05T08:00:00Z", { NULL }, NULL },
	{ "made/incidents", "complaint 12 192.0.2.10 2026-01-05T08:00:00Z", { "incidents=12" }, NULL },
	{ "made/incidents-too-many",
	  "complaint 65536 192.0.2.10 2026-01-05T08:00:00Z",
	  { "incidents=4294967295" },
	  NULL },
	{ "made/incidents-broken", "complaint 1 192.0.2.10 2026-01-05T08:00:00Z", { NULL }, NULL },
	{ "made/not-spam", "not_spam 1 192.0.2.10 2026-01-05T08:00:00Z", { NULL }, NULL },
	{ "made/virus", "complaint 1 192.0.2.10 2026-01-05T08:00:00Z", { "feedback_type=virus" }, NULL },
	{ "made/fraud", "complaint 1 192.0.2.10 2026-01-05T08:00:00Z", { "feedback_type=fraud" }, NULL },
	{ "made/opt-out", "nothing", { NULL }, NULL },
	{ "made/type-unknown",
	  "complaint 1 192.0.2.10 2026-01-05T08:00:00Z",
	  { "feedback_type=x-phish" },
	  NULL },
	{ "made/type-missing", "complaint 1 192.0.2.10 2026-01-05T08:00:00Z", { NULL }, NULL },
	{ "made/auth-failure",
	  "auth_fail 1 198.51.100.9 shop.example 2026-01-05T08:00:00Z",
	  { "auth_failure=dkim", "delivery_result=spam", "identity_alignment=none", "dkim_selector=s1",
	    "dkim_identity=@shop.example" },
	  NULL },
	{ "made/received-exim",
	  "complaint 1 192.0.2.44 2026-01-05T08:00:00Z",
	  { "source_from=received" },
	  NULL },
	{ "made/received-forged-helo", "complaint 1 192.0.2.44 2026-01-05T08:00:00Z", { NULL }, NULL },
	{ "made/received-internal-hops", "complaint 1 2001:db8::44 2026-01-05T08:00:00Z", { NULL }, NULL },
	{ "made/times-missing",
	  "complaint 1 192.0.2.10 2026-02-01T00:00:00Z",
	  { "mail_from=", "from_domain=shop.example" },
	  NULL },
	{ "made/date-in-future", "complaint 1 192.0.2.10 2026-01-05T07:30:00Z", { NULL }, NULL },
	{ "made/nested-multipart",
	  "complaint 1 192.0.2.10 2026-01-05T08:00:00Z",
	  { "from_domain=shop.example" },
	  NULL },
	{ "made/many-domains",
	  "complaint 1 192.0.2.10 shop.example late.example later.example 2026-01-05T08:00:00Z",
	  { NULL },
	  NULL },
	{ "made/dkim-passed", "complaint 1 news.example 2026-01-05T08:00:00Z", { "source_from=" }, NULL },
	{ "made/original-injects-fields",
	  "complaint 1 198.51.100.9 2026-01-05T08:00:00Z",
	  { "arrival=", "mail_from=" },
	  NULL },
	{ "made/folded-and-dirty",
	  "complaint 1 192.0.2.10 2026-01-05T08:00:00Z",
	  { "user_agent=Maker (two lines)", "subject=bad ? byte ?[31m and ?", "from_domain=shop.example" },
	  NULL },
	{ "made/dkim-signature-only",
	  "complaint 1 shop.example 2026-01-05T08:00:00Z",
	  { "source_from=dkim_signature" },
	  NULL },
	{ "made/mailbox-line", "complaint 1 192.0.2.10 2026-01-05T08:00:00Z", { NULL }, NULL },
	{ "made/base64-original",
	  "complaint 1 192.0.2.10 2026-01-05T08:00:00Z",
	  { "source_from=received", "from_domain=shop.example" },
	  NULL },
	{ "made/cut-off",
	  "complaint 1 192.0.2.10 2026-01-05T08:00:00Z",
	  { "from_domain=shop.example" },
	  NULL },
	{ "made/source-unreadable",
	  "complaint 1 192.0.2.10 2026-01-05T08:00:00Z",
	  { "source_from=received" },
	  NULL },
	{ "made/no-original",
	  "complaint 1 192.0.2.10 2026-01-05T08:00:00Z",
	  { "arrival=2026-01-05T07:30:00Z" },
	  NULL },
	{ "made/only-feedback", "complaint 1 192.0.2.10 2026-01-05T08:00:00Z", { NULL }, NULL },
	{ "made/feedback-inside-original", NULL, { NULL }, "no message/feedback-report part" },
	{ "made/no-source",
	  NULL,
	  { NULL },
	  "no source: no address, no domain, and none in the reported mail" },
	{ "made/plain-mail", NULL, { NULL }, "no message/feedback-report part" },
};

static const struct intake_hint hint = { .format = INTAKE_AUTO,
					 .received = { 1769904000000 }, /* 2026-02-01T00:00:00Z */
					 .door = { "lmtp", 4 },
					 .reporter = { "mailbox-one", 11 } };

static struct text
load(const char *file, struct arena *arena)
{
	const char *path = arena_format(arena, "%s/arf/%s.eml", TEST_DATA, file);
	struct text bytes = test_file(arena, path);

	if (bytes.p == NULL) {
		fail_msg("%s cannot be read", path);
	}
	return bytes;
}

static const char *
describe(const struct report *report, struct arena *arena)
{
	const struct observation *o = report->observations;
	char at[INSTANT_BYTES];
	struct buffer b;
	const char *text;

	if (report->observation_count == 0) {
		return "nothing";
	}
	assert_int_equal(report->observation_count, 1);
	buffer_init(&b, 4096);
	buffer_format(&b, "%s %u", signal_name(o->signal), o->count);
	for (uint32_t i = 0; i < o->key_count; i++) {
		buffer_format(&b, " %.*s", TEXT_ARG(o->keys[i]));
	}
	buffer_format(&b, " %s", instant_format(o->at, at));
	text = text_copy(arena, buffer_text(&b));
	buffer_free(&b);
	return text;
}

/* "name=value" is there; "name=" means that no such attribute is. */
static void
expect_attribute(const struct sample *s, const struct observation *o, const char *wanted)
{
	struct text value = text_of(wanted), name;

	(void)text_cut(&value, '=', &name);
	for (uint32_t i = 0; i < o->attribute_count; i++) {
		if (text_equal(o->attributes[i].name, name)) {
			if (!text_equal(o->attributes[i].value, value)) {
				fail_msg("%s: %.*s is \"%.*s\", not \"%.*s\"", s->file, TEXT_ARG(name),
					 TEXT_ARG(o->attributes[i].value), TEXT_ARG(value));
			}
			return;
		}
	}
	if (value.n > 0) {
		fail_msg("%s: no %s", s->file, wanted);
	}
}

static void
each_mail_reads_as_a_person_reads_it(void **context)
{
	(void)context;
	for (size_t i = 0; i < countof(samples); i++) {
		const struct sample *s = &samples[i];
		struct arena arena = { 0 };
		struct text raw = load(s->file, &arena);
		struct hash raw_hash = hash_of(raw.p, raw.n);
		struct intake_result got;
		enum result r = intake_read(raw, &hint, &arena, &got);

		print_message("         %s\n", s->file);
		assert_int_equal(got.format, INTAKE_ARF);
		if (s->reads == NULL) {
			assert_int_equal(r, RESULT_BAD_INPUT);
			assert_int_equal(got.report_count, 0);
			assert_int_equal(got.fault_count, 1);
			assert_string_equal(text_copy(&arena, got.faults[0].words), s->words);
			assert_true(text_equal(got.faults[0].bytes, raw));
		} else {
			assert_int_equal(r, RESULT_OK);
			assert_int_equal(got.report_count, 1);
			assert_int_equal(got.fault_count, 0);
			assert_string_equal(describe(&got.reports[0], &arena), s->reads);
			assert_true(hash_equal(&got.reports[0].raw, &raw_hash));
			assert_true(text_equal(got.reports[0].reporter, hint.reporter));
		}
		for (size_t k = 0; k < countof(s->attributes) && s->attributes[k] != NULL; k++) {
			expect_attribute(s, got.reports[0].observations, s->attributes[k]);
		}
		arena_clear(&arena);
	}
}

/* Python's email package and the rules of doc/data/arf.md, written a second time in tests/data/arf/peer.py. */
static void
each_mail_reads_as_a_peer_reads_it(void **context)
{
	struct samples s = { .folder = "arf", .format = INTAKE_ARF, .hint = &hint };

	(void)context;
	samples_run_file(&s, "peer_expected.txt");
	assert_int_equal(s.failed, 0);
	assert_int_equal(s.count, 42);
	arena_clear(&s.arena);
}

/* What is read can be written to the journal and read back. */
static void
each_report_fits_the_journal(void **context)
{
	(void)context;
	for (size_t i = 0; i < countof(samples); i++) {
		struct arena arena = { 0 };
		struct intake_result got;
		struct report back;
		struct buffer b;

		if (intake_read(load(samples[i].file, &arena), &hint, &arena, &got) == RESULT_OK) {
			buffer_init(&b, 65536);
			report_write(&b, &got.reports[0]);
			assert_int_equal(report_read(buffer_text(&b), &arena, &back), RESULT_OK);
			assert_int_equal(back.observation_count, got.reports[0].observation_count);
			buffer_free(&b);
		}
		arena_clear(&arena);
	}
}

static struct hash
id_of(struct text raw, const struct intake_hint *h)
{
	struct arena arena = { 0 };
	struct intake_result got;
	struct hash id;

	assert_int_equal(intake_read(raw, h, &arena, &got), RESULT_OK);
	id = got.reports[0].id;
	arena_clear(&arena);
	return id;
}

static void
the_id_follows_the_content_not_the_way(void **context)
{
	struct intake_hint other = hint;
	struct arena arena = { 0 };
	struct text unix_ends = load("sisimai-arf-01", &arena);
	struct hash id = id_of(unix_ends, &hint), again;
	const char *traced = arena_format(
	    &arena, "Received: from a by b; Thu, 01 Jan 2026 00:00:00 +0000\r\n%.*s", TEXT_ARG(unix_ends));
	char *changed = text_copy(&arena, unix_ends);

	(void)context;
	again = id_of(load("sisimai-dos-arf-01", &arena), &hint);
	assert_true(hash_equal(&id, &again));
	again = id_of(load("sisimai-mac-arf-01", &arena), &hint);
	assert_true(hash_equal(&id, &again));
	again = id_of(text_of(traced), &hint);
	assert_true(hash_equal(&id, &again));
	other.door = TEXT("http");
	again = id_of(unix_ends, &other);
	assert_true(hash_equal(&id, &again));
	/* Of another reporter it is another report, but for those whose word counts: theirs is one and the same. */
	other.reporter = TEXT("mailbox-two");
	again = id_of(unix_ends, &other);
	assert_false(hash_equal(&id, &again));
	other.is_trusted = true;
	id = id_of(unix_ends, &other);
	assert_false(hash_equal(&id, &again));
	other.reporter = TEXT("mailbox-one");
	again = id_of(unix_ends, &other);
	assert_true(hash_equal(&id, &again));

	*strstr(changed, "Kijitora cat") = 'X';
	again = id_of((struct text){ changed, unix_ends.n }, &hint);
	assert_false(hash_equal(&id, &again));
	changed = text_copy(&arena, unix_ends);
	*strstr(changed, "<000000000000000.") = '[';
	again = id_of((struct text){ changed, unix_ends.n }, &hint);
	assert_false(hash_equal(&id, &again));
	arena_clear(&arena);
}

static void
only_a_declared_trap_network_reports_traps(void **context)
{
	struct intake_hint trap = hint;
	struct arena arena = { 0 };
	struct intake_result got;

	(void)context;
	trap.is_trap_network = true;
	trap.trap_signal = SIGNAL_TRAP_RECYCLED;
	assert_int_equal(intake_read(load("sisimai-arf-17", &arena), &trap, &arena, &got), RESULT_OK);
	assert_int_equal(got.reports[0].observations[0].signal, SIGNAL_TRAP_RECYCLED);
	assert_int_equal(intake_read(load("made/not-spam", &arena), &trap, &arena, &got), RESULT_OK);
	assert_int_equal(got.reports[0].observations[0].signal, SIGNAL_NOT_SPAM);
	arena_clear(&arena);
}

static void
expect_refused(struct text raw, enum result wanted)
{
	struct arena arena = { 0 };
	struct intake_result got;

	assert_int_equal(intake_read(raw, &hint, &arena, &got), wanted);
	assert_int_equal(got.fault_count, 1);
	assert_true(arena.total_bytes < 8 * (size_t)MAIL_BYTES_MAX);
	arena_clear(&arena);
}

static void
a_hostile_mail_ends(void **context)
{
	struct buffer b;

	(void)context;
	buffer_init(&b, 4 * (size_t)MAIL_BYTES_MAX);
	for (int i = 0; i < 5000; i++) {
		buffer_format(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	}
	expect_refused(buffer_text(&b), RESULT_BAD_INPUT);

	buffer_clear(&b);
	buffer_format(&b, "Content-Type: multipart/report; boundary=b\n\n");
	for (int i = 0; i < 100000; i++) {
		buffer_format(&b, "--b\n\n.\n");
	}
	expect_refused(buffer_text(&b), RESULT_BAD_INPUT);

	buffer_clear(&b);
	for (int i = 0; i < 70000; i++) {
		buffer_format(&b, "Received: from [192.0.2.1]\n");
	}
	buffer_format(
	    &b,
	    "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\n");
	expect_refused(buffer_text(&b), RESULT_BAD_INPUT);

	buffer_clear(&b);
	while (b.n <= MAIL_BYTES_MAX) {
		buffer_format(&b, "Subject: a large mail\n");
	}
	expect_refused(buffer_text(&b), RESULT_TOO_LARGE);
	buffer_free(&b);
}

static void
an_empty_document_is_said_to_be_empty(void **state)
{
	struct intake_hint mail = { .format = INTAKE_ARF, .received = { 1000000000000 } };
	struct arena arena = { 0 };
	struct intake_result result;

	(void)state;
	assert_int_equal(intake_read(TEXT("\r\n"), &mail, &arena, &result), RESULT_BAD_INPUT);
	assert_true(text_equal(result.faults[0].words, TEXT("the document is empty")));
	arena_clear(&arena);
}

static void
a_bounce_that_is_said_to_be_a_feedback_mail_is_refused_as_a_bounce(void **state)
{
	struct intake_hint mail = hint;
	struct arena arena = { 0 };
	struct intake_result result;

	(void)state;
	mail.format = INTAKE_ARF;
	assert_int_equal(intake_read(load("made/bounce", &arena), &mail, &arena, &result), RESULT_BAD_INPUT);
	assert_true(
	    text_equal(result.faults[0].words, TEXT("a delivery report (bounce), not a feedback report")));
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_document_is_said_to_be_empty),
		cmocka_unit_test(each_mail_reads_as_a_person_reads_it),
		cmocka_unit_test(each_mail_reads_as_a_peer_reads_it),
		cmocka_unit_test(each_report_fits_the_journal),
		cmocka_unit_test(the_id_follows_the_content_not_the_way),
		cmocka_unit_test(only_a_declared_trap_network_reports_traps),
		cmocka_unit_test(a_hostile_mail_ends),
		cmocka_unit_test(a_bounce_that_is_said_to_be_a_feedback_mail_is_refused_as_a_bounce),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
