/* What must hold of each result of intake_read, whatever the bytes were. */
#ifndef FUZZ_INTAKE_FUZZ_H
#define FUZZ_INTAKE_FUZZ_H

#include "base/limits.h"
#include "intake/intake.h"
#include "model/source.h"

#include <string.h>

/* Each key is canonical: reading it gives the same text. */
static inline void
fuzz_check_report(const struct report *report, struct instant latest)
{
	for (uint32_t i = 0; i < report->observation_count; i++) {
		const struct observation *o = &report->observations[i];

		check(o->count > 0 && o->key_count > 0 && o->at.ms <= latest.ms);
		for (uint32_t k = 0; k < o->key_count; k++) {
			struct source_key key;

			check(source_key_parse(o->keys[k], &key, NULL) == RESULT_OK);
			check(text_equal(source_key_text(&key), o->keys[k]));
		}
	}
}

/* The journal form reads back, so attributes and counts keep their limits. */
static inline void
fuzz_check_journal(const struct report *report)
{
	struct arena arena = { 0 };
	struct report back;
	struct buffer b;

	buffer_init(&b, (size_t)1 << 28);
	report_write(&b, report);
	check(report_read(buffer_text(&b), &arena, &back) == RESULT_OK);
	check(back.observation_count == report->observation_count);
	buffer_free(&b);
	arena_clear(&arena);
}

/* With zeros or a byte order mark a row may be UTF-16 by itself, and none where it stood. */
static inline bool
fuzz_may_be_wide(struct text t)
{
	return t.n == 0 || (unsigned char)t.p[0] >= 0xfe || memchr(t.p, '\0', t.n) != NULL;
}

/* A single bad row is a document of which every row is bad. */
static inline void
fuzz_check_fault(const struct intake_fault *fault, const struct intake_hint *hint)
{
	struct intake_hint again = *hint;
	struct arena arena = { 0 };
	struct intake_result got;
	char line[INTAKE_FAULT_BYTES];

	check(fault->words.n > 0 && strlen(intake_fault_format(fault, line)) > 0);
	again.header = (struct text){ 0 };
	if (fault->rows == 1 && !fuzz_may_be_wide(fault->bytes) &&
	    intake_read(fault->bytes, &again, &arena, &got) == RESULT_OK) {
		check(got.report_count == 0 && got.fault_count > 0);
	}
	arena_clear(&arena);
}

static inline void
fuzz_intake(enum intake_format format, const uint8_t *data, size_t size)
{
	const struct intake_hint hint = { .format = format,
					  .received = { 1767600000000 },
					  .door = TEXT("http") };
	const struct instant latest = { hint.received.ms + FUTURE_MS_MAX };
	struct arena arena = { 0 };
	struct intake_result got;
	enum result r = intake_read((struct text){ (const char *)data, size }, &hint, &arena, &got);

	check(r == RESULT_OK || (got.report_count == 0 && got.fault_count == 1));
	check(got.recipient_count <= (r == RESULT_OK ? LMTP_RECIPIENTS_MAX : 0));
	for (uint32_t i = 0; i < got.recipient_count; i++) {
		check(got.recipients[i].n <= size);
	}
	for (uint32_t i = 0; i < got.report_count; i++) {
		fuzz_check_report(&got.reports[i], latest);
		fuzz_check_journal(&got.reports[i]);
	}
	for (uint32_t i = 0; i < got.fault_count && i < 4; i++) {
		fuzz_check_fault(&got.faults[i], &hint);
	}
	arena_clear(&arena);
}

#endif
