/* vouchd/usage.c - counts of the gate to rows of the store, to JSON and to metrics. */
#include "vouchd/usage.h"

#include "journal/journal.h"
#include "vouchd/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DAY_BYTES  11 /* 2026-01-05 */
#define DAYS_SHOWN 30

/* Of one receiver. */
struct count {
	uint64_t today[DNS_USAGE_COUNT];   /* as the store has them */
	uint64_t counted[DNS_USAGE_COUNT]; /* by the gate, that are in the store */
};

struct usage {
	const struct config *config;
	struct dns_gate *gate;
	char day[DAY_BYTES]; /* that is being counted; "": none yet */
	int64_t day_ms;
	struct count counts[DNS_RECEIVERS_MAX + 1]; /* by number of the gate */
};

/* Places: the public, then the receivers of the configuration. */
static size_t
all_of(const struct usage *u)
{
	return u->config->receiver_count + 1;
}

static const char *
id_of(const struct config *config, size_t place)
{
	return place == 0 ? "public" : config->receivers[place - 1].id;
}

static uint32_t
number_of(const struct usage *u, size_t place)
{
	return place == 0 ? DNS_PUBLIC : u->config->receivers[place - 1].number;
}

static void
day_of(struct instant t, char day[DAY_BYTES])
{
	char text[INSTANT_BYTES];

	memcpy(day, instant_format(t, text), DAY_BYTES - 1);
	day[DAY_BYTES - 1] = '\0';
}

struct usage *
usage_open(const struct config *config, struct dns_gate *gate)
{
	struct usage *u = calloc(1, sizeof(*u)); /* pages that nobody touches cost nothing */

	check(u != NULL);
	u->config = config;
	u->gate = gate;
	return u;
}

void
usage_close(struct usage *u)
{
	free(u);
}

/* ---- the store */

/* The columns of a row in the order of dns_usage.def. */
static void
row_counts(const struct journal_usage *row, uint64_t out[DNS_USAGE_COUNT])
{
	const uint64_t counts[DNS_USAGE_COUNT] = { [DNS_USAGE_LISTED] = row->listed,
						   [DNS_USAGE_NOT_LISTED] = row->not_listed,
						   [DNS_USAGE_OTHER] = row->other,
						   [DNS_USAGE_REFUSED] = row->refused,
						   [DNS_USAGE_LIMITED] = row->limited };

	memcpy(out, counts, sizeof(counts));
}

static enum result
take_row(void *context, const struct journal_usage *row)
{
	struct usage *u = context;

	for (size_t i = 0; i < all_of(u) && text_equal(row->day, text_of(u->day)); i++) {
		if (text_equal(row->receiver, text_of(id_of(u->config, i)))) {
			row_counts(row, u->counts[number_of(u, i)].today);
		}
	}
	return RESULT_OK;
}

/* What the store has of this day already: of a daemon that was started again. */
static enum result
begin_day(struct usage *u, struct journal *j, struct instant now)
{
	day_of(now, u->day);
	u->day_ms = now.ms;
	for (size_t i = 0; i < all_of(u); i++) {
		memset(u->counts[number_of(u, i)].today, 0, sizeof(u->counts[0].today));
	}
	return journal_scan_usage(j, text_of(u->day), take_row, u);
}

static bool
put_row(const struct usage *u, size_t place, const uint64_t now[DNS_USAGE_COUNT], bool always,
	struct journal_tx *tx)
{
	const struct count *c = &u->counts[number_of(u, place)];
	uint64_t sum[DNS_USAGE_COUNT];

	for (size_t i = 0; i < DNS_USAGE_COUNT; i++) {
		sum[i] = c->today[i] + now[i] - c->counted[i];
	}
	if (!always && memcmp(sum, c->today, sizeof(sum)) == 0) {
		return false;
	}
	journal_put_usage(tx, &(struct journal_usage){ .day = text_of(u->day),
						       .receiver = text_of(id_of(u->config, place)),
						       .listed = sum[DNS_USAGE_LISTED],
						       .not_listed = sum[DNS_USAGE_NOT_LISTED],
						       .other = sum[DNS_USAGE_OTHER],
						       .refused = sum[DNS_USAGE_REFUSED],
						       .limited = sum[DNS_USAGE_LIMITED] });
	return true;
}

/* The gate goes on counting meanwhile: what was written is what was read once, before. */
static enum result
write_rows(struct usage *u, struct journal *j, bool always)
{
	uint64_t(*now)[DNS_USAGE_COUNT] = calloc(all_of(u), sizeof(*now));
	struct journal_tx tx = journal_begin(j);
	enum result r = RESULT_OK;
	bool any = false;

	check(now != NULL);
	for (uint32_t i = 0; i < all_of(u); i++) {
		dns_gate_usage(u->gate, number_of(u, i), now[i]);
		any = put_row(u, i, now[i], always && i == 0, &tx) || any;
	}
	if (any) {
		r = journal_commit(&tx);
	} else {
		journal_rollback(&tx);
	}
	for (size_t i = 0; i < all_of(u) && r == RESULT_OK; i++) {
		struct count *c = &u->counts[number_of(u, i)];

		for (size_t k = 0; k < DNS_USAGE_COUNT; k++) {
			c->today[k] += now[i][k] - c->counted[k];
			c->counted[k] = now[i][k];
		}
	}
	free(now);
	return r;
}

