/* CSV and JSON lines: what reads, what is named as a fault and set aside, and that the rest goes on. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "intake/intake.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct intake_hint hint;
static struct intake_result got;

static int
fresh(void **context)
{
	(void)context;
	hint = (struct intake_hint){ .format = INTAKE_AUTO,
				     .received = { 1767600000000 }, /* 2026-01-05T08:00:00Z */
				     .door = TEXT("http"),
				     .reporter = TEXT("mailbox-one") };
	return 0;
}

static int
clear(void **context)
{
	(void)context;
	arena_clear(&arena);
	return 0;
}

static enum result
take(const char *raw)
{
	return intake_read(text_of(raw), &hint, &arena, &got);
}

/* "at signal count keys; name=value" of one observation. */
static const char *
row(uint32_t report, uint32_t i)
{
	const struct observation *o = &got.reports[report].observations[i];
	char at[INSTANT_BYTES];
	struct buffer b;
	const char *text;

	assert_true(report < got.report_count && i < got.reports[report].observation_count);
	buffer_init(&b, 4096);
	buffer_format(&b, "%s %s %u", instant_format(o->at, at), signal_name(o->signal), o->count);
	for (uint32_t k = 0; k < o->key_count; k++) {
		buffer_format(&b, " %.*s", TEXT_ARG(o->keys[k]));
	}
	for (uint32_t k = 0; k < o->attribute_count; k++) {
		buffer_format(&b, "; %.*s=%.*s", TEXT_ARG(o->attributes[k].name),
			      TEXT_ARG(o->attributes[k].value));
	}
	text = text_copy(&arena, buffer_text(&b));
	buffer_free(&b);
	return text;
}

static const char *
fault(uint32_t i)
{
	char text[INTAKE_FAULT_BYTES];

	assert_true(i < got.fault_count);
	return text_copy(&arena, text_of(intake_fault_format(&got.faults[i], text)));
}

static const char *
set_aside(uint32_t i)
{
	assert_true(i < got.fault_count);
	return text_copy(&arena, got.faults[i].bytes);
}

static void
csv_columns_come_in_any_order(void **context)
{
	(void)context;
	assert_int_equal(take("\xef\xbb\xbfSource, Signal,city,COUNT ,time\r\n"
			      "192.0.2.10,delivered,Bern,120,2026-01-05T07:00:00Z\r\n"
			      "\r\n"
			      "2001:DB8::1 Shop.Example.,Complaint,\"a \"\"b\"\", c\",1,2026-01-05 07:00\r\n"
			      "\"acct:esp:7\" , \"trap\" ,, ,1767596400"),
			 RESULT_OK);
	assert_int_equal(got.format, INTAKE_CSV);
	assert_int_equal(got.fault_count, 0);
	assert_int_equal(got.report_count, 1);
	assert_int_equal(got.reports[0].observation_count, 3);
	assert_string_equal(row(0, 0), "2026-01-05T07:00:00Z delivered 120 192.0.2.10; city=Bern");
	assert_string_equal(row(0, 1),
			    "2026-01-05T07:00:00Z complaint 1 2001:db8::1 shop.example; city=a \"b\", c");
	assert_string_equal(row(0, 2), "2026-01-05T07:00:00Z trap_pristine 1 acct:esp:7");
	assert_true(text_equal(got.reports[0].reporter, hint.reporter));
	assert_true(text_equal(got.reports[0].format, TEXT("csv")));
}

