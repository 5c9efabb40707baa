/* The pure parts of the command line: arguments, chunks, tables. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "vouch/args.h"
#include "vouch/chunk.h"
#include "vouch/table.h"

#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct parsed {
	struct arena arena;
	struct args args;
	struct fault fault;
	enum result r;
};

#define PARSE(...) parse((const char *[]){ "vouch", __VA_ARGS__, NULL })

static struct parsed
parse(const char **words)
{
	struct parsed p = { .r = RESULT_OK };
	int n = 0;

	while (words[n] != NULL) {
		n++;
	}
	p.r = args_parse(n, (char *const *)words, &p.arena, &p.args, &p.fault);
	return p;
}

static void
options_stand_before_and_behind_the_verb(void **state)
{
	struct parsed p = PARSE("--json", "status", "192.0.2.1", "--socket=a=b", "-c", "v.yaml", "192.0.2.2");

	(void)state;
	assert_int_equal(p.r, RESULT_OK);
	assert_int_equal(p.args.verb, VERB_status);
	assert_int_equal(p.args.operand_count, 2);
	assert_string_equal(p.args.operands[1], "192.0.2.2");
	assert_string_equal(p.args.flags[FLAG_json], "");
	assert_string_equal(p.args.flags[FLAG_socket], "a=b");
	assert_string_equal(p.args.flags[FLAG_config], "v.yaml");
	assert_null(p.args.flags[FLAG_actor]);
	arena_clear(&p.arena);
}

static void
a_dash_is_the_standard_input_and_two_end_the_options(void **state)
{
	struct parsed p = PARSE("ingest", "-", "--", "--json", "-x");

	(void)state;
	assert_int_equal(p.r, RESULT_OK);
	assert_int_equal(p.args.operand_count, 3);
	assert_string_equal(p.args.operands[0], "-");
	assert_string_equal(p.args.operands[1], "--json");
	assert_null(p.args.flags[FLAG_json]);
	arena_clear(&p.arena);
}

static void
without_a_verb_it_is_help(void **state)
{
	struct parsed p = PARSE("--json");

	(void)state;
	assert_int_equal(p.r, RESULT_OK);
	assert_int_equal(p.args.verb, VERB_help);
	arena_clear(&p.arena);
	p = PARSE("--help");
	assert_int_equal(p.r, RESULT_OK);
	assert_int_equal(p.args.verb, VERB_help);
	assert_null(p.args.flags[FLAG_help]); /* the list of verbs, not the options of help */
	arena_clear(&p.arena);
}

static void
expect_refused(struct parsed p, const char *words)
{
	assert_int_equal(p.r, RESULT_BAD_USAGE);
	if (strstr(p.fault.text, words) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", p.fault.text, words);
	}
	arena_clear(&p.arena);
}

static void
what_is_not_understood_is_named(void **state)
{
	(void)state;
	expect_refused(PARSE("explain"), "no verb explain");
	expect_refused(PARSE("status", "--jsom", "a"), "no option --jsom");
	expect_refused(PARSE("status", "-q", "a"), "no option -q");
	expect_refused(PARSE("status", "-json", "a"), "no option -json");
	expect_refused(PARSE("status", "a", "--yes"), "status has no option --yes");
	expect_refused(PARSE("--yes", "status", "a"), "status has no option --yes");
	expect_refused(PARSE("status", "--json=1", "a"), "takes no value");
	expect_refused(PARSE("status", "a", "--socket"), "wants a value: PATH");
	expect_refused(PARSE("status", "--json", "a", "--json"), "twice");
	expect_refused(PARSE("timeline"), "usage: vouch timeline SUBJECT");
	expect_refused(PARSE("cases", "7"), "is too much");
	expect_refused(PARSE("import", "a", "b"), "is too much");
}

/* Chunks of a text put together are the text, each ends at a line end, none ends inside quotes. */
static void
chunks_end_at_line_ends(void **state)
{
	struct text rows = TEXT("a,1\nb,2\nc,3");

	(void)state;
	assert_int_equal(chunk_cut(rows, true, false), 8);
	assert_int_equal(chunk_cut(rows, true, true), 11);
	assert_int_equal(chunk_cut(rows, false, false), 8);
	assert_int_equal(chunk_cut(TEXT("no line end"), true, false), 11);
	assert_int_equal(chunk_cut(TEXT(""), true, false), 0);
	assert_int_equal(chunk_lines((struct text){ rows.p, 8 }), 2);
	assert_int_equal(chunk_lines(TEXT("")), 0);
}

static void
a_quoted_line_end_is_not_cut(void **state)
{
	struct text rows = TEXT("a,1\nb,\"two\nlines\"\nc,\"open\nstill");

	(void)state;
	assert_int_equal(chunk_cut(rows, true, false), 18);
	/* JSON lines: a quote does not reach over a line */
	assert_int_equal(chunk_cut(rows, false, false), 26);
	assert_int_equal(chunk_cut(TEXT("\"never closed\nand on\nrest"), true, false), 21);
}

