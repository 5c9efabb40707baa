/*
 * Random histories, told to the room and to a naive twin that keeps every raw observation and counts all of them anew after each
 * step: numbers, levels, distances and what turned must agree. A room read from a snapshot must go on like the one it was
 * taken of.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "detect/detect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCES   7U
#define GROUPS    3U
#define RECEIVERS 3U
#define NETWORKS  2U
#define LISTS     4U
#define PARTIES   4U /* the most of a kind */
#define STEPS     600
#define HISTORIES 20
#define DAY       INT64_C(86400000)
#define START     (INT64_C(20400) * DAY) /* 2025-11-08 */

struct raw {
	uint32_t source;
	bool group;
	struct compliance_about about;
	enum signal signal;
	uint32_t count;
	int64_t at;
	int32_t arrived; /* the day */
	uint64_t seq;
};
struct twin_source {
	enum source_kind kind;
	bool removed;
	uint64_t start_seq; /* what came before it is forgotten */
	int64_t start_at;   /* what happened before it is not counted */
	int32_t start_day;
};
struct twin {
	struct raw raws[STEPS * 2];
	size_t raw_count;
	struct twin_source sources[SOURCES];
	uint32_t source_count;
	enum blocklist_weight weights[LISTS];
	struct threshold_policy policy;
	int64_t now;
	int32_t today;
	bool over[THRESHOLD_COUNT][SOURCES][PARTIES + 1]; /* as the room told; the last: no party */
};
struct pair {
	struct compliance *c;
	struct twin t;
	uint64_t random, seq;
	struct buffer turns; /* in words */
};

static uint32_t
dice(struct pair *p, uint32_t sides)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return (uint32_t)(p->random >> 33) % sides;
}

static int32_t
day_of(int64_t ms)
{
	return (int32_t)(ms / DAY); /* after 1970 only */
}

static uint32_t
group_of(uint32_t source)
{
	return source % GROUPS;
}

static uint32_t
place(uint32_t party)
{
	return party == COMPLIANCE_NONE ? PARTIES : party;
}

/* ---- the twin: everything from the raw observations */

static bool
is_forgotten(const struct twin *t, const struct raw *r)
{
	const struct twin_source *s = &t->sources[r->source];

	return r->seq < s->start_seq || r->at < s->start_at;
}

/* Does the threshold count this observation for this owner and party? */
static bool
is_counted(const struct twin *t, enum threshold th, uint32_t owner, uint32_t party, const struct raw *r)
{
	if (r->arrived - day_of(r->at) > COMPLIANCE_DAYS_MAX || day_of(r->at) - r->arrived > 1) {
		return false;
	}
	switch (threshold_scope(th)) {
	case SCOPE_RECEIVER:
		return r->source == owner && r->about.receiver == party && !is_forgotten(t, r);
	case SCOPE_NETWORK:
		return r->source == owner && r->about.network == party && !is_forgotten(t, r);
	case SCOPE_SOURCE:
		return r->source == owner && party == COMPLIANCE_NONE && !is_forgotten(t, r);
	case SCOPE_GROUP:
		break;
	}
	return r->group && group_of(r->source) == owner && party == COMPLIANCE_NONE;
}

/* The window that ends at `day`; a day holds at most UINT32_MAX of each. */
static void
count_window(const struct twin *t, enum threshold th, uint32_t owner, uint32_t party, int32_t day,
	     uint64_t *bad, uint64_t *sample)
{
	*bad = *sample = 0;
	for (int32_t d = day - (int32_t)t->policy.rules[th].days + 1; d <= day; d++) {
		uint64_t bad_of = 0, sample_of = 0;

		for (size_t i = 0; i < t->raw_count; i++) {
			const struct raw *r = &t->raws[i];

			if (day_of(r->at) == d && is_counted(t, th, owner, party, r)) {
				bad_of += threshold_is_bad(th, r->signal) ? r->count : 0;
				sample_of += threshold_is_sample(th, r->signal) ? r->count : 0;
			}
		}
		*bad += bad_of < UINT32_MAX ? bad_of : UINT32_MAX;
		*sample += sample_of < UINT32_MAX ? sample_of : UINT32_MAX;
	}
}

