/* Tables of trap addresses, and what intake makes of mail to one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "intake/intake.h"
#include "model/trap.h"
#include "unit/intake_samples.h"

#include <string.h>

static void
an_entry_has_one_form_and_what_is_none_is_refused(void **context)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "recycled=Anna@Old.Example", "recycled=anna@old.example" },
		{ "pristine=spider-*@seed.example", "pristine=spider-*@seed.example" },
		{ "typo=gmial.example", "typo=gmial.example" },
		{ "typo=a=b@gmial.example", "typo=a=b@gmial.example" },
		{ "pristine:Harbour-Bank=Anna@Old.Example", "pristine:Harbour-Bank=anna@old.example" },
		{ "typo:a=gmial.example", "typo:a=gmial.example" },
		{ "pristine:=old.example", NULL },
		{ "pristine:a b=old.example", NULL },
		{ "pristine:a:b=old.example", NULL },
		{ ":a=old.example", NULL },
		{ "critical=gmial.example", NULL },
		{ "Typo=gmial.example", NULL },
		{ "gmial.example", NULL },
		{ "typo=", NULL },
		{ "typo=@gmial.example", NULL },
		{ "typo=a@", NULL },
		{ "typo=gmial", NULL },
		{ "typo=a b@gmial.example", NULL },
		{ "typo=*a@gmial.example", NULL },
		{ "typo=a@b@gmial.example", NULL },
		{ "typo=192.0.2.1", NULL },
		{ "typo=gmial.example.", NULL },
		{ "typo=*.gmial.example", NULL },
		{ "", NULL },
	};

	(void)context;
	for (size_t i = 0; i < countof(rows); i++) {
		struct buffer b;

		buffer_init(&b, 1024);
		assert_int_equal(trap_entry_put(text_of(rows[i].in), &b), rows[i].out != NULL);
		assert_true(text_equal(buffer_text(&b), text_of(rows[i].out)));
		buffer_free(&b);
	}
}

static void
the_most_exact_entry_holds(void **context)
{
	const struct text table =
	    TEXT("pristine=old.example typo=mail.old.example recycled=an*@old.example typo=anna@old.example "
		 "pristine=anna*@old.example recycled=*@all.example");
	static const struct {
		const char *address;
		enum signal signal; /* SIGNAL_COUNT: none */
	} rows[] = {
		{ "anna@old.example", SIGNAL_TRAP_TYPO },
		{ "ANNA@OLD.example", SIGNAL_TRAP_TYPO },
		{ "annabel@old.example", SIGNAL_TRAP_PRISTINE },
		{ "andy@old.example", SIGNAL_TRAP_RECYCLED },
		{ "berta@old.example", SIGNAL_TRAP_PRISTINE },
		{ "anna@mail.old.example", SIGNAL_TRAP_TYPO },
		{ "anna@x.mail.old.example", SIGNAL_TRAP_TYPO },
		{ "anna@x.old.example", SIGNAL_TRAP_PRISTINE },
		{ "x@all.example", SIGNAL_TRAP_RECYCLED },
		{ "x@b.all.example", SIGNAL_COUNT },
		{ "anna@cold.example", SIGNAL_COUNT },
		{ "anna@example", SIGNAL_COUNT },
		{ "old.example", SIGNAL_COUNT },
		{ "@old.example", SIGNAL_COUNT },
		{ "", SIGNAL_COUNT },
	};

	(void)context;
	for (size_t i = 0; i < countof(rows); i++) {
		enum signal signal = SIGNAL_COUNT;

		assert_int_equal(trap_find(table, text_of(rows[i].address), &signal) > 0,
				 rows[i].signal != SIGNAL_COUNT);
		assert_int_equal(signal, rows[i].signal);
	}
	assert_int_equal(trap_find((struct text){ 0 }, TEXT("a@old.example"), &(enum signal){ 0 }), 0);
}

