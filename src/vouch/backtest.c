#include "vouch/backtest.h"

#include "base/array.h"
#include "model/alarm.h"
#include "model/move.h"
#include "vouch/score.h"

#include <stdlib.h>

#define NEVER           INT64_MIN
#define MINUTE_MS       60000.0
#define DAY_MS          86400000.0
#define IN_TIME_MINUTES (48 * 60.0)

enum place { ELSEWHERE, ON_LIST, OFF_LIST };

/* One source in one course. */
struct course {
	enum place place; /* off the list: taken from it, by whomever, and not withdrawn */
	int64_t since_ms;
	int64_t first_ms;      /* the machine took it off the list for the first time; NEVER */
	enum suspension kind;  /* of that */
	uint32_t suspensions;  /* by the machine, for all receivers */
	uint32_t partials;     /* for one receiver alone */
	int64_t on_ms, off_ms; /* up to since_ms */
	uint64_t exposed;      /* messages of the takeover before first_ms */
};

struct subject {
	struct course courses[BACKTEST_COURSES];
	int64_t began_ms; /* first bad news of the recorded alarm that took it off; NEVER */
	bool confirmed;   /* people held it for taken over */
	int64_t verdict_ms;
	uint64_t mail; /* messages of the takeover up to the verdict */
};

/* An alarm took a source off the list. */
struct fall {
	int64_t at_ms;
	uint32_t source;
};
struct falls {
	struct fall *items;
	uint32_t count, size;
};

struct backtest {
	int64_t from_ms, to_ms;
	int64_t began_ms;         /* of the recorded alarm that was seen last */
	struct subject *subjects; /* by source */
	uint32_t *case_systems;   /* by number - 1 */
	uint32_t subject_count, case_count;
	struct falls falls[BACKTEST_COURSES];
};

struct backtest *
backtest_open(struct instant from, struct instant to)
{
	struct backtest *b = calloc(1, sizeof(*b));

	check(b != NULL && from.ms <= to.ms);
	b->from_ms = from.ms;
	b->to_ms = to.ms;
	return b;
}

void
backtest_close(struct backtest *b)
{
	if (b != NULL) {
		for (int i = 0; i < BACKTEST_COURSES; i++) {
			free(b->falls[i].items);
		}
		free(b->subjects);
		free(b->case_systems);
		free(b);
	}
}

static struct subject *
subject_of(struct backtest *b, uint32_t source)
{
	if (source >= b->subject_count) {
		uint32_t count = source < 128 ? 256 : source * 2;

		b->subjects = reallocarray(b->subjects, count, sizeof(*b->subjects));
		check(b->subjects != NULL);
		for (; b->subject_count < count; b->subject_count++) {
			b->subjects[b->subject_count] = (struct subject){
				.courses = { { .first_ms = NEVER }, { .first_ms = NEVER } },
				.began_ms = NEVER,
			};
		}
	}
	return &b->subjects[source];
}

/* The part of the time from since_ms to `ms` that lies in the window. */
static int64_t
spent(const struct backtest *b, const struct course *c, int64_t ms)
{
	int64_t from = c->since_ms > b->from_ms ? c->since_ms : b->from_ms,
		to = ms < b->to_ms ? ms : b->to_ms;

	return to > from ? to - from : 0;
}

static struct course
course_at(const struct backtest *b, const struct course *c, int64_t ms)
{
	struct course at = *c;

	at.on_ms += c->place == ON_LIST ? spent(b, c, ms) : 0;
	at.off_ms += c->place == OFF_LIST ? spent(b, c, ms) : 0;
	at.since_ms = ms;
	return at;
}

static enum place
place_after(enum place before, const struct move *m)
{
	if (state_listed(m->to)) {
		return ON_LIST;
	}
	if (m->kind == SUSPENSION_WITHDRAWN || m->to == STATE_APPLIED) {
		return ELSEWHERE;
	}
	return m->to == STATE_SUSPENDED ? OFF_LIST : before;
}

static void
see_suspension(const struct backtest *b, struct course *c, const struct move *m)
{
	if (m->ground.at.ms < b->from_ms || m->ground.at.ms >= b->to_ms) {
		return;
	}
	if (m->receiver.n > 0) {
		c->partials++;
		return;
	}
	c->suspensions++;
	if (c->first_ms == NEVER) {
		c->first_ms = m->ground.at.ms;
		c->kind = m->kind;
	}
}