static void
a_bad_csv_row_is_named_and_the_rest_goes_on(void **context)
{
	static const char *const faults[] = {
		"line 2, time: 'yesterday' is no time like 2026-01-05T08:00:00Z",
		"line 3, source: 'nowhere' is no source: a domain has at least two labels",
		"line 4, signal: 'happiness' is none of the signals",
		"line 5, count: '-1' is no whole number from 0 to 4294967295",
		"line 6, count: '4294967296' is no whole number from 0 to 4294967295",
		"line 7: has 3 columns, the header row has 4",
		"line 8: something stands behind a closing quote",
		"line 9: a quote inside a value that does not start with one",
		"line 10, source: is empty",
		"line 12, time: 2026-01-05T08:10:01Z lies in the future; the clock says 2026-01-05T08:00:00Z",
		"line 14, source: 192.0.2.10/24 has bits set past its length",
		"line 15: a quote is not closed",
	};

	(void)context;
	assert_int_equal(take("time,source,signal,count\n"
			      "yesterday,192.0.2.10,delivered,1\n"
			      "2026-01-05T07:00:00Z,nowhere,delivered,1\n"
			      "2026-01-05T07:00:00Z,192.0.2.10,happiness,1\n"
			      "2026-01-05T07:00:00Z,192.0.2.10,delivered,-1\n"
			      "2026-01-05T07:00:00Z,192.0.2.10,delivered,4294967296\n"
			      "2026-01-05T07:00:00Z,192.0.2.10,delivered\n"
			      "2026-01-05T07:00:00Z,\"192.0.2.10\"x,delivered,1\n"
			      "2026-01-05T07:00:00Z,192.\"0\".2.10,delivered,1\n"
			      "2026-01-05T07:00:00Z,,delivered,1\n"
			      "2026-01-05T08:10:00Z,192.0.2.10,delivered,4294967295\n"
			      "2026-01-05T08:10:01Z,192.0.2.10,delivered,1\n"
			      "2026-01-05T07:00:00Z,192.0.2.10,delivered,0\n"
			      "2026-01-05T07:00:00Z,192.0.2.10/24,delivered,1\n"
			      "\"2026-01-05T07:00:00Z,192.0.2.10,delivered,1\n"
			      "2026-01-05T07:00:00Z,192.0.2.11,delivered,7\n"),
			 RESULT_OK);
	assert_int_equal(got.fault_count, countof(faults));
	for (uint32_t i = 0; i < countof(faults); i++) {
		assert_string_equal(fault(i), faults[i]);
		assert_int_equal(got.faults[i].rows, 1);
	}
	assert_string_equal(set_aside(1),
			    "time,source,signal,count\n2026-01-05T07:00:00Z,nowhere,delivered,1\n");
	assert_int_equal(got.reports[0].observation_count, 2);
	assert_string_equal(row(0, 0), "2026-01-05T08:10:00Z delivered 4294967295 192.0.2.10");
	assert_string_equal(row(0, 1), "2026-01-05T07:00:00Z delivered 7 192.0.2.11");
}

static void
a_quoted_value_may_hold_lines(void **context)
{
	(void)context;
	assert_int_equal(take("time,source,signal,note\n"
			      "2026-01-05T07:00:00Z,192.0.2.10,complaint,\"two\nlines\"\n"
			      "2026-01-05T07:00:00Z,192.0.2.10,nothing,x\n"),
			 RESULT_OK);
	assert_int_equal(got.fault_count, 2);
	assert_string_equal(fault(0), "line 2, note: holds control characters or is not UTF-8");
	assert_string_equal(fault(1), "line 4, signal: 'nothing' is none of the signals");
}

static void
a_csv_without_its_columns_is_refused_whole(void **context)
{
	static const char *const documents[][2] = {
		{ "time,source,count\n1,2,3\n",
		  "line 1, header row: no column 'signal'; a header row names time, source and signal" },
		{ "time,source,signal,time\n", "line 1, header row: two columns have one name" },
		{ "\n\ntime,source,signal,a b\n",
		  "line 3, header row: a column name is not made of letters, digits, '-', '_' and '.'" },
		{ "time,source,signal,\"x\n", "line 1, header row: a quote is not closed" },
		{ "time,source,signal,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y\n",
		  "line 1, header row: too many columns beside time, source, signal, count and reporter" },
	};

	(void)context;
	for (size_t i = 0; i < countof(documents); i++) {
		assert_int_equal(take(documents[i][0]), RESULT_BAD_INPUT);
		assert_int_equal(got.report_count, 0);
		assert_int_equal(got.fault_count, 1);
		assert_string_equal(fault(0), documents[i][1]);
		assert_string_equal(set_aside(0), documents[i][0]);
	}
}

