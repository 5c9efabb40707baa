/* vouch sim: the files it writes are what the doors take, and tell what happens. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hash.h"
#include "intake/intake.h"
#include "model/trap.h"
#include "vouch/vouch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 128

static const char *const files[] = { "programme.yaml", "traffic.jsonl", "truth.json" };

static int
simulate(const char *folder, const char *scenario, const char *days, const char *step)
{
	char *argv[] = { (char *)"vouch",  (char *)"sim",    (char *)folder, (char *)"--scenario",
			 (char *)scenario, (char *)"--days", (char *)days,   (char *)"--step",
			 (char *)step,     (char *)"--seed", (char *)"5",    NULL };

	return vouch_main((int)countof(argv) - 1, argv);
}

static struct buffer
read_file(const char *folder, const char *name)
{
	char path[PATH_BYTES], bytes[65536];
	struct buffer b;
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "re");
	assert_non_null(file);
	buffer_init(&b, 1U << 30);
	while ((n = fread(bytes, 1, sizeof bytes, file)) > 0) {
		buffer_put(&b, bytes, n);
	}
	(void)fclose(file);
	assert_false(b.full);
	return b;
}

static void
remove_folder(const char *folder)
{
	for (size_t i = 0; i < countof(files); i++) {
		char path[PATH_BYTES];

		(void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(folder), 0);
}

static void
the_same_scenario_and_seed_give_the_same_files(void **context)
{
	char a[] = "/tmp/vouch-sim-XXXXXX", b[] = "/tmp/vouch-sim-XXXXXX";

	(void)context;
	assert_true(mkdtemp(a) != NULL && mkdtemp(b) != NULL);
	assert_int_equal(simulate(a, "ugly", "2", "60"), 0);
	assert_int_equal(simulate(b, "ugly", "2", "60"), 0);
	for (size_t i = 0; i < countof(files); i++) {
		struct buffer x = read_file(a, files[i]), y = read_file(b, files[i]);
		struct hash hash = hash_of(x.p, x.n), other = hash_of(y.p, y.n);

		assert_true(x.n > 0 && hash_equal(&hash, &other));
		buffer_free(&x);
		buffer_free(&y);
	}
	remove_folder(a);
	remove_folder(b);
}

/* A document of the traffic as a door would read it. Gives its observations. */
static uint32_t
read_item(struct text line, int64_t *last)
{
	json_t *item = json_loadb(line.p, line.n, 0, NULL);
	struct intake_hint hint = { .format = INTAKE_CSV, .door = TEXT("ingest"), .names_others = true };
	struct arena arena = { .head = NULL };
	const char *at, *reporter, *format, *body;
	struct intake_result result;
	uint32_t count = 0;
	size_t size;

	assert_non_null(item);
	assert_int_equal(json_unpack(item, "{s:s,s:s,s:s,s:s%!}", "at", &at, "reporter", &reporter, "format",
				     &format, "body", &body, &size),
			 0);
	assert_int_equal(instant_parse(text_of(at), &hint.received), RESULT_OK);
	assert_true(hint.received.ms >= *last);
	*last = hint.received.ms;
	hint.format = strcmp(format, "arf") == 0 ? INTAKE_ARF : INTAKE_CSV;
	assert_int_equal(intake_read((struct text){ body, size }, &hint, &arena, &result), RESULT_OK);
	assert_int_equal(result.fault_count, 0);
	for (uint32_t i = 0; i < result.report_count; i++) {
		count += result.reports[i].observation_count;
		if (hint.format == INTAKE_CSV) {
			assert_true(text_equal(result.reports[i].reporter, text_of(reporter)));
		}
	}
	arena_clear(&arena);
	json_decref(item);
	return count;
}

static void
the_doors_take_all_of_it_in_the_order_of_arrival(void **context)
{
	static const char *const steps[] = { "60", "1440" };

	(void)context;
	for (size_t i = 0; i < countof(steps); i++) {
		char folder[] = "/tmp/vouch-sim-XXXXXX";
		struct buffer traffic;
		struct text rest, line;
		uint32_t items = 0, observations = 0;
		int64_t last = 0;

		assert_non_null(mkdtemp(folder));
		assert_int_equal(simulate(folder, "all", "2", steps[i]), 0);
		traffic = read_file(folder, "traffic.jsonl");
		rest = buffer_text(&traffic);
		while (rest.n > 0) {
			(void)text_cut(&rest, '\n', &line);
			observations += read_item(line, &last);
			items++;
		}
		assert_true(items > 500 && observations > items + 300);
		buffer_free(&traffic);
		remove_folder(folder);
	}
}

/* What the file names after `before`, up to one of `ends`. */
static struct text
named(struct text rest, const char *before, const char *ends)
{
	const char *at = memmem(rest.p, rest.n, before, strlen(before));
	struct text name;

	assert_non_null(at);
	name.p = at + strlen(before);
	name.n = strcspn(name.p, ends);
	return name;
}

