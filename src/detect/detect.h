/*
 * detect/detect.h - has this source, system or member been taken over?
 *
 * A unit is one source, one system (its sources counted together), or one member that has several systems (all of them counted
 * together; model/units.def has their shares of the budget). For each unit the room compares two stories of the
 * bad news (complaints, unknown users, trap hits) against the delivered volume: an honest sender with its learnt rates, whose
 * campaigns differ and who now and then imports a bad list; and a taken-over one (detect/profiles.def). The evidence is an
 * e-process that starts anew at every moment of sender-time, so with limit A the expected number of alarms of honest units
 * is at most unit-years / A, whatever depends on what. The operator's budget gives A.
 *
 * Pure: no clock, no I/O, no log; the same calls give the same alarms on every machine. Room is made by detect_open, detect_unit_add,
 * detect_feeds and detect_witness_set; what the others are told allocates nothing, an alarm included (tests/unit/detect_allocation_test.c).
 * Cost: O(1) per observation; detect_tick O(units with an open bin). Memory: below 750 bytes per unit,
 * 120 more while news waits whose volume is late, and 152 for a system whose messages are looked at.
 * Source: A. N. Shiryaev, Theory Probab. Appl. 8 (1963) 22-46; J. Shin, A. Ramdas, A. Rinaldo, New England J. Stat. Data Sci. 2 (2024) 229-260.
 * Why, and what was measured: doc/why/detection.md. Tests: tests/unit/detect_*_test.c.
 */
#ifndef DETECT_DETECT_H
#define DETECT_DETECT_H

#include "model/alarm.h"
#include "model/signal.h"
#include "model/source.h"
#include "model/threshold.h"

#include <stdbool.h>

struct detect;

struct detect_params {
	double budget; /* false suspensions per 1000 source-years that the operator accepts, in (0, 1000] */
	/* The limits that follow from it times this, above 0: calibration on a fleet; below 1 it alarms sooner. 0: as they are */
	double limit_scale;
	uint32_t liars; /* so many witnesses may lie, and together, 0..DETECT_LIARS_MAX */
};
#define DETECT_LIARS     2U /* where nobody says otherwise */
#define DETECT_LIARS_MAX 3U

/* Called from within detect_observe or detect_tick, in the same order in every run; must not call the room. */
typedef void detect_alarm_fn(void *context, const struct alarm *alarm);

/* The evidence of this unit was weighed, or the mail that it is about has changed, and it may stand higher than before; called like the alarm. */
typedef void detect_judged_fn(void *context, uint32_t unit);

/* Allocates 1.6 MB at once, for the names that the fleet knows. */
struct detect *detect_open(const struct detect_params *params, detect_alarm_fn *alarm, void *context);
void detect_close(struct detect *d);
/* With the context of the alarm; NULL: nobody is told */
void detect_watch_judged(struct detect *d, detect_judged_fn *judged);

/*
 * Adds a unit and gives its id: 0, 1, 2, ... in the order of the calls. Allocates. Cost: O(1) over many calls; one that finds the room used up
 * doubles it, O(units). The first member takes its share of the budget from sources and systems, whose limits rise.
 */
uint32_t detect_unit_add(struct detect *d, enum unit_kind kind);

/* One fact about a unit. */
struct detect_fact {
	enum signal signal;
	uint32_t count;        /* >= 1 */
	struct instant at;     /* when it happened: mail was delivered, a complaint was made */
	struct instant mailed; /* when the message was delivered that it is about; DETECT_MAILED_UNKNOWN */
	uint64_t seq;          /* the journal record that brought it */
	uint32_t feed;         /* whose clock the times are by, from 1; 0: the right one */
};
#define DETECT_MAILED_UNKNOWN INT64_MIN

/*
 * Takes a fact into the unit's open bin. Signals that are neither volume nor in model/evidence.def change nothing. Bad news
 * counts for the mail it is about; where a complaint does not say which, the cohorts share it by their age and rate.
 * Volume may come up to three days later than the bad news about it: that then waits, or the learnt volume stands in. Older: left out.
 */
void detect_observe(struct detect *d, uint32_t unit, const struct detect_fact *fact);

/*
 * Takes a fact back that detect_observe was told before: what the open bin and the cohorts still hold of it is gone, so the evidence is as if it had not
 * been told; of which cohort complaints are taken whose mail is not known is a guess. Older than three days: it was learnt, and stays until it has faded.
 * Never an alarm by itself. Cost: O(1), no allocation. Test: tests/unit/detect_take_test.c.
 */