static void
a_chunk_has_its_header_and_line_from_the_hint(void **context)
{
	(void)context;
	hint.header = TEXT("time,source,signal,count\n");
	hint.first_line = 1001;
	assert_int_equal(take("2026-01-05T07:00:00Z,192.0.2.10,delivered,5\nbad,192.0.2.10,delivered,5\n"),
			 RESULT_OK);
	assert_string_equal(row(0, 0), "2026-01-05T07:00:00Z delivered 5 192.0.2.10");
	assert_string_equal(fault(0), "line 1002, time: 'bad' is no time like 2026-01-05T08:00:00Z");
	assert_string_equal(set_aside(0), "time,source,signal,count\nbad,192.0.2.10,delivered,5\n");
	/* The first chunk may have the header row itself. */
	hint.first_line = 1;
	assert_int_equal(take("time,source,signal,count\r\nbad,192.0.2.10,delivered,5\n"), RESULT_OK);
	assert_int_equal(got.fault_count, 1);
	assert_string_equal(fault(0), "line 2, time: 'bad' is no time like 2026-01-05T08:00:00Z");
	/* What was set aside is a document: it can be handed in again. */
	hint.header = (struct text){ 0 };
	assert_int_equal(take(set_aside(0)), RESULT_OK);
	assert_int_equal(got.fault_count, 1);
}

/* A day without mail: the table has its header row alone, or a feed sends what it always sends with counts of 0. */
static void
a_table_without_rows_is_a_report_with_nothing_in_it(void **context)
{
	static const struct {
		const char *raw;
		enum intake_format format;
	} documents[] = {
		{ "time,source,signal,count\n", INTAKE_CSV },
		{ "\xef\xbb\xbftime,source,signal,count\r\n\r\n", INTAKE_CSV },
		{ "time,source,signal,count\n2026-01-05T07:00:00Z,192.0.2.10,delivered,0\n", INTAKE_CSV },
		{ "{\"time\":1767596400,\"source\":\"192.0.2.10\",\"signal\":\"delivered\",\"count\":0}\n",
		  INTAKE_JSONL },
		{ "IP Address,Activity start,Activity end,RCPT commands,DATA commands,Message "
		  "recipients,Filter "
		  "result,Complaint rate,Trap period start,Trap period end,Trap hits,Sample HELO,Sample MAIL "
		  "FROM\n",
		  INTAKE_SNDS },
		{ "Date,Identifier,Spam rate\n", INTAKE_GMAIL_FBL },
		{ "{\"trafficStats\":[]}", INTAKE_POSTMASTER },
	};

	(void)context;
	for (size_t i = 0; i < countof(documents); i++) {
		assert_int_equal(take(documents[i].raw), RESULT_OK);
		assert_int_equal(got.format, documents[i].format);
		assert_int_equal(got.fault_count, 0);
		assert_int_equal(got.report_count, 1);
		assert_int_equal(got.reports[0].observation_count, 0);
		assert_true(text_equal(got.reports[0].reporter, hint.reporter));
	}
	/* Bad rows alone make none. */
	assert_int_equal(take("time,source,signal,count\nbad,192.0.2.10,delivered,5\n"), RESULT_OK);
	assert_int_equal(got.report_count, 0);
	assert_int_equal(got.fault_count, 1);
}

/* SNDS has its columns in one order; a table that was saved by hand names them. */
static void
a_header_row_of_snds_is_passed_over(void **context)
{
	(void)context;
	assert_int_equal(
	    take("IP,Activity start,Activity end,RCPT commands,DATA commands,Message recipients,Filter "
		 "result,Complaint rate,Trap message period start,Trap message period end,Trap hits,"
		 "Sample HELO,Sample MAIL FROM,Comments\r\n"
		 "192.0.2.10,1/4/2026 2:00 AM,1/4/2026 6:00 AM,1010,1005,1000,GREEN,0.3%,,,0,"
		 "mail.shop.example,news@shop.example,\r\n"),
	    RESULT_OK);
	assert_int_equal(got.format, INTAKE_SNDS);
	assert_int_equal(got.fault_count, 0);
	assert_int_equal(got.reports[0].observation_count, 2);
	assert_non_null(strstr(row(0, 0), "2026-01-04T04:00:00Z delivered 1000 192.0.2.10; filter=GREEN"));
	assert_non_null(strstr(row(0, 1), "2026-01-04T04:00:00Z complaint 3 192.0.2.10; filter=GREEN"));
}

