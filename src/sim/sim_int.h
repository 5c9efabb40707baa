/*
 * sim/sim_int.h - inside the simulator: random numbers, the state of a system, what is on its way.
 */
#ifndef SIM_SIM_INT_H
#define SIM_SIM_INT_H

#include "sim/sim.h"

/* xoshiro256++ 1.0 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), seeded by splitmix64. */
struct random {
	uint64_t s[4];
};

void random_seed(struct random *r, uint64_t seed, uint64_t stream);
uint64_t random_u64(struct random *r);
double random_unit(struct random *r); /* in [0, 1) */
double random_range(struct random *r, double low, double high);
uint32_t random_below(struct random *r, uint32_t n); /* 0..n-1, n >= 1 */
double random_exponential(struct random *r);         /* mean 1 */
double random_lognormal(struct random *r, double median, double spread);
double random_normal(struct random *r);                         /* mean 0, deviation 1 */
double random_ratio(struct random *r, double low, double high); /* even in the logarithm; 0 when low is 0 */
double random_frailty(struct random *r, double shape);          /* gamma, mean 1; shape > 0 */
uint32_t random_poisson(struct random *r, double mean);         /* mean below 4e9 */

/*
 * The streams of random numbers of a system. Each is drawn from for one purpose, so that a takeover does not change the honest
 * mail, and what is seen of the mail does not change what is sent.
 */
enum {
	STREAM_COURSE,  /* what a system is and does: campaigns, noise, frailty; the same for any step */
	STREAM_MAIL,    /* honest messages, and those that do not exist */
	STREAM_LOOK,    /* what it looks like */
	STREAM_REPORTS, /* what is reported about it and seen of it */
	STREAM_ATTACK,  /* mail of takeovers */
	STREAM_ATTACK_REPORTS, /* what is reported about it and seen of it */
	STREAM_COUNT
};
#define STREAM_FLEET    UINT64_MAX       /* streams that no system has */
#define STREAM_PLAN     (UINT64_MAX - 1) /* takeovers */
#define STREAM_FEEDS    (UINT64_MAX - 2) /* what happens to feeds */
#define STREAM_DECLARES (UINT64_MAX - 3) /* who declares */

/* What the messages of one mailing look like; numbers as in sim_content. */
struct look {
	uint32_t cluster, campaign, from, link;
	/* Clusters, From and link domains that take turns, each numbered upwards; 1: none do */
	uint32_t variants;
	bool attachment, lure;
};

/* A campaign or a takeover on its way. */
struct run {
	double left;    /* messages to send */
	double per_ms;  /* messages per millisecond */
	int64_t begins; /* ms; nothing is sent before */
	struct sim_rates stream;
	struct look look;
	uint32_t source;             /* the only source that sends; SIM_NONE: all of the system */
	enum sim_event_kind because; /* SIM_EVENT_COUNT: an honest campaign */
};

#define RUNS_MAX        16U  /* campaigns and takeovers of one system at once */
#define CAMPAIGNS_MAX   6U   /* one more is not begun */
#define TEMPLATES       4U   /* of transactional mail, and as many of campaigns */
#define COMMON_CLUSTERS 50U  /* templates that an ESP offers to all its customers */
#define AFFILIATES      200U /* link domains that are no trackers but that several members use */
#define USUAL_LINKS     3U   /* link domains that a system uses beside its own: the first of its numbers */
#define LINKS_MAX       (USUAL_LINKS + 1) /* declared link domains beside the own one: those and the tracker */
#define NEVER           INT64_MAX
#define CANARY_HOST \
	"canaries.example" /* below it each member has a domain of addresses that stand in its lists alone */

/* What a system is and where it stands. Times in ms. */
struct sender {
	struct random random[STREAM_COUNT];
	double transactional;   /* messages per day */
	double campaigns;       /* per week */
	double list;            /* messages of a campaign */
	struct sim_rates usual; /* rates over all its campaigns */
	double imports;         /* share of its campaigns that go to a badly imported list */
	double surge;           /* factor on the day of the surge; 1: takes no part */
	double season;          /* share of the year after 1 January when its campaigns are most */
	int64_t zone_ms;        /* local time minus UTC */
	uint32_t preferred;     /* hour of the week, local, from Monday 0:00 */
	uint32_t mail_days;     /* days of the week that have such an hour, 1..7 */
	double noise;           /* ln of the present noise */
	int64_t hour;           /* hour since 1970 that the next two are of */
	double per_ms;          /* transactional messages in this hour */
	double hazard;          /* campaigns begun, per ms, in this hour */
	/* What is left of a unit exponential; [1]: of takeovers */
	double until_campaign, until_report[2], until_sample[2];
	struct sim_rates block; /* transactional, with the frailty of the present block */
	int64_t block_ends, rebrand_at, rebrand_ends, move_from, move_to, forged_at, template_at;
	uint32_t mailers;           /* sources that mail leaves by: all but the last when that is a domain */
	uint32_t domain;            /* source index of the domain that signs, or SIM_NONE */
	uint32_t sleeper;           /* source that sends nothing of its own, or SIM_NONE */
	uint32_t brand;             /* domain of its From */
	uint32_t tracker;           /* the shared domain that it uses */
	uint32_t domains, clusters; /* numbers of its own that are given out */
	bool brand_declared, moved;
	struct look templates[2 * TEMPLATES]; /* of transactional mail, then of campaigns */
	uint32_t run_count;
	struct run runs[RUNS_MAX];
};

