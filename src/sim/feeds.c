/*
 * What happens to feeds, planned before the first message: receivers that report more or fewer of their complaints from one
 * day on, and gaps of the volume feed. And the volume that is on its way.
 */
#include "sim/sim_int.h"

#include <stdlib.h>

#define FACTORS (SIM_RECEIVER_COUNT + 1)

static void
change_event(struct sim *sim, const struct sim_feed_change *change)
{
	plan_event(sim, &(struct sim_event){ .kind = SIM_FEED_CHANGE,
					     .from = change->at,
					     .to = { sim->end_ms },
					     .system = SIM_NONE,
					     .source = SIM_NONE,
					     .takeover = SIM_NONE });
}

static int
order_changes(const void *a, const void *b)
{
	const struct sim_feed_change *x = a, *y = b;

	if (x->at.ms != y->at.ms) {
		return x->at.ms < y->at.ms ? -1 : 1;
	}
	return x->receiver < y->receiver ? -1 : x->receiver > y->receiver;
}

/* The changes that the caller wants and those that chance brings, in the order of time. */
static struct sim_feed_change *
gather_changes(const struct sim *sim, struct random *r, size_t *count)
{
	const struct sim_params *p = &sim->params;
	const struct sim_numbers *n = &p->numbers;
	double years = (double)(sim->end_ms - sim->now_ms) / YEAR_MS;
	uint32_t drawn = random_poisson(r, n->feed_changes_per_year * years);
	struct sim_feed_change *changes = calloc(p->change_count + drawn + 1, sizeof(*changes));

	check(changes != NULL);
	for (size_t i = 0; i < p->change_count; i++) {
		changes[i] = p->changes[i];
		check(changes[i].factor > 0);
	}
	for (uint32_t i = 0; i < drawn; i++) {
		struct sim_feed_change *c = &changes[p->change_count + i];
		bool all = random_unit(r) < n->feed_change_all;

		c->at.ms = sim->now_ms + (int64_t)(random_unit(r) * (double)(sim->end_ms - sim->now_ms));
		c->receiver = all ? SIM_NONE : random_below(r, SIM_RECEIVER_COUNT);
		c->factor = random_ratio(r, n->feed_change_low, n->feed_change_high);
		c->factor = random_unit(r) < 0.5 ? c->factor : 1 / c->factor;
	}
	*count = p->change_count + drawn;
	qsort(changes, *count, sizeof(*changes), order_changes);
	return changes;
}

static void
plan_levels(struct sim *sim, struct random *r)
{
	size_t count;
	struct sim_feed_change *changes = gather_changes(sim, r, &count);

	sim->levels = calloc(count + 1, sizeof(*sim->levels));
	check(sim->levels != NULL);
	sim->levels[0].from = INT64_MIN;
	for (size_t k = 0; k < FACTORS; k++) {
		sim->levels[0].factor[k] = sim->params.numbers.coverage;
	}
	sim->peak = sim->params.numbers.coverage;
	sim->level_count = count + 1;
	for (size_t i = 1; i <= count; i++) {
		const struct sim_feed_change *change = &changes[i - 1];
		struct level *level = &sim->levels[i];

		*level = sim->levels[i - 1];
		level->from = change->at.ms;
		for (uint32_t k = 0; k < FACTORS; k++) {
			if (change->receiver == SIM_NONE || change->receiver == k) {
				level->factor[k] *= change->factor;
			}
			sim->peak = level->factor[k] > sim->peak ? level->factor[k] : sim->peak;
		}
		change_event(sim, change);
	}
	free(changes);
}

/* One after the other: a gap begins when the one before is over. */
static void
plan_gaps(struct sim *sim, struct random *r)
{
	const struct sim_numbers *n = &sim->params.numbers;
	int64_t at = sim->now_ms;
	size_t size = 0;

	while (n->gaps_per_year > 0) {
		double wait = random_exponential(r) * YEAR_MS / n->gaps_per_year;
		double hours = random_ratio(r, n->gap_low_hours, n->gap_high_hours);
		struct gap gap;

		gap.from = at + (int64_t)wait;
		gap.to = gap.from + (int64_t)(hours * (double)SPAN_HOUR.ms);
		at = gap.to;
		if (gap.from >= sim->end_ms) {
			break;
		}
		if (sim->gap_count == size) {
			size = size == 0 ? 16 : 2 * size;
			sim->gaps = realloc(sim->gaps, size * sizeof(*sim->gaps));
			check(sim->gaps != NULL);
		}
		sim->gaps[sim->gap_count++] = gap;
		plan_event(sim, &(struct sim_event){ .kind = SIM_FEED_GAP,
						     .from = { gap.from },
						     .to = { gap.to },
						     .system = SIM_NONE,
						     .source = SIM_NONE,
						     .takeover = SIM_NONE });
	}
}

void
plan_feeds(struct sim *sim, uint64_t seed)
{
	struct random r;

	check(sim->params.numbers.coverage > 0 && sim->params.numbers.coverage <= 1);
	random_seed(&r, seed, STREAM_FEEDS);
	plan_levels(sim, &r);
	plan_gaps(sim, &r);
}

struct volume *
queue_put(struct queue *q)
{
	if (q->count == q->size) {
		size_t size = q->size == 0 ? 1024 : 2 * q->size;
		struct volume *items = calloc(size, sizeof(*items));

		check(items != NULL);
		for (size_t i = 0; i < q->count; i++) {
			items[i] = q->items[(q->first + i) & (q->size - 1)];
		}
		free(q->items);
		q->items = items;
		q->size = size;
		q->first = 0;
	}
	return &q->items[(q->first + q->count++) & (q->size - 1)];
}