static void
an_entry_may_name_in_whose_lists_alone_it_stands(void **context)
{
	const struct text table = TEXT("pristine:harbour=old.example typo:Meadow=an*@old.example "
				       "recycled=anna@old.example typo=b.example");
	static const struct {
		const char *address, *member; /* NULL: in no table */
		enum signal signal;
	} rows[] = {
		{ "berta@old.example", "harbour", SIGNAL_TRAP_PRISTINE },
		{ "andy@old.example", "Meadow", SIGNAL_TRAP_TYPO },
		{ "anna@old.example", "", SIGNAL_TRAP_RECYCLED },
		{ "a@b.example", "", SIGNAL_TRAP_TYPO },
		{ "a@c.example", NULL, SIGNAL_COUNT },
	};

	(void)context;
	for (size_t i = 0; i < countof(rows); i++) {
		enum signal signal = SIGNAL_COUNT;
		struct text member = TEXT("nobody");
		uint32_t exact = trap_member(table, text_of(rows[i].address), &member);

		assert_true(text_equal(member, text_of(rows[i].member == NULL ? "nobody" : rows[i].member)));
		assert_int_equal(trap_find(table, text_of(rows[i].address), &signal), exact);
		assert_int_equal(signal, rows[i].signal);
	}
}

/* ---- intake */

#define MAIL                                                                                                 \
	"Received: from out.shop.example ([192.0.2.10]) by mx.old.example; Mon, 5 Jan 2026 08:00:00 +0000\n" \
	"From: news@shop.example\nMessage-ID: <1@shop.example>\n"

static struct intake_hint
network(void)
{
	return (struct intake_hint){ .format = INTAKE_AUTO,
				     .media_type = TEXT("message/rfc822"),
				     .received = { 1767614400000 },
				     .reporter = TEXT("spider"),
				     .is_trap_network = true,
				     .is_trusted = true,
				     .trap_signal = SIGNAL_TRAP_PRISTINE,
				     .traps = TEXT("recycled=anna@old.example typo=gmial.example") };
}

static struct intake_result
take(const char *raw, const struct intake_hint *hint, struct arena *arena)
{
	struct intake_result got;

	assert_int_equal(intake_read(text_of(raw), hint, arena, &got), RESULT_OK);
	assert_int_equal(got.report_count, 1);
	return got;
}

static void
each_mail_to_a_trap_reads_as_a_person_reads_it(void **context)
{
	struct intake_hint hint = samples_hint;
	struct samples s = { .folder = "traps", .format = INTAKE_SAMPLE, .hint = &hint };

	(void)context;
	hint.is_trap_network = true;
	hint.trap_signal = SIGNAL_TRAP_PRISTINE;
	hint.traps =
	    TEXT("recycled=old.example typo=gmial.example recycled=anna@seed.example pristine=seed.example "
		 "pristine=spider-*@gmial.example");
	assert_int_equal(samples_run(&s), 37);
}

static void
the_servers_word_of_where_a_mail_came_to_names_the_class(void **context)
{
	static const struct {
		const char *raw;
		enum signal signal; /* SIGNAL_COUNT: it is no trap hit */
	} rows[] = {
		{ "Delivered-To: anna@old.example\n" MAIL "\nText\n", SIGNAL_TRAP_RECYCLED },
		{ "X-Original-To: <Anna@old.example>\n" MAIL "\nText\n", SIGNAL_TRAP_RECYCLED },
		{ "Envelope-to: x@mail.gmial.example\n" MAIL "\nText\n", SIGNAL_TRAP_TYPO },
		{ "Delivered-To: spool@mx.old.example\nX-Original-To: x@gmial.example\n" MAIL "\nText\n",
		  SIGNAL_TRAP_TYPO },
		/* What stands below is the sender's. */
		{ "Delivered-To: else@old.example\n" MAIL "Delivered-To: anna@old.example\n\nText\n",
		  SIGNAL_COUNT },
		{ MAIL "To: anna@old.example\nCc: x@gmial.example\n\nText\n", SIGNAL_COUNT },
	};

	(void)context;
	for (size_t i = 0; i < countof(rows); i++) {
		struct arena arena = { 0 };
		struct intake_result got;
		const struct intake_hint hint = network();
		enum result r = intake_read(text_of(rows[i].raw), &hint, &arena, &got);

		assert_int_equal(r, rows[i].signal == SIGNAL_COUNT ? RESULT_BAD_INPUT : RESULT_OK);
		if (r == RESULT_OK) {
			assert_int_equal(got.format, INTAKE_SAMPLE);
			assert_int_equal(got.reports[0].observation_count, 1);
			assert_int_equal(got.reports[0].observations[0].signal, rows[i].signal);
			assert_true(text_equal(got.reports[0].observations[0].keys[0], TEXT("192.0.2.10")));
		}
		arena_clear(&arena);
	}
}