enum result
usage_write(struct usage *u, struct journal *j, struct instant now, bool always)
{
	char day[DAY_BYTES];
	enum result r = RESULT_OK;

	day_of(now, day);
	if (u->day[0] == '\0') {
		r = begin_day(u, j, now);
	}
	if (r == RESULT_OK) {
		r = write_rows(u, j, always);
	}
	if (r == RESULT_OK && strcmp(day, u->day) != 0) {
		r = begin_day(u, j, now);
	}
	return r;
}

enum result
usage_change(struct usage *u, struct journal *j, const struct config *config)
{
	u->config = config;
	return begin_day(u, j, (struct instant){ u->day_ms });
}

/* ---- for people */

static uint64_t
put_counts(json_t *to, const uint64_t counts[DNS_USAGE_COUNT])
{
	uint64_t all = 0;

	for (size_t i = 0; i < DNS_USAGE_COUNT; i++) {
		json_object_set_new(to, dns_usage_name((enum dns_usage)i),
				    json_integer((json_int_t)counts[i]));
		all += counts[i];
	}
	json_object_set_new(to, "queries", json_integer((json_int_t)all));
	return all;
}

struct listing {
	const struct usage *u;
	json_t *const *days; /* by receiver */
};

static enum result
add_day(void *context, const struct journal_usage *row)
{
	const struct listing *l = context;

	for (size_t i = 0; i < all_of(l->u); i++) {
		if (text_equal(row->receiver, text_of(id_of(l->u->config, i)))) {
			json_t *day = json_pack("{s:s%}", "day", row->day.p, row->day.n);
			uint64_t counts[DNS_USAGE_COUNT];

			row_counts(row, counts);
			(void)put_counts(day, counts);
			json_array_append_new(l->days[i], day);
		}
	}
	return RESULT_OK;
}

static json_t *
row_of(const struct usage *u, size_t place, json_t *days)
{
	const struct config *c = u->config;
	const struct config_receiver *r = place == 0 ? NULL : &c->receivers[place - 1];
	json_t *networks = json_array(), *row;
	json_int_t limit = (json_int_t)(r == NULL ? c->public_limit : r->limit), sum = 0;
	json_t *day;
	size_t i;

	for (size_t k = 0; r != NULL && k < r->networks.count; k++) {
		char text[PREFIX_TEXT_BYTES];

		json_array_append_new(networks, json_string(prefix_format(&r->networks.items[k], text)));
	}
	json_array_foreach(days, i, day)
	{
		sum += json_integer_value(json_object_get(day, "queries"));
	}
	row = json_pack("{s:s, s:o, s:b, s:o, s:b, s:I, s:O}", "receiver", id_of(c, place), "networks",
			networks, "key", r != NULL && r->key[0] != '\0', "limit",
			limit == 0 ? json_null() : json_integer(limit), "answered", r != NULL || c->public,
			"queries_30_days", sum, "days", days);
	(void)put_counts(row, u->counts[number_of(u, place)].today);
	return row;
}

enum result
usage_rows(const struct usage *u, struct journal *j, json_t **rows)
{
	size_t all = all_of(u);
	json_t **days = calloc(all, sizeof(json_t *));
	struct listing listing = { u, days };
	char from[DAY_BYTES];
	enum result r;

	check(days != NULL);
	for (size_t i = 0; i < all; i++) {
		days[i] = json_array();
	}
	day_of((struct instant){ u->day_ms - (DAYS_SHOWN - 1) * SPAN_DAY.ms }, from);
	r = journal_scan_usage(j, text_of(from), add_day, &listing);
	*rows = json_array();
	for (size_t i = 1; i <= all; i++) { /* the public last */
		json_array_append_new(*rows, row_of(u, i % all, days[i % all]));
	}
	for (size_t i = 0; i < all; i++) {
		json_decref(days[i]);
	}
	free(days);
	return r;
}

static void
metrics_of(const struct dns_gate *gate, uint32_t number, const char *id, struct buffer *b)
{
	uint64_t counts[DNS_USAGE_COUNT];

	dns_gate_usage(gate, number, counts);
	for (size_t k = 0; k < DNS_USAGE_COUNT; k++) {
		buffer_format(
		    b, "vouch_dns_receiver_queries_total{receiver=\"%s\",outcome=\"%s\"} %" PRIu64 "\n", id,
		    dns_usage_name((enum dns_usage)k), counts[k]);
	}
}

void
usage_metrics(struct dns_gate *gate, struct buffer *b, bool open_metrics)
{
	const char *total = open_metrics ? "" : "_total";
	char id[NAME_BYTES_MAX + 1];

	buffer_format(
	    b, "# HELP vouch_dns_receiver_queries%s DNS queries of each receiver by what was answered.\n",
	    total);
	buffer_format(b, "# TYPE vouch_dns_receiver_queries%s counter\n", total);
	metrics_of(gate, DNS_PUBLIC, "public", b);
	for (uint32_t n = 0; (n = dns_gate_next(gate, n, id)) != DNS_PUBLIC;) {
		metrics_of(gate, n, id, b);
	}
}