static void
note_fall(struct backtest *b, enum backtest_course course, const struct move *m)
{
	struct falls *f = &b->falls[course];

	if (m->ground.at.ms < b->from_ms || m->ground.at.ms >= b->to_ms) {
		return;
	}
	f->items = array_room(f->items, f->count, &f->size, sizeof(*f->items));
	f->items[f->count++] = (struct fall){ m->ground.at.ms, m->source };
}

static void
see_move(struct backtest *b, enum backtest_course course, const struct move *m)
{
	struct subject *s = subject_of(b, m->source);
	struct course *c = &s->courses[course];

	if (m->event == EVENT_ALARM || m->event == EVENT_THRESHOLD || m->event == EVENT_DISUSE) {
		see_suspension(b, c, m);
	}
	if (m->receiver.n > 0) {
		return;
	}
	if (m->event == EVENT_ALARM) {
		note_fall(b, course, m);
	}
	*c = course_at(b, c, m->ground.at.ms);
	c->place = place_after(c->place, m);
	if (course == BACKTEST_RECORDED && m->event == EVENT_ALARM) {
		s->began_ms = b->began_ms;
	}
	if (course == BACKTEST_RECORDED && m->event == EVENT_CONFIRM && m->kind == SUSPENSION_SECURITY) {
		s->confirmed = true;
		s->verdict_ms = m->ground.at.ms;
	}
}

static void
see_case(struct backtest *b, const struct case_change *change)
{
	if (change->number > b->case_count) {
		b->case_systems = reallocarray(b->case_systems, change->number, sizeof(*b->case_systems));
		check(b->case_systems != NULL);
		for (; b->case_count < change->number; b->case_count++) {
			b->case_systems[b->case_count] = REGISTRY_NONE;
		}
	}
	b->case_systems[change->number - 1] = change->system;
}

void
backtest_see(struct backtest *b, enum backtest_course course, const struct replay_effect *effects,
	     size_t count)
{
	bool recorded = course == BACKTEST_RECORDED;

	for (size_t i = 0; i < count; i++) {
		struct case_change change;
		struct alarm alarm;
		struct move move;

		if (effects[i].kind == RECORD_MOVE && move_read(effects[i].payload, &move) == RESULT_OK) {
			see_move(b, course, &move);
		} else if (recorded && effects[i].kind == RECORD_ALARM &&
			   alarm_read(effects[i].payload, &alarm) == RESULT_OK) {
			b->began_ms = alarm.first_bad_at.ms;
		} else if (recorded && effects[i].kind == RECORD_CASE &&
			   case_change_read(effects[i].payload, &change) == RESULT_OK && change.number > 0) {
			see_case(b, &change);
		}
	}
}

uint32_t
backtest_case_system(const struct backtest *b, uint32_t number)
{
	return number > 0 && number <= b->case_count ? b->case_systems[number - 1] : REGISTRY_NONE;
}

/* ---- mail of takeovers */

static bool
is_takeover(const struct subject *s)
{
	return s->confirmed && s->began_ms != NEVER;
}

bool
backtest_wants_mail(const struct backtest *b)
{
	for (uint32_t i = 0; i < b->subject_count; i++) {
		if (is_takeover(&b->subjects[i])) {
			return true;
		}
	}
	return false;
}

static void
add_mail(struct subject *s, const struct observation *o)
{
	if (o->at.ms < s->began_ms || o->at.ms >= s->verdict_ms) {
		return;
	}
	s->mail += o->count;
	for (int i = 0; i < BACKTEST_COURSES; i++) {
		if (s->courses[i].first_ms == NEVER || o->at.ms < s->courses[i].first_ms) {
			s->courses[i].exposed += o->count;
		}
	}
}

void
backtest_mail(struct backtest *b, const struct registry *r, const struct report *report)
{
	if (!registry_trusts(r, report->reporter)) {
		return;
	}
	for (uint32_t i = 0; i < report->observation_count; i++) {
		const struct observation *o = &report->observations[i];
		uint32_t last = REGISTRY_NONE;

		for (uint32_t k = 0; k < o->key_count && o->signal == SIGNAL_DELIVERED; k++) {
			uint32_t id = registry_lookup(r, o->keys[k]);

			if (id != last && id < b->subject_count && is_takeover(&b->subjects[id])) {
				add_mail(&b->subjects[id], o);
			}
			last = id;
		}
	}
}

