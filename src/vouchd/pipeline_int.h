/* vouchd/pipeline_int.h - private to the pipeline's files, and to the notices that look at what it changed: pipeline.c (threads, batches), apply.c (one record), state.c (start, publish). */
#ifndef VOUCHD_PIPELINE_INT_H
#define VOUCHD_PIPELINE_INT_H

#include "base/histogram.h"
#include "detect/watch.h"
#include "journal/journal.h"
#include "list/list.h"
#include "vouchd/directory.h"
#include "vouchd/pipeline.h"

#include <pthread.h>
#include <stdatomic.h>

/* Ids in the order they came, each as often as it came. */
struct ids {
	uint32_t *items;
	uint32_t count;
	uint32_t size;
};

void ids_add(struct ids *ids, uint32_t id); /* apply.c */

/* How near to an alarm the sources, systems or members are: watch_ttl.c. */
struct watched {
	uint8_t *levels; /* enum detect_watch, by id, as it was last looked at */
	uint32_t size;
	struct ids raised; /* that are not calm */
	struct ids judged; /* in this batch */
};

/* What a batch did, for the counters; added when it is committed. */
struct batch_counts {
	uint64_t alarms, moves;
};

#define PUBLISHED_LIST     0x1fU
#define PUBLISHED_LEVEL    0x60U /* enum detect_watch, by which it has its TTL */
#define PUBLISHED_SHIFT    5U
#define PUBLISHED_WITHHELD 0x80U /* from some receiver */

struct pipeline {
	const struct config *config;
	/* of the newest reload: its receivers are those of the gate; the writer's own */
	const struct config *asked;
	struct list *list;
	struct directory *directory;
	struct journal *journal;
	struct fold *fold;
	_Atomic int64_t manual_ms; /* the manual clock: time of the last record */

	/* the queue */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *first, **last;
	size_t waiting;
	bool closing;

	/* the writer's own: */
	struct journal_tx tx;
	struct record input;      /* that is being folded */
	bool input_written;       /* ... and is appended already */
	bool folding_past;        /* reading the journal: effects are there already */
	bool broken;              /* the state in memory is no longer what the store holds */
	bool failing;             /* the last commit failed: what is decided cannot be kept */
	bool registry_changed;    /* in this batch */
	struct ids input_sources; /* moved or changed by the input, for the rows of people */
	struct ids input_cases;
	struct ids changed; /* sources whose listing may have changed in this batch */
	struct ids cases;   /* that changed in this batch, for the log */
	struct batch_counts counts;
	struct histogram changes; /* from a commit until DNS answers from it; any thread reads */
	struct watched watched[UNIT_KIND_COUNT];
	/* by source: index of the list it stands on, plus one, or 0; PUBLISHED_LEVEL, _WITHHELD */
	uint8_t *published;
	uint32_t published_size;
	_Atomic(struct usage *) usage; /* set once; then the writer's */
	int64_t usage_written_ns;
	_Atomic(struct seen *) seen;       /* set once; then the writer's */
	_Atomic(struct outbox *) outbox;   /* set once; then the writer's */
	_Atomic(struct notices *) notices; /* set once; then the writer's */
	uint64_t snapshot_seq;             /* of the last snapshot */
	int64_t last_tick_ms;
	struct quota *answers; /* by hash of the address */
	struct quota *quota;   /* by reporter of the registry plus one; 0: all who are none */
};

/* apply.c */
extern const struct fold_sink apply_sink; /* its context is the pipeline */

/* watch_ttl.c */
void watch_all(struct pipeline *p); /* looks at every source, system and member */
/* those that were judged or are not calm; what changed goes to p->changed */
void watch_some(struct pipeline *p);
void watch_free(struct pipeline *p);
enum detect_watch watch_level(const struct pipeline *p,
			      uint32_t source); /* the highest of it, its system and its member */
/* Seconds that a positive answer may be kept at this level; 0: as the list says. */
uint32_t watch_ttl(const struct config_list *list, enum detect_watch level);

/* Of the system, of its member, or of that of its sources which is nearest. Cost: O(sources that are not calm). */
enum detect_watch watch_system(const struct pipeline *p, uint32_t system);

/* state.c */
/* fold from the store, publish all */
enum result state_read(struct pipeline *p, struct fault *fault) MUST_USE;
void state_publish(struct pipeline *p);   /* what the batch changed, after its commit */
void state_receivers(struct pipeline *p); /* partial suspensions, as p->asked has receivers */
void state_snapshot(struct pipeline *p);  /* when enough records came since the last */

#endif
