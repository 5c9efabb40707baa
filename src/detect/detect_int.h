/*
 * detect/detect_int.h - the state of a unit and the parts of the room. Private.
 *
 *   detect.c    what is observed goes into bins, and bins into cohorts
 *   clock.c     how wrong the clocks of feeds are
 *   volume.c    when volume is reported, and what stands in for it
 *   pending.c   bad news that waits for its volume
 *   take.c      what was told and is told no longer
 *   content.c   what messages look like, and what of it is new
 *   usual.c     mail that is seen to be the sender's usual takes back what counts say
 *   suspect.c   complaints of a template that speaks against the sender, against all others
 *   novelty.c   what a system and the fleet have seen before
 *   cohort.c    a cohort: mail sent together, with all the bad news that answers to it
 *   baseline.c  the honest rates, learnt from cohorts that are old
 *   shape.c     by how much honest cohorts differ, learnt from them as well
 *   predict.c   the Gamma-Poisson likelihood, the one formula behind both stories
 *   story.c     the honest story of a cohort against takeovers
 *   threat.c    start weight for units of which a takeover is likelier
 *   evidence.c  the e-process over the cohorts, and what an alarm consists of
 *   onset.c     when a takeover began
 *   witness.c   reporters whose word counts only together with others'
 *   audit.c     how often the evidence of the fleet rose, against what was promised
 *   watch.c     how near to an alarm a unit is
 *   snapshot.c  the state as bytes
 *
 * witness_snapshot.c is in witness_int.h; what has a header of its own is not of the state of a unit: compliance*.c, and conformal.c,
 * series.c and burst.c in conformal_int.h.
 */
#ifndef DETECT_DETECT_INT_H
#define DETECT_DETECT_INT_H

#include "base/limits.h"
#include "base/number.h"
#include "detect/audit.h"

#define TUNING(name, value, unit, why) static const double name = value;
#include "detect/tuning.def"
#undef TUNING

#define MINUTE_MS          60000.0
#define HOUR_MS            3600000.0
#define LN2                0x1.62e42fefa39efp-1
#define VOLUME_GAPS_LONGER 24
#define COHORT_UNTAUGHT    0x8000U /* of cohort.traits: what it showed has not been taught yet */
#define COHORT_SUSPECT     0x2000U /* begun by the unit's suspect */
#define COHORT_DECLARES    0x4000U /* of a member that declares */
#define COHORT_FOREIGN     0x1000U /* a message of a template that speaks against the sender was seen in it */
#define COHORT_NEAR        0x0800U /* or in the one beside it */
#define FILTER_WORDS       8U
#define KNOWN_NAMES        65536U /* of the fleet; the ones not seen for longest make way */
#define LATE_LOTS          5U
#define LOTS               (1 + LATE_LOTS) /* that of the open bin, and the late ones */
#define PENDING_KINDS      (EVIDENCE_COUNT + 1)
#define PENDING_SPREAD     EVIDENCE_COUNT /* complaints whose mail is not known */
#define SHAPES             17  /* of honest cohorts: from a fourth of the stated one to four times it */
#define COHORTS            6U  /* of a unit; a busy one fills them in a day or two */
#define CLOCK_SHIFTS       49U /* half hours, from half a day behind to half a day ahead */
#define CLOCK_HEARD        64U

enum {
#define LAG(hours, share) +1
	LAG_COUNT = 0
#include "detect/lags.def"
#undef LAG
};

enum {
#define PROFILE(...) +1
	PROFILE_COUNT = 0
#include "detect/profiles.def"
#undef PROFILE
};

struct detect_rate {
	double honest, prior_events, frailty, bad_rate, bad_factor, bad_shape, attack_shape;
};
extern const struct detect_rate detect_rates[EVIDENCE_COUNT]; /* rates.def */

struct detect_profile {
	enum takeover takeover;
	double share, prior;
	double added[EVIDENCE_COUNT]; /* per message of the unit: share times the columns of profiles.def */
};
extern const struct detect_profile detect_profiles[PROFILE_COUNT];

/* Mail in bursts (campaigns) and mail at the usual pace are two streams with rates of their own. */
enum stream { STREAM_TRICKLE, STREAM_BURST, STREAM_COUNT };

