/* What a mail looks like: each sample reads as a person reads it; hostile ones end within their bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "intake/content_int.h"
#include "intake/html.h"
#include "intake/intake.h"
#include "unit/test_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAIL_BYTES 2000000

/* Attributes that must be there; "name=" means that no such attribute is. */
static const struct sample {
	const char *file;
	const char *attributes[4];
} samples[] = {
	{ "plain-links",
	  { "link_domain=partner.example vendor.example shop.example",
	    "lure=", "attachment=", "dkim_domain=shop.example" } },
	{ "tags",
	  { "link_domain=area.example form.example button.example svg.example frame.example refresh.example "
	    "shop.example" } },
	{ "not-links", { "link_domain=shown.example" } },
	{ "quoted-printable", { "link_domain=one.example two.example" } },
	{ "base64", { "link_domain=hidden.example" } },
	{ "idn",
	  { "link_domain=xn--bcher-kva.example xn--trezor-o51b.com example.test xn--l-7sba6dbr.example "
	    "€.example" } },
	{ "userinfo",
	  { "link_domain=evil.example other.example third.example fourth.example fifth.example" } },
	{ "tricks",
	  { "link_domain=slash.example blank.example line.example back.example one.example many.example "
	    "nospace.example "
	    "short.example dot.example upper.example pi.example" } },
	{ "entities", { "link_domain=number.example named.example hex.example all.example tabbed.example" } },
	{ "addresses", { "link_domain=192.0.2.10 192.0.2.11 192.0.2.12 192.0.2.13 2001:db8::5 1.example" } },
	{ "redirectors",
	  { "link_domain=landing1.example landing2.example tracker.example landing3.example landing4.example "
	    "archive.example "
	    "landing5.example a.example b.example c.example shop.example" } },
	{ "wrapped-by-filters",
	  { "link_domain=one.example two.example three.example four.example five.example six.example "
	    "seven.example eight.example nine.example eleven.example twelve.example" } },
	{ "base-href", { "link_domain=base.example" } },
	{ "base-unused", { "link_domain=shop.example" } },
	{ "suffixes",
	  { "link_domain=shop.co.uk evil.github.io x.web.app co.uk city.kawasaki.jp localhost "
	    "b.unknowntld" } },
	{ "order", { "link_domain=stranger.example other.example shop.example esp.example" } },
	{ "many-links",
	  { "link_domain=d00.example d01.example d02.example d03.example d04.example d05.example d06.example "
	    "d07.example "
	    "d08.example d09.example d10.example d11.example d12.example d13.example d14.example d15.example "
	    "d16.example "
	    "d17.example d18.example d19.example d20.example" } },
	{ "hosted", { "link_domain=docs.google.com sites.google.com" } },
	{ "wrong-text", { "link_domain=evil.example" } },
	{ "www-without-scheme", { "link_domain=bare.example" } },
	{ "hidden", { "lure=" } },
	{ "lure-en",
	  { "lure=sign_in pressure", "link_domain=evil.example", "subject_shape=security alert" } },
	{ "lure-de", { "lure=sign_in pressure" } },
	{ "lure-ja", { "lure=sign_in pressure", "subject_shape=重 要" } },
	{ "lure-windows-1252", { "lure=sign_in pressure" } },
	{ "lure-split", { "lure=sign_in pressure" } },
	{ "lure-fullwidth", { "lure=sign_in pressure" } },
	{ "no-lure-receipt", { "lure=" } },
	{ "no-lure-one-ask", { "lure=" } },
	{ "no-lure-newsletter", { "lure=" } },
	{ "attached-zip", { "attachment=archive" } },
	{ "attached-program-as-pdf", { "attachment=executable" } },
	{ "attached-pdf", { "attachment=" } },
	{ "attached-picture", { "attachment=" } },
	{ "attached-script", { "attachment=script" } },
	{ "attached-page", { "attachment=html", "link_domain=collector.example" } },
	{ "attached-page-as-octets", { "attachment=html", "link_domain=collector.example" } },
	{ "attached-document", { "attachment=" } },
	{ "attached-macros", { "attachment=script" } },
	{ "attached-both", { "attachment=executable" } },
	{ "attached-tar-gz", { "attachment=archive" } },
	{ "attached-iso", { "attachment=archive" } },
	{ "attached-svg", { "attachment=html", "link_domain=svg.example" } },
	{ "attached-mail", { "attachment=", "link_domain=inner.example" } },
	{ "alternative", { "link_domain=plain.example page.example" } },
	{ "no-mime", { "link_domain=old.example", "subject_shape=plain old mail", "dkim_domain=" } },
	{ "truncated", { "link_domain=first.example" } },
	{ "header-only", { "link_domain=", "subject_shape=only a header is here" } },
	{ "subject-encoded", { "subject_shape=ihre bestellung für müller" } },
	{ "wrong-charset", { "link_domain=fine.example" } },
};

