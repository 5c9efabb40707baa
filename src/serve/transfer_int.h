/* serve/transfer_int.h - between the files behind serve/transfer.h. */
#ifndef SERVE_TRANSFER_INT_H
#define SERVE_TRANSFER_INT_H

#include "base/limits.h"
#include "list/records.h"
#include "serve/dns_int.h"
#include "serve/dns_wire_int.h"
#include "serve/transfer.h"

#include <pthread.h>
#include <stdatomic.h>

#define TRANSFER_QUESTION_BYTES (HEADER_BYTES + LIST_NAME_BYTES_MAX + 4U)
#define SOA_SERIAL_BEFORE_END   20U /* five numbers end the record; the first is the serial */

struct peer {
	struct tsig_key key;
	bool zones[2 * LISTS_MAX]; /* by index of list_zones */
	struct prefix *networks;
	size_t network_count;
	size_t connections; /* under workers.lock */
	bool gone;          /* the same; freed with the last of them */
};

/* Who may transfer; replaced as a whole. */
struct roster {
	size_t count;
	struct peer **peers;
	const struct tsig_key **keys;
};

/* A step of the list, kept while the ring or a transfer has it. */
struct kept_step {
	struct list_step *step;
	unsigned users;
};

/* The newest image that was followed, and how it came about. */
struct journal {
	pthread_mutex_t lock;
	const struct list_image *image; /* held */
	uint64_t since;           /* serial from which on the steps lead to it; at first one behind its own */
	struct kept_step **steps; /* a ring of TRANSFER_STEPS_MAX, oldest first */
	size_t first, count;
	size_t records; /* of all steps */
};

struct target;
struct targets {
	struct target *items;
	size_t count;
};

struct notifier {
	pthread_t thread;
	bool follows, running;
	int wake; /* eventfd: something was published, or stop */
	int sockets[2];
	_Atomic bool stop;
	pthread_mutex_t lock; /* held by the thread while it does not wait, and by who changes the targets */
	struct targets targets;
};

struct worker;
struct workers {
	pthread_mutex_t lock;
	pthread_cond_t none;
	size_t reserved; /* connections, running or promised */
	bool closing;
	struct worker *running; /* a list */
};

struct transfers {
	struct list *list;
	struct instant (*now)(void);
	_Atomic(struct roster *) roster; /* NULL: nobody; else good until list_reader_sleep */
	struct journal journal;
	struct notifier notifier;
	struct workers workers;
};

struct transfer_job {
	struct transfers *t;
	struct peer *peer;
	size_t zone;
	bool incremental;
	uint32_t serial; /* that the secondary has */
	struct dns_gate *gate;
	struct tsig tsig;
	size_t question_bytes;
	uint8_t question[TRANSFER_QUESTION_BYTES]; /* header and question */
};

uint64_t transfer_seconds(const struct transfers *t);
/* Header and question of an answer with this rcode, signed when there is a key; room for TRANSFER_QUESTION_BYTES + TSIG_BYTES_MAX. */
size_t transfer_refuse(struct tsig *tsig, const uint8_t *question, size_t question_bytes, unsigned rcode,
		       uint64_t now, uint8_t *out);
/*
 * The answer to a question for this type at the top of a zone, as anybody gets it: header, question, and records whose owner
 * is a pointer to offset 12. *first: offset of the first record. Returns the end. `out` has DNS_ANSWER_BYTES_MAX.
 */
size_t transfer_top(const struct list_image *image, const struct list_zone *zone, unsigned type, uint8_t *out,
		    size_t *first);

/* Is this the name of the zone? */
bool transfer_is_zone(const struct list_zone *zone, const uint8_t *name, size_t n);

/* transfer_peers.c: *roster is NULL for no peers. Those that are the same as now are the same structs. */
enum result roster_open(struct transfers *t, const struct transfer_options *options, struct roster **roster,
			struct fault *fault) MUST_USE;
void roster_close(struct roster *r); /* with its peers; NULL is fine */
struct peer *roster_peer(const struct roster *r, const struct tsig_key *key);
void peer_free(struct peer *peer);

/* transfer_journal.c */
void journal_init(struct journal *j);
void journal_free(struct journal *j, struct list *list);
/* Takes in what was published. Sets changed[zone]; all of them when too much changed to be told, and at first. */
void journal_follow(struct journal *j, struct list *list, bool changed[2 * LISTS_MAX]);
/* What leads from a serial to the newest image, which is held for the caller. Release both with journal_done. */
struct journal_way {
	const struct list_image *image;
	bool known;    /* the steps lead there; false: only the whole zone does */
	uint64_t from; /* the serial in 64 bits */
	struct kept_step **steps;
	size_t count; /* 0: nothing changed, or the asker is not behind */
};
void journal_look(struct journal *j, struct list *list, uint32_t serial, struct journal_way *way);
void journal_done(struct journal *j, struct list *list, struct journal_way *way);

/* transfer_stream.c: sends one zone. False: the connection is over. */
bool transfer_send(struct transfer_job *job, int fd);

/* transfer_worker.c */
void workers_init(struct workers *w);
void workers_close(struct transfers *t);
/* One more connection for this peer? False: too many. */
bool workers_reserve(struct transfers *t, struct peer *peer);
/* This peer is gone: its connections are cut. True: it has none, and is the caller's to free. */
bool workers_cut(struct transfers *t, struct peer *peer);
/* All n bytes, before the deadline (monotonic ms). */
bool transfer_write(int fd, const uint8_t *p, size_t n, int64_t deadline_ms);

/* transfer_notify.c */
enum result notifier_open(struct transfers *t, struct fault *fault) MUST_USE;
/* Who is told of what. Errors: RESULT_BAD_INPUT for an address. */
enum result targets_open(struct transfers *t, const struct transfer_options *options,
			 const struct roster *roster, struct targets *targets, struct fault *fault) MUST_USE;
bool targets_equal(const struct targets *a, const struct targets *b);
void notifier_follow(struct transfers *t); /* while nobody writes to the list */
/* Follows the list and starts the thread, if it does not run yet. Errors: RESULT_IO. */
enum result notifier_start(struct transfers *t, struct fault *fault) MUST_USE;
/* Takes these instead, and tells all of them. */
void notifier_change(struct transfers *t, struct targets *targets);
void notifier_close(struct transfers *t);

#endif