/* Events and the mail they answer to. */
struct tally {
	float events[EVIDENCE_COUNT];
	float mail[EVIDENCE_COUNT];
};

/* Numbers that are never below zero; floats, since a unit is to stay small. */
struct cohort_numbers {
	float mail; /* messages that were reported as delivered */
	float events[EVIDENCE_COUNT];
	float weight;         /* years: start weight of takeovers that begin with it */
	float first_bad_hour; /* after its start */
	float look;           /* evidence of its templates: the product of their e */
};

/* Mail sent together. Its bad news may come days later and still counts here. */
struct cohort {
	int64_t start_ms;
	uint64_t first_bad_seq; /* journal record of its first bad news; 0: none */
	uint32_t length_ms;     /* of the volume reports that joined it, from its start */
	uint8_t stream;
	uint8_t seen; /* messages of it that were seen, of templates that do not speak against the sender */
	uint16_t traits; /* of its most telling new template: bits of enum trait */
	struct cohort_numbers n;
};

enum unit_flag {
	UNIT_OPEN = 1,    /* a bin is open; the unit stands in the waiting list */
	UNIT_STARTED = 2, /* something was observed once; the times below are set */
	UNIT_NEW = 4,     /* the next bin begins a cohort: the last alarm ended the one before */
	UNIT_NEWS = 8,    /* bad news came that no evaluation has seen */
};

enum unit_time {
	BIN_AT,     /* start of the open bin */
	BIN_VOLUME, /* starts of the first and the last volume report in it */
	BIN_VOLUME_END,
	LAST,    /* latest observation; time of the unit */
	STEP,    /* end of the last bin */
	JOINED,  /* start of the latest volume report that has joined the cohorts; NEVER */
	VOLUME,  /* start of the latest volume report; NEVER */
	RETIRED, /* start of the latest cohort that left the ring */
	CREDIT,  /* start weight was given up to here */
	THREAT,  /* it is under threat until then */
	UNIT_TIMES
};
#define NEVER (-((int64_t)1 << 53))

struct unit_numbers {
	float old[VOICE_COUNT][PROFILE_COUNT]; /* the e-process of the cohorts that left the ring, years */
	float bad_list; /* chance that the latest cohort that left the ring was mail to a bad list */
	float stand_in; /* messages presumed in the latest cohort, until their volume is reported */
	float bank;     /* years of start weight that wait for the next burst */
	float threat;   /* how much likelier a takeover of it is, while it is under threat */
	struct tally learnt[STREAM_COUNT];
	/* Complaints to come about mail that left the ring, as it was complained about so far */
	float lag[LAG_COUNT];
	float volume, volume_hours; /* fading sums: the mean volume */
	float calm_mail;            /* over the same hours, of bursts only what would be none */
	float peak;                 /* messages of the busiest hour, fading */
	float gap_hours;            /* usual time between two volume reports; 0: not known */
	float gap_next;             /* the shortest of the last gaps that were longer */
	float late_hours;           /* most that volume came after the start of its period, fading */
};

/* Bad news that waits for the volume of mail of about this time. */
struct lot {
	int64_t from_ms;    /* the first of its mail; NEVER: empty, all else is 0 */
	uint32_t length_ms; /* to the last of it */
	uint16_t counts[PENDING_KINDS];
};

/* Of mail whose volume is late. Few units have such news at a time, so they share a store. */
struct lots {
	struct lot all[LATE_LOTS];
};
#define NO_LOTS UINT32_MAX /* all are empty */

/* Bad news about mail that was delivered from one time to another. */
struct stretch {
	int64_t from_ms, to_ms;
	uint32_t counts[PENDING_KINDS];
};

/* A template that speaks against the sender: messages of it, and of others, since its cohort began. */
struct suspect {
	uint32_t cluster; /* of its name; 0: none */
	uint16_t samples[2], complaints[2];
};