static const struct intake_hint hint = { .format = INTAKE_ARF,
					 .received = { 1769904000000 }, /* 2026-02-01T00:00:00Z */
					 .door = { "lmtp", 4 } };

static const char report_before[] =
    "Date: Mon, 5 Jan 2026 09:00:00 +0000\n"
    "Content-Type: multipart/report; report-type=feedback-report; boundary=OUTER\n\n"
    "--OUTER\nContent-Type: message/feedback-report\n\n"
    "Feedback-Type: abuse\nSource-IP: 192.0.2.10\n\n"
    "--OUTER\nContent-Type: message/rfc822\n\n";
static const char report_after[] = "\n--OUTER--\n";

static struct text
load(const char *file, struct arena *arena)
{
	const char *path = arena_format(arena, "%s/content/%s.eml", TEST_DATA, file);
	struct text bytes = test_file(arena, path);

	if (bytes.p == NULL) {
		fail_msg("%s cannot be read", path);
	}
	return bytes;
}

/* The observation of a complaint about this mail. */
static const struct observation *
complain(struct text mail, struct arena *arena)
{
	struct intake_result got;
	struct buffer b;
	struct text raw;

	buffer_init(&b, MAIL_BYTES_MAX);
	buffer_format(&b, "%s", report_before);
	buffer_put_text(&b, mail);
	buffer_format(&b, "%s", report_after);
	raw = (struct text){ arena_copy(arena, (const char *)b.p, b.n), b.n };
	buffer_free(&b);
	assert_int_equal(intake_read(raw, &hint, arena, &got), RESULT_OK);
	assert_int_equal(got.report_count, 1);
	assert_int_equal(got.reports[0].observation_count, 1);
	assert_int_equal(got.reports[0].observations[0].signal, SIGNAL_COMPLAINT);
	return got.reports[0].observations;
}

static struct text
value_of(const struct observation *o, struct text name)
{
	for (uint32_t i = 0; i < o->attribute_count; i++) {
		if (text_equal(o->attributes[i].name, name)) {
			return o->attributes[i].value;
		}
	}
	return (struct text){ "", 0 };
}

static void
each_mail_looks_as_a_person_sees_it(void **context)
{
	(void)context;
	for (size_t i = 0; i < countof(samples); i++) {
		struct arena arena = { 0 };
		const struct observation *o = complain(load(samples[i].file, &arena), &arena);

		for (size_t k = 0; k < countof(samples[i].attributes) && samples[i].attributes[k] != NULL;
		     k++) {
			struct text wanted = text_of(samples[i].attributes[k]), name, value;

			(void)text_cut(&wanted, '=', &name);
			value = value_of(o, name);
			if (!text_equal(value, wanted)) {
				fail_msg("%s: %.*s is \"%.*s\", not \"%.*s\"", samples[i].file,
					 TEXT_ARG(name), TEXT_ARG(value), TEXT_ARG(wanted));
			}
		}
		arena_clear(&arena);
	}
}

