/*
 * What a folder of samples must read as, for the tests of formats.
 *
 * <folder>/expected.txt: the name of a sample, then one indented line per observation, in any order of attributes:
 *
 *     sisimai-lhost-postfix-13.eml
 *       unknown_user 1 2jo.example.jp 2014-07-13T22:08:53Z status=5.2.1 subject="two words" remote_mta=
 *
 * "signal count keys time", then attributes that must be there ("name=": that must not). "nothing": a report without observations.
 * "refused WORDS": it cannot be read. "fault WORDS": a part of it cannot be. Samples are files of the folder; those of
 * <folder>/made_expected.txt stand in <folder>/made.txt behind a line "=== name" ("=== name base64": encoded).
 */
#ifndef TEST_INTAKE_SAMPLES_H
#define TEST_INTAKE_SAMPLES_H

#include "base/limits.h"
#include "intake/intake.h"
#include "unit/test_file.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

struct samples {
	const char *folder;
	enum intake_format format;      /* that each one is read as, but for those that are refused */
	const struct intake_hint *hint; /* NULL: samples_hint */

	struct arena arena;
	struct text made;
	unsigned count, failed;
};

/* How samples come in; the bytes say what they are. */
static const struct intake_hint samples_hint = { .format = INTAKE_AUTO,
						 .received = { 1769904000000 }, /* 2026-02-01T00:00:00Z */
						 .door = { "http", 4 },
						 .reporter = { "somebody", 8 } };

/* Says what is wrong and goes on: all samples are seen in one run. */
#define samples_fail(s, ...) ((s)->failed++, print_error("         " __VA_ARGS__), print_error("\n"))

static inline struct text
samples_load(struct samples *s, const char *name)
{
	return test_file(&s->arena, arena_format(&s->arena, "%s/%s/%s", TEST_DATA, s->folder, name));
}

static inline struct text
samples_decode(struct samples *s, struct text t)
{
	char *in = arena_get(&s->arena, t.n + 1), *out = arena_get(&s->arena, t.n + 4);
	size_t n = 0;
	int got;

	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] > ' ') {
			in[n++] = t.p[i];
		}
	}
	got = EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)in, (int)n);
	assert_true(got >= 0);
	while (n > 0 && in[n - 1] == '=') {
		n--;
		got--;
	}
	return (struct text){ out, (size_t)got };
}

/* The sample of this name out of made.txt, else the file. */
static inline struct text
samples_find(struct samples *s, struct text name)
{
	const char *start = arena_format(&s->arena, "=== %.*s", TEXT_ARG(name));
	struct text rest = s->made, line, found;

	while (rest.n > 0) {
		struct text more;

		(void)text_cut(&rest, '\n', &line);
		if (!text_starts_nocase(line, text_of(start)) ||
		    (line.n > strlen(start) && line.p[strlen(start)] != ' ')) {
			continue;
		}
		found = (struct text){ rest.p, 0 };
		while (rest.n > 0 && !text_starts_nocase(rest, TEXT("=== "))) {
			(void)text_cut(&rest, '\n', &more);
			found.n = (size_t)(more.p + more.n - found.p) +
				  (rest.n > 0 || s->made.p[s->made.n - 1] == '\n');
		}
		return line.n > 7 && text_equal((struct text){ line.p + line.n - 7, 7 }, TEXT(" base64"))
			   ? samples_decode(s, found)
			   : found;
	}
	found = samples_load(s, text_copy(&s->arena, name));
	if (found.p == NULL) {
		fail_msg("%s: no sample %.*s", s->folder, TEXT_ARG(name));
	}
	return found;
}

static inline const char *
samples_describe(struct samples *s, const struct observation *o)
{
	char at[INSTANT_BYTES];
	const char *text = arena_format(&s->arena, "%s %u", signal_name(o->signal), o->count);

	for (uint32_t i = 0; i < o->key_count; i++) {
		text = arena_format(&s->arena, "%s %.*s", text, TEXT_ARG(o->keys[i]));
	}
	return arena_format(&s->arena, "%s %s", text, instant_format(o->at, at));
}

static inline struct text
samples_attribute(const struct observation *o, struct text name)
{
	for (uint32_t i = 0; i < o->attribute_count; i++) {
		if (text_equal(o->attributes[i].name, name)) {
			return o->attributes[i].value;
		}
	}
	return (struct text){ "", 0 };
}

/* The next word of a line; a quoted value may have blanks. */
static inline struct text
samples_word(struct text *rest)
{
	struct text word;
	bool quoted = false;

	*rest = text_trim(*rest);
	word = (struct text){ rest->p, 0 };
	while (word.n < rest->n && (quoted || rest->p[word.n] != ' ')) {
		quoted ^= rest->p[word.n++] == '"';
	}
	*rest = (struct text){ rest->p + word.n, rest->n - word.n };
	return word;
}