/* A canary hit by its door: mail to an address of the member whose list was stolen, from outside of the programme. */
static uint32_t
read_canary(struct text line, struct text victim, struct text table)
{
	json_t *item = json_loadb(line.p, line.n, 0, NULL);
	struct intake_hint hint = { .format = INTAKE_AUTO, .door = TEXT("http"), .is_trap_network = true };
	struct arena arena = { .head = NULL };
	const char *at, *reporter, *format, *body;
	struct intake_result result;
	struct text member;
	bool is_canary;
	size_t size;

	assert_int_equal(json_unpack(item, "{s:s,s:s,s:s,s:s%!}", "at", &at, "reporter", &reporter, "format",
				     &format, "body", &body, &size),
			 0);
	is_canary = strcmp(reporter, "canaries") == 0;
	if (is_canary) {
		assert_int_equal(instant_parse(text_of(at), &hint.received), RESULT_OK);
		hint.trap_signal = SIGNAL_TRAP_PRISTINE;
		assert_int_equal(intake_read((struct text){ body, size }, &hint, &arena, &result), RESULT_OK);
		assert_int_equal(result.format, INTAKE_ARF);
		assert_int_equal(result.reports[0].observations[0].signal, SIGNAL_TRAP_PRISTINE);
		assert_true(text_starts_nocase(result.reports[0].observations[0].keys[0], TEXT("3fff::")));
		assert_int_equal(result.recipient_count, 1);
		assert_true(trap_member(table, result.recipients[0], &member) > 0);
		assert_true(text_equal(member, victim));
	}
	arena_clear(&arena);
	json_decref(item);
	return is_canary;
}

/* The entries of the programme as one table. */
static void
read_canaries(struct text programme, struct buffer *table)
{
	struct text line;

	while (programme.n > 0) {
		(void)text_cut(&programme, '\n', &line);
		if (memmem(line.p, line.n, "\"pristine:", 10) != NULL) {
			buffer_put_text(table, named(line, "\"", "\""));
			buffer_put(table, " ", 1);
		}
	}
	assert_true(table->n > 0);
	table->n--;
}

static void
a_stolen_list_shows_at_the_canaries_of_its_member(void **context)
{
	char folder[] = "/tmp/vouch-sim-XXXXXX";
	struct buffer traffic, programme, truth, table;
	struct text rest, line, victim;
	uint32_t canaries = 0;

	(void)context;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(simulate(folder, "leak", "28", "1440"), 0);
	traffic = read_file(folder, "traffic.jsonl");
	programme = read_file(folder, "programme.yaml");
	truth = read_file(folder, "truth.json");
	buffer_init(&table, 1U << 20);
	read_canaries(buffer_text(&programme), &table);
	victim = named(buffer_text(&truth), "\"kind\": \"leak\"", "}");
	victim = named(victim, "\"member\": \"", "\"");
	rest = buffer_text(&traffic);
	while (rest.n > 0) {
		(void)text_cut(&rest, '\n', &line);
		canaries += read_canary(line, victim, buffer_text(&table));
	}
	assert_true(canaries >= 3);
	buffer_free(&table);
	buffer_free(&truth);
	buffer_free(&programme);
	buffer_free(&traffic);
	remove_folder(folder);
}

static void
the_truth_names_each_takeover(void **context)
{
	char folder[] = "/tmp/vouch-sim-XXXXXX";
	struct buffer truth;
	json_t *root, *event;
	uint32_t takeovers = 0;
	size_t i;

	(void)context;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(simulate(folder, "all", "1", "60"), 0);
	truth = read_file(folder, "truth.json");
	root = json_loadb(buffer_text(&truth).p, truth.n, 0, NULL);
	assert_non_null(root);
	json_array_foreach(json_object_get(root, "events"), i, event)
	{
		const char *kind = json_string_value(json_object_get(event, "kind"));

		if (json_is_true(json_object_get(event, "takeover"))) {
			json_int_t messages = json_integer_value(json_object_get(event, "messages"));

			takeovers++;
			assert_true(json_array_size(json_object_get(event, "sources")) > 0);
			assert_true(messages > 0 || strcmp(kind, "leak") == 0);
			assert_true(strcmp(kind, "blast") != 0 || messages == 50000);
		}
	}
	assert_int_equal(takeovers, 13); /* eleven, one of them at three members */
	json_decref(root);
	buffer_free(&truth);
	remove_folder(folder);
}

static void
a_scenario_or_step_that_is_none_is_refused(void **context)
{
	(void)context;
	assert_int_equal(simulate("/nowhere/at/all", "nothing", "1", "60"), result_exit(RESULT_BAD_USAGE));
	assert_int_equal(simulate("/nowhere/at/all", "demo", "1", "7"), result_exit(RESULT_BAD_USAGE));
	assert_int_equal(simulate("/nowhere/at/all", "demo", "1", "720"), result_exit(RESULT_BAD_USAGE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_scenario_and_seed_give_the_same_files),
		cmocka_unit_test(the_doors_take_all_of_it_in_the_order_of_arrival),
		cmocka_unit_test(a_stolen_list_shows_at_the_canaries_of_its_member),
		cmocka_unit_test(the_truth_names_each_takeover),
		cmocka_unit_test(a_scenario_or_step_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
