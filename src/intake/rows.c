/* From the texts of a row to an observation; shared by all formats that have rows. */
#include "intake/draft_int.h"

#include <string.h>

#define KEY_SLOTS_MAX 4096U

/* A source as written and as it reads. Empty: n == 0. */
struct intake_key_slot {
	struct text written;
	struct text key;
};

void
intake_rows_open(struct intake_reading *d, size_t max)
{
	size_t slots = 16;

	d->max = max > OBSERVATIONS_MAX ? OBSERVATIONS_MAX : (uint32_t)max;
	d->observations = arena_get_array(d->arena, d->max, sizeof *d->observations);
	d->reporter_of = arena_get_array(d->arena, d->max, sizeof *d->reporter_of);
	while (slots < d->max && slots < KEY_SLOTS_MAX) {
		slots *= 2;
	}
	d->keys = arena_get_array(d->arena, slots, sizeof *d->keys);
	d->keys_mask = slots - 1;
}

/* The canonical key of one source. A slot holds the last source that fell on it: no chains, so no slow input. */
static enum result
read_key(struct intake_reading *d, struct text written, struct text *key, struct fault *why)
{
	struct intake_key_slot *slot = &d->keys[hash_fast(written.p, written.n) & d->keys_mask];
	struct source_key read;
	enum result r;

	if (slot->written.n > 0 && text_equal(slot->written, written)) {
		*key = slot->key;
		return RESULT_OK;
	}
	r = source_key_parse(written, &read, why);
	if (r != RESULT_OK) {
		return r;
	}
	*key = source_key_text(&read);
	*key = text_equal(*key, written) ? written : (struct text){ text_copy(d->arena, *key), key->n };
	*slot = (struct intake_key_slot){ .written = written, .key = *key };
	return RESULT_OK;
}

/* One to OBSERVATION_KEYS_MAX keys with blanks between. */
static enum result
read_keys(struct intake_reading *d, struct text rest, struct observation *o, struct fault *why)
{
	struct text one;
	bool more = true;

	while (more) {
		more = text_cut(&rest, ' ', &one);
		if (one.n == 0) {
			continue;
		}
		if (o->key_count == OBSERVATION_KEYS_MAX) {
			return fault_set(why, RESULT_BAD_INPUT, "more than %u sources", OBSERVATION_KEYS_MAX);
		}
		if (read_key(d, one, &o->keys[o->key_count], why) != RESULT_OK) {
			return RESULT_BAD_INPUT;
		}
		o->key_count++;
	}
	if (o->key_count == 0) {
		return fault_set(why, RESULT_BAD_INPUT, "is empty");
	}
	return RESULT_OK;
}

static enum result
read_time(struct intake_reading *d, struct text written, struct instant *at, struct fault *why)
{
	char latest[INSTANT_BYTES];

	if (d->last_time.n > 0 && text_equal(d->last_time, written)) {
		*at = d->last_at;
		return RESULT_OK;
	}
	if (instant_parse(written, at) != RESULT_OK) {
		return fault_set(why, RESULT_BAD_INPUT, "'%.*s' is no time like 2026-01-05T08:00:00Z",
				 written.n > 60 ? 60 : (int)written.n, written.p);
	}
	if (at->ms > d->latest.ms) {
		return fault_set(why, RESULT_BAD_INPUT, "%.*s lies in the future; the clock says %s",
				 written.n > 60 ? 60 : (int)written.n, written.p,
				 instant_format(d->hint->received, latest));
	}
	d->last_time = written;
	d->last_at = *at;
	return RESULT_OK;
}

static enum result
read_signal(struct text written, enum signal *signal, struct fault *why)
{
	if (signal_parse(written, signal) != RESULT_OK) {
		return fault_set(why, RESULT_BAD_INPUT, "'%.*s' is none of the signals",
				 written.n > 60 ? 60 : (int)written.n, written.p);
	}
	return RESULT_OK;
}