static uint64_t
count_listings(const struct twin *t, enum threshold th, uint32_t source, int32_t day)
{
	uint64_t count = 0;

	for (uint32_t list = 0; list < LISTS; list++) {
		int64_t listed = INT64_MIN, delisted = INT64_MIN;

		if (t->weights[list] !=
		    (th == THRESHOLD_LISTED_CRITICAL ? BLOCKLIST_CRITICAL : BLOCKLIST_SIGNIFICANT)) {
			continue;
		}
		for (size_t i = 0; i < t->raw_count; i++) {
			const struct raw *r = &t->raws[i];

			if (r->source == source && r->about.blocklist == list) {
				listed = r->signal == SIGNAL_BLOCKLISTED && r->at > listed ? r->at : listed;
				delisted =
				    r->signal == SIGNAL_DELISTED && r->at > delisted ? r->at : delisted;
			}
		}
		count += listed != INT64_MIN && listed >= delisted &&
			 day_of(listed) > day - (int32_t)t->policy.rules[th].days;
	}
	return count;
}

static bool
same_family(enum source_kind a, enum source_kind b)
{
	return (a == SOURCE_PREFIX ? SOURCE_IP : a) == (b == SOURCE_PREFIX ? SOURCE_IP : b);
}

static uint64_t
count_silence(const struct twin *t, enum threshold th, uint32_t source)
{
	const struct twin_source *s = &t->sources[source];
	int32_t heard = INT32_MIN, used = INT32_MIN, since;

	for (size_t i = 0; i < t->raw_count; i++) {
		const struct raw *r = &t->raws[i];
		int32_t day = day_of(r->at) < r->arrived ? day_of(r->at) : r->arrived;

		if (r->signal == SIGNAL_DELIVERED && same_family(t->sources[r->source].kind, s->kind)) {
			heard = day > heard ? day : heard;
			used = r->source == source && !is_forgotten(t, r) && day > used ? day : used;
		}
	}
	since = used == INT32_MIN ? s->start_day : used;
	if (heard == INT32_MIN || since == INT32_MIN || heard <= since ||
	    (th == THRESHOLD_DISUSE_NEW && used != INT32_MIN)) {
		return 0;
	}
	return (uint64_t)(heard - since);
}

static void
count_at(const struct twin *t, enum threshold th, uint32_t owner, uint32_t party, int32_t day, uint64_t *bad,
	 uint64_t *sample)
{
	*sample = 0;
	if (threshold_measure(th) == MEASURE_LISTINGS) {
		*bad = count_listings(t, th, owner, day);
	} else if (threshold_measure(th) == MEASURE_SILENCE) {
		*bad = count_silence(t, th, owner);
	} else {
		count_window(t, th, owner, party, day, bad, sample);
	}
}

static const struct threshold_limit *
limit_of(const struct twin *t, enum threshold th, uint32_t party)
{
	static const char *const receivers[RECEIVERS] = { "north", "comcast", "post" };

	return threshold_policy_limit(&t->policy, th,
				      threshold_scope(th) == SCOPE_RECEIVER ? text_of(receivers[party])
									    : (struct text){ "", 0 });
}

/* ---- both at once */

static void
take_turn(void *context, const struct compliance_metric *m)
{
	struct pair *p = context;
	bool *over = &p->t.over[m->threshold][m->unit][place(m->party)];

	assert_true(*over != (m->level == LEVEL_OVER)); /* it tells changes only */
	*over = m->level == LEVEL_OVER;
	buffer_format(&p->turns, "%u %u ", m->unit, *over);
	compliance_words(m, true, &p->turns);
	buffer_put_text(&p->turns, TEXT("\n"));
}

static void
open_room(struct pair *p)
{
	p->c = compliance_open(take_turn, p);
	compliance_policy(p->c, &p->t.policy);
}

