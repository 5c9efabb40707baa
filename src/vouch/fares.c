#include "vouch/fares.h"

#include "base/array.h"
#include "base/map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS   INT64_C(86400000)
#define TAIL     0.05
#define GAP_DAYS 365 /* more quiet days change nothing */

struct pair_key {
	uint32_t reporter, system;
};
/* One reporter about one system. */
struct pair {
	struct pair_key key;
	int64_t day; /* that `count` is of */
	uint64_t count;
	double mean; /* of the days before this one, FARES_MEAN_DAYS at most */
	int days;
	int64_t accused_day;
	bool has_accused;
};
struct accusation {
	uint32_t reporter, system;
	int64_t day;
};
struct judgement {
	uint32_t system;
	enum case_status status;
	int64_t day; /* of the opening */
};
struct first_seen {
	int64_t day;
	bool known;
};

struct fares {
	struct map map; /* of pairs */
	struct pair *pairs;
	uint32_t pair_count, pair_size;
	struct accusation *accusations;
	uint32_t accusation_count, accusation_size;
	struct judgement *cases; /* by number - 1 */
	uint32_t case_count;
	struct first_seen *reporters;
	uint32_t reporter_size;
};

struct fares *
fares_open(void)
{
	struct fares *f = calloc(1, sizeof(*f));

	check(f != NULL);
	return f;
}

void
fares_close(struct fares *f)
{
	if (f != NULL) {
		map_free(&f->map);
		free(f->pairs);
		free(f->accusations);
		free(f->cases);
		free(f->reporters);
		free(f);
	}
}

static struct text
text_of_key(const struct pair_key *key)
{
	_Static_assert(sizeof *key == 8, "a key has no padding");
	return (struct text){ (const char *)key, sizeof *key };
}

static bool
pair_equal(const void *context, uint32_t id, struct text key)
{
	const struct fares *f = context;

	return memcmp(&f->pairs[id].key, key.p, sizeof(struct pair_key)) == 0;
}

static struct pair *
pair_of(struct fares *f, uint32_t reporter, uint32_t system, int64_t day)
{
	struct pair_key key = { reporter, system };
	uint32_t id;

	if (!map_get(&f->map, text_of_key(&key), pair_equal, f, &id)) {
		f->pairs = array_room(f->pairs, f->pair_count, &f->pair_size, sizeof(*f->pairs));
		id = f->pair_count++;
		f->pairs[id] = (struct pair){ .key = key, .day = day };
		map_put(&f->map, text_of_key(&key), id);
	}
	return &f->pairs[id];
}

/* Is the reporter known for long enough that what it does on this day can be unusual? */
static bool
is_known(struct fares *f, uint32_t reporter, int64_t day)
{
	f->reporters = array_reach(f->reporters, reporter, &f->reporter_size, sizeof(*f->reporters));
	if (!f->reporters[reporter].known) {
		f->reporters[reporter] = (struct first_seen){ day, true };
	}
	return day - f->reporters[reporter].day >= FARES_LEARN_DAYS;
}

static void
accuse_if_due(struct fares *f, struct pair *p)
{
	if (p->count < FARES_LEAST || (double)p->count < FARES_TIMES * p->mean ||
	    !is_known(f, p->key.reporter, p->day) ||
	    (p->has_accused && p->day - p->accused_day <= FARES_EPISODE_DAYS)) {
		return;
	}
	p->has_accused = true;
	p->accused_day = p->day;
	f->accusations =
	    array_room(f->accusations, f->accusation_count, &f->accusation_size, sizeof(*f->accusations));
	f->accusations[f->accusation_count++] = (struct accusation){ p->key.reporter, p->key.system, p->day };
}

static void
add_day(struct pair *p, double count)
{
	p->days += p->days < FARES_MEAN_DAYS;
	p->mean += (count - p->mean) / p->days;
}

