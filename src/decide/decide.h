/*
 * decide/decide.h - who is on the list, why, and which cases wait for people.
 *
 * In:   the registry's sources, alarms of the detector, thresholds crossed, commands of people, delivered volume, time.
 * Out:  moves of sources and changes of cases (model/move.h), through callbacks, each with actor, reason and evidence.
 * All moves go through the table model/moves.def. An alarm takes off the list at once: the source it names, or all listed
 * sources of the system it names. A system has at most one open case; what is suspended meanwhile joins it. A case
 * wants a verdict within DECIDE_VERDICT and is closed when none of its sources is suspended any more.
 *
 * A threshold of a source that is crossed suspends it, one of a receiver suspends it for that receiver alone (partial: the state of
 * the source stays, and so does its place on the list). Both end by themselves when the metrics are back and the waiting time has
 * passed. Disuse suspends too, and ends by a person's word only.
 *
 * Pure: no clock, no I/O, no log; the same calls give the same moves on every machine. decide_delivered and a
 * decide_tick with nothing due do not allocate. Ids of sources, systems and members are those of the registry. Memory: 56 bytes per source,
 * 16 per system, 4 per member, 136 per case and its alarms and sources beside; 40 and the words of each last move, once where one move of people
 * or an alarm took several sources.
 * Test: tests/unit/decide_test.c, with a naive twin under random commands.
 */
#ifndef DECIDE_DECIDE_H
#define DECIDE_DECIDE_H

#include "detect/detect.h"
#include "model/move.h"

struct decide;

#define DECIDE_PROBATION (30 * SPAN_DAY.ms) /* REINSTATED becomes CERTIFIED after so long */
#define DECIDE_VERDICT   (SPAN_HOUR.ms)     /* from the opening of a case to its deadline */

/* Called within the functions below, in the same order in every run. Texts live until it returns; must not call the room. */
struct decide_events {
	void (*move)(void *context, const struct move *move);
	void (*case_change)(void *context, const struct case_change *change);
	void *context;
};

/* Where in the journal we are: the record that is being folded. */
struct moment {
	struct instant at;
	uint64_t seq;
};

struct decide *decide_open(const struct decide_events *events);
void decide_close(struct decide *d); /* NULL is fine */

/*
 * A new source of the registry: it is APPLIED. Its id is the number of sources so far (0, 1, 2, ...); system and member stay
 * its own for good. Cost: O(1).
 */
void decide_source_put(struct decide *d, uint32_t source, uint32_t system, uint32_t member,
		       struct moment now);
/*
 * It left the programme: off the list and REVOKED, in the operator's name; later commands do not find it. Texts: 1..WORDS_BYTES_MAX.
 * Cost: O(1), with an open review O(its sources).
 */
void decide_source_remove(struct decide *d, uint32_t source, struct text actor, struct text reason,
			  struct moment now);

/*
 * The detector's alarm about the source or system `id` (alarm->kind says which; of a member call it for each of its systems). Returns how
 * many sources were suspended; 0 when none was listed: then the alarm is only noted in the system's open case, if any.
 * Cost: O(sources of the system).
 */
uint32_t decide_alarm(struct decide *d, const struct alarm *alarm, uint32_t id, struct moment now);

/*
 * A threshold was crossed (level OVER) or is no longer. `id` is the source or, of the scope GROUP, the member; the metric's own
 * unit is not looked at. Cost: O(receivers of the source), of a member O(sources).
 */
void decide_threshold(struct decide *d, const struct compliance_metric *metric, uint32_t id,
		      struct moment now);
/* How long at least a suspension for a threshold lasts, from now on, also one that began already. THRESHOLD_WAIT_DEFAULT until it is said. */
void decide_wait(struct decide *d, struct span wait);

/*
 * So many percent of the alarms that would suspend go to review from now on: a case that moves nothing, chosen by the hash of the
 * alarm. EVENT_CONFIRM of it suspends its sources, EVENT_CLEAR does nothing; both are counted. Without a verdict in time its sources are
 * suspended as by the alarm. 0 until it is said.
 */
void decide_shadow(struct decide *d, uint32_t percent);
struct decide_reviews {
	uint32_t percent;
	uint32_t open, right, wrong; /* wait for a verdict; were confirmed; were cleared */
};
struct decide_reviews decide_reviews(const struct decide *d); /* Cost: O(cases) */

enum decide_subject { DECIDE_SOURCE, DECIDE_SYSTEM, DECIDE_MEMBER, DECIDE_CASE };

struct decide_command {
	enum event event; /* EVENT_ACCEPT, REFUSE, SUSPEND, CLEAR, CONFIRM or APPLY */
	enum decide_subject subject;
	uint32_t id;     /* registry id, or case number */
	enum actor role; /* ACTOR_OPERATOR, ANALYST or MEMBER */
	struct text actor;
	struct text reason;
};