static void
name_parties(struct pair *p)
{
	assert_int_equal(compliance_party(p->c, COMPLIANCE_RECEIVER, TEXT("north")), 0);
	assert_int_equal(compliance_party(p->c, COMPLIANCE_RECEIVER, TEXT("comcast")), 1);
	assert_int_equal(compliance_party(p->c, COMPLIANCE_RECEIVER, TEXT("post")), 2);
	assert_int_equal(compliance_party(p->c, COMPLIANCE_NETWORK, TEXT("north")), 0);
	assert_int_equal(compliance_party(p->c, COMPLIANCE_NETWORK, TEXT("spider")), 1);
	for (uint32_t i = 0; i < LISTS; i++) {
		char name[] = "list0";

		name[4] = (char)('0' + i);
		assert_int_equal(compliance_party(p->c, COMPLIANCE_BLOCKLIST, text_of(name)), i);
		p->t.weights[i] = BLOCKLIST_SIGNIFICANT;
	}
	assert_int_equal(compliance_party_find(p->c, COMPLIANCE_RECEIVER, TEXT("comcast")), 1);
	assert_int_equal(compliance_party_find(p->c, COMPLIANCE_RECEIVER, TEXT("spider")), COMPLIANCE_NONE);
}

static uint32_t
count_dice(struct pair *p, enum signal signal)
{
	if (dice(p, 200) == 0) {
		return UINT32_MAX - dice(p, 3);
	}
	return 1 + dice(p, signal == SIGNAL_DELIVERED ? 6000 : (signal == SIGNAL_COMPLAINT ? 60 : 3));
}

static void
step_observe(struct pair *p)
{
	static const enum signal signals[] = {
		SIGNAL_DELIVERED, SIGNAL_DELIVERED,     SIGNAL_COMPLAINT,     SIGNAL_COMPLAINT,
		SIGNAL_JUNK_VOTE, SIGNAL_NOT_JUNK_VOTE, SIGNAL_TRAP_PRISTINE, SIGNAL_TRAP_RECYCLED,
		SIGNAL_TRAP_TYPO, SIGNAL_BLOCKLISTED,   SIGNAL_DELISTED,      SIGNAL_UNKNOWN_USER
	};
	struct raw r = { .source = dice(p, SOURCES),
			 .group = dice(p, 4) > 0,
			 .about = { dice(p, 5) == 0 ? COMPLIANCE_NONE : dice(p, RECEIVERS),
				    dice(p, 3) == 0 ? COMPLIANCE_NONE : dice(p, NETWORKS),
				    dice(p, 3) == 0 ? COMPLIANCE_NONE : dice(p, LISTS) },
			 .signal = signals[dice(p, countof(signals))],
			 .arrived = p->t.today,
			 .seq = p->seq };

	if (r.source >= p->t.source_count) {
		return;
	}
	r.count = count_dice(p, r.signal);
	r.at = p->t.now - (dice(p, 3) == 0 ? dice(p, 36) * DAY : 0) - dice(p, 86400000);
	if (dice(p, 10) == 0) {
		r.at = p->t.now + dice(p, 600000);
	}
	compliance_observe(p->c, r.source, r.group, &r.about, r.signal, r.count, (struct instant){ r.at },
			   r.seq);
	if (!p->t.sources[r.source].removed) {
		assert_true(p->t.raw_count < countof(p->t.raws));
		p->t.raws[p->t.raw_count++] = r;
	}
}

/* A day that is full does not know how much it was told. */
static bool
is_on_full_day(const struct twin *t, const struct raw *r)
{
	for (size_t i = 0; i < t->raw_count; i++) {
		if (day_of(t->raws[i].at) == day_of(r->at) && t->raws[i].count > UINT32_MAX / 2) {
			return true;
		}
	}
	return false;
}

