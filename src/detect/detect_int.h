/*
 * detect/detect_int.h - the state of a unit and the parts of the room. Private.
 *
 *   detect.c    bins: what is observed waits here until it is weighed
 *   exposure.c  how much mail the bad news of a bin answers to
 *   predict.c   the Gamma-Poisson predictive, the one formula behind both stories
 *   weigh.c     honest story against takeovers: e-values and their accumulation
 *   baseline.c  blocks, and the honest rates learnt from them
 *   ledger.c    what the evidence consists of
 *   snapshot.c  the state as bytes
 */
#ifndef DETECT_DETECT_INT_H
#define DETECT_DETECT_INT_H

#include "base/limits.h"
#include "base/number.h"
#include "detect/detect.h"

#define TUNING(name, value, unit, why) static const double name = value;
#include "detect/tuning.def"
#undef TUNING

#define MINUTE_MS      60000.0
#define HOUR_MS        3600000.0
#define LN2            0x1.62e42fefa39efp-1
#define EVIDENCE_LEAST 1e-30 /* years; less is zero */

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
	double honest, prior_events, frailty, bad_rate, bad_factor, bad_shape;
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

/* All that is a number and never below zero; floats, since a unit is to stay below 600 bytes. */
struct unit_numbers {
	struct tally block;               /* of this block */
	float old_events[EVIDENCE_COUNT]; /* slow memory that knows no blocks */
	float old_expected[EVIDENCE_COUNT];
	struct tally today[STREAM_COUNT], yesterday[STREAM_COUNT], learnt[STREAM_COUNT];
	float block_volume, block_hours;
	float complaint_due;                 /* of the block of complaints */
	float old_weight[EVIDENCE_COUNT];    /* chance that slow memory predicts better than the block */
	float bad_list;                      /* chance that the block is mail to a bad list */
	float lag[LAG_COUNT];                /* mail whose complaints are still to come, by compartment */
	float unanswered[EVIDENCE_COUNT];    /* mail without bad news yet */
	float volume, volume_hours;          /* fading sums: the mean volume */
	float peak;                          /* messages of the busiest hour, fading */
	float gap_hours;                     /* usual time between two volume reports; 0 = none came yet */
	float m[VOICE_COUNT][PROFILE_COUNT]; /* the e-process, in years */
	float expected[EVIDENCE_COUNT];      /* ledger */
};

enum unit_flag {
	UNIT_OPEN = 1,    /* a bin is open; the unit stands in the waiting list */
	UNIT_STARTED = 2, /* something was observed once; the times below are set */
	UNIT_HEARD = 4,   /* volume came after the first bad news of the bin */
	UNIT_SILENCE = 8, /* the first volume of the bin came after a silence */
};

struct unit {
	int64_t bin_ms;      /* start of the open bin */
	int64_t last_ms;     /* latest observation; time of the unit */
	int64_t step_ms;     /* end of the last bin */
	int64_t credited_ms; /* start weight was given up to here */
	int64_t block_ms;    /* start of the block */
	int64_t complaint_block_ms;
	int64_t volume_ms; /* latest volume; INT64_MIN: none came yet */
	int64_t day_ms;    /* start of `today` */
	int64_t first_bad_ms;
	uint64_t first_bad_seq;
	uint64_t delivered; /* since first_bad_ms */
	uint64_t reports[ALARM_REPORTS_MAX];
	uint64_t bin_volume;
	uint32_t bin_count[EVIDENCE_COUNT];
	uint32_t observed[EVIDENCE_COUNT]; /* ledger */
	uint32_t left_out;
	uint8_t kind;
	uint8_t flags;
	uint8_t streams;                         /* bit e: evidence e answers to a burst */
	uint8_t report_count;                    /* 0: no bad news since the evidence last stood at zero */
	float nats[VOICE_COUNT][EVIDENCE_COUNT]; /* ledger; may be below zero */
	struct unit_numbers n;
};

struct detect {
	double limit[UNIT_KIND_COUNT][VOICE_COUNT]; /* alarm when the sum over `m` reaches it, in years */
	detect_alarm_fn *alarm;
	void *context;
	struct unit *units;
	uint32_t *waiting; /* ids of the units with an open bin, in the order of their opening */
	uint32_t unit_count, unit_size, waiting_count;
	double fleet_events[STREAM_COUNT][EVIDENCE_COUNT]; /* what was learnt from all units */
	double fleet_mail[STREAM_COUNT][EVIDENCE_COUNT];
};

/* A bin that is being weighed. */
struct bin {
	int64_t end_ms;
	double hours;  /* its own length */
	double since;  /* hours since the end of the bin before: silence belongs to the next bin */
	double volume; /* messages reported in it */
	uint32_t count[EVIDENCE_COUNT];
	double due;                  /* mail whose complaints were due in it, by the lag alone */
	double mail[EVIDENCE_COUNT]; /* what the counts answer to, at most */
	double rate[EVIDENCE_COUNT]; /* honest, learnt */
};

/* How a bin changed the stories; per voice and kind of evidence, weighted by what the profiles were worth. */
struct growth {
	double nats[VOICE_COUNT][EVIDENCE_COUNT];
};

/* predict.c: see there. */
double detect_predict(double shape, double scale, double rate, double mail, uint32_t events);
double detect_ln_sum(double a, double b); /* ln(exp a + exp b) */

/* exposure.c */
void detect_exposure_heard(struct unit *u, int64_t at_ms);  /* a volume report came */
void detect_exposure_fill(struct unit *u, struct bin *bin); /* bin->mail; moves the lag compartments on */
double detect_exposure_wait_ms(const struct unit *u);       /* how long bad news waits for volume */
double detect_exposure_most(const struct unit *u); /* mail that the open bin may answer to, at most */

/* baseline.c */
double detect_baseline_rate(const struct detect *d, const struct unit *u, enum evidence e);
double detect_baseline_shape(const struct unit *u, enum evidence e);
void detect_baseline_block(struct detect *d, struct unit *u,
			   const struct bin *bin);                 /* opens a block if it is time */
void detect_baseline_count(struct unit *u, const struct bin *bin); /* after it was weighed */

/* weigh.c: moves the e-process and the suspicion of a bad list on. */
void detect_weigh(struct unit *u, const struct bin *bin, struct growth *growth);
double detect_evidence(const struct unit *u, enum voice voice); /* sum of the e-process, years */

/* ledger.c */
void detect_ledger_bad(struct unit *u, int64_t at_ms, uint64_t seq);
void detect_ledger_add(struct unit *u, const struct bin *bin, const struct growth *growth);
void detect_ledger_alarm(const struct detect *d, uint32_t id, enum voice voice, int64_t at_ms,
			 struct alarm *alarm);
double detect_ledger_nats(const struct unit *u, enum voice voice);
void detect_ledger_clear(struct unit *u);

#endif