/*
 * A command of a person: each source of the subject that may make the move makes it, in order of ids. A suspension by a
 * person opens or joins a case like an alarm does. EVENT_CLEAR also ends what a source is suspended for partially. *moves
 * counts the moves.
 * Errors, nothing is then changed: RESULT_BAD_INPUT (no actor, no reason, too long, no such verb), RESULT_NOT_FOUND (no such
 * subject), RESULT_NOT_ALLOWED (no source of it may make this move); the fault says why. Cost: O(sources) but for one
 * source or system.
 */
enum result decide_command(struct decide *d, const struct decide_command *command, struct moment now,
			   uint32_t *moves, struct fault *fault) MUST_USE;

/*
 * `count` messages of the source were delivered at `at`: harm, when it is suspended in a case. Call it before
 * detect_observe for the same observation, so that what an alarm has counted is not counted again. Cost: O(1).
 */
void decide_delivered(struct decide *d, uint32_t source, uint64_t count, struct instant at);

/* Time has come to now.at: probations and waiting times end, verdicts are overdue. Cost: O(1) before decide_due, else O(sources). */
void decide_tick(struct decide *d, struct moment now);
/* The earliest time at which a tick may change something; INT64_MAX ms: never. */
struct instant decide_due(const struct decide *d);

/* ---- views; texts live until the next call that changes the room. Cost: O(1) but where it is said */

struct decide_source_view {
	uint32_t system, member;
	enum state state;
	enum suspension kind;
	bool removed;
	struct instant since; /* of the last move, or of the source's arrival */
	uint64_t seq;         /* the record of that */
	uint32_t case_number; /* of the suspension; stays until it is listed or applies again; 0: none */
	enum event event;     /* of the last move; EVENT_APPLY when there was none */
	enum actor role;
	struct text actor, reason; /* of the last move; empty when there was none */
	uint32_t over;             /* thresholds of the source and its member that are crossed now */
	/* a suspension for a threshold does not end earlier; of another: INT64_MAX ms */
	struct instant not_before;
	uint32_t partial_count; /* receivers for which alone it is suspended */
};
uint32_t decide_source_count(const struct decide *d);
void decide_source_view(const struct decide *d, uint32_t source, struct decide_source_view *view);

/* Suspended for one receiver alone; receivers in the order in which the compliance path met them. */
struct decide_partial_view {
	struct text receiver;
	struct instant since, not_before;
	uint64_t seq;
	bool over; /* the threshold is crossed still */
	struct text reason;
};
void decide_partial_view(const struct decide *d, uint32_t source, uint32_t index,
			 struct decide_partial_view *view);

#define DECIDE_CASE_ALARMS_MAX 16U

struct decide_case_view {
	uint32_t system, member;
	enum case_status status;
	bool review; /* it moved nothing: how often are alarms right? */
	struct instant opened, deadline;
	struct instant closed; /* when it is no longer open */
	struct text reason;    /* why it was opened */
	struct text actor;
	struct text verdict, judge; /* reason and actor of the closing; empty while it is open */
	const uint32_t *sources;    /* suspended in it so far, in order of suspension */
	uint32_t source_count;
	uint32_t suspended;         /* of these, so many still are */
	const struct alarm *alarms; /* the first DECIDE_CASE_ALARMS_MAX */
	uint32_t alarm_count;
	uint32_t alarm_total;
	uint64_t delivered_before, delivered_after;
};
uint32_t decide_case_count(const struct decide *d); /* numbers are 1..count */
void decide_case_view(const struct decide *d, uint32_t number, struct decide_case_view *view);
uint32_t decide_system_case(const struct decide *d, uint32_t system);   /* its open case; 0: none */
uint32_t decide_system_review(const struct decide *d, uint32_t system); /* its open review; 0: none */

/* What people call a source, system or member: the registry knows. */
struct decide_names {
	struct text (*name)(void *context, enum decide_subject subject, uint32_t id);
	void *context;
};

const char *decide_evidence_words(int evidence); /* "unknown users" */

/*
 * Why, on one page for people who know no statistics, in lines that end in LF: what the state is and since when, the one
 * reason ("complaints: 22, where 3.1 were expected"), the harm, the case and its timer at `now`, and the next step with its
 * command. Errors: RESULT_NOT_FOUND; *lines is then as before. Cost: O(alarms of the case), of a system or member O(sources).
 */
enum result decide_explain(const struct decide *d, enum decide_subject subject, uint32_t id,
			   struct instant now, const struct decide_names *names,
			   struct buffer *lines) MUST_USE;

/* Snapshot of the whole state. Equal state gives equal bytes. Cost: O(sources + cases). */
void decide_save(const struct decide *d, struct buffer *b);
/* Reads it into a room just opened. Errors: RESULT_DAMAGED for what decide_save cannot have written; it is then empty as before. */
enum result decide_load(struct decide *d, struct wire *w) MUST_USE;

#endif