/* Something that was told before is told no longer, all of it or a part: the twin forgets that it ever was. */
static void
step_take(struct pair *p)
{
	struct raw *r = &p->t.raws[dice(p, (uint32_t)p->t.raw_count + 1)];
	uint32_t count;

	if (r == &p->t.raws[p->t.raw_count] || r->count == 0 || p->t.sources[r->source].removed ||
	    is_on_full_day(&p->t, r) || r->signal == SIGNAL_BLOCKLISTED || r->signal == SIGNAL_DELISTED) {
		return;
	}
	count = 1 + dice(p, r->count);
	compliance_take(p->c, r->source, r->seq >= p->t.sources[r->source].start_seq, r->group, &r->about,
			r->signal, count, (struct instant){ r->at },
			(struct instant){ r->arrived * DAY + dice(p, 86400000) });
	r->count -= count;
	compliance_settle(p->c, r->source);
}

static void
step_source(struct pair *p)
{
	static const enum source_kind kinds[SOURCES] = { SOURCE_IP,   SOURCE_PREFIX, SOURCE_DOMAIN, SOURCE_IP,
							 SOURCE_ACCT, SOURCE_DOMAIN, SOURCE_IP };
	uint32_t id = p->t.source_count;

	if (id < SOURCES) {
		p->t.sources[id] =
		    (struct twin_source){ .kind = kinds[id], .start_at = INT64_MIN, .start_day = p->t.today };
		p->t.source_count++;
		compliance_source_add(p->c, id, group_of(id), kinds[id]);
		return;
	}
	id = dice(p, SOURCES);
	if (dice(p, 30) == 0) {
		p->t.sources[id].removed = true;
		compliance_source_remove(p->c, id);
	} else if (dice(p, 8) == 0 && !p->t.sources[id].removed) {
		p->t.sources[id].start_seq = p->seq + 1;
		p->t.sources[id].start_at = p->t.now;
		p->t.sources[id].start_day = p->t.today;
		compliance_source_start(p->c, id, (struct instant){ p->t.now });
	}
}

static void
step_policy(struct pair *p)
{
	static const struct {
		enum threshold t;
		const char *limit;
	} limits[] = {
		{ THRESHOLD_COMPLAINT, "0.2 % from 20" },
		{ THRESHOLD_COMPLAINT, "0.5 %" },
		{ THRESHOLD_COMPLAINT, "off" },
		{ THRESHOLD_COMPLAINT, "5 % from 3, 0.1 % from 60" },
		{ THRESHOLD_JUNK, "5 from 5, 45 % from 11" },
		{ THRESHOLD_JUNK_GROUP, "75 % from 10, 65 % from 31, 55 % from 51" },
		{ THRESHOLD_JUNK_GROUP, "50 % from 6" },
		{ THRESHOLD_TRAP_CRITICAL, "3" },
		{ THRESHOLD_TRAP_NETWORK, "9" },
		{ THRESHOLD_LISTED_SIGNIFICANT, "1" },
		{ THRESHOLD_DISUSE, "4" },
		{ THRESHOLD_DISUSE_NEW, "2" },
	};
	size_t i = dice(p, countof(limits));
	enum threshold t = limits[i].t;
	struct threshold_limit limit;

	if (dice(p, 4) == 0) {
		uint32_t list = dice(p, LISTS);

		p->t.weights[list] = (enum blocklist_weight)dice(p, BLOCKLIST_WEIGHT_COUNT);
		compliance_weight(p->c, list, p->t.weights[list]);
		return;
	}
	assert_int_equal(threshold_limit_parse(t, text_of(limits[i].limit), &limit, NULL), RESULT_OK);
	if (threshold_scope(t) == SCOPE_RECEIVER && dice(p, 2) == 0) {
		assert_int_equal(threshold_policy_except(&p->t.policy, t, TEXT("post"), &limit, NULL),
				 RESULT_OK);
	} else {
		p->t.policy.rules[t].limit = limit;
		p->t.policy.rules[t].days = 1 + dice(p, COMPLIANCE_DAYS_MAX);
		p->t.policy.rules[t].warn = 1 + dice(p, 100);
	}
	compliance_policy(p->c, &p->t.policy);
}

