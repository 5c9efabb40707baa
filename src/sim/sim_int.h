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
double random_normal(struct random *r);              /* mean 0, deviation 1 */
double random_lognormal(struct random *r, double median, double spread);
double random_ratio(struct random *r, double low, double high); /* even in the logarithm; 0 when low is 0 */
double random_frailty(struct random *r, double shape);          /* mean 1 */
uint32_t random_poisson(struct random *r, double mean);         /* mean below 4e9 */

/* Mail that shares one fate: what it does badly it does badly as a whole. Rates per message. */
struct stream {
	double complaints, unknown, traps;
};

/* A campaign or a takeover on its way. */
struct run {
	double left;    /* messages to send */
	double per_ms;  /* messages per millisecond */
	int64_t begins; /* ms; nothing is sent before */
	struct stream stream;
	uint32_t source;             /* the only source that sends; SIM_NONE: all of the system */
	enum sim_event_kind because; /* SIM_EVENT_COUNT: an honest campaign */
};

#define RUNS_MAX 6U /* campaigns and takeovers of one system at once; one more campaign is not begun */

/* What a system is and where it stands. */
struct sender {
	struct random random;
	double transactional; /* messages per day */
	double campaigns;     /* per week */
	double list;          /* messages of a campaign */
	struct stream usual;  /* rates over all its campaigns */
	double imports;       /* share of its campaigns that go to a badly imported list */
	double surge;         /* factor on the day of the surge; 1: takes no part */
	int64_t zone_ms;      /* local time minus UTC */
	uint32_t preferred;   /* hour of the week, local, from Monday 0:00 */
	double noise;         /* ln of the present noise */
	int64_t noise_hour;   /* hour since 1970 that it was drawn for */
	struct stream block;  /* transactional, with the frailty of the present block */
	int64_t block_ends;   /* ms */
	int64_t rebrand_ends; /* ms; 0: no rebrand */
	uint32_t mailers;     /* sources that mail leaves by: all but the last when that is a domain */
	uint32_t domain;      /* source index of the domain that signs, or SIM_NONE */
	uint32_t run_count;
	struct run runs[RUNS_MAX];
};

/* A complaint or trap hit that will be reported. */
struct pending {
	int64_t at, mailed; /* ms */
	uint64_t serial;    /* order among equals */
	uint32_t source;
	uint8_t signal, because, feed;
};

/* Those of later steps: a binary heap, the earliest on top. */
struct heap {
	struct pending *items;
	size_t count, size;
};

void heap_push(struct heap *h, const struct pending *p);
struct pending heap_pop(struct heap *h); /* count > 0 */

struct sim {
	struct sim_params params;
	struct sim_member *members;
	struct sim_system *systems;
	struct sim_source *sources;
	struct sender *senders; /* one per system */
	struct sim_event *events;
	size_t event_count, event_size;
	struct heap later;
	uint64_t pushed;
	int64_t now_ms;                 /* start of the next step */
	struct sim_observation *volume; /* of the step that is given out */
	size_t volume_count, volume_at, volume_size;
	uint32_t serial;
};

/* fleet.c: members, systems, sources and how each system sends. */
void fleet_build(struct sim *sim, uint64_t seed);

/* traffic.c: the step that begins at sim->now_ms. */
void traffic_step(struct sim *sim);
void traffic_event(struct sim *sim, const struct sim_event *event);

/* write.c: who reports a complaint about `source`; the address that the mail came from. */
enum sim_feed write_receiver(const struct sim *sim, uint32_t source, uint64_t number);
const char *write_address(const struct sim *sim, const struct sim_observation *o,
			  char out[PREFIX_TEXT_BYTES]);

#endif
