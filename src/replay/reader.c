/* replay/reader.c - one thread reads ahead and checks; batches go round to all readers, each on a thread of its own. */
#include "replay/replay.h"

#include <pthread.h>
#include <stdlib.h>

#define BATCHES       4U
#define BATCH_RECORDS 512U
#define BATCH_BYTES   ((size_t)256 << 10) /* then it is handed out; one record may be more */

struct batch {
	struct arena arena; /* of the payloads */
	struct record records[BATCH_RECORDS];
	size_t count, bytes;
	size_t waiting; /* readers that are not done with it */
};

struct ring {
	pthread_mutex_t lock; /* of all that both sides look at: filled, ended, gone, waiting */
	pthread_cond_t changed;
	uint64_t filled; /* batches handed out */
	bool ended;
	size_t reader_count;
	size_t gone; /* readers that want no more */
	const struct replay_watch *watch;
	struct batch batches[BATCHES]; /* the n-th lies at n % BATCHES */
};

struct seat {
	struct ring *ring;
	struct replay_reader *reader;
	pthread_t thread;
};

/* ---- a reader's side */

/* The n-th batch; NULL: there is none. */
static struct batch *
take_batch(struct ring *ring, uint64_t n)
{
	struct batch *b = NULL;

	(void)pthread_mutex_lock(&ring->lock);
	while (ring->filled <= n && !ring->ended) {
		(void)pthread_cond_wait(&ring->changed, &ring->lock);
	}
	if (ring->filled > n) {
		b = &ring->batches[n % BATCHES];
	}
	(void)pthread_mutex_unlock(&ring->lock);
	return b;
}

static void
give_back(struct ring *ring, struct batch *b, bool goes)
{
	(void)pthread_mutex_lock(&ring->lock);
	b->waiting--;
	ring->gone += goes;
	(void)pthread_cond_broadcast(&ring->changed);
	(void)pthread_mutex_unlock(&ring->lock);
}

/* One that wants no more still hands its batches on, for the others. */
static void *
run_reader(void *context)
{
	struct seat *seat = context;
	struct replay_reader *reader = seat->reader;
	struct batch *b;

	for (uint64_t n = 0; (b = take_batch(seat->ring, n)) != NULL; n++) {
		bool was_there = reader->result == RESULT_OK;

		for (size_t i = 0; i < b->count && reader->result == RESULT_OK; i++) {
			reader->result = reader->visit(reader->context, &b->records[i]);
		}
		give_back(seat->ring, b, was_there && reader->result != RESULT_OK);
	}
	return NULL;
}

/* ---- the side of the journal */

/* Waits until the next batch is free. False when nobody wants it. */
static bool
hand_out(struct ring *ring)
{
	struct batch *b = &ring->batches[ring->filled % BATCHES], *next;
	uint64_t seq = b->records[b->count - 1].seq;
	bool wanted;

	(void)pthread_mutex_lock(&ring->lock);
	b->waiting = ring->reader_count;
	next = &ring->batches[++ring->filled % BATCHES];
	(void)pthread_cond_broadcast(&ring->changed);
	while (next->waiting > 0) {
		(void)pthread_cond_wait(&ring->changed, &ring->lock);
	}
	wanted = ring->gone < ring->reader_count;
	(void)pthread_mutex_unlock(&ring->lock);
	arena_clear(&next->arena);
	next->count = next->bytes = 0;
	if (ring->watch != NULL) {
		ring->watch->at(ring->watch->context, seq);
	}
	return wanted;
}

static enum result
visit(void *context, const struct record *record)
{
	struct ring *ring = context;
	struct batch *b = &ring->batches[ring->filled % BATCHES];
	struct record *copy = &b->records[b->count++];

	*copy = *record;
	copy->payload.p = arena_copy(&b->arena, record->payload.p, record->payload.n);
	b->bytes += record->payload.n;
	if ((b->count == BATCH_RECORDS || b->bytes >= BATCH_BYTES) && !hand_out(ring)) {
		return RESULT_NOT_FOUND; /* of a reader; each has its own result */
	}
	return RESULT_OK;
}

static void
end(struct ring *ring)
{
	if (ring->batches[ring->filled % BATCHES].count > 0) {
		(void)hand_out(ring);
	}
	(void)pthread_mutex_lock(&ring->lock);
	ring->ended = true;
	(void)pthread_cond_broadcast(&ring->changed);
	(void)pthread_mutex_unlock(&ring->lock);
}

static void
ring_free(struct ring *ring)
{
	for (size_t i = 0; i < BATCHES; i++) {
		arena_clear(&ring->batches[i].arena);
	}
	(void)pthread_cond_destroy(&ring->changed);
	(void)pthread_mutex_destroy(&ring->lock);
	free(ring);
}

void
replay_read(struct journal *j, struct replay_reader *readers, size_t count, const struct replay_watch *watch)
{
	struct ring *ring = calloc(1, sizeof *ring);
	struct seat *seats = calloc(count, sizeof *seats);
	enum result r;

	check(ring != NULL && seats != NULL && count > 0);
	check(pthread_mutex_init(&ring->lock, NULL) == 0 && pthread_cond_init(&ring->changed, NULL) == 0);
	ring->reader_count = count;
	ring->watch = watch;
	for (size_t i = 0; i < count; i++) {
		readers[i].result = RESULT_OK;
		seats[i] = (struct seat){ .ring = ring, .reader = &readers[i] };
		check(pthread_create(&seats[i].thread, NULL, run_reader, &seats[i]) == 0);
	}
	r = journal_scan(j, &(struct journal_range){ 0 }, visit, ring);
	end(ring);
	for (size_t i = 0; i < count; i++) {
		check(pthread_join(seats[i].thread, NULL) == 0);
		readers[i].result = readers[i].result == RESULT_OK ? r : readers[i].result;
	}
	free(seats);
	ring_free(ring);
}