static enum result
read_count(struct text written, uint32_t *count, struct fault *why)
{
	uint64_t value = 1;

	if (written.n > 0 && (!text_u64(written, &value) || value > UINT32_MAX)) {
		return fault_set(why, RESULT_BAD_INPUT, "'%.*s' is no whole number from 0 to %u",
				 written.n > 60 ? 60 : (int)written.n, written.p, UINT32_MAX);
	}
	*count = (uint32_t)value;
	return RESULT_OK;
}

/* The caller's own name needs no right. */
enum result
intake_reporter(struct intake_reading *d, struct text name, uint8_t *number, struct fault *why)
{
	if (name.n == 0) {
		name = d->hint->reporter;
	}
	for (uint32_t i = 0; i < d->reporter_count; i++) {
		if (text_equal(d->reporters[i], name)) {
			*number = (uint8_t)i;
			return RESULT_OK;
		}
	}
	if (!text_equal(name, d->hint->reporter)) {
		if (!d->hint->names_others) {
			return fault_set(why, RESULT_BAD_INPUT,
					 "only an operator may report in the name of others");
		}
		if (!text_is_name(name)) {
			return fault_set(why, RESULT_BAD_INPUT, "is not the name of a reporter");
		}
	}
	if (d->reporter_count == INTAKE_REPORTERS_MAX) {
		return fault_set(why, RESULT_BAD_INPUT, "more than %d reporters in one document",
				 INTAKE_REPORTERS_MAX);
	}
	*number = (uint8_t)d->reporter_count;
	d->reporters[d->reporter_count++] = name;
	return RESULT_OK;
}

static enum result
check_attributes(const struct intake_row *row, struct text *field, struct fault *why)
{
	if (row->attribute_count > ATTRIBUTES_MAX) {
		*field = (struct text){ 0 };
		return fault_set(why, RESULT_BAD_INPUT, "more than %d attributes", ATTRIBUTES_MAX);
	}
	for (uint32_t i = 0; i < row->attribute_count; i++) {
		const struct attribute *a = &row->attributes[i];

		*field = a->name;
		if (a->value.n > ATTRIBUTE_BYTES_MAX) {
			return fault_set(why, RESULT_BAD_INPUT, "longer than %d bytes", ATTRIBUTE_BYTES_MAX);
		}
		if (!intake_is_clean(a->value)) {
			return fault_set(why, RESULT_BAD_INPUT, "holds control characters or is not UTF-8");
		}
	}
	return RESULT_OK;
}

void
intake_rows_close(struct intake_reading *d)
{
	if (d->reporter_count == 0 && d->fault_count == 0) {
		draft_report(d);
	}
}

void
intake_row_add(struct intake_reading *d, const struct intake_row *row)
{
	struct observation *o = &d->observations[d->count];
	struct text field = TEXT("time");
	struct fault why;
	enum result r;

	check(d->count < d->max);
	why.text[0] = '\0';
	o->attributes = row->attributes;
	o->attribute_count = row->attribute_count;
	o->key_count = 0; /* a bad row before may have left some */
	r = read_time(d, row->time, &o->at, &why);
	if (r == RESULT_OK) {
		field = TEXT("source");
		r = read_keys(d, row->source, o, &why);
	}
	if (r == RESULT_OK) {
		field = TEXT("signal");
		r = read_signal(row->signal, &o->signal, &why);
	}
	if (r == RESULT_OK) {
		field = TEXT("count");
		r = read_count(row->count, &o->count, &why);
	}
	if (r == RESULT_OK) {
		r = check_attributes(row, &field, &why);
	}
	if (r == RESULT_OK && o->count > 0) {
		field = TEXT("reporter");
		r = intake_reporter(d, row->reporter, &d->reporter_of[d->count], &why);
	}
	if (r != RESULT_OK) {
		intake_fault(d, row->line, field, row->bytes, "%s", why.text);
	} else if (o->count > 0) {
		d->count++;
	}
}