struct unit {
	int64_t times[UNIT_TIMES];
	uint64_t pending_seq; /* first bad news that waits; 0: none */
	uint64_t bin_mail;
	struct lot of_bin; /* about the mail of the open bin */
	uint64_t reports[ALARM_REPORTS_MAX];
	uint64_t told; /* name of the template that it was suspected for last; 0: none */
	uint32_t left_out;
	uint32_t lots;    /* index of the late ones; NO_LOTS */
	uint32_t novelty; /* index; NO_NOVELTY: no message was looked at yet, or a source */
	uint8_t kind;
	uint8_t flags;
	uint8_t report_count;
	uint8_t gap_longer; /* gaps in a row that were longer than usual */
	uint8_t cohort_count;
	uint8_t cohort_first; /* of the ring */
	struct suspect suspect;
	struct unit_numbers n;
	struct cohort ring[COHORTS];
};

/* One of the reports about a system within some hours, drawn by lot; it will teach a clock. */
struct heard {
	int64_t since_ms;            /* the first of them came */
	int64_t heard_ms, mailed_ms; /* it came; when its mail was delivered, as stated */
	uint32_t unit, count;        /* so many there were */
};

/* What is known of the clock of a feed. */
struct clock {
	float worse[CLOCK_SHIFTS]; /* nats that a shift explains its reports worse than the best one does */
	struct heard heard[CLOCK_HEARD];
	uint8_t first, count; /* of the ring */
	uint8_t shift;        /* the one in use */
};

/* What a system has had before. */
#define NO_NOVELTY UINT32_MAX
struct novelty {
	uint64_t filter[2][FILTER_WORDS]; /* the present generation and the one before */
	int64_t first_ms;                 /* NEVER: no template was seen yet */
	int64_t turned_ms;                /* when the present generation began */
	uint32_t templates;
};

/* A name that the fleet knows. */
struct known {
	uint64_t name; /* 0: none */
	uint32_t first_hour, last_hour, member;
};

/* What new templates show: how many were judged by a trait, and how many showed it; fading. */
struct taught {
	double seen[TRAIT_COUNT], shown[TRAIT_COUNT];
};

/* What all units together show, per stream and kind. */
struct fleet {
	double events[STREAM_COUNT][EVIDENCE_COUNT];
	double mail[STREAM_COUNT][EVIDENCE_COUNT];
	/* Nats that a shape explains cohorts worse than the best one does */
	double worse[STREAM_COUNT][EVIDENCE_COUNT][SHAPES];
	double shape[STREAM_COUNT][EVIDENCE_COUNT]; /* that follows from it, with caution */
	/* Complaints of late: that came, at most a few times what was expected of a cohort; that were expected */
	double lately[2];
	int64_t lately_ms; /* they are as of then */
};

/* What the evidence of the fleet did; all fading. */
struct audit_sums {
	int64_t faded_ms; /* up to here */
	double years[UNIT_KIND_COUNT];
	double excursions[UNIT_KIND_COUNT][VOICE_COUNT][DETECT_AUDIT_LEVELS];
	double e[VOICE_COUNT][STREAM_COUNT], cohorts[VOICE_COUNT][STREAM_COUNT];
	/* The e of one kind of news, by the Bayes voice; of content */
	double alone[DETECT_AUDIT_SIGNALS][STREAM_COUNT];
};

struct audit_unit {
	uint32_t day;                                     /* of the latest rise; 0: none */
	uint8_t above[VOICE_COUNT], reached[VOICE_COUNT]; /* levels: now, and of the excursion seen last */
};

struct detect {
	struct detect_params params;
	double limit[UNIT_KIND_COUNT][VOICE_COUNT]; /* alarm when the e-process reaches it, in years */
	double witness_limit[UNIT_KIND_COUNT];      /* the same of what witnesses say */
	int64_t now_ms;                             /* latest time that was heard of */
	double threat_bank;                         /* years of start weight for units under threat */
	detect_alarm_fn *alarm;
	detect_judged_fn *judged; /* or NULL */
	void *context;
	struct unit *units;
	uint32_t *waiting; /* ids of the units with an open bin, in the order of their opening */
	/* By unit: its open bin is due in this minute, not before; so a tick reads no unit in vain */
	int32_t *due_minute;
	uint32_t unit_count, unit_size, waiting_count;
	/* Room for all units, so that nothing is allocated later; what was never used is not resident. */
	struct lots *lots;
	uint32_t *lots_free; /* given back, a stack */
	uint32_t lots_count, lots_free_count;
	struct novelty *novelty; /* of the systems that have any, in the order of their first message */
	uint32_t novelty_count, novelty_size, system_count, member_count;
	struct known *known;     /* KNOWN_NAMES */
	struct taught taught[2]; /* by members that declare nothing, and by those that do */
	int64_t first_look_ms;
	struct fleet fleet;
	struct audit_sums audit_sums;
	struct audit_unit *audit_units; /* by unit */
	struct witnesses *witnesses;    /* NULL: there never was one */
	struct clock *clocks;           /* by feed */
	uint32_t clock_count;
};