/* ---- what is told */

static json_t *
json_of_time(int64_t ms)
{
	char text[INSTANT_BYTES];

	return ms == NEVER ? json_null() : json_string(instant_format((struct instant){ ms }, text));
}

static bool
has_delay(const struct subject *s, const struct course *c)
{
	return s->confirmed && s->began_ms != NEVER && c->first_ms != NEVER;
}

/* From the first bad news of the recorded alarm. */
static double
delay_minutes(const struct subject *s, const struct course *c)
{
	return (double)(c->first_ms - s->began_ms) / MINUTE_MS;
}

static json_t *
json_of_delay(const struct subject *s, const struct course *c)
{
	return has_delay(s, c) ? json_real(delay_minutes(s, c)) : json_null();
}

/* The share of a takeover's mail that was out before the source fell. */
static json_t *
json_of_out(const struct subject *s, const struct course *c)
{
	return s->mail > 0 ? json_real((double)c->exposed / (double)s->mail) : json_null();
}

static json_t *
json_of_kind(const struct course *c)
{
	return c->first_ms == NEVER ? json_null() : json_string(suspension_name(c->kind));
}

static bool
differ(const struct course c[BACKTEST_COURSES])
{
	const struct course *a = &c[BACKTEST_RECORDED], *b = &c[BACKTEST_COMPUTED];

	return a->first_ms != b->first_ms || a->suspensions != b->suspensions || a->partials != b->partials ||
	       a->off_ms != b->off_ms;
}

/* A source with both courses up to the end of the journal. */
static struct subject
subject_at(const struct backtest *b, uint32_t source, int64_t end_ms)
{
	struct subject s = b->subjects[source];

	for (int i = 0; i < BACKTEST_COURSES; i++) {
		s.courses[i] = course_at(b, &s.courses[i], end_ms);
	}
	return s;
}

static json_t *
row_of(const struct registry *r, uint32_t source, const struct subject *s)
{
	struct registry_source of = registry_source(r, source);
	const struct course *was = &s->courses[BACKTEST_RECORDED], *is = &s->courses[BACKTEST_COMPUTED];
	json_t *row =
	    json_pack("{s:s%,s:s%,s:b,s:o,s:o,s:o,s:o,s:f,s:f,s:i,s:i}", "source", of.key.p, of.key.n,
		      "member", of.member_name.p, of.member_name.n, "confirmed", s->confirmed, "recorded",
		      json_of_time(was->first_ms), "computed", json_of_time(is->first_ms), "recorded_kind",
		      json_of_kind(was), "computed_kind", json_of_kind(is), "recorded_off_days",
		      (double)was->off_ms / DAY_MS, "computed_off_days", (double)is->off_ms / DAY_MS,
		      "recorded_partial", (int)was->partials, "computed_partial", (int)is->partials);

	check(row != NULL);
	json_object_set_new(row, "recorded_out", json_of_out(s, was));
	json_object_set_new(row, "computed_out", json_of_out(s, is));
	json_object_set_new(row, "recorded_delay_minutes", json_of_delay(s, was));
	json_object_set_new(row, "computed_delay_minutes", json_of_delay(s, is));
	return row;
}

static uint32_t
subject_count(const struct backtest *b, const struct registry *r)
{
	uint32_t sources = registry_count(r, THING_SOURCE);

	return sources < b->subject_count ? sources : b->subject_count;
}

json_t *
backtest_sources(const struct backtest *b, const struct registry *r, struct instant end)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < subject_count(b, r); i++) {
		struct subject s = subject_at(b, i, end.ms);

		if (differ(s.courses)) {
			check(json_array_append_new(all, row_of(r, i, &s)) == 0);
		}
	}
	return all;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static json_t *
json_of_median(double *values, size_t count)
{
	if (count == 0) {
		return json_null();
	}
	qsort(values, count, sizeof(*values), compare);
	return json_real((values[(count - 1) / 2] + values[count / 2]) / 2);
}