/* Silence turns when a day begins, and with mail of the source itself; not with that of others. */
static void
compare_silence(const struct pair *p)
{
	for (uint32_t i = 0; i < p->t.source_count; i++) {
		for (enum threshold th = THRESHOLD_DISUSE_NEW; th <= THRESHOLD_DISUSE; th++) {
			const struct threshold_limit *limit = &p->t.policy.rules[th].limit;

			if (!p->t.sources[i].removed) {
				assert_true(p->t.over[th][i][PARTIES] ==
					    threshold_is_over(th, limit, count_silence(&p->t, th, i), 0));
			}
		}
	}
}

static void
step(struct pair *p)
{
	p->seq++;
	p->t.now +=
	    dice(p, 6) == 0 ? (int64_t)(dice(p, 60) == 0 ? dice(p, 70) : dice(p, 3)) * DAY : dice(p, 7200000);
	compliance_tick(p->c, (struct instant){ p->t.now });
	if (day_of(p->t.now) > p->t.today) {
		p->t.today = day_of(p->t.now);
		compare_silence(p);
	}
	if (dice(p, 12) == 0) {
		step_source(p);
	} else if (dice(p, 20) == 0) {
		step_policy(p);
	} else if (dice(p, 8) == 0) {
		step_take(p);
	} else {
		step_observe(p);
	}
	assert_true(compliance_due(p->c).ms ==
		    (p->t.source_count > 0 ? (p->t.today + INT64_C(1)) * DAY : INT64_MAX));
}

/* What one metric of the room should be. */
static void
compare_metric(const struct twin *t, const struct compliance_metric *m)
{
	const struct threshold_limit *limit = limit_of(t, m->threshold, m->party);
	uint64_t bad, sample;
	uint32_t days = 0;

	count_at(t, m->threshold, m->unit, m->party, t->today, &bad, &sample);
	assert_int_equal(m->bad, bad);
	assert_int_equal(m->sample, sample);
	assert_true(threshold_limit_equal(m->limit, limit));
	assert_int_equal(
	    m->level, threshold_level(m->threshold, limit, t->policy.rules[m->threshold].warn, bad, sample));
	assert_int_equal(m->room, threshold_room(m->threshold, limit, bad, sample));
	assert_int_equal(m->clean, threshold_clean(m->threshold, limit, bad, sample));
	if (m->level == LEVEL_OVER && threshold_measure(m->threshold) != MEASURE_SILENCE) {
		do {
			days++;
			count_at(t, m->threshold, m->unit, m->party, t->today + (int32_t)days, &bad, &sample);
		} while (threshold_is_over(m->threshold, limit, bad, sample));
	}
	assert_int_equal(m->return_days, days);
}

/* One threshold of one owner and party: is it shown exactly when there is news, and did it turn when it should? */
static bool
compare_one(const struct pair *p, enum threshold th, uint32_t owner, uint32_t party,
	    const struct compliance_metric *metrics, uint32_t count)
{
	const struct threshold_limit *limit = limit_of(&p->t, th, party);
	uint64_t bad, sample;
	bool shown = false;

	for (uint32_t i = 0; i < count; i++) {
		shown = shown || (metrics[i].threshold == th && metrics[i].party == party);
	}
	count_at(&p->t, th, owner, party, p->t.today, &bad, &sample);
	assert_true(shown == (limit->count > 0 && (bad > 0 || sample > 0)));
	if (threshold_measure(th) != MEASURE_SILENCE) {
		assert_true(p->t.over[th][owner][place(party)] == threshold_is_over(th, limit, bad, sample));
	}
	return shown;
}