/* A bin that joins the cohorts. */
struct bin {
	int64_t start_ms, covered_ms; /* of its volume; start_ms <= covered_ms */
	int64_t sure_ms; /* up to here its volume is surely known: bad news about it no longer waits */
	int64_t end_ms;  /* now */
	double mail, stand_in;
	uint32_t counts[PENDING_KINDS]; /* bad news that is about it */
	struct stretch stretches[LOTS]; /* ... and about mail up to it */
	uint32_t stretch_count;
};

/* ln of the likelihood of a cohort's counts, without what all stories have alike. */
struct story {
	double honest[VOICE_COUNT];
	double attack[PROFILE_COUNT];
};

/* ln of how likely one kind's count is, by each of the two honest stories. */
struct chances {
	double ordinary, bad_list;
};

/* A likelihood, or a part of one, is product * exp(nats): small factors are multiplied, so that many of them cost one logarithm. */
struct likelihood {
	double product, nats;
};

/* What a cohort expects of an honest sender. */
struct outlook {
	enum stream stream;
	double rate[EVIDENCE_COUNT];  /* learnt */
	double shape[EVIDENCE_COUNT]; /* of the Gamma by which a cohort differs from it */
	double mail[EVIDENCE_COUNT];  /* that the counts answer to by now */
	double lately;   /* times: its complaint rate is so many times the learnt one, as all units' is */
	double bad_list; /* chance that it is mail to a bad list, by the cohorts before it */
	/* ln of how much likelier the complaints about its suspect are from a takeover; 0: none */
	double suspect;
	double suspect_bad_list; /* the same of a bad list that the suspect went to */
	bool weighed;            /* the honest stories were looked at already: */
	struct chances honest[EVIDENCE_COUNT];
};

/* predict.c: see there. */
void detect_likelihood_times(struct likelihood *l, struct likelihood by);
double detect_likelihood_ln(struct likelihood l);
struct likelihood detect_likelihood_shape(double shape, double events);
struct likelihood detect_likelihood_mail(double shape, double rate, double mail, double events);
double detect_predict(double shape, double rate, double mail, double events);
double detect_ln_sum(double a, double b); /* ln(exp a + exp b) */

/* threat.c */
double detect_threat_years(struct detect *d, const struct unit *u, double years, int64_t now_ms);

/* cohort.c */
struct cohort *detect_cohort(struct unit *u, uint32_t i); /* 0: the oldest */
const struct cohort *detect_cohort_at(const struct unit *u, uint32_t i);
/* Share of its complaints that have come */
double detect_cohort_answered(const struct cohort *c, int64_t now_ms);
void detect_cohort_begin(struct detect *d, struct unit *u, int64_t at_ms); /* a new template begins one */
/*
 * A new template of evidence `e`, that begins none unless e > 1. That a takeover begins with a template is paid for whatever it turns out to be, or those that are
 * chosen for an e above one would bring more than was spent: of w for each that begins a cohort honest templates bring w E[e; begins] =
 * w (1 - E[e; begins none]), so each that begins none costs w (1 - e).
 */
void detect_cohort_charge(struct detect *d, struct unit *u, int64_t at_ms, double e);
void detect_cohort_join(struct detect *d, struct unit *u, const struct bin *bin);
int64_t detect_cohort_covered_ms(const struct unit *u);             /* end of the mail that has joined */
struct cohort *detect_cohort_of(struct unit *u, int64_t mailed_ms); /* NULL: too old */
void detect_cohort_complaints(const struct detect *d, struct unit *u, double complaints, int64_t mailed_ms,
			      int64_t now_ms);