static void
json_lines_read_as_rows_do(void **context)
{
	(void)context;
	assert_int_equal(take("{\"time\":\"2026-01-05T07:00:00Z\",\"source\":\"192.0.2.10\",\"signal\":"
			      "\"delivered\",\"count\":120}\n"
			      "\n"
			      "{\"time\":1767596400,\"source\":[\"192.0.2.10\",\"Shop.example\"],\"signal\":"
			      "\"trap_typo\",\"attributes\":"
			      "{\"city\":\"Z\\u00fcrich\",\"port\":25,\"tls\":true}}\r\n"
			      "{\"time\":\"2026-01-05T07:00:00Z\",\"source\":\"192.0.2.10\",\"signal\":"
			      "\"delivered\",\"count\":0}\n"),
			 RESULT_OK);
	assert_int_equal(got.format, INTAKE_JSONL);
	assert_int_equal(got.fault_count, 0);
	assert_int_equal(got.reports[0].observation_count, 2);
	assert_string_equal(row(0, 0), "2026-01-05T07:00:00Z delivered 120 192.0.2.10");
	assert_string_equal(row(0, 1), "2026-01-05T07:00:00Z trap_typo 1 192.0.2.10 shop.example; "
				       "city=Z\xc3\xbcrich; port=25; tls=true");
}

static void
a_bad_json_line_is_named_and_the_rest_goes_on(void **context)
{
	static const char *const faults[] = {
		"line 1: no JSON: '}' expected near end of file",
		"line 2: not a JSON object",
		"line 3, cuont: is none of time, source, signal, count, reporter, attributes",
		"line 4, count: is not a whole number",
		"line 5, source: holds something else than strings",
		"line 6, attributes: holds something else than strings, whole numbers and booleans",
		"line 7: no JSON: duplicate object key near '\"signal\"'",
		"line 8, time: '' is no time like 2026-01-05T08:00:00Z",
		"line 9, source: is empty",
		"line 10: no JSON: \\u0000 is not allowed without JSON_ALLOW_NUL near '\"\\u0000\"'",
	};

	(void)context;
	assert_int_equal(
	    take("{\"time\":\"2026-01-05T07:00:00Z\"\n"
		 "[1]\n"
		 "{\"time\":\"2026-01-05T07:00:00Z\",\"source\":\"a.example\",\"signal\":\"delivered\","
		 "\"cuont\":3}\n"
		 "{\"time\":\"2026-01-05T07:00:00Z\",\"source\":\"a.example\",\"signal\":\"delivered\","
		 "\"count\":1.5}\n"
		 "{\"time\":\"2026-01-05T07:00:00Z\",\"source\":[\"a.example\",1],\"signal\":\"delivered\"}\n"
		 "{\"time\":\"2026-01-05T07:00:00Z\",\"source\":\"a.example\",\"signal\":\"delivered\","
		 "\"attributes\":{\"a\":[]}}\n"
		 "{\"signal\":\"delivered\",\"signal\":\"complaint\"}\n"
		 "{\"source\":\"a.example\",\"signal\":\"delivered\"}\n"
		 "{\"time\":\"2026-01-05T07:00:00Z\",\"source\":[],\"signal\":\"delivered\"}\n"
		 "{\"time\":\"\\u0000\"}\n"
		 "{\"time\":\"2026-01-05T07:00:00Z\",\"source\":\"b.example\",\"signal\":\"delivered\"}"),
	    RESULT_OK);
	assert_int_equal(got.fault_count, countof(faults));
	for (uint32_t i = 0; i < countof(faults); i++) {
		assert_string_equal(fault(i), faults[i]);
	}
	assert_string_equal(set_aside(1), "[1]");
	assert_int_equal(got.reports[0].observation_count, 1);
	assert_string_equal(row(0, 0), "2026-01-05T07:00:00Z delivered 1 b.example");
}

