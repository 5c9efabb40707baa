/*
 * vouchd/blocklist_batch.h - what one blocklist is asked next: a part of the programme's sources and domains, copied on the writer's thread.
 *
 * A list of addresses is asked about sources that are addresses, and about a sample of each prefix; a list of domains about DKIM domains, about
 * what systems declare, and about what was seen in their mail (seen.h), all by registered domain.
 */
#ifndef VOUCHD_BLOCKLIST_BATCH_H
#define VOUCHD_BLOCKLIST_BATCH_H

#include "model/blocklist.h"
#include "vouchd/pipeline.h"

enum blocklist_stage { STAGE_SOURCES, STAGE_DECLARED, STAGE_SEEN, STAGE_OVER };

/* Where a round is; all zero at its beginning. */
struct blocklist_cursor {
	enum blocklist_stage stage;
	uint32_t id, part; /* source, system or place; part: domain of the system */
	uint32_t *first;   /* by system: the source that speaks for it, REGISTRY_NONE: it has none */
	uint32_t system_count;
};
void blocklist_cursor_clear(struct blocklist_cursor *c);

struct blocklist_question {
	const char *name; /* for DNS */
	struct text about;
	bool answered;
	enum blocklist_verdict verdict;
	struct text words;
	uint8_t code[4];
};

struct blocklist_subject {
	struct text key;    /* source that an observation names */
	struct text domain; /* of a domain that is no source; else empty */
	enum blocklist_stage stage;
	bool is_link;
	bool is_held; /* a source that this list holds already */
	bool is_due;  /* ... and that must be said again before it lapses */
	uint32_t system;
	uint32_t first, count; /* its questions */
};

struct blocklist_batch {
	struct job job; /* first; fills what is below */
	const struct config_blocklist *list;
	struct blocklist_cursor *cursor; /* goes on */
	struct instant now;
	struct arena arena;
	bool has_reporter; /* one of kind blocklist is called so */
	struct blocklist_subject *subjects;
	struct blocklist_question *questions;
	/* At most BLOCKLIST_QUESTIONS_MAX; 0 questions: the round is over */
	uint32_t subject_count, question_count;
	void *owner;
};

void blocklist_batch_run(struct job *job, struct pipeline *p); /* the job's function */
void blocklist_batch_clear(struct blocklist_batch *b);

#endif
