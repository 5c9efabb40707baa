#include "model/report.h"

#include "base/limits.h"

#include <string.h>

static void
observation_write(struct buffer *b, const struct observation *o, struct instant before)
{
	wire_put_i64(b, instant_since(o->at, before).ms);
	wire_put_u8(b, (uint8_t)o->signal);
	wire_put_u64(b, o->count);
	wire_put_u64(b, o->key_count);
	for (uint32_t i = 0; i < o->key_count; i++) {
		wire_put_text(b, o->keys[i]);
	}
	wire_put_u64(b, o->attribute_count);
	for (uint32_t i = 0; i < o->attribute_count; i++) {
		wire_put_text(b, o->attributes[i].name);
		wire_put_text(b, o->attributes[i].value);
	}
}

void
report_write(struct buffer *b, const struct report *report)
{
	struct instant before = { 0 };

	buffer_put(b, report->id.bytes, HASH_BYTES);
	buffer_put(b, report->raw.bytes, HASH_BYTES);
	wire_put_text(b, report->door);
	wire_put_text(b, report->format);
	wire_put_text(b, report->reporter);
	wire_put_text(b, report->proof);
	wire_put_u64(b, report->observation_count);
	for (uint32_t i = 0; i < report->observation_count; i++) {
		observation_write(b, &report->observations[i], before);
		before = report->observations[i].at;
	}
}

static void
observation_read(struct wire *w, struct arena *arena, struct observation *o, struct instant before)
{
	int64_t step = wire_i64(w);
	struct attribute *attributes;
	uint8_t signal;

	if (__builtin_add_overflow(before.ms, step, &o->at.ms)) {
		w->bad = true;
	}
	signal = wire_u8(w);
	o->count = (uint32_t)wire_up_to(w, UINT32_MAX);
	o->key_count = (uint32_t)wire_up_to(w, OBSERVATION_KEYS_MAX);
	if (signal >= SIGNAL_COUNT || o->count == 0 || o->key_count == 0) {
		w->bad = true;
		return;
	}
	o->signal = (enum signal)signal;
	for (uint32_t i = 0; i < o->key_count; i++) {
		o->keys[i] = wire_text(w);
	}
	o->attribute_count = (uint32_t)wire_up_to(w, ATTRIBUTES_MAX);
	attributes = arena_get_array(arena, o->attribute_count, sizeof *attributes);
	for (uint32_t i = 0; i < o->attribute_count; i++) {
		attributes[i].name = wire_text(w);
		attributes[i].value = wire_text(w);
	}
	o->attributes = attributes;
}

static void
hash_read(struct wire *w, struct hash *h)
{
	const uint8_t *p = wire_bytes(w, HASH_BYTES);

	if (p != NULL) {
		memcpy(h->bytes, p, HASH_BYTES);
	}
}

enum result
report_read(struct text bytes, struct arena *arena, struct report *report)
{
	struct wire w = wire_of(bytes.p, bytes.n);
	struct instant before = { 0 };

	*report = (struct report){ 0 };
	hash_read(&w, &report->id);
	hash_read(&w, &report->raw);
	report->door = wire_text(&w);
	report->format = wire_text(&w);
	report->reporter = wire_text(&w);
	report->proof = wire_text(&w);
	report->observation_count = (uint32_t)wire_up_to(&w, OBSERVATIONS_MAX);
	/* Each observation takes at least six bytes: a torn count cannot ask for more memory than its record explains. */
	if (report->observation_count > bytes.n / 6) {
		w.bad = true;
	}
	if (!w.bad) {
		report->observations =
		    arena_get_array(arena, report->observation_count, sizeof *report->observations);
	}
	for (uint32_t i = 0; i < report->observation_count && !w.bad; i++) {
		observation_read(&w, arena, &report->observations[i], before);
		before = report->observations[i].at;
	}
	if (!wire_done(&w)) {
		*report = (struct report){ 0 };
		return RESULT_DAMAGED;
	}
	return RESULT_OK;
}
