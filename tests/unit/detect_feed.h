/* detect_feed.h - what the tests of the security path have in common: a detector, its clock in minutes, and what it told. */
#ifndef DETECT_FEED_H
#define DETECT_FEED_H

#include "detect/detect_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE         INT64_C(60000)
#define DAY_MINUTES    1440
#define FEED_START     INT64_C(1767571200000) /* 2026-01-05, a Monday */
#define UNKNOWN_MINUTE INT64_MIN

struct feed {
	struct detect *d;
	int64_t minute; /* now, since FEED_START; ticked up to here */
	uint64_t seq, random;
	uint32_t alarm_count;
	struct alarm alarm;            /* the last one */
	void (*after)(struct feed *f); /* called after each fact and each tick; NULL: none */
};

static inline struct instant
minute_at(int64_t minute)
{
	return (struct instant){ minute == UNKNOWN_MINUTE ? DETECT_MAILED_UNKNOWN
							  : FEED_START + minute * MINUTE };
}

static inline void
feed_alarm(void *context, const struct alarm *alarm)
{
	struct feed *f = context;

	f->alarm_count++;
	f->alarm = *alarm;
}

static inline void
feed_open(struct feed *f, double budget, uint64_t seed)
{
	*f = (struct feed){ .random = seed * 2654435761U + 88172645463325252U };
	f->d = detect_open(&(struct detect_params){ .budget = budget }, feed_alarm, f);
	(void)detect_unit_add(f->d, UNIT_SOURCE);
}

/* A message that was seen, of source 0 and system 1, whose member has declared its domains. */
static inline struct detect_look
look_of(uint64_t cluster, uint64_t link, uint32_t flags, int64_t at_ms)
{
	return (struct detect_look){ .system = 1,
				     .source = 0,
				     .member = 1,
				     .flags = LOOK_DECLARES | LOOK_FROM_DECLARED | flags,
				     .cluster = cluster,
				     .from = 5,
				     .link = link,
				     .at = { at_ms },
				     .seq = 9 };
}

/* The one unit that most tests have. */
static inline struct unit *
feed_unit(struct feed *f)
{
	return &f->d->units[0];
}

static inline uint32_t
feed_dice(struct feed *f, uint32_t sides)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return (uint32_t)(f->random >> 33) % sides;
}

/* A number whose mean is `mean`, above or below by less than one. */
static inline uint32_t
feed_about(struct feed *f, double mean)
{
	return (uint32_t)(mean + feed_dice(f, 1000) / 1000.0);
}

/* Time goes on, a tick each minute. */
static inline void
feed_until(struct feed *f, int64_t minute)
{
	while (f->minute < minute) {
		f->minute++;
		detect_tick(f->d, minute_at(f->minute));
		if (f->after != NULL) {
			f->after(f);
		}
	}
}

static inline void
feed_fact(struct feed *f, enum signal signal, uint32_t count, int64_t at, int64_t mailed)
{
	if (count > 0) {
		struct detect_fact fact = { signal, count, minute_at(at), minute_at(mailed), ++f->seq, 0 };

		detect_observe(f->d, 0, &fact);
		if (f->after != NULL) {
			f->after(f);
		}
	}
}

static inline void
feed_mail(struct feed *f, uint32_t count, int64_t at)
{
	feed_fact(f, SIGNAL_DELIVERED, count, at, at);
}

/* What honest mail of `count` messages brings, told at once. */
static inline void
feed_honest_news(struct feed *f, uint32_t count, int64_t at)
{
	feed_fact(f, SIGNAL_UNKNOWN_USER, feed_about(f, count * 0.004), at, at);
	feed_fact(f, SIGNAL_COMPLAINT, feed_about(f, count * 0.0005), at, at);
}

/* Honest trickle for some days: `per_hour` messages in reports of `step` minutes that come when their step is over. */
static inline void
feed_days(struct feed *f, int64_t days, int64_t step, uint32_t per_hour)
{
	int64_t until = f->minute + days * DAY_MINUTES;

	while (f->minute + step <= until) {
		int64_t at = f->minute;
		uint32_t count = (uint32_t)((int64_t)per_hour * step / 60);

		feed_until(f, at + step);
		feed_mail(f, count, at);
		feed_honest_news(f, count, at);
	}
}

static inline double
feed_nats(const struct feed *f, enum voice voice)
{
	struct detect_view view;

	detect_unit_view(f->d, 0, &view);
	return view.evidence_nats[voice];
}

static inline const struct cohort *
feed_last_cohort(struct feed *f)
{
	struct unit *u = feed_unit(f);

	assert_true(u->cohort_count > 0);
	return detect_cohort(u, u->cohort_count - 1U);
}

/* Start weight of the latest cohort, years; 0 while there is none. */
static inline float
feed_last_weight(struct feed *f)
{
	return feed_unit(f)->cohort_count > 0 ? feed_last_cohort(f)->n.weight : 0;
}

static inline void
feed_save(const struct feed *f, struct buffer *b)
{
	buffer_init(b, 1 << 20);
	detect_save(f->d, b);
	assert_false(b->full);
}

#endif