static void
the_same_words_have_one_name_whatever_is_attached(void **context)
{
	struct arena arena = { 0 };
	struct text zip = value_of(complain(load("attached-zip", &arena), &arena), TEXT("cluster"));
	struct text pdf = value_of(complain(load("attached-pdf", &arena), &arena), TEXT("cluster"));
	struct text other = value_of(complain(load("no-lure-newsletter", &arena), &arena), TEXT("cluster"));

	(void)context;
	assert_int_equal(zip.n, 16);
	assert_true(text_equal(zip, pdf));
	assert_false(text_equal(zip, other));
	arena_clear(&arena);
}

/* The mail itself, handed in as a sample, tells the same as a complaint about it. */
static void
a_sample_says_what_a_complaint_about_it_says(void **context)
{
	static const char *const told[] = { "cluster",    "link_domain", "lure",
					    "attachment", "dkim_domain", "from_domain" };
	struct intake_hint as_sample = { .format = INTAKE_SAMPLE,
					 .received = hint.received,
					 .door = hint.door };

	(void)context;
	for (size_t i = 0; i < countof(samples); i++) {
		struct arena arena = { 0 };
		struct text mail = load(samples[i].file, &arena);
		const struct observation *complaint = complain(mail, &arena), *sample;
		struct intake_result got;

		if (strcmp(samples[i].file, "no-mime") == 0) {
			/* from nowhere */
			assert_int_equal(intake_read(mail, &as_sample, &arena, &got), RESULT_BAD_INPUT);
			assert_int_equal(got.fault_count, 1);
		} else {
			assert_int_equal(intake_read(mail, &as_sample, &arena, &got), RESULT_OK);
			sample = got.reports[0].observations;
			assert_int_equal(got.reports[0].observation_count, 1);
			assert_int_equal(sample->signal, SIGNAL_SAMPLE);
			assert_true(text_equal(sample->keys[0], TEXT("192.0.2.10")));
			assert_int_equal(sample->at.ms, 1767600000000); /* of Received, 2026-01-05T08:00Z */
			for (size_t k = 0; k < countof(told); k++) {
				assert_true(text_equal(value_of(sample, text_of(told[k])),
						       value_of(complaint, text_of(told[k]))));
			}
		}
		arena_clear(&arena);
	}
}

static void
what_a_trap_received_is_a_hit_and_a_report_is_no_sample(void **context)
{
	static const char report[] =
	    "Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: message/feedback-report\n\n"
	    "Feedback-Type: abuse\nSource-IP: 192.0.2.10\n\n--B--\n";
	struct intake_hint trap = { .format = INTAKE_SAMPLE,
				    .received = hint.received,
				    .is_trap_network = true,
				    .trap_signal = SIGNAL_TRAP_PRISTINE };
	struct arena arena = { 0 };
	struct intake_result got;

	(void)context;
	assert_int_equal(intake_read(load("lure-en", &arena), &trap, &arena, &got), RESULT_OK);
	assert_int_equal(got.reports[0].observations[0].signal, SIGNAL_TRAP_PRISTINE);
	assert_true(
	    text_equal(value_of(got.reports[0].observations, TEXT("lure")), TEXT("sign_in pressure")));
	assert_int_equal(intake_read(TEXT(report), &trap, &arena, &got), RESULT_BAD_INPUT);
	assert_int_equal(got.report_count, 0);
	arena_clear(&arena);
}

/* A mail as text, without the type message/rfc822, says the same. */
static void
a_mail_that_is_written_out_looks_the_same(void **context)
{
	struct arena arena = { 0 };
	struct intake_result got;
	struct text mail = load("lure-en", &arena);
	const struct observation *o = complain(mail, &arena);
	struct text raw =
	    text_of(arena_format(&arena,
				 "Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: "
				 "message/feedback-report\n\nFeedback-Type: abuse\n"
				 "Source-IP: 192.0.2.10\n\n--B\nContent-Type: text/rfc822\n\n%.*s\n--B--\n",
				 TEXT_ARG(mail)));

	(void)context;
	assert_int_equal(intake_read(raw, &hint, &arena, &got), RESULT_OK);
	assert_int_equal(got.reports[0].observations[0].attribute_count, o->attribute_count);
	for (uint32_t i = 0; i < o->attribute_count; i++) {
		assert_true(text_equal(value_of(got.reports[0].observations, o->attributes[i].name),
				       o->attributes[i].value));
	}
	arena_clear(&arena);
}