void detect_take(struct detect *d, uint32_t unit, const struct detect_fact *fact);

/* What one message looked like: a sample, a trap's mail, or the mail that a complaint carries. */
enum look_flag {
	LOOK_DECLARES = 1,      /* the member has declared its From and link domains */
	LOOK_FROM_DECLARED = 2, /* ... and this From among them */
	LOOK_LINK_DECLARED = 4, /* ... and all its links */
	LOOK_LURE = 8,          /* it asks to sign in, to pay or to open */
	LOOK_ATTACHMENT = 16,
	LOOK_BAD_URL = 32,   /* a link stands on a URI list */
	LOOK_ALIKE = 64,     /* a domain looks like one of the member's and is none */
	LOOK_COMPLAINT = 128 /* the mail of a complaint; `at` is when that was delivered */
};

#define LOOK_MORE 7U

struct detect_look {
	uint32_t system;  /* unit of the system it came from */
	uint32_t source;  /* unit of the source; DETECT_NO_UNIT */
	uint32_t member;  /* any number that is one member's alone */
	uint32_t flags;   /* of enum look_flag */
	uint64_t cluster; /* hash of its template; 0: not known */
	uint64_t from;    /* hash of the domain of From; 0: not known */
	uint64_t link;    /* hash of the domain its links lead to; 0: none, or not known */
	/* Of other domains; the first that is new to the system is looked at, else `link` */
	uint64_t more[LOOK_MORE];
	struct instant at;
	uint64_t seq;  /* the journal record that brought it */
	uint32_t feed; /* of a complaint: as in detect_fact */
};
#define DETECT_NO_UNIT UINT32_MAX

/* Takes it: a template that is new to the system is evidence once (model/traits.def). Cost: O(1), no allocation. */
void detect_look(struct detect *d, const struct detect_look *look);

/*
 * Feeds: whoever reports by a clock of its own, 1..count, from now on; count is 0..REPORTERS_MAX, a smaller one than before changes nothing. Its error is learnt from what its reports are about, in half hours,
 * and what it states is read by it. Allocates. The second: so many minutes is its clock behind; below 0: ahead.
 * Why: doc/why/detection.md, "Clocks". Test: tests/unit/detect_clock_test.c.
 */
void detect_feeds(struct detect *d, uint32_t count);
int32_t detect_feed_behind(const struct detect *d, uint32_t feed);

/*
 * Witnesses: reporters whose word counts only together with others'. Their ids are the caller's, small numbers. `counts`: from now on its
 * word does, or no longer. While there is any, a share of the budget is theirs (WITNESS_SHARE in tuning.def). Allocates.
 */
void detect_witness_set(struct detect *d, uint32_t witness, bool counts);

/*
 * A witness reports a fact at `now`, the journal's time. Complaints and traps are evidence: an alarm (takeover "reported") is raised where
 * it would be raised without any params.liars of the witnesses, so no such number of them can cause one, whatever they report. It changes
 * nothing about the evidence of detect_observe. Weighed by detect_tick when the volume of its mail is known.
 * Cost: O(1), no allocation; the first word about a unit makes about 300 bytes resident. A tick: below 50 us for each unit that was spoken of.
 * Why: doc/why/reporters.md. Test: tests/unit/witness_test.c.
 */
void detect_hear(struct detect *d, uint32_t unit, uint32_t witness, const struct detect_fact *fact,
		 struct instant now);

/*
 * What detect_hear was told at `told` is told no longer. Of the same day of the journal it leaves the counts, so that the evidence is as if it had not been
 * told; of a day before it stays until a day without a word ends it. Cost: O(1).
 */
void detect_unhear(struct detect *d, uint32_t unit, uint32_t witness, const struct detect_fact *fact,
		   struct instant told);

/* Time has come to `now`: closes the bins that are due. Between observations, call it about once a minute. */
void detect_tick(struct detect *d, struct instant now);

/*
 * A person confirmed that the unit was taken over: what it did in the last day or two is not learnt from. Call it for the
 * units of an alarm that was right, at once; without it an alarm counts as wrong and the unit's new ways as its own. Cost: O(1).
 */
void detect_unit_forget(struct detect *d, uint32_t unit);