static void
one_mail_to_several_traps_is_a_hit_on_each(void **context)
{
	const struct text recipients[] = { TEXT("x@gmial.example"), TEXT("anna@old.example"),
					   TEXT("y@gmial.example"), TEXT("nobody@else.example") };
	struct intake_hint hint = network();
	struct arena arena = { 0 };
	struct intake_result got;
	struct hash all, one;

	(void)context;
	hint.recipients = recipients;
	hint.recipient_count = countof(recipients);
	got = take(MAIL "\nText\n", &hint, &arena);
	assert_int_equal(got.reports[0].observation_count, 2);
	assert_int_equal(got.reports[0].observations[0].signal, SIGNAL_TRAP_RECYCLED);
	assert_int_equal(got.reports[0].observations[0].count, 1);
	assert_int_equal(got.reports[0].observations[1].signal, SIGNAL_TRAP_TYPO);
	assert_int_equal(got.reports[0].observations[1].count, 2);
	assert_int_equal(got.recipient_count, 3); /* only traps, each once */
	assert_true(text_equal(got.recipients[0], TEXT("x@gmial.example")));
	assert_true(text_equal(got.recipients[2], TEXT("y@gmial.example")));
	for (uint32_t i = 0; i < 2; i++) {
		const struct observation *o = &got.reports[0].observations[i];

		assert_true(text_equal(o->keys[0], TEXT("192.0.2.10")));
		for (uint32_t k = 0; k < o->attribute_count; k++) { /* nobody learns the address */
			assert_null(memmem(o->attributes[k].value.p, o->attributes[k].value.n, "gmial", 5));
		}
	}
	all = got.reports[0].id;
	hint.recipient_count = 1;
	one = take(MAIL "\nText\n", &hint, &arena).reports[0].id;
	assert_false(hash_equal(&all, &one)); /* delivered one by one they are not each other's duplicates */
	hint.recipients = recipients + 2;
	all = take(MAIL "\nText\n", &hint, &arena).reports[0].id;
	assert_false(hash_equal(&all, &one));
	hint.recipients = recipients;
	all = take(MAIL "\nText\n", &hint, &arena).reports[0].id;
	assert_true(hash_equal(&all, &one));
	arena_clear(&arena);
}

static void
a_report_of_the_network_says_which_trap_it_was(void **context)
{
	static const char report[] =
	    "Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: message/feedback-report\n\n"
	    "Feedback-Type: abuse\nSource-IP: 192.0.2.10\n%s\n--B--\n";
	static const struct {
		const char *line;
		enum signal signal;
		uint32_t recipients;
		const char *last;
	} rows[] = {
		{ "Original-Rcpt-To: <anna@old.example>\n", SIGNAL_TRAP_RECYCLED, 1, "anna@old.example" },
		{ "Original-Rcpt-To: x@gmial.example\n", SIGNAL_TRAP_TYPO, 1, "x@gmial.example" },
		{ "Original-Rcpt-To: x@gmial.example\nOriginal-Rcpt-To: <b@c.example>\n", SIGNAL_TRAP_TYPO, 2,
		  "b@c.example" },
		{ "Original-Rcpt-To: redacted\n", SIGNAL_TRAP_PRISTINE, 1, "redacted" },
		{ "", SIGNAL_TRAP_PRISTINE, 0, NULL },
	};
	const struct text door = TEXT("reports@feedback.example");

	(void)context;
	for (size_t i = 0; i < countof(rows); i++) {
		struct arena arena = { 0 };
		struct intake_hint hint = network();
		struct intake_result got;

		hint.recipients = &door;
		hint.recipient_count = 1;
		got = take(arena_format(&arena, report, rows[i].line), &hint, &arena);
		assert_int_equal(got.format, INTAKE_ARF);
		assert_int_equal(got.reports[0].observations[0].signal, rows[i].signal);
		assert_int_equal(got.recipient_count, rows[i].recipients); /* the report's own is none */
		if (rows[i].last != NULL) {
			assert_true(
			    text_equal(got.recipients[got.recipient_count - 1], text_of(rows[i].last)));
		}
		arena_clear(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_has_one_form_and_what_is_none_is_refused),
		cmocka_unit_test(the_most_exact_entry_holds),
		cmocka_unit_test(an_entry_may_name_in_whose_lists_alone_it_stands),
		cmocka_unit_test(each_mail_to_a_trap_reads_as_a_person_reads_it),
		cmocka_unit_test(the_servers_word_of_where_a_mail_came_to_names_the_class),
		cmocka_unit_test(one_mail_to_several_traps_is_a_hit_on_each),
		cmocka_unit_test(a_report_of_the_network_says_which_trap_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
