/* Any text as a source key, a prefix, a time, a span or an entry of a trap table: an error, or a value whose written form reads back the same. */
#include "base/instant.h"
#include "model/source.h"
#include "model/trap.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
key_reads_back(struct text t)
{
	struct source_key key, again;
	struct fault fault = { { 0 } };

	if (source_key_parse(t, &key, &fault) != RESULT_OK) {
		check(fault.text[0] != '\0');
		return;
	}
	check(source_key_parse(source_key_text(&key), &again, &fault) == RESULT_OK);
	check(again.kind == key.kind && prefix_equal(&again.prefix, &key.prefix));
	check(text_equal(source_key_text(&again), source_key_text(&key)));
}

static void
prefix_reads_back(struct text t)
{
	char out[PREFIX_TEXT_BYTES];
	struct prefix p, again;
	struct fault fault = { { 0 } };

	if (prefix_parse(t, &p, &fault) == RESULT_OK) {
		check(prefix_parse(text_of(prefix_format(&p, out)), &again, &fault) == RESULT_OK);
		check(prefix_equal(&p, &again));
	}
}

static void
time_reads_back(struct text t, enum result (*parse)(struct text text, struct instant *t))
{
	char out[INSTANT_BYTES];
	struct instant at, again;

	if (parse(t, &at) == RESULT_OK) {
		check(instant_parse(text_of(instant_format(at, out)), &again) == RESULT_OK);
		check(again.ms == at.ms);
	}
}

/* The canonical form of a canonical entry is itself, and any text may be looked for in it. */
static void
trap_reads_back(struct text t)
{
	struct buffer b, again;
	struct text member = { 0 };
	enum signal signal;

	buffer_init(&b, 2 * SOURCE_BYTES_MAX);
	buffer_init(&again, 2 * SOURCE_BYTES_MAX);
	if (trap_entry_put(t, &b)) {
		check(trap_entry_put(buffer_text(&b), &again));
		check(text_equal(buffer_text(&again), buffer_text(&b)));
		check(trap_find(buffer_text(&b), trap_entry_pattern(t), &signal) < UINT32_MAX);
		check(trap_find(buffer_text(&b), t, &signal) < UINT32_MAX);
		check(trap_member(buffer_text(&b), trap_entry_pattern(t), &member) < UINT32_MAX);
		check(member.n == 0 || text_is_name(member));
	}
	buffer_free(&b);
	buffer_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text t = { (const char *)data, size };
	struct span s;

	key_reads_back(t);
	prefix_reads_back(t);
	trap_reads_back(t);
	time_reads_back(t, instant_parse);
	time_reads_back(t, instant_parse_mail);
	if (span_parse(t, &s) == RESULT_OK) {
		check(s.ms >= 0);
	}
	return 0;
}