/*
 * A takeover of the unit is `factor` times as likely as of others until then, 1..DETECT_THREAT_MAX: by what people know, or since it is linked to a confirmed one.
 * It gets that much more start weight, of what all units saved for such (THREAT_SHARE in tuning.def) and as long as there is any: the budget
 * holds as before. Of several the highest factor counts. The second: all systems that had the template which `unit` was suspected for
 * last, but itself. Cost: O(1); O(units). Test: tests/unit/threat_test.c.
 */
#define DETECT_THREAT_MAX 100
void detect_threaten(struct detect *d, uint32_t unit, double factor, struct instant now,
		     struct instant until);
void detect_threaten_linked(struct detect *d, uint32_t unit, double factor, struct instant now,
			    struct instant until);

/* True when some bin is open, so that a tick may still tell something. */
bool detect_waits(const struct detect *d);

int detect_evidence_of(enum signal signal); /* the kind of evidence that it counts as; -1: none */

/* What is known of a unit now, for status and explanation. Cost: O(1). */
struct detect_view {
	double evidence_nats[VOICE_COUNT]; /* ln of the evidence; an alarm comes at limit_nats */
	double limit_nats[VOICE_COUNT];
	double witness_nats, witness_limit_nats; /* the same of what witnesses say; -69: nothing */
	/* Learnt rate per delivered message of the kind of mail that was sent last */
	double rate[EVIDENCE_COUNT];
	double volume_per_day; /* learnt mean volume, messages */
	uint64_t left_out;     /* observations that were more than three days late */
	double threat;         /* factor; 1: it is under no threat */
	struct instant threat_until;
};
void detect_unit_view(const struct detect *d, uint32_t unit, struct detect_view *view);

/* Messages of the cohorts that are known still (a day or two) and began at or after `since`, and of the open bin. Cost: O(1). */
double detect_mail_since(const struct detect *d, uint32_t unit, struct instant since);

uint32_t detect_unit_count(const struct detect *d);

/* Snapshot of the whole state, without the parameters. Equal state gives equal bytes. Cost: O(units), up to 1 kB of each. */
void detect_save(const struct detect *d, struct buffer *b);

/*
 * Reads a snapshot into a detector just opened. Errors: RESULT_DAMAGED for what detect_save cannot have written; the
 * detector is then empty as before.
 */
enum result detect_load(struct detect *d, struct wire *w) MUST_USE;

/* ---- compliance: the programme's public thresholds over windows of days (model/threshold.h), exact and in whole numbers */

/*
 * A source is counted apart from what detect_unit_add counts: its id is that of the registry, its group that of its member. What
 * counts is in the window when its event falls on one of the last so many days (UTC), today included, whenever it is reported.
 * So late news is counted in its own day, and only if it comes after the window has passed not at all.
 *
 * Cost: O(1) per observation, plus O(all that is kept) when a day begins. compliance_observe allocates when a source is counted
 * for a threshold and party for the first time, and else never. Memory: about 400 bytes for each source and receiver, and for
 * each source and other threshold that had news. Test: tests/unit/compliance_twin_test.c, a naive twin on random histories.
 */
struct compliance;

/* For whom counts are kept apart; each kind counts its ids from 0. */
enum compliance_party {
	COMPLIANCE_RECEIVER,
	COMPLIANCE_NETWORK,
	COMPLIANCE_BLOCKLIST,
	COMPLIANCE_PARTY_COUNT
};

#define COMPLIANCE_NONE         UINT32_MAX
#define COMPLIANCE_EVIDENCE_MAX 4U

/* One threshold of one source (of the scope GROUP: of one member): the numbers behind it, and how far it is to cross or to return. */
struct compliance_metric {
	enum threshold threshold;
	enum threshold_level level;
	uint32_t unit;                       /* source, or member */
	uint32_t party;                      /* receiver or trap network; COMPLIANCE_NONE */
	struct text party_name;              /* lives as long as the room; empty: none */
	const struct threshold_limit *limit; /* until the next compliance_policy */
	uint32_t days;                       /* of the window */
	uint64_t bad, sample;
	uint64_t room; /* so many more of the bad cross it; 0: it is over, or no number does */
	/* When it is over: so much more of the sample, with nothing bad, takes it back; 0: no number does */
	uint64_t clean;
	/* When it is over: after so many days without any news it is back; 0: not by itself */
	uint32_t return_days;
	uint32_t evidence_count;
	uint64_t evidence[COMPLIANCE_EVIDENCE_MAX]; /* journal records of the latest bad news, oldest first */
};

