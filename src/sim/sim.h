/*
 * sim/sim.h - mail of a simulated fleet: honest senders, and those that are taken over. For measuring, tests and the demo.
 *
 * Out:  observations in the order in which they arrive, as feeds would give them, and the truth about them.
 * Same parameters and seed: the same observations, on every machine. Each system draws from its own streams of random numbers:
 * a takeover added to one changes no other, and leaves the honest mail of its own system as it was (except where it needs a source
 * that sleeps or a campaign to ride on); how much of the mail is seen (coverage, sampling, lateness) changes nothing about what is
 * sent.
 * Numbers and where they are from: numbers.def, habits.def, attacks.def, phases.def; parameters with a name: scenarios.def.
 *
 * What a campaign does badly it does badly as a whole: its complaints, unknown users and trap hits share a gamma factor over all
 * sources of the system, so counts are negative binomial and not Poisson. Complaints follow their mail by minutes to days.
 *
 * Addresses and names are those set aside for documentation (RFC 5737, RFC 3849, RFC 2606).
 * Cost: above 2 M observations/s (bench/sim.c); 2.2 kB per system and 150 bytes per source, and what is on its way: complaints of days,
 * late volume. Tests: tests/unit/sim_*test.c.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/instant.h"
#include "model/signal.h"
#include "model/source.h"

#define SIM_NONE UINT32_MAX

struct sim;

/* How a system mails. */
enum sim_habit {
#define SIM_HABIT(id, name, share, campaigns, regular, preferred, spread, season, new_template, new_link, \
		  what)                                                                                   \
	SIM_HABIT_##id,
#include "sim/habits.def"
#undef SIM_HABIT
	SIM_HABIT_COUNT
};

const char *sim_habit_name(enum sim_habit habit);

/* Who reports: first the receivers (mailbox operators with feedback mails, providers.def), then the others (reporters.def). */
enum sim_feed {
#define SIM_PROVIDER(id, name, host, mail, complaints, form, eol, says_source, agent) SIM_FEED_##id,
#include "sim/providers.def"
#undef SIM_PROVIDER
	SIM_RECEIVER_COUNT,
	SIM_RECEIVER_LAST = SIM_RECEIVER_COUNT - 1,
#define SIM_REPORTER(id, name, kind, what) SIM_FEED_##id,
#include "sim/reporters.def"
#undef SIM_REPORTER
	SIM_FEED_COUNT
};

const char *sim_feed_name(enum sim_feed feed);

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

/*
 * A takeover to come. `source` SIM_NONE: one that suits is drawn, of a member that has no other takeover, as long as there are
 * such; so are the other members of a takeover of many.
 */
struct sim_takeover {
	enum sim_event_kind kind; /* a takeover of events.def */
	struct instant at;        /* within the simulated time */
	uint32_t source;          /* index; for what the whole system sends, any source of the system */
};

/* From `at` on a receiver reports `factor` times the complaints it reported before: it samples otherwise. Honest. */
struct sim_feed_change {
	struct instant at;
	uint32_t receiver; /* enum sim_feed below SIM_RECEIVER_COUNT; SIM_NONE: all */
	double factor;     /* above 0; 2 to 6 and their inverses happen */
};

struct sim_params {
	struct instant start; /* a whole hour; a whole day with a daily step */
	uint32_t days;        /* >= 1 */
	/* Of the volume feed: whole minutes that divide an hour, or SPAN_DAY; SPAN_HOUR is fastest per day */
	struct span step;
	uint32_t members; /* 1 <= members <= systems <= sources */
	uint32_t systems;
	uint32_t sources;
	uint32_t surge_day;             /* from 0; SIM_NONE: no surge */
	double habits[SIM_HABIT_COUNT]; /* weights of the habits among systems; not all 0 */
	/* The clock of a reporter is so much ahead: shifts `at` and `mailed` of what it reports */
	struct span ahead[SIM_FEED_COUNT];
	const struct sim_takeover *takeovers; /* must live until sim_open returns, as the changes must */
	size_t takeover_count;
	const struct sim_feed_change *changes; /* beside those that numbers.feed_changes_per_year brings */
	size_t change_count;
	struct sim_numbers numbers;
};