/* The landing that a report tells is a link of the mail. */
static void
a_reported_landing_is_told(void **context)
{
	static const char raw[] =
	    "Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: message/feedback-report\n\n"
	    "Feedback-Type: fraud\nSource-IP: 192.0.2.10\nReported-URI: https://www.landing.example/login\n\n"
	    "--B\nContent-Type: message/rfc822\n\nFrom: "
	    "a@shop.example\n\nhttps://click.shop.example/x7\n--B--\n";
	struct arena arena = { 0 };
	struct intake_result got;

	(void)context;
	assert_int_equal(intake_read(TEXT(raw), &hint, &arena, &got), RESULT_OK);
	assert_true(text_equal(value_of(got.reports[0].observations, TEXT("link_domain")),
			       TEXT("landing.example shop.example")));
	arena_clear(&arena);
}

/* Ways to make a reader slow; each is repeated until the mail is nearly as large as is taken. */
static void
hostile_mails_end(void **context)
{
	static const char *const pieces[] = {
		"<b>",
		"<b></i>",
		"<a href=\"",
		"<!--",
		"<a ",
		"<a x=1 ",
		"</",
		"<",
		"&",
		"&#",
		"&a",
		"<script>",
		"<title>",
		"<!",
		"<a/",
		"<p style=\"display:none\">",
		"<a href=https://x.example/>",
		"https://",
		"https://a.example/?https://",
		"%25",
		"https://a/?u=https%3A%2F%2F",
		"https://\xc3\xbc.example ",
		"www.",
		"a@",
		"://",
		"\xe5\xb1\xb1",
		"verify your ",
		"\n",
		"<a href=https://a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.example>",
		"aHR0cHM6Ly9h",
		"https://1.2.3.4.5.6.7.8.9/ ",
		"<div hidden>",
	};

	(void)context;
	for (size_t i = 0; i < countof(pieces); i++) {
		static const char *const types[] = { "text/html", "text/plain" };

		for (size_t t = 0; t < countof(types); t++) {
			struct arena arena = { 0 };
			struct buffer b;

			buffer_init(&b, MAIL_BYTES);
			buffer_format(&b, "From: a@shop.example\nContent-Type: %s\n\n", types[t]);
			while (!b.full && b.n < 1000000) {
				buffer_format(&b, "%s", pieces[i]);
			}
			(void)complain(buffer_text(&b), &arena);
			assert_in_range(arena.total_bytes, 0, 128U << 20);
			buffer_free(&b);
			arena_clear(&arena);
		}
	}
}