/* A threshold was crossed (level OVER) or is no longer. Called within the functions below, in the same order in every run; must not call the room. */
typedef void compliance_fn(void *context, const struct compliance_metric *metric);

struct compliance *compliance_open(compliance_fn *turned, void *context); /* every limit is off */
void compliance_close(struct compliance *c);                              /* NULL is fine */

/* From now on these limits hold, also for what is counted already. Cost: O(all that is kept). */
void compliance_policy(struct compliance *c, const struct threshold_policy *policy);

/* The next source: its id is the number of sources so far. Disuse is measured against the mail of sources of its kind. */
void compliance_source_add(struct compliance *c, uint32_t source, uint32_t group, enum source_kind kind);
void compliance_source_remove(struct compliance *c, uint32_t source); /* nothing turns any more */
/*
 * A person put it on the list at `now`: its counts start again, and what happened before `now` is not counted any more. What
 * blocklists say stays.
 */
void compliance_source_start(struct compliance *c, uint32_t source, struct instant now);

/* The id of a party, which is new when the name is. COMPLIANCE_NONE: there are COMPLIANCE_PARTIES_MAX. Texts: names. */
uint32_t compliance_party(struct compliance *c, enum compliance_party kind, struct text name);
/* The id of a party that there is; COMPLIANCE_NONE: none. */
uint32_t compliance_party_find(const struct compliance *c, enum compliance_party kind, struct text name);
/* What a listing on this blocklist counts; SIGNIFICANT until it is said. Cost: O(all that is kept) when it changes. */
void compliance_weight(struct compliance *c, uint32_t blocklist, enum blocklist_weight weight);

/* Whom an observation is about and from; COMPLIANCE_NONE: nobody in particular. */
struct compliance_about {
	uint32_t receiver, network, blocklist;
};
/*
 * Takes `count` (>= 1) of a signal of one source, and of its group if `group` says so: an observation that names two sources of
 * a member counts once for the member. `at` is the time of the event, `seq` the journal record. compliance_tick comes first.
 */
void compliance_observe(struct compliance *c, uint32_t source, bool group,
			const struct compliance_about *about, enum signal signal, uint32_t count,
			struct instant at, uint64_t seq);

/*
 * Takes `count` back that compliance_observe was told with the same arguments in a record of the time `told`: the counts are then as if it had not
 * been, by the day of the event. `own`: of its own counts, too; else (they began anew since that record) of its group's alone. What blocklists say, and the
 * days with mail, are states and stay; a day whose count is full stays full. Nothing turns before compliance_settle. Cost: O(1), no allocation.
 */
void compliance_take(struct compliance *c, uint32_t source, bool own, bool group,
		     const struct compliance_about *about, enum signal signal, uint32_t count,
		     struct instant at, struct instant told);
/* Holds what is left of the source and of its group against the limits. Cost: O(receivers it has). */
void compliance_settle(struct compliance *c, uint32_t source);

/* Time has come to `now`. Call it for each record, before its observations. Cost: O(1) but when a day begins. */
void compliance_tick(struct compliance *c, struct instant now);
struct instant
compliance_due(const struct compliance *c); /* the next day begins; INT64_MAX ms: nothing is kept */

/*
 * The metrics of a source or group that have any news, thresholds in their order, then parties; `max` at most. Returns how many there are.
 * Cost: O(metrics x days of the window).
 */
uint32_t compliance_source_metrics(const struct compliance *c, uint32_t source,
				   struct compliance_metric *metrics, uint32_t max);
uint32_t compliance_group_metrics(const struct compliance *c, uint32_t group,
				  struct compliance_metric *metrics, uint32_t max);
/* Does this blocklist hold the source now? *said: when it said so last. Cost: O(blocklists that ever held it). */
bool compliance_holds(const struct compliance *c, uint32_t source, uint32_t blocklist, struct instant *said);
/* "complaints at mailbox: 0.31 % of 0.20 % (312 of 101,204 in 30 days)"; with distances: "; 54,796 more clean messages or 12 days". */
void compliance_words(const struct compliance_metric *metric, bool distances, struct buffer *b);

/* Snapshot, without policy. Equal state gives equal bytes. Cost: O(all that is kept). */
void compliance_save(const struct compliance *c, struct buffer *b);
/* Into a room just opened that has its policy. Errors: RESULT_DAMAGED for what compliance_save cannot have written; close it then. */
enum result compliance_load(struct compliance *c, struct wire *w) MUST_USE;

#endif