/* The fleet of the demo: 20 members, 60 systems, 300 sources, 28 days, hourly, a surge, two takeovers. */
struct sim_params sim_params_default(void);

/* The parameters of a scenario of scenarios.def. Errors: RESULT_NOT_FOUND; *params is then unchanged. */
enum result sim_params_named(struct text name, struct sim_params *params) MUST_USE;
const char *sim_scenario_name(uint32_t i); /* from 0; NULL behind the last */

struct sim *sim_open(const struct sim_params *params, uint64_t seed);
void sim_close(struct sim *sim); /* NULL is fine */

/* What stands in an observation. */
enum sim_kind {
	SIM_FACT,   /* so many of a signal */
	SIM_SAMPLE, /* one delivered message whose content was seen (signal delivered, count 1); it is counted in the volume too */
	SIM_CANARY, /* an address that only a member's list had gets foreign mail; source and domain are SIM_NONE, signal trap_pristine */
};

/* What a message looks like; known when `cluster` is not SIM_NONE: samples, and complaints that carry the mail. */
struct sim_content {
	uint32_t cluster; /* messages of the same template, also at other members: one number */
	/* Messages of one mailing; transactional mail has one number per system and template */
	uint32_t campaign;
	uint32_t from; /* domain of From; sim_domain */
	uint32_t link; /* domain of its links; SIM_NONE: it has none, or only the headers are there */
	bool attachment;
	bool lure;         /* asks to sign in, to pay or to open, as a classifier sees it: not always right */
	bool headers_only; /* the receiver embeds no body: link, attachment and lure are not known */
};

/* One fact of a feed. Volume and unknown users bear the start of their step. */
struct sim_observation {
	struct instant arrives; /* when it is handed in: never before the one of the observation before it */
	struct instant at;      /* when it happened, by the reporter's clock */
	/* When the message was delivered; equals `at` except for complaints and trap hits */
	struct instant mailed;
	enum sim_kind kind;
	enum signal signal; /* delivered, unknown_user, complaint or a trap */
	uint32_t count;
	uint32_t bad;    /* so many of the count are mail of a takeover (or about it) */
	uint32_t source; /* an address, a prefix (the mail came from an address in it) or an account */
	uint32_t domain; /* the domain source that signed the same mail, or SIM_NONE */
	uint32_t system;
	uint32_t serial;    /* 0, 1, 2, ... */
	enum sim_feed feed; /* who reports it */
	/* Of a takeover, or a forged report: which; SIM_EVENT_COUNT: everyday mail */
	enum sim_event_kind because;
	struct sim_content content;
	/* Of delivered mail and of complaints: so many of the count at each receiver, all of it together. Of all else 0. */
	uint32_t received[SIM_RECEIVER_COUNT];
};

/* The next observation; false when the simulated time is over. What would arrive after it is not given out. */
bool sim_next(struct sim *sim, struct sim_observation *o);

/* The truth about some mail: how much bad news a message brings. Mail that is sent together shares one fate. */
struct sim_rates {
	double complaints, unknown, traps;
};

/*
 * What happened beside everyday mail. From the start stand here takeovers (one event for each system they have, in the order in
 * which they begin), the surge, and what happens to feeds; the rest comes behind them as it happens.
 */
struct sim_event {
	enum sim_event_kind kind;
	/* Of a takeover: first and last bad message; of a feed change: `to` is the end of time */
	struct instant from, to;
	uint32_t system;   /* SIM_NONE: many (a surge, a feed) */
	uint32_t source;   /* the stolen source; SIM_NONE: all of the system's */
	uint32_t takeover; /* index of params.takeovers; SIM_NONE: honest */
	/* Of a takeover: bad messages that are handed over, expected; delivered ones are `bad` */
	double messages;
	struct sim_rates rates; /* of its mail; complaints are all, however many are reported */
	bool lure;              /* its mail is seen to be one */
};
const struct sim_event *sim_events(const struct sim *sim, size_t *count);