static void
only_an_operator_reports_for_others(void **context)
{
	static const char *const document = "time,source,signal,reporter\n"
					    "2026-01-05T07:00:00Z,192.0.2.10,complaint,mailbox-two\n"
					    "2026-01-05T07:00:01Z,192.0.2.10,complaint,mailbox-one\n"
					    "2026-01-05T07:00:02Z,192.0.2.10,complaint,\n"
					    "2026-01-05T07:00:03Z,192.0.2.10,complaint,mailbox-two\n"
					    "2026-01-05T07:00:04Z,192.0.2.10,complaint,no name\n";

	(void)context;
	assert_int_equal(take(document), RESULT_OK);
	assert_int_equal(got.fault_count, 3);
	assert_string_equal(fault(0), "line 2, reporter: only an operator may report in the name of others");
	assert_int_equal(got.report_count, 1);
	assert_int_equal(got.reports[0].observation_count, 2);

	hint.names_others = true;
	assert_int_equal(take(document), RESULT_OK);
	assert_int_equal(got.fault_count, 1);
	assert_string_equal(fault(0), "line 6, reporter: is not the name of a reporter");
	assert_int_equal(got.report_count, 2);
	assert_true(text_equal(got.reports[0].reporter, TEXT("mailbox-two")));
	assert_true(text_equal(got.reports[1].reporter, TEXT("mailbox-one")));
	assert_string_equal(row(0, 1), "2026-01-05T07:00:03Z complaint 1 192.0.2.10");
	assert_string_equal(row(1, 0), "2026-01-05T07:00:01Z complaint 1 192.0.2.10");
	assert_int_equal(got.reports[1].observation_count, 2);
	assert_false(hash_equal(&got.reports[0].id, &got.reports[1].id));
}

static void
the_id_of_rows_is_their_bytes_and_their_reporter(void **context)
{
	static const char *const document = "time,source,signal\n2026-01-05T07:00:00Z,192.0.2.10,complaint\n";
	struct hash first, again;

	(void)context;
	assert_int_equal(take(document), RESULT_OK);
	first = got.reports[0].id;
	hint.door = TEXT("ingest");
	assert_int_equal(take(document), RESULT_OK);
	again = got.reports[0].id;
	assert_true(hash_equal(&first, &again));
	hint.reporter = TEXT("mailbox-two");
	assert_int_equal(take(document), RESULT_OK);
	again = got.reports[0].id;
	assert_false(hash_equal(&first, &again));
}

static void
the_format_is_told_by_type_or_looks(void **context)
{
	static const struct {
		const char *type, *raw;
		enum intake_format format;
	} cases[] = {
		{ "", "time,source,signal\n", INTAKE_CSV },
		{ "", "\n {\"time\":1}", INTAKE_JSONL },
		{ "", "Received: x\n\n", INTAKE_ARF },
		{ "", "From a@b.example Mon\nTo: x\n\n", INTAKE_ARF },
		{ "text/CSV; charset=utf-8", "{", INTAKE_CSV },
		{ "application/json", "time,source,signal\n", INTAKE_CSV },
		{ "message/rfc822", "x", INTAKE_ARF },
		{ "text/plain", "time,source,signal\n", INTAKE_CSV },
		{ "", "hello", INTAKE_AUTO },
		{ "", "", INTAKE_AUTO },
		{ "", "\xff\xfe\x00", INTAKE_AUTO },
	};

	(void)context;
	for (size_t i = 0; i < countof(cases); i++) {
		enum result r;

		hint.media_type = text_of(cases[i].type);
		r = take(cases[i].raw);
		assert_int_equal(got.format, cases[i].format);
		if (cases[i].format == INTAKE_AUTO) {
			assert_int_equal(r, RESULT_BAD_INPUT);
			assert_string_equal(fault(0),
					    "none of the formats that are read: no mail, no table, no JSON");
		}
	}
}