/* A tag after the other, as the standard cuts them: kind, then name or text. */
static void
pages_are_cut_as_the_standard_says(void **context)
{
	static const struct {
		const char *page, *cut;
	} rows[] = {
		{ "a<b>c</b>d", "t:a o:b t:c c:b t:d " },
		{ "<a href=x>y", "o:a[href=x] t:y " },
		{ "<a href='x y' B = z>", "o:a[href=x y][B=z] " },
		{ "<a/href=\"x\"/>", "o:a[href=x] " },
		{ "<a =x>", "o:a[=x=] " },
		{ "<a href=>x", "o:a[href=] t:x " },
		{ "<a href= \n'x'>", "o:a[href=x] " },
		{ "<a href=x/y>", "o:a[href=x/y] " },
		{ "<a b c>", "o:a[b=][c=] " },
		{ "1 < 2 <3", "t:1  t:< 2  t:<3 " },
		{ "<!-- <a> -->x", "t:x " },
		{ "<!-->x", "t:x " },
		{ "<!--->x", "t:x " },
		{ "<!-- a --!>x", "t:x " },
		{ "<!-- a - -> b --> x", "t: x " },
		{ "<!x<y>z", "t:z " },
		{ "<?x?>z", "t:z " },
		{ "</ x>z", "t:z " },
		{ "</>z", "t:z " },
		{ "<script><a></b></script>x", "o:script t:<a></b> c:script t:x " },
		{ "<TITLE></titles></Title >x", "o:TITLE t:</titles> c:Title t:x " },
		{ "<a href=\"x", "" },
		{ "<style>x", "o:style t:x " },
		{ "<", "t:< " },
	};

	(void)context;
	for (size_t i = 0; i < countof(rows); i++) {
		struct html_piece piece;
		struct buffer b;
		struct html h;

		buffer_init(&b, 4096);
		html_open(&h, text_of(rows[i].page));
		while (html_next(&h, &piece)) {
			struct text rest = piece.attributes, name, value;

			buffer_format(&b, "%c:%.*s", "toc"[piece.kind], TEXT_ARG(piece.text));
			while (piece.kind == HTML_OPEN && html_attribute_next(&rest, &name, &value)) {
				buffer_format(&b, "[%.*s=%.*s]", TEXT_ARG(name), TEXT_ARG(value));
			}
			buffer_format(&b, " ");
		}
		if (!text_equal(buffer_text(&b), text_of(rows[i].cut))) {
			fail_msg("%s is cut into %.*s", rows[i].page, TEXT_ARG(buffer_text(&b)));
		}
		buffer_free(&b);
	}
}

static void
character_references_are_read_as_the_standard_says(void **context)
{
	static const struct {
		const char *raw, *text, *attribute;
	} rows[] = {
		{ "a&amp;b", "a&b", "a&b" },
		{ "&lt;&gt;&quot;&apos;", "<>\"'", "<>\"'" },
		{ "&#65;&#x42;&#X43", "ABC", "ABC" },
		{ "&copy=1", "\xc2\xa9=1", "&copy=1" },
		{ "&copy;1",
		  "\xc2\xa9"
		  "1",
		  "\xc2\xa9"
		  "1" },
		{ "&notit;", "\xc2\xacit;", "&notit;" },
		{ "&period;&sol;&colon;", "./:", "./:" },
		{ "&#0;&#xd800;&#x110000;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
		  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "&#128;", "\xe2\x82\xac", "\xe2\x82\xac" },
		{ "& &x; &; &#; &#x; &", "& &x; &; &#; &#x; &", "& &x; &; &#; &#x; &" },
		{ "&#99999999999999999999;", "\xef\xbf\xbd", "\xef\xbf\xbd" },
		{ "&Tab;&NewLine;", "\t\n", "\t\n" },
	};

	(void)context;
	for (size_t i = 0; i < countof(rows); i++) {
		struct text raw = text_of(rows[i].raw);
		char out[64];
		size_t n = html_decode(raw, false, out);

		assert_true(n <= raw.n);
		assert_true(text_equal((struct text){ out, n }, text_of(rows[i].text)));
		n = html_decode(raw, true, out);
		assert_true(text_equal((struct text){ out, n }, text_of(rows[i].attribute)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mail_looks_as_a_person_sees_it),
		cmocka_unit_test(the_same_words_have_one_name_whatever_is_attached),
		cmocka_unit_test(a_sample_says_what_a_complaint_about_it_says),
		cmocka_unit_test(what_a_trap_received_is_a_hit_and_a_report_is_no_sample),
		cmocka_unit_test(a_mail_that_is_written_out_looks_the_same),
		cmocka_unit_test(a_reported_landing_is_told),
		cmocka_unit_test(pages_are_cut_as_the_standard_says),
		cmocka_unit_test(character_references_are_read_as_the_standard_says),
		cmocka_unit_test(hostile_mails_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