static void
compare_owner(const struct pair *p, bool group, uint32_t owner)
{
	struct compliance_metric metrics[64];
	uint32_t count = group ? compliance_group_metrics(p->c, owner, metrics, 64)
			       : compliance_source_metrics(p->c, owner, metrics, 64);
	uint32_t shown = 0;

	for (uint32_t i = 0; i < count; i++) {
		assert_true(i == 0 || metrics[i].threshold > metrics[i - 1].threshold ||
			    (metrics[i].threshold == metrics[i - 1].threshold &&
			     metrics[i].party > metrics[i - 1].party));
		compare_metric(&p->t, &metrics[i]);
	}
	for (enum threshold th = 0; th < THRESHOLD_COUNT; th++) {
		enum threshold_scope scope = threshold_scope(th);
		uint32_t parties =
		    scope == SCOPE_RECEIVER ? RECEIVERS : (scope == SCOPE_NETWORK ? NETWORKS : 0);

		if (group != (scope == SCOPE_GROUP)) {
			continue;
		}
		for (uint32_t party = 0; party < parties; party++) {
			shown += compare_one(p, th, owner, party, metrics, count);
		}
		shown += parties == 0 && compare_one(p, th, owner, COMPLIANCE_NONE, metrics, count);
	}
	assert_int_equal(shown, count);
}

static void
compare(const struct pair *p)
{
	struct compliance_metric none;

	for (uint32_t i = 0; i < p->t.source_count; i++) {
		if (p->t.sources[i].removed) {
			assert_int_equal(compliance_source_metrics(p->c, i, &none, 1), 0);
		} else {
			compare_owner(p, false, i);
		}
	}
	for (uint32_t i = 0; i < GROUPS && i < p->t.source_count; i++) {
		compare_owner(p, true, i);
	}
}

static void
begin(struct pair *p, uint64_t seed)
{
	*p = (struct pair){ .t = { .now = START, .today = day_of(START) }, .random = seed * 7919, .seq = 1 };
	threshold_policy_default(&p->t.policy);
	if (seed % 2 == 0) { /* random complaints seldom come to a hundred */
		struct threshold_limit limit;

		assert_int_equal(
		    threshold_limit_parse(THRESHOLD_COMPLAINT, TEXT("0.3 % from 20"), &limit, NULL),
		    RESULT_OK);
		assert_int_equal(
		    threshold_policy_except(&p->t.policy, THRESHOLD_COMPLAINT, TEXT("comcast"), &limit, NULL),
		    RESULT_OK);
	}
	buffer_init(&p->turns, 1U << 22);
	open_room(p);
	name_parties(p);
	compliance_tick(p->c, (struct instant){ START });
}

static void
end(struct pair *p)
{
	assert_false(p->turns.full);
	compliance_close(p->c);
	buffer_free(&p->turns);
}

static size_t
lines_with(const struct buffer *b, const char *words)
{
	struct text rest = buffer_text(b), line;
	size_t found = 0;

	while (rest.n > 0) {
		(void)text_cut(&rest, '\n', &line);
		found += memmem(line.p, line.n, words, strlen(words)) != NULL;
	}
	return found;
}

static void
the_room_agrees_with_a_naive_twin(void **state)
{
	static const char *const seen[] = {
		"complaints at comcast: ",     "junk votes: ",           "junk votes on all",
		"hits on pristine traps: ",    "hits on recycled",       "trap hits at spider",
		"critical blocklists: 1 of 1", "significant blocklists", "days without mail: ",
		"since it was listed: "
	};
	size_t found[countof(seen)] = { 0 };
	struct pair *p = malloc(sizeof *p);

	(void)state;
	assert_non_null(p);
	for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
		begin(p, seed);
		for (int i = 0; i < STEPS; i++) {
			step(p);
			if (i % 3 == 0) {
				compare(p);
			}
		}
		for (size_t i = 0; i < countof(seen); i++) {
			found[i] += lines_with(&p->turns, seen[i]);
		}
		end(p);
	}
	for (size_t i = 0; i < countof(seen); i++) {
		if (found[i] < 10) { /* the histories are worth the name */
			fail_msg("\"%s\" turned %zu times only", seen[i], found[i]);
		}
	}
	free(p);
}

static void
save(const struct pair *p, struct buffer *b)
{
	buffer_clear(b);
	compliance_save(p->c, b);
	assert_false(b->full);
}