void detect_cohort_spread(const struct detect *d, struct unit *u, double complaints, int64_t now_ms);

/* clock.c */
int64_t detect_clock_ms(const struct detect *d, uint32_t feed); /* its clock is behind by this */
void detect_clock_hear(struct detect *d, uint32_t feed, uint32_t unit, int64_t mailed_ms); /* stated */
void detect_clock_save(const struct detect *d, struct buffer *b);
void detect_clock_load(struct detect *d, struct wire *w);

/* volume.c */
void detect_volume_heard(struct unit *u, int64_t at_ms);
bool detect_volume_is_late(const struct unit *u);    /* by more than some gaps */
int64_t detect_volume_wait_ms(const struct unit *u); /* bad news waits so long for its volume */
double detect_volume_presumed(const struct unit *u, int64_t now_ms);
void detect_volume_learn(struct unit *u, const struct bin *bin);

/* detect.c, for content.c, snapshot.c and witness.c */
void detect_limits(struct detect *d);
struct unit *detect_unit_at(struct detect *d, uint32_t unit, int64_t at_ms); /* starts it if need be */
void detect_unit_report(struct unit *u, uint64_t seq);
/* What is in its open bin has changed: when is it due? */
void detect_unit_waits(struct detect *d, uint32_t id);
void detect_judge(struct detect *d, uint32_t id, int64_t now_ms);

/* witness.c */
void detect_witness_close(struct detect *d);
void detect_witness_grow(struct detect *d);        /* there is room for more units */
bool detect_witness_speak(const struct detect *d); /* is there any? */
bool detect_witness_wait(const struct detect *d);  /* does a tick tell something? */
void detect_witness_mail(struct detect *d, const struct unit *u, uint32_t mail);
void detect_witness_told(struct detect *d, uint32_t unit); /* what is known of its mail has changed */
void detect_witness_tick(struct detect *d, int64_t now_ms);
void detect_witness_forget(struct detect *d, uint32_t unit);
double detect_witness_evidence(const struct detect *d, uint32_t unit); /* years */
void detect_witness_save(const struct detect *d, struct buffer *b);
void detect_witness_load(struct detect *d, struct wire *w);

/* snapshot.c, for clock.c and witness.c: a time or NEVER; floats that are never below zero */
int64_t detect_get_time(struct wire *w);
void detect_put_floats(struct buffer *b, const void *floats, size_t bytes);
void detect_get_floats(struct wire *w, void *floats, size_t bytes);

/* content.c */
void detect_content_retire(struct detect *d, const struct unit *u, const struct cohort *c);

/* usual.c: a message of `at_ms` was seen, of a template that speaks against the sender, or of one that does not. */
void detect_usual_foreign(struct unit *u, int64_t at_ms);
void detect_usual_seen(struct unit *u, int64_t at_ms);
bool detect_usual_follows(const struct unit *u); /* the next cohort begins where such mail was seen */
/* What is left of what counts tell */
double detect_usual_nats(const struct cohort *c, uint32_t profile, double nats);

/* suspect.c */
void detect_suspect_begin(struct unit *u, struct cohort *c, uint64_t cluster);
bool detect_suspect_count(struct unit *u, uint64_t cluster, bool complaint, int64_t at_ms);
void detect_suspect_nats(const struct detect *d, const struct unit *u, uint32_t i, int64_t now_ms,
			 struct outlook *o);

/* novelty.c */
/* That of the system; a new one is empty */
struct novelty *detect_novelty_of(struct detect *d, struct unit *system);
const struct novelty *detect_novelty_at(const struct detect *d, const struct unit *system);
uint64_t detect_novelty_name(uint64_t name, uint32_t kind);
bool detect_novelty_seen(const struct novelty *n, uint64_t name);
void detect_novelty_note(struct novelty *n, uint64_t name, int64_t at_ms);
struct known detect_novelty_fleet(struct detect *d, uint64_t name, uint32_t member, int64_t at_ms);