/* A complaint, trap hit, sample or canary that will be reported. */
struct pending {
	int64_t at, mailed; /* ms */
	uint64_t serial;    /* order among equals */
	struct sim_content content;
	uint32_t source;
	uint8_t kind, signal, because, feed;
};

/* Those of later steps: a binary heap, the earliest on top. */
struct heap {
	struct pending *items;
	size_t count, size;
};

void heap_push(struct heap *h, const struct pending *p);
struct pending heap_pop(struct heap *h); /* count > 0 */

/* What one source handed over in a step. */
struct volume {
	int64_t arrives, at; /* ms */
	uint32_t source, delivered, unknown, bad_delivered, bad_unknown;
	uint8_t because;
};

/* Those that have not arrived: a ring. `first` is given out next. */
struct queue {
	struct volume *items;
	size_t first, count, size; /* size: a power of two */
	bool told;                 /* delivered ones of the first are given out; its unknown users are next */
};

struct volume *queue_put(struct queue *q);

/* A run that begins later. */
struct planned {
	uint32_t system, number; /* number: order among those that begin at once */
	struct run run;
};

/* How much of the complaints receivers report from `from` on; the last place is for those that are no receivers. */
struct level {
	int64_t from;
	double factor[SIM_RECEIVER_COUNT + 1];
};

struct gap {
	int64_t from, to;
};

struct sim {
	struct sim_params params;
	struct sim_member *members;
	struct sim_system *systems;
	struct sim_source *sources;
	struct sender *senders; /* one per system */
	double *weights;        /* one per source: its share of the mail of its system */
	struct sim_event *events;
	size_t event_count, event_size;
	struct planned *planned; /* in the order in which they begin */
	size_t planned_count, planned_next;
	struct level *levels;
	size_t level_count;
	double peak; /* the highest factor of any level, with the coverage */
	struct gap *gaps;
	size_t gap_count;
	struct heap later;
	uint64_t pushed;
	int64_t now_ms, end_ms; /* start of the next tick; the end of time */
	int64_t tick_ms;        /* the step of the volume feed, at most an hour */
	struct queue queue;
	struct volume *sums; /* with a daily step: of the present day, one per source */
	uint32_t serial;
};

/* Mail of one kind that a system sends in a tick. */
struct mailing {
	const struct sim_rates *stream;
	const struct look *look; /* NULL: transactional, one of the system's templates */
	double mean;             /* messages expected, from all of its sources */
	int64_t from_ms;         /* it is sent from here on */
	double length_ms;        /* and so long */
	uint32_t source;         /* as in struct run */
	enum sim_event_kind because;
};

/* One tick of one system. */
struct tick {
	struct sim *sim;
	struct sender *d;
	uint32_t system;
	int64_t from_ms, length_ms;
};

/* fleet.c: members, systems, sources and how each system sends. */
void fleet_build(struct sim *sim, uint64_t seed);
void fleet_weigh(struct sim *sim, uint32_t system, int64_t at); /* who of a system sends how much */

/* plan.c: takeovers, the surge, and what happens to feeds. */
void plan_takeovers(struct sim *sim, uint64_t seed);
void plan_feeds(struct sim *sim, uint64_t seed);
void plan_event(struct sim *sim, const struct sim_event *event);

/* traffic.c: the tick that begins at sim->now_ms. An honest campaign that begins at `at`; gives its length in minutes. */
void traffic_tick(struct sim *sim);
double traffic_campaign(const struct sim *sim, const struct sender *d, struct random *r, int64_t at,
			struct run *run);

/* feedback.c: what will be reported about `n` delivered messages and seen of them. */
void feedback_put(const struct tick *t, const struct mailing *mailing, uint32_t n, uint32_t source);
void feedback_forge(const struct tick *t);
void feedback_receivers(struct sim_observation *o); /* sets o->received, which is 0 */

/* look.c: templates and domains. */
void look_begin(struct sim *sim, uint32_t system);
void look_campaign(const struct sim *sim, uint32_t system, struct random *r, struct look *look);
void look_rebrand(const struct sim *sim, uint32_t system);
void look_renew(const struct sim *sim, uint32_t system); /* one template of transactional mail */
void look_declared(const struct sim *sim, uint32_t system, uint32_t links[LINKS_MAX]);
struct sim_content look_content(const struct look *look, uint32_t variant, bool headers_only);
uint32_t look_of_takeover(uint32_t takeover); /* cluster and link domain; variants follow */
uint32_t look_foreign(uint32_t takeover);     /* From domain of others; variants follow */

/* write.c: the address that the mail came from. */
const char *write_address(const struct sim *sim, const struct sim_observation *o,
			  char out[PREFIX_TEXT_BYTES]);

#endif