/* One goes on, the other is read again from its snapshot every few steps: the same turns, the same bytes. */
static void
a_room_from_a_snapshot_goes_on_the_same(void **state)
{
	struct pair *p = malloc(sizeof *p), *q = malloc(sizeof *q);
	struct buffer b, other;

	(void)state;
	assert_true(p != NULL && q != NULL);
	buffer_init(&b, 1U << 20);
	buffer_init(&other, 1U << 20);
	for (uint64_t seed = 1; seed <= 10; seed++) {
		begin(p, seed);
		begin(q, seed);
		for (int i = 0; i < STEPS; i++) {
			step(p);
			step(q);
			if (i % 7 == 0) {
				struct wire w;

				save(q, &b);
				compliance_close(q->c);
				open_room(q);
				w = wire_of(b.p, b.n);
				assert_int_equal(compliance_load(q->c, &w), RESULT_OK);
				assert_true(wire_done(&w));
				save(p, &b);
				save(q, &other);
				assert_true(text_equal(buffer_text(&b), buffer_text(&other)));
			}
		}
		assert_true(text_equal(buffer_text(&p->turns), buffer_text(&q->turns)));
		end(p);
		end(q);
	}
	buffer_free(&b);
	buffer_free(&other);
	free(p);
	free(q);
}

static void
ignore_turn(void *context, const struct compliance_metric *m)
{
	struct buffer *b = context;

	buffer_clear(b);
	compliance_words(m, true, b);
}

/* Whatever was loaded, the room can go on. */
static void
use(struct compliance *c, int64_t now)
{
	const struct compliance_about about = { COMPLIANCE_NONE, COMPLIANCE_NONE, COMPLIANCE_NONE };

	compliance_tick(c, (struct instant){ now });
	for (uint32_t i = 0; i < SOURCES; i++) {
		for (enum signal s = 0; s < SIGNAL_COUNT; s++) {
			compliance_observe(c, i, true, &about, s, 1, (struct instant){ now }, 1);
		}
	}
	compliance_tick(c, (struct instant){ now + 3 * DAY });
}

/* Every cut is damaged; every changed byte too, or it is another state with these bytes, and one that works. */
static void
a_changed_snapshot_is_damaged_or_another_state(void **state)
{
	struct pair *p = malloc(sizeof *p);
	struct buffer b, again, words;
	size_t good = 0;

	(void)state;
	assert_non_null(p);
	buffer_init(&b, 1U << 20);
	buffer_init(&again, 1U << 20);
	buffer_init(&words, 1U << 10);
	begin(p, 11);
	for (int i = 0; i < 150; i++) {
		step(p);
	}
	save(p, &b);
	for (size_t i = 0; i < b.n * 8; i++) {
		struct compliance *c = compliance_open(ignore_turn, &words);
		struct wire w = wire_of(b.p, i / 8);

		compliance_policy(c, &p->t.policy);
		if (i % 8 == 0) {
			assert_int_equal(compliance_load(c, &w), RESULT_DAMAGED);
			compliance_close(c);
			c = compliance_open(ignore_turn, &words);
			compliance_policy(c, &p->t.policy);
		}
		b.p[i / 8] ^= (uint8_t)(1U << i % 8);
		w = wire_of(b.p, b.n);
		if (compliance_load(c, &w) == RESULT_OK && wire_done(&w)) {
			buffer_clear(&again);
			compliance_save(c, &again);
			assert_true(text_equal(buffer_text(&b), buffer_text(&again)));
			use(c, p->t.now + DAY);
			good++;
		}
		b.p[i / 8] ^= (uint8_t)(1U << i % 8);
		compliance_close(c);
	}
	assert_true(good > 0);
	end(p);
	buffer_free(&b);
	buffer_free(&again);
	buffer_free(&words);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_room_agrees_with_a_naive_twin),
		cmocka_unit_test(a_room_from_a_snapshot_goes_on_the_same),
		cmocka_unit_test(a_changed_snapshot_is_damaged_or_another_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