static inline void
samples_expect(struct samples *s, struct text name, const struct observation *o, struct text line)
{
	const char *described = samples_describe(s, o);
	struct text rest = line, head = { line.p, 0 };

	while (rest.n > 0) {
		struct text value = samples_word(&rest), attribute, got;

		if (memchr(value.p, '=', value.n) == NULL) {
			head.n = (size_t)(value.p + value.n - line.p);
			continue;
		}
		(void)text_cut(&value, '=', &attribute);
		if (value.n > 1 && value.p[0] == '"') {
			value = (struct text){ value.p + 1, value.n - 2 };
		}
		got = samples_attribute(o, attribute);
		if (!text_equal(got, value)) {
			samples_fail(s, "%.*s: %.*s is \"%.*s\", not \"%.*s\"", TEXT_ARG(name),
				     TEXT_ARG(attribute), TEXT_ARG(got), TEXT_ARG(value));
		}
	}
	if (!text_equal(head, text_of(described))) {
		samples_fail(s, "%.*s reads as\n%s\nnot as\n%.*s", TEXT_ARG(name), described, TEXT_ARG(head));
	}
}

/* What one sample reads as against its lines. */
static inline void
samples_check(struct samples *s, struct text name, struct text lines)
{
	struct intake_result got;
	struct text line, raw = samples_find(s, name), start = TEXT("refused "), bad = TEXT("fault ");
	enum result r = intake_read(raw, s->hint != NULL ? s->hint : &samples_hint, &s->arena, &got);
	uint32_t n = 0, faults = 0, have = got.report_count == 0 ? 0 : got.reports[0].observation_count;

	s->count++;
	if (r == RESULT_OK && got.format != s->format) {
		samples_fail(s, "%.*s is read as %s", TEXT_ARG(name),
			     got.format < INTAKE_FORMAT_COUNT ? intake_format_name(got.format) : "nothing");
	}
	while (lines.n > 0) {
		(void)text_cut(&lines, '\n', &line);
		line = text_trim(line);
		if (text_starts_nocase(line, start) || text_starts_nocase(line, bad)) {
			bool whole = text_starts_nocase(line, start);
			struct text words = { line.p + (whole ? start.n : bad.n),
					      line.n - (whole ? start.n : bad.n) };

			if (faults >= got.fault_count || !text_equal(got.faults[faults].words, words)) {
				samples_fail(s, "%.*s: fault %u is \"%.*s\"", TEXT_ARG(name), faults,
					     TEXT_ARG(faults < got.fault_count ? got.faults[faults].words
									       : TEXT("none")));
			}
			if (r != (whole ? RESULT_BAD_INPUT : RESULT_OK)) {
				samples_fail(s, "%.*s: is %srefused as a whole", TEXT_ARG(name),
					     whole ? "not " : "");
			}
			faults++;
		} else if (!text_equal(line, TEXT("nothing"))) {
			if (n >= have) {
				samples_fail(s, "%.*s: only %u observations (%s)", TEXT_ARG(name), have,
					     got.fault_count > 0 ? text_copy(&s->arena, got.faults[0].words)
								 : "");
				return;
			}
			samples_expect(s, name, &got.reports[0].observations[n++], line);
		}
	}
	if (n != have || faults != got.fault_count ||
	    (r == RESULT_OK && got.report_count != (have > 0 || faults == 0))) {
		samples_fail(s, "%.*s: %u observations, %u reports, %u faults; the first beyond: %s %.*s",
			     TEXT_ARG(name), have, got.report_count, got.fault_count,
			     n < have ? samples_describe(s, &got.reports[0].observations[n]) : "",
			     TEXT_ARG(got.fault_count > 0 ? got.faults[0].words : TEXT("")));
	}
}

static inline void
samples_run_file(struct samples *s, const char *file)
{
	struct text rest = samples_load(s, file), line, name = { "", 0 }, lines = { "", 0 };

	while (rest.n > 0) {
		(void)text_cut(&rest, '\n', &line);
		if (line.n > 0 && line.p[0] != ' ' && line.p[0] != '#') {
			if (name.n > 0) {
				samples_check(s, name, lines);
			}
			name = text_trim(line);
			lines = (struct text){ rest.p, 0 };
		} else if (line.n > 0 && line.p[0] == ' ') {
			lines.n = (size_t)(line.p + line.n - lines.p);
		}
	}
	if (name.n > 0) {
		samples_check(s, name, lines);
	}
}

/* Each sample of both lists; the number of samples. */
static inline unsigned
samples_run(struct samples *s)
{
	s->made = samples_load(s, "made.txt");
	s->count = 0;
	samples_run_file(s, "expected.txt");
	samples_run_file(s, "made_expected.txt");
	arena_clear(&s->arena);
	assert_int_equal(s->failed, 0);
	return s->count;
}

#endif