struct sums {
	uint32_t suspended, confirmed, caught, in_time, unconfirmed;
	double off_ms, on_ms;
	double *delays, *outs;
	size_t delay_count, out_count;
	double exposed; /* messages */
};

static void
add_subject(struct sums *sums, const struct subject *s, enum backtest_course course)
{
	const struct course *c = &s->courses[course];
	bool fell = c->first_ms != NEVER;

	sums->suspended += fell;
	sums->confirmed += s->confirmed;
	sums->caught += s->confirmed && fell;
	sums->unconfirmed += s->confirmed ? 0 : c->suspensions;
	sums->off_ms += s->confirmed ? 0 : (double)c->off_ms;
	sums->on_ms += (double)c->on_ms;
	if (has_delay(s, c)) {
		sums->delays[sums->delay_count++] = delay_minutes(s, c);
		sums->in_time += delay_minutes(s, c) <= IN_TIME_MINUTES;
	}
	if (s->mail > 0) {
		sums->outs[sums->out_count++] = (double)c->exposed / (double)s->mail;
		sums->exposed += (double)c->exposed;
	}
}

/* What alarms took off the list and nobody confirmed; sources of a system that fall together are one alarm, which counts once for chance. */
static json_t *
json_of_false(const struct backtest *b, const struct registry *r, enum backtest_course course,
	      double source_years)
{
	const struct falls *f = &b->falls[course];
	uint32_t before = REGISTRY_NONE, alarms = 0, sources = 0;
	double low, high, scale;
	int64_t at_ms = NEVER;

	for (size_t i = 0; i < f->count; i++) {
		uint32_t system = registry_source(r, f->items[i].source).system;

		if (b->subjects[f->items[i].source].confirmed) {
			continue;
		}
		sources++;
		alarms += system != before || f->items[i].at_ms != at_ms;
		before = system;
		at_ms = f->items[i].at_ms;
	}
	score_interval(alarms, &low, &high);
	scale = alarms > 0 ? (double)sources / alarms : 1;
	scale *= source_years > 0 ? 1000 / source_years : 0;
	return json_pack("{s:i,s:i,s:f,s:f,s:f}", "alarms", (int)alarms, "sources", (int)sources,
			 "per_1000_source_years", alarms * scale, "low", low * scale, "high", high * scale);
}

static json_t *
sums_of(const struct backtest *b, const struct registry *r, enum backtest_course course, int64_t end_ms)
{
	uint32_t n = subject_count(b, r);
	struct sums s = { .delays = calloc(n + 1U, sizeof(double)), .outs = calloc(n + 1U, sizeof(double)) };
	json_t *j;

	check(s.delays != NULL && s.outs != NULL);
	for (uint32_t i = 0; i < n; i++) {
		struct subject subject = subject_at(b, i, end_ms);

		add_subject(&s, &subject, course);
	}
	j = json_pack("{s:i,s:i,s:i,s:o,s:i,s:f,s:f}", "suspended", (int)s.suspended, "confirmed",
		      (int)s.confirmed, "caught", (int)s.caught, "median_delay_minutes",
		      json_of_median(s.delays, s.delay_count), "unconfirmed", (int)s.unconfirmed,
		      "unconfirmed_off_days", s.off_ms / DAY_MS, "source_years", s.on_ms / YEAR_MS);
	check(j != NULL);
	json_object_set_new(j, "recall_48h",
			    s.confirmed > 0 ? json_real((double)s.in_time / s.confirmed) : json_null());
	json_object_set_new(j, "median_out", json_of_median(s.outs, s.out_count));
	json_object_set_new(j, "exposed",
			    s.out_count > 0 ? json_real(s.exposed / (double)s.out_count) : json_null());
	json_object_set_new(j, "false", json_of_false(b, r, course, s.on_ms / YEAR_MS));
	free(s.delays);
	free(s.outs);
	return j;
}

json_t *
backtest_sums(const struct backtest *b, const struct registry *r, struct instant end)
{
	json_t *j = json_pack("{s:o,s:o}", "recorded", sums_of(b, r, BACKTEST_RECORDED, end.ms), "computed",
			      sums_of(b, r, BACKTEST_COMPUTED, end.ms));

	check(j != NULL);
	return j;
}
