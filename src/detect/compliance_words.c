/* detect/compliance_words.c - a metric in words with whole numbers, the same on every machine. */
#include "detect/compliance_int.h"

#include <inttypes.h>

/* "101,204" */
static void
put_number(uint64_t v, struct buffer *b)
{
	uint64_t step = 1;

	while (v / step >= 1000) {
		step *= 1000;
	}
	buffer_format(b, "%" PRIu64, v / step);
	for (; step > 1; step /= 1000) {
		buffer_format(b, ",%03" PRIu64, v % step / (step / 1000));
	}
}

/* Parts per million as "0.31 %", with four digits where two do not hold it. */
static void
put_ppm(uint64_t ppm, struct buffer *b)
{
	if (ppm % 100 == 0) {
		buffer_format(b, "%" PRIu64 ".%02" PRIu64 " %%", ppm / 10000, ppm % 10000 / 100);
	} else {
		buffer_format(b, "%" PRIu64 ".%04" PRIu64 " %%", ppm / 10000, ppm % 10000);
	}
}

/* Rounded to two digits, unless that would hide that it is above the limit. */
static void
put_share(uint64_t bad, uint64_t sample, uint64_t limit_ppm, bool over, struct buffer *b)
{
	uint64_t rounded = (bad * 10000 + sample / 2) / sample * 100;

	put_ppm(over && rounded <= limit_ppm ? (bad * THRESHOLD_PPM + sample - 1) / sample : rounded, b);
}

/* The step that it is held against: of a sample that is too small, the first. */
static const struct threshold_step *
step_of(const struct compliance_metric *m)
{
	const struct threshold_step *s = threshold_step(m->threshold, m->limit, m->bad, m->sample);

	return s == NULL && m->limit->count > 0 ? &m->limit->steps[0] : s;
}

/* "0.31 % of 0.2 % (312 of 101,204 in 30 days)", "3 of 3 in 30 days", "31 of 30" */
static void
put_value(const struct compliance_metric *m, struct buffer *b)
{
	const struct threshold_step *s = step_of(m);
	bool is_share = s != NULL && s->is_share && m->sample > 0;
	enum threshold_measure measure = threshold_measure(m->threshold);

	if (is_share) {
		put_share(m->bad, m->sample, s->value, m->level == LEVEL_OVER, b);
	} else {
		put_number(m->bad, b);
	}
	if (is_share) {
		buffer_put_text(b, TEXT(" of "));
		put_ppm(s->value, b);
		buffer_put_text(b, TEXT(" ("));
		put_number(m->bad, b);
		buffer_put_text(b, TEXT(" of "));
		put_number(m->sample, b);
		buffer_format(b, " in %u days)", m->days);
		return;
	}
	if (s != NULL && !s->is_share) {
		buffer_put_text(b, TEXT(" of "));
		put_number(s->value, b);
	}
	if (m->sample > 0) {
		buffer_put_text(b, TEXT(" among "));
		put_number(m->sample, b);
	}
	if (measure != MEASURE_SILENCE && measure != MEASURE_LISTINGS) {
		buffer_format(b, " in %u days", m->days);
	}
}

static void
put_days(uint32_t days, struct buffer *b)
{
	buffer_format(b, "%u day%s", days, days == 1 ? "" : "s");
}

static void
put_return(const struct compliance_metric *m, struct buffer *b)
{
	bool votes = threshold_measure(m->threshold) == MEASURE_SHARE;

	if (m->clean > 0) {
		buffer_put_text(b, TEXT("; "));
		put_number(m->clean, b);
		buffer_format(b, " more clean %s%s", votes ? "vote" : "message", m->clean == 1 ? "" : "s");
	}
	if (m->return_days > 0) {
		buffer_put_text(b, m->clean > 0 ? TEXT(" or ") : TEXT("; "));
		put_days(m->return_days, b);
		if (m->clean == 0) {
			buffer_put_text(b, TEXT(" without any more"));
		}
	}
}

static void
put_distance(const struct compliance_metric *m, struct buffer *b)
{
	if (m->level == LEVEL_OVER) {
		put_return(m, b);
	} else if (m->sample == 0 && threshold_measure(m->threshold) == MEASURE_RATE) {
		buffer_put_text(b, TEXT("; the volume there is not known"));
	} else if (m->level == LEVEL_SMALL) {
		buffer_put_text(b, TEXT("; it counts from a sample of "));
		put_number(m->limit->steps[0].from, b);
		buffer_put_text(b, TEXT(" on"));
	} else if (m->level == LEVEL_WARNING && m->room > 0) {
		buffer_put_text(b, TEXT("; "));
		put_number(m->room, b);
		buffer_format(b, " more %s too many", m->room == 1 ? "is" : "are");
	}
}

void
compliance_words(const struct compliance_metric *m, bool distances, struct buffer *b)
{
	buffer_format(b, "%s", threshold_words(m->threshold));
	if (m->party_name.n > 0) {
		buffer_format(b, " at %.*s", TEXT_ARG(m->party_name));
	}
	buffer_put_text(b, TEXT(": "));
	put_value(m, b);
	if (distances) {
		put_distance(m, b);
	}
}