static void
a_file_is_known_by_its_name_and_then_by_its_looks(void **state)
{
	(void)state;
	assert_string_equal(chunk_format("volumes.CSV", TEXT("time,source,signal\n")), "csv");
	assert_string_equal(chunk_format("a.jsonl", TEXT("")), "jsonl");
	assert_string_equal(chunk_format("mail.eml", TEXT("")), "auto");
	assert_string_equal(chunk_format("stdin", TEXT("\n\n {\"signal\":1}\n")), "jsonl");
	assert_string_equal(chunk_format("a.json", TEXT("{\"signal\":1}\n")), "auto");
	assert_string_equal(chunk_format("snds.csv", TEXT("192.0.2.1,1/1/2026 12:00 AM\n")), "auto");
	assert_string_equal(chunk_format("stdin", TEXT("\xef\xbb\xbftime,source,signal\n")), "csv");
	assert_string_equal(chunk_format("stdin", TEXT("\"source\", \"signal\"\r\n")), "csv");
	assert_string_equal(chunk_format("stdin", TEXT("From: a@b.example\nTo: c, source\n")), "auto");
	assert_string_equal(chunk_format(".csv", TEXT("")), "auto"); /* an ending needs a name before it */
}

static const struct table_column columns[] = { { "name", "NAME" }, { "count", "COUNT" }, { "x", "X" } };

static char *
printed(const char *json)
{
	json_t *array = json_loads(json, 0, NULL);
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(array);
	table_print(out, array, columns, countof(columns), false);
	fclose(out);
	json_decref(array);
	return text;
}

static void
expect_printed(const char *json, const char *wanted)
{
	char *text = printed(json);

	assert_string_equal(text, wanted);
	free(text);
}

static void
columns_are_as_wide_as_their_cells(void **state)
{
	(void)state;
	expect_printed(
	    "[{\"name\":\"a\",\"count\":5,\"x\":null},{\"name\":\"longer\",\"count\":1234567,\"x\":\"y\"}]",
	    "NAME      COUNT  X\n"
	    "a             5  -\n"
	    "longer  1234567  y\n");
	expect_printed("[{\"x\":[\"a\",\"b\",\"c\",\"d\",7]}]", "NAME  COUNT  X\n-     -      a, b, c +2\n");
	expect_printed("[]", "");
}

/* A row is a line of the terminal, as long as twenty bytes of its last cell are left. */
static void
a_terminal_cuts_the_last_column_at_its_edge(void **state)
{
	struct winsize size = { .ws_row = 24, .ws_col = 35 };
	char bytes[512] = "";
	size_t n = 0;
	ssize_t got;
	int master, slave;
	FILE *out;
	json_t *array = json_loads(
	    "[{\"name\":\"a\",\"count\":5,\"x\":\"a reason that is l\u00f6nger than what is left\"}]", 0,
	    NULL);

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
	out = fdopen(slave, "w");
	assert_non_null(out);
	table_print(out, array, columns, countof(columns), false);
	assert_int_equal(fclose(out), 0);
	/* A terminal hands out line by line, and an error once all is read and nobody holds its other end. */
	while ((got = read(master, bytes + n, sizeof bytes - 1 - n)) > 0) {
		n += (size_t)got;
	}
	assert_string_equal(bytes, "NAME  COUNT  X\r\na         5  a reason that is l...\r\n");
	close(master);
	json_decref(array);
}

static void
nothing_reaches_the_terminal_as_a_command(void **state)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	expect_printed("[{\"name\":\"a\\u001b[2Jb\\u0007\",\"x\":\"\\u009b1mz\"}]",
		       "NAME     COUNT  X\na?[2Jb?  -      ??1mz\n");
	table_line(out, TEXT("one\r\x1b]0;two\n"));
	fclose(out);
	assert_string_equal(text, "one??]0;two?\n");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_before_and_behind_the_verb),
		cmocka_unit_test(a_dash_is_the_standard_input_and_two_end_the_options),
		cmocka_unit_test(without_a_verb_it_is_help),
		cmocka_unit_test(what_is_not_understood_is_named),
		cmocka_unit_test(chunks_end_at_line_ends),
		cmocka_unit_test(a_quoted_line_end_is_not_cut),
		cmocka_unit_test(a_file_is_known_by_its_name_and_then_by_its_looks),
		cmocka_unit_test(columns_are_as_wide_as_their_cells),
		cmocka_unit_test(a_terminal_cuts_the_last_column_at_its_edge),
		cmocka_unit_test(nothing_reaches_the_terminal_as_a_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