/* The day of the pair is over: it becomes a part of what is usual. */
static void
end_day(struct pair *p, int64_t day)
{
	int64_t quiet = day - p->day - 1;

	add_day(p, (double)p->count);
	for (int64_t i = 0; i < quiet && i < GAP_DAYS; i++) {
		add_day(p, 0);
	}
	p->day = day;
	p->count = 0;
}

void
fares_news(struct fares *f, uint32_t reporter, uint32_t system, uint32_t count, struct instant now)
{
	int64_t day = now.ms / DAY_MS;
	struct pair *p = pair_of(f, reporter, system, day);

	(void)is_known(f, reporter, day);
	if (day > p->day) {
		end_day(p, day);
	}
	p->count += count;
	accuse_if_due(f, p);
}

void
fares_case(struct fares *f, uint32_t number, uint32_t system, enum case_status status, struct instant opened)
{
	check(number > 0);
	if (number > f->case_count) {
		f->cases = reallocarray(f->cases, number, sizeof(*f->cases));
		check(f->cases != NULL);
		for (; f->case_count < number; f->case_count++) {
			f->cases[f->case_count] = (struct judgement){ .system = UINT32_MAX };
		}
	}
	f->cases[number - 1] = (struct judgement){ system, status, opened.ms / DAY_MS };
}

/* The case that judges it; a later one of the same days only where the first was withdrawn. NULL: none. */
static const struct judgement *
judged(const struct fares *f, const struct accusation *a)
{
	for (uint32_t i = 0; i < f->case_count; i++) {
		const struct judgement *c = &f->cases[i];

		if (c->system == a->system && c->status != CASE_WITHDRAWN && c->day >= a->day - 1 &&
		    c->day <= a->day + FARES_EPISODE_DAYS) {
			return c;
		}
	}
	return NULL;
}

static bool
is_shared(const struct fares *f, const struct accusation *a)
{
	for (uint32_t i = 0; i < f->accusation_count; i++) {
		const struct accusation *o = &f->accusations[i];

		if (o->system == a->system && o->reporter != a->reporter && o->day >= a->day - 1 &&
		    o->day <= a->day + 1) {
			return true;
		}
	}
	return false;
}

static void
add_accusation(const struct fares *f, const struct accusation *a, int64_t today, struct fare *fare)
{
	const struct judgement *c = judged(f, a);

	fare->accusations++;
	if (c == NULL && is_shared(f, a)) {
		fare->agreed++;
	} else if (c == NULL && today - a->day > FARES_EPISODE_DAYS) {
		fare->alone++;
	} else if (c == NULL || case_status_open(c->status)) {
		fare->waiting++;
	} else if (c->status == CASE_CONFIRMED) {
		fare->right++;
	} else {
		fare->wrong++;
	}
}

/* P(X <= x), X Beta(right + 1, wrong + 1): that of n + 1 throws at x more than `right` hit. */
static double
beta_below(double x, uint32_t right, uint32_t wrong)
{
	uint32_t n = right + wrong + 1;
	double sum = 0;

	for (uint32_t k = right + 1; k <= n; k++) {
		sum += exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) + k * log(x) +
			   (n - k) * log1p(-x));
	}
	return sum;
}

static double
beta_at(double share, uint32_t right, uint32_t wrong)
{
	double low = 0, high = 1;

	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (beta_below(middle, right, wrong) < share) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return low;
}

struct fare
fares_of(struct fares *f, uint32_t reporter, struct instant now)
{
	struct fare fare = { 0 };
	uint32_t against;

	for (uint32_t i = 0; i < f->accusation_count; i++) {
		if (f->accusations[i].reporter == reporter) {
			add_accusation(f, &f->accusations[i], now.ms / DAY_MS, &fare);
		}
	}
	against = fare.wrong + fare.alone;
	fare.weight = (fare.right + 1.0) / (fare.right + against + 2.0);
	fare.low = beta_at(TAIL, fare.right, against);
	fare.high = beta_at(1 - TAIL, fare.right, against);
	return fare;
}