/* pending.c */
struct lot detect_pending_get(const struct detect *d, const struct unit *u, uint32_t i); /* i < LOTS */
void detect_pending_put(struct detect *d, struct unit *u, uint32_t i, struct lot lot);
bool detect_pending_waits(const struct unit *u); /* does any bad news wait? */
void detect_pending_add(struct detect *d, struct unit *u, uint32_t kind, uint32_t count, int64_t mailed_ms);
void detect_pending_take(struct detect *d, struct unit *u, int64_t from_ms, int64_t until_ms,
			 uint32_t counts[PENDING_KINDS]);
uint32_t detect_pending_take_stretches(struct detect *d, struct unit *u, int64_t until_ms,
				       struct stretch stretches[LATE_LOTS]); /* their number */
uint32_t detect_pending_undo(struct detect *d, struct unit *u, uint32_t kind, uint32_t count,
			     int64_t mailed_ms); /* how many there were of them */
int64_t detect_pending_since(const struct detect *d, const struct unit *u);

/* shape.c */
double detect_shape_product(double a, double b);
bool detect_shape_is_sound(const struct detect *d); /* what was read: of each row one shape is the best */
void detect_shape_settle(struct detect *d);         /* what is used, by what cohorts have said so far */
void detect_shape_learn(struct detect *d, enum stream stream, enum evidence e, const struct outlook *o,
			double known, double events, double ordinary);

/* baseline.c */
double detect_baseline_rate(const struct detect *d, const struct unit *u, enum stream stream,
			    enum evidence e);
void detect_baseline_outlook(const struct detect *d, const struct unit *u, int64_t now_ms,
			     struct outlook o[COHORTS]);
void detect_baseline_lately(struct detect *d, const struct cohort *c, const struct outlook *o);
/* From the oldest cohort */
void detect_baseline_learn(struct detect *d, struct unit *u, const struct outlook *o);

/* story.c */
void detect_story(const struct cohort *c, const struct outlook *o, struct story *s);
double detect_story_bad_list_before(const struct cohort *c, double before, int64_t before_ms);
/* Chance that it was one, by its news; weighs the outlook */
double detect_story_bad_list(const struct cohort *c, struct outlook *o);
void detect_story_parts(const struct cohort *c, const struct outlook *o, enum voice voice, uint32_t profile,
			double nats[EVIDENCE_COUNT]);
bool detect_story_surprises(const struct cohort *c, const struct outlook *o);
double detect_story_alone(const struct cohort *c, const struct outlook *o, int e);

/* evidence.c */
void detect_evidence_retire(struct unit *u, struct outlook *o); /* the oldest cohort leaves */
void detect_evidence(const struct unit *u, const struct outlook o[COHORTS], double evidence[VOICE_COUNT]);
void detect_evidence_alarm(const struct detect *d, uint32_t id, const struct outlook o[COHORTS],
			   enum voice voice, int64_t at_ms, struct alarm *alarm);
void detect_evidence_end(struct unit *u);
/* The part of the evidence that began with cohort `start`; COHORTS: with one that left the ring. */
double detect_evidence_begun(const struct unit *u, const struct outlook o[COHORTS], enum voice voice,
			     uint32_t start);

/* onset.c */
void detect_onset(const struct unit *u, const struct outlook o[COHORTS], struct alarm *alarm);

/* audit.c */
void detect_audit_years(struct detect *d, const struct unit *u, int64_t to_ms); /* since its last credit */
void detect_audit_retire(struct detect *d, const struct cohort *c, const struct outlook *o);
void detect_audit_note(struct detect *d, uint32_t id, const double evidence[VOICE_COUNT]);
bool detect_audit_waits(const struct detect *d, uint32_t id); /* until its evidence has fallen */
void detect_audit_look(struct detect *d, uint32_t id, int64_t now_ms);
void detect_audit_end(struct detect *d, uint32_t id); /* an alarm ended its excursions */
void detect_audit_forget(struct detect *d, uint32_t id);
void detect_audit_save(const struct detect *d, struct buffer *b);
void detect_audit_load(struct detect *d, struct wire *w);

#endif
