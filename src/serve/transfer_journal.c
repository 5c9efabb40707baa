/* serve/transfer_journal.c - the changes of the last publishes, for IXFR. */
#include "serve/transfer_int.h"

#include <stdlib.h>
#include <string.h>

void
journal_init(struct journal *j)
{
	check(pthread_mutex_init(&j->lock, NULL) == 0);
	j->steps = calloc(TRANSFER_STEPS_MAX, sizeof(struct kept_step *));
	check(j->steps != NULL);
}

static void
lock(struct journal *j)
{
	check(pthread_mutex_lock(&j->lock) == 0);
}

static void
unlock(struct journal *j)
{
	check(pthread_mutex_unlock(&j->lock) == 0);
}

static struct kept_step **
at(struct journal *j, size_t i)
{
	return &j->steps[(j->first + i) % TRANSFER_STEPS_MAX];
}

static void
let_go(struct kept_step *kept)
{
	if (--kept->users == 0) {
		list_step_free(kept->step);
		free(kept);
	}
}

static void
forget_oldest(struct journal *j)
{
	struct kept_step *oldest = *at(j, 0);

	j->since = oldest->step->to;
	j->records -= oldest->step->deleted + oldest->step->added;
	j->first = (j->first + 1) % TRANSFER_STEPS_MAX;
	j->count--;
	let_go(oldest);
}

static void
add_step(struct journal *j, struct list_step *step)
{
	struct kept_step *kept = malloc(sizeof *kept);

	check(kept != NULL);
	*kept = (struct kept_step){ step, 1 };
	if (j->count == TRANSFER_STEPS_MAX) {
		forget_oldest(j);
	}
	*at(j, j->count++) = kept;
	j->records += step->deleted + step->added;
	while (j->records > TRANSFER_RECORDS_MAX) {
		forget_oldest(j);
	}
}

void
journal_follow(struct journal *j, struct list *list, bool changed[2 * LISTS_MAX])
{
	const struct list_image *image = j->image; /* nobody else changes it */
	size_t zone_count;
	const struct list_zone *zones = list_zones(list, &zone_count);
	struct list_step *step;
	bool lost, first = image == NULL, all = first;

	/* The old image stays held while others may come to hold it through the journal. */
	if (image != NULL) {
		(void)list_hold_again(list, image);
	}
	list_follow_next(list, &image, &step, &lost);
	all = all || lost;
	for (size_t i = 0; i < zone_count; i++) {
		changed[i] = all;
		for (size_t k = 0; step != NULL && k < step->deleted + step->added && !changed[i]; k++) {
			const struct list_record *r = &step->records[k];

			changed[i] = r->list == zones[i].list && r->domains == zones[i].domains;
		}
	}
	lock(j);
	if (j->image != NULL) {
		list_release(list, j->image);
	}
	j->image = image;
	if (step != NULL) {
		add_step(j, step);
	}
	if (all) {
		while (j->count > 0) {
			forget_oldest(j);
		}
		/* What had this serial before the start may say other things of it (code, ttl, txt). */
		j->since = list_serial(image) + first;
	}
	counter_set(COUNTER_TRANSFER_STEPS, j->count);
	unlock(j);
}

void
journal_free(struct journal *j, struct list *list)
{
	while (j->count > 0) {
		forget_oldest(j);
	}
	if (j->image != NULL) {
		list_release(list, j->image);
	}
	free(j->steps);
	check(pthread_mutex_destroy(&j->lock) == 0);
}

/*
 * Between two steps nothing changed, so every serial from the end of one to the start of the next is the same zone. The steps
 * that lead on are those that start at the serial or behind it.
 */
void
journal_look(struct journal *j, struct list *list, uint32_t serial, struct journal_way *way)
{
	uint64_t newest, from;
	uint32_t behind;
	size_t first;

	lock(j);
	newest = list_serial(j->image);
	behind = (uint32_t)newest - serial; /* RFC 1982: half of them are before, half behind */
	from = behind <= INT32_MAX ? newest - behind : newest;
	*way = (struct journal_way){ .image = list_hold_again(list, j->image), .from = from };
	first = j->count;
	way->known = (from >= j->since && from <= newest) || from == newest;
	while (first > 0 && (*at(j, first - 1))->step->from >= from) {
		first--;
	}
	/* A serial within a step was never that of an image we gave away. */
	way->known = way->known && (first == 0 || (*at(j, first - 1))->step->to <= from);
	way->count = way->known ? j->count - first : 0;
	way->steps = calloc(way->count + 1, sizeof(struct kept_step *));
	check(way->steps != NULL);
	for (size_t i = 0; i < way->count; i++) {
		way->steps[i] = *at(j, first + i);
		way->steps[i]->users++;
	}
	unlock(j);
}

void
journal_done(struct journal *j, struct list *list, struct journal_way *way)
{
	lock(j);
	for (size_t i = 0; i < way->count; i++) {
		let_go(way->steps[i]);
	}
	unlock(j);
	free(way->steps);
	list_release(list, way->image);
}
