/* detect/witness_snapshot.c - witnesses, and what was said of each unit, as bytes. */
#include "detect/witness_int.h"

static void
put_hearing(struct buffer *b, const struct hearing *h)
{
	wire_put_u64(b, h->unit);
	detect_put_floats(b, &h->evidence, sizeof h->evidence);
	wire_put_i64(b, h->day);
	wire_put_u64(b, h->first_seq);
	wire_put_i64(b, h->first_ms);
	wire_put_i64(b, h->since_ms);
	for (uint32_t i = 0; i < SLOTS; i++) {
		const struct statement *s = &h->of[i];

		wire_put_u64(b, s->witness);
		for (int k = 0; k < KINDS; k++) {
			wire_put_u64(b, s->today[k]);
		}
		detect_put_floats(b, s->usual, sizeof s->usual);
		detect_put_floats(b, &s->mail, sizeof s->mail);
		wire_put_u64(b, s->seq);
	}
}

void
detect_witness_save(const struct detect *d, struct buffer *b)
{
	const struct witnesses *w = d->witnesses;

	wire_put_u64(b, w != NULL ? w->count : 0);
	if (w == NULL) {
		return;
	}
	for (uint32_t i = 0; i < w->count; i++) {
		wire_put_u8(b, w->all[i].counts);
		wire_put_f64(b, w->all[i].mail_from);
		for (int k = 0; k < KINDS; k++) {
			wire_put_f64(b, w->all[i].events[k]);
		}
	}
	wire_put_i64(b, w->day);
	wire_put_f64(b, w->mail);
	wire_put_u64(b, w->hearing_count);
	for (uint32_t i = 0; i < w->hearing_count; i++) {
		put_hearing(b, &w->hearings[i]);
	}
}

static double
get_sum(struct wire *r)
{
	double v = wire_f64(r);

	r->bad = r->bad || !(v >= 0 && v < 1e300);
	return r->bad ? 0 : v;
}

static void
get_hearing(struct wire *r, const struct witnesses *w, struct hearing *h)
{
	detect_get_floats(r, &h->evidence, sizeof h->evidence);
	h->day = wire_i64_between(r, -TIME_DAYS, TIME_DAYS);
	h->first_seq = wire_u64(r);
	h->first_ms = detect_get_time(r);
	h->since_ms = detect_get_time(r);
	for (uint32_t i = 0; i < SLOTS; i++) {
		struct statement *s = &h->of[i];
		uint64_t witness = wire_u64(r);

		r->bad = r->bad || (witness >= w->count && witness != NOBODY);
		s->witness = r->bad ? NOBODY : (uint32_t)witness;
		for (int k = 0; k < KINDS; k++) {
			s->today[k] = wire_u32(r);
		}
		detect_get_floats(r, s->usual, sizeof s->usual);
		detect_get_floats(r, &s->mail, sizeof s->mail);
		s->seq = wire_u64(r);
	}
}

static void
get_hearings(struct detect *d, struct wire *r)
{
	struct witnesses *w = d->witnesses;
	uint32_t count = (uint32_t)wire_up_to(r, d->unit_count);

	for (uint32_t i = 0; i < count && !r->bad; i++) {
		uint32_t unit = (uint32_t)wire_up_to(r, d->unit_count - 1);

		r->bad = r->bad || detect_hearing(d, unit) != NULL;
		if (!r->bad) {
			struct hearing *h = detect_hearing_add(d, unit, 0);

			get_hearing(r, w, h);
			w->waiting += h->since_ms != NEVER;
		}
	}
}

/* After the units. What is bad leaves no witness. */
void
detect_witness_load(struct detect *d, struct wire *r)
{
	uint32_t count = (uint32_t)wire_up_to(r, REPORTERS_MAX);

	for (uint32_t i = count; i > 0 && !r->bad; i--) { /* from the last: one allocation */
		detect_witness_set(d, i - 1, true);
	}
	for (uint32_t i = 0; i < count && !r->bad; i++) {
		struct witness *one = &d->witnesses->all[i];
		uint8_t counts = wire_u8(r);

		r->bad = r->bad || counts > 1;
		one->counts = counts == 1;
		d->witnesses->present -= !one->counts;
		one->mail_from = get_sum(r);
		for (int k = 0; k < KINDS; k++) {
			one->events[k] = get_sum(r);
		}
	}
	if (count > 0 && !r->bad) {
		d->witnesses->day = detect_get_time(r);
		d->witnesses->mail = get_sum(r);
		get_hearings(d, r);
	}
	for (uint32_t i = 0; i < count && !r->bad; i++) {
		r->bad = d->witnesses->all[i].mail_from > d->witnesses->mail;
	}
	if (r->bad) {
		detect_witness_close(d);
	}
	detect_limits(d);
}