/* The fleet. Systems of a member and sources of a system stand together: first .. first + count - 1. */
struct sim_member {
	char id[NAME_BYTES_MAX + 1]; /* "harbour-bank" */
	char name[64];               /* "Harbour Bank" */
	char domain[64];             /* "harbourbank.example" */
	uint32_t first_system, system_count;
	bool declares; /* has declared its From and link domains: sim_declares */
};
struct sim_system {
	char id[NAME_BYTES_MAX + 1]; /* "harbour-bank-mail1" */
	uint32_t member, first_source, source_count;
	enum sim_habit habit;
	bool campaigns; /* sends campaigns, not only transactional mail */
	double campaigns_per_year;
	double imports; /* share of its campaigns that go to a badly imported list */
	/* Of its campaigns, those left out; mail that is sent together differs from it by one factor */
	struct sim_rates rates;
};
struct sim_source {
	uint32_t system;
	enum source_kind kind;
	char key[PREFIX_TEXT_BYTES + 32]; /* canonical text, model/source.h */
};
const struct sim_member *sim_members(const struct sim *sim, uint32_t *count);
const struct sim_system *sim_systems(const struct sim *sim, uint32_t *count);
const struct sim_source *sim_sources(const struct sim *sim, uint32_t *count);
struct sim_numbers sim_numbers_of(const struct sim *sim); /* with which it was opened */

/*
 * Domains of From and of links. Below the count of members: the member's own; behind them SIM_SHARED_COUNT that all of the
 * world uses (shared.def); others are of one system or takeover. Different numbers, different registrable domains.
 */
#define SIM_DOMAIN_BYTES 64
const char *sim_domain(const struct sim *sim, uint32_t domain, char out[SIM_DOMAIN_BYTES]);
/* A tracker, shortener or social network */
bool sim_domain_is_shared(const struct sim *sim, uint32_t domain);
/* Has the member of `system` declared it, as of now? False for members that declare nothing. */
bool sim_declares(const struct sim *sim, uint32_t system, uint32_t domain);

/* The keys of an observation as the CSV column `source` has them: "192.0.2.10 shop.example". */
void sim_write_keys(const struct sim *sim, const struct sim_observation *o, struct buffer *b);

/*
 * "time,source,signal,count,reporter" and rows of doc/data/csv.md; delivered mail and complaints of accounts have "receiver" behind and a row
 * for each receiver. For facts alone, those of one feed.
 */
void sim_write_csv_header(enum sim_feed feed, struct buffer *b);
void sim_write_csv_row(const struct sim *sim, const struct sim_observation *o, struct buffer *b);

/*
 * The same of what a message looks like, its content in attributes (doc/data/csv.md). `cluster`: the name of its template, by whatever
 * names templates. For samples alone.
 */
void sim_write_sample_header(struct buffer *b);
void sim_write_sample_row(const struct sim *sim, const struct sim_observation *o, struct text cluster,
			  struct buffer *b);

/* The message as it was sent: the text of its template, its link, its lure. For samples alone. */
void sim_write_mail(const struct sim *sim, const struct sim_observation *o, struct buffer *b);

/*
 * A complaint as a feedback mail (RFC 5965) with the reported mail in it, in the shape of the provider that sim_reporter
 * names. Not for accounts: ARF has no field for them.
 */
void sim_write_arf(const struct sim *sim, const struct sim_observation *o, struct buffer *b);

/* The same of a canary: mail from outside of the programme to an address that it gives the member of the system. For canaries alone. */
void sim_write_canary(const struct sim *sim, const struct sim_observation *o, struct buffer *b);

/* Who reports this: the name of its feed. */
const char *sim_reporter(const struct sim_observation *o);

/* The programme file that declares the fleet, doc/data/programme.md. */
void sim_write_programme(const struct sim *sim, struct buffer *b);

#endif
