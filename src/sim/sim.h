/*
 * sim/sim.h - mail of a simulated fleet: honest senders, and those that are taken over. For measuring, tests and the demo.
 *
 * Out:  observations in the order of their time, as feeds would give them, and the truth about them.
 * Same parameters and seed: the same observations, on every machine. Each system draws from its own stream of random numbers, so
 * a takeover added to one changes no other. Numbers and where they are from: numbers.def, attacks.def.
 *
 * What a campaign does badly it does badly as a whole: its complaints, unknown users and trap hits share a gamma factor over all
 * sources of the system, so counts are negative binomial and not Poisson. Complaints follow their mail by minutes to days.
 *
 * Addresses and names are those set aside for documentation (RFC 5737, RFC 3849, RFC 2606).
 * Cost: above 2 M observations/s; about 400 bytes per system and 150 per source. Test: tests/unit/sim_test.c.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/instant.h"
#include "model/signal.h"
#include "model/source.h"

#define SIM_NONE UINT32_MAX

struct sim;

enum sim_event_kind {
#define SIM_EVENT(id, name, takeover, meaning) SIM_##id,
#include "sim/events.def"
#undef SIM_EVENT
	SIM_EVENT_COUNT
};

const char *sim_event_name(enum sim_event_kind kind);
bool sim_event_is_takeover(enum sim_event_kind kind);

struct sim_numbers {
#define SIM(field, value, unit, origin) double field;
#include "sim/numbers.def"
#undef SIM
};

/* A takeover to come. `source` SIM_NONE: one that suits is drawn, of a member that has no other takeover. */
struct sim_takeover {
	enum sim_event_kind kind; /* SIM_BLAST or SIM_OWN_LIST */
	struct instant at;        /* within the simulated time */
	uint32_t source;          /* index; with SIM_OWN_LIST any source of the system */
};

struct sim_params {
	struct instant start; /* a whole hour */
	uint32_t days;        /* >= 1 */
	struct span step; /* of the volume feed: whole minutes that divide an hour; SPAN_HOUR is fastest */
	uint32_t members; /* 1 <= members <= systems <= sources */
	uint32_t systems;
	uint32_t sources;
	uint32_t surge_day;                   /* from 0; SIM_NONE: no surge */
	const struct sim_takeover *takeovers; /* must live until sim_open returns */
	size_t takeover_count;
	struct sim_numbers numbers;
};

/* The fleet of the demo: 20 members, 60 systems, 300 sources, 28 days, hourly, a surge, two takeovers. */
struct sim_params sim_params_default(void);

struct sim *sim_open(const struct sim_params *params, uint64_t seed);
void sim_close(struct sim *sim); /* NULL is fine */

/* One fact of a feed. Volume and unknown users bear the start of their step. */
struct sim_observation {
	struct instant at; /* never before the one of the observation before it */
	struct instant
	    mailed; /* when the message was delivered; equals `at` except for complaints and trap hits */
	enum signal signal; /* delivered, unknown_user, complaint or a trap */
	uint32_t count;
	uint32_t source; /* an address, a prefix (the mail came from an address in it) or an account */
	uint32_t domain; /* the domain source that signed the same mail, or SIM_NONE */
	uint32_t system;
	uint32_t serial;             /* 0, 1, 2, ... */
	enum sim_event_kind because; /* of a takeover: which; SIM_EVENT_COUNT: everyday mail */
};

/* The next observation; false when the simulated time is over. */
bool sim_next(struct sim *sim, struct sim_observation *o);

/* What happened beside everyday mail, in the order it began; takeovers stand here from the start, the rest as it comes. */
struct sim_event {
	enum sim_event_kind kind;
	struct instant from, to;
	uint32_t system; /* SIM_NONE: many (a surge) */
	uint32_t source; /* SIM_BLAST: the stolen source; SIM_NONE otherwise */
};
const struct sim_event *sim_events(const struct sim *sim, size_t *count);

/* The fleet. Systems of a member and sources of a system stand together: first .. first + count - 1. */
struct sim_member {
	char id[NAME_BYTES_MAX + 1]; /* "harbour-bank" */
	char name[64];               /* "Harbour Bank" */
	char domain[64];             /* "harbourbank.example" */
	uint32_t first_system, system_count;
};
struct sim_system {
	char id[NAME_BYTES_MAX + 1]; /* "harbour-bank-mail1" */
	uint32_t member, first_source, source_count;
	bool campaigns; /* sends campaigns, not only transactional mail */
};
struct sim_source {
	uint32_t system;
	enum source_kind kind;
	char key[PREFIX_TEXT_BYTES + 32]; /* canonical text, model/source.h */
};
const struct sim_member *sim_members(const struct sim *sim, uint32_t *count);
const struct sim_system *sim_systems(const struct sim *sim, uint32_t *count);
const struct sim_source *sim_sources(const struct sim *sim, uint32_t *count);

/* The keys of an observation as the CSV column `source` has them: "192.0.2.10 shop.example". */
void sim_write_keys(const struct sim *sim, const struct sim_observation *o, struct buffer *b);

/* "time,source,signal,count,reporter" and rows of doc/data/csv.md. */
void sim_write_csv_header(struct buffer *b);
void sim_write_csv_row(const struct sim *sim, const struct sim_observation *o, struct buffer *b);

/*
 * A complaint as a feedback mail (RFC 5965) with the reported mail in it, in the shape of the provider that sim_reporter
 * names. Not for accounts: ARF has no field for them.
 */
void sim_write_arf(const struct sim *sim, const struct sim_observation *o, struct buffer *b);

/* Who reports this: a provider of providers.def for a complaint, else a row of reporters.def. */
const char *sim_reporter(const struct sim *sim, const struct sim_observation *o);

/* The programme file that declares the fleet, doc/data/programme.md. */
void sim_write_programme(const struct sim *sim, struct buffer *b);

#endif
