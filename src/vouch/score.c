/* Fleets on all cores: each thread takes the next one, or where there are few the next part of its entries. */
#include "vouch/score_int.h"
#include "vouch/store.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 256
#define LOOK_NS     20000000L

struct work {
	const struct score_fleet *fleets;
	const struct score_entry *entries;
	struct score_outcome *outcomes;
	size_t fleet_count, entry_count;
	size_t parts; /* of the entries of a fleet, which is simulated for each of them */
	atomic_size_t next, threads_done;
	atomic_uint days_done;
};

static void *
run_thread(void *context)
{
	struct work *w = context;
	size_t i;

	while ((i = atomic_fetch_add(&w->next, 1)) < w->fleet_count * w->parts) {
		size_t fleet = i / w->parts, part = i % w->parts;
		size_t from = part * w->entry_count / w->parts, to = (part + 1) * w->entry_count / w->parts;

		score_feed(&w->fleets[fleet], &w->entries[from], to - from,
			   &w->outcomes[fleet * w->entry_count + from], &w->days_done);
	}
	atomic_fetch_add(&w->threads_done, 1);
	return NULL;
}

static void
show_progress(struct work *w, size_t threads, bool wanted)
{
	struct store_progress progress = { .wanted = wanted };
	uint64_t days = 0;

	for (size_t i = 0; i < w->fleet_count; i++) {
		days += w->fleets[i].days * w->parts;
	}
	while (atomic_load(&w->threads_done) < threads) {
		store_progress(&progress, "score", atomic_load(&w->days_done), days);
		(void)nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
	}
	store_progress(&progress, "score", 0, 0);
}

void
score_run(const struct score_fleet *fleets, size_t fleet_count, const struct score_entry *entries,
	  size_t entry_count, struct score_outcome *outcomes, bool progress)
{
	struct work w = { .fleets = fleets,
			  .entries = entries,
			  .outcomes = outcomes,
			  .fleet_count = fleet_count,
			  .entry_count = entry_count };
	pthread_t threads[THREADS_MAX];
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;

	w.parts = fleet_count < count && fleet_count > 0 ? count / fleet_count : 1;
	w.parts = w.parts > entry_count ? entry_count : w.parts;
	count = count > fleet_count * w.parts ? fleet_count * w.parts : count;
	for (size_t i = 0; i < count; i++) {
		check(pthread_create(&threads[i], NULL, run_thread, &w) == 0);
	}
	show_progress(&w, count, progress);
	for (size_t i = 0; i < count; i++) {
		check(pthread_join(threads[i], NULL) == 0);
	}
}

void
score_outcomes_free(struct score_outcome *outcomes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(outcomes[i].attacks);
		free(outcomes[i].peaks);
	}
	free(outcomes);
}