/* Too much of anything: what fits is read, the rest is set aside in one piece and can be handed in again. */
static void
past_a_bound_the_rest_is_set_aside(void **context)
{
	struct buffer b;

	(void)context;
	buffer_init(&b, REPORT_BYTES_MAX + 100);
	buffer_format(&b, "time,source,signal\n1767596400,a.example,delivered\n");
	for (int i = 0; i < 3000; i++) {
		buffer_format(&b, "bad %d,a.example,delivered\n", i);
	}
	assert_int_equal(intake_read(buffer_text(&b), &hint, &arena, &got), RESULT_OK);
	assert_int_equal(got.reports[0].observation_count, 1);
	assert_int_equal(got.fault_count, INTAKE_FAULTS_MAX + 1);
	assert_string_equal(fault(INTAKE_FAULTS_MAX),
			    "line 1027: more than 1024 bad lines; the rest is set aside unread");
	assert_int_equal(got.faults[INTAKE_FAULTS_MAX].rows, 3000 - INTAKE_FAULTS_MAX);
	assert_memory_equal(set_aside(INTAKE_FAULTS_MAX),
			    "time,source,signal\nbad 1024,a.example,delivered\n", 48);

	buffer_clear(&b);
	buffer_format(&b, "time,source,signal\n");
	for (int i = 0; i < OBSERVATIONS_MAX + 5; i++) {
		buffer_format(&b, "1767596400,192.0.%d.%d,complaint\n", i / 256 % 256, i % 256);
	}
	assert_int_equal(intake_read(buffer_text(&b), &hint, &arena, &got), RESULT_OK);
	assert_int_equal(got.reports[0].observation_count, OBSERVATIONS_MAX);
	assert_int_equal(got.fault_count, 1);
	assert_string_equal(fault(0),
			    "line 262146: more than 262144 observations; the rest is set aside unread");
	assert_int_equal(got.faults[0].rows, 5);
	assert_string_equal(row(0, 300), "2026-01-05T07:00:00Z complaint 1 192.0.1.44");

	while (b.n <= REPORT_BYTES_MAX) {
		buffer_format(&b, "1767596400,192.0.2.1,complaint\n");
	}
	assert_int_equal(intake_read(buffer_text(&b), &hint, &arena, &got), RESULT_TOO_LARGE);
	assert_int_equal(got.fault_count, 1);

	buffer_clear(&b);
	buffer_format(&b, "time,source,signal\n1767596400,a.example,delivered,");
	for (int i = 0; i < LINE_BYTES_MAX; i++) {
		buffer_format(&b, "x");
	}
	buffer_format(&b, "\n1767596400,a.example,delivered\n");
	assert_int_equal(intake_read(buffer_text(&b), &hint, &arena, &got), RESULT_OK);
	assert_string_equal(fault(0), "line 2: the row is too long");
	assert_int_equal(got.reports[0].observation_count, 1);
	buffer_free(&b);
}

int
main(void)
{
#define ROWS_TEST(f) cmocka_unit_test_setup_teardown(f, fresh, clear)
	const struct CMUnitTest tests[] = {
		ROWS_TEST(csv_columns_come_in_any_order),
		ROWS_TEST(a_bad_csv_row_is_named_and_the_rest_goes_on),
		ROWS_TEST(a_quoted_value_may_hold_lines),
		ROWS_TEST(a_csv_without_its_columns_is_refused_whole),
		ROWS_TEST(a_chunk_has_its_header_and_line_from_the_hint),
		ROWS_TEST(a_table_without_rows_is_a_report_with_nothing_in_it),
		ROWS_TEST(a_header_row_of_snds_is_passed_over),
		ROWS_TEST(json_lines_read_as_rows_do),
		ROWS_TEST(a_bad_json_line_is_named_and_the_rest_goes_on),
		ROWS_TEST(only_an_operator_reports_for_others),
		ROWS_TEST(the_id_of_rows_is_their_bytes_and_their_reporter),
		ROWS_TEST(the_format_is_told_by_type_or_looks),
		ROWS_TEST(past_a_bound_the_rest_is_set_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
