/* The simulator: same seed same mail, numbers near their table, takeovers as described, and what it writes reads back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hash.h"
#include "intake/intake.h"
#include "sim_tally.h"

#include <stdlib.h>
#include <string.h>

#define DRAWS 200000U

static void
put_all_of_it(const struct sim_observation *o, struct buffer *b)
{
	const struct sim_content *c = &o->content;

	buffer_format(b, "%lld %lld %lld %d %d %u %u %u %u %u %u %d %d ", (long long)o->arrives.ms,
		      (long long)o->at.ms, (long long)o->mailed.ms, (int)o->kind, (int)o->signal, o->count,
		      o->bad, o->source, o->domain, o->system, o->serial, (int)o->feed, (int)o->because);
	buffer_format(b, "%u %u %u %u %d %d %d", c->cluster, c->campaign, c->from, c->link, c->attachment,
		      c->lure, c->headers_only);
	for (size_t i = 0; i < SIM_RECEIVER_COUNT; i++) {
		buffer_format(b, " %u", o->received[i]);
	}
	buffer_put(b, "\n", 1);
}

static struct hash
hash_of_days(struct sim_params params, uint32_t days, uint64_t seed)
{
	struct sim_observation o;
	struct buffer text;
	struct hash hash;
	struct sim *sim;

	params.days = days;
	sim = sim_open(&params, seed);
	buffer_init(&text, 1U << 28);
	while (sim_next(sim, &o)) {
		put_all_of_it(&o, &text);
	}
	assert_false(text.full);
	assert_true(text.n > 100000);
	hash = hash_of(text.p, text.n);
	buffer_free(&text);
	sim_close(sim);
	return hash;
}

static void
the_same_seed_gives_the_same_bytes(void **context)
{
	struct sim_params params = sim_params_default();
	struct hash a = hash_of_days(params, 3, 7), b = hash_of_days(params, 3, 7),
		    c = hash_of_days(params, 3, 8);

	(void)context;
	assert_true(hash_equal(&a, &b));
	assert_false(hash_equal(&a, &c));
}

/*
 * With all that can happen: what a build with gcc gave on x86-64. Another compiler, level of optimisation or machine gives the
 * same. When the simulated mail is changed on purpose, the new digest is in the message of the failure.
 */
static void
every_machine_gives_the_same_bytes(void **context)
{
	static const char *const expected[] = {
		"62cfb6182baab5b5b49dec39d2ba204ae2879d0ecb3d45d72e0cff0afdba2e5e",
		"3a540d5d12ff0fa654c4d64c71ac1808a36b8bdb3a88cd9ec08c964f6e8cf0ea",
		"baaf6d50c6721fdd1cb01ac88e781b75b20dccd78c4bbd48c7ee1f62b1361a9b",
	};
	static const char *const scenarios[] = { "ugly", "rough", "all" };

	(void)context;
	for (size_t i = 0; i < countof(scenarios); i++) {
		struct sim_params params = params_named(scenarios[i]);
		char hex[HASH_HEX_BYTES];
		struct hash hash;

		params.members = 5;
		params.systems = 12;
		params.sources = 30;
		hash = hash_of_days(params, 28, 3);
		assert_string_equal(hash_hex(&hash, hex), expected[i]);
	}
}

/* The first numbers of xoshiro256++ from the state 1, 2, 3, 4, as its authors' code gives them. */
static void
the_generator_is_xoshiro(void **context)
{
	static const uint64_t expected[] = { 41943041, 58720359, 3588806011781223, 3591011842654386,
					     9228616714210784205U };
	struct random r = { { 1, 2, 3, 4 } };

	(void)context;
	for (size_t i = 0; i < countof(expected); i++) {
		assert_true(random_u64(&r) == expected[i]);
	}
}

static void
draws_have_their_mean_and_variance(void **context)
{
	static const double means[] = { 0.003, 0.5, 7, 10, 33, 900, 2.5e6 };
	static const double shapes[] = { 0.4, 1, 1.5, 20 };
	struct random r;

	(void)context;
	random_seed(&r, 1, 1);
	for (size_t i = 0; i < countof(means); i++) {
		struct moments m = { .n = 0 };

		for (uint32_t k = 0; k < DRAWS; k++) {
			moments_add(&m, random_poisson(&r, means[i]));
		}
		assert_near(m.mean, means[i], 5 / sqrt(DRAWS * means[i]));
		assert_near(variance(&m), means[i], means[i] < 0.1 ? 0.3 : 0.03);
	}
	for (size_t i = 0; i < countof(shapes); i++) {
		struct moments m = { .n = 0 };

		for (uint32_t k = 0; k < DRAWS; k++) {
			moments_add(&m, random_frailty(&r, shapes[i]));
		}
		assert_near(m.mean, 1, 0.02);
		assert_near(variance(&m), 1 / shapes[i], 0.05);
	}
}

/* Small means and many draws: the share of each count, not only two moments. */
static void
rare_counts_have_their_shares(void **context)
{
	const double mean = 2;
	uint32_t counts[32] = { 0 };
	double p = exp(-mean);
	struct random r;

	(void)context;
	random_seed(&r, 2, 1);
	for (uint32_t k = 0; k < DRAWS; k++) {
		uint32_t x = random_poisson(&r, mean);

		counts[x < 31 ? x : 31]++;
	}
	for (uint32_t k = 0; k < 8; k++) {
		assert_near(counts[k], DRAWS * p, 5 / sqrt(DRAWS * p));
		p *= mean / (k + 1);
	}
}

/*
 * Banks alone (transactional mail, unknown users half of the table's), one block a day: the unknown users of a system's day are
 * negative binomial. Their relative variance is 1/shape + 1/mean; a Poisson count would have 1/mean alone.
 */
static void
unknown_users_are_overdispersed_as_the_table_says(void **context)
{
	enum { DAYS = 100, SYSTEMS = 50 };
	struct sim_params params = sim_params_default();
	static double delivered[DAYS][SYSTEMS], unknown[DAYS][SYSTEMS];
	struct sim_observation o;
	struct moments rate = { .n = 0 };
	double inverse = 0;
	struct sim *sim;

	(void)context;
	params.members = 1;
	params.systems = params.sources = SYSTEMS;
	params.days = DAYS;
	params.surge_day = SIM_NONE;
	params.takeover_count = 0;
	params.numbers.campaigns_median = 1e-9;
	params.numbers.transactional_spread = params.numbers.noise_spread = 0;
	params.numbers.unknown_spread = 0;
	params.numbers.block_hours = 24;
	sim = sim_open(&params, 3);
	while (sim_next(sim, &o)) {
		int64_t day = (o.at.ms - params.start.ms) / SPAN_DAY.ms;

		delivered[day][o.system] += o.signal == SIGNAL_DELIVERED ? o.count : 0;
		unknown[day][o.system] += o.signal == SIGNAL_UNKNOWN_USER ? o.count : 0;
	}
	for (size_t d = 0; d < DAYS; d++) {
		for (size_t s = 0; s < SYSTEMS; s++) {
			double tried = delivered[d][s] + unknown[d][s];

			moments_add(&rate, unknown[d][s] / tried);
			inverse += 1 / tried / (DAYS * SYSTEMS);
		}
	}
	assert_near(rate.mean, params.numbers.unknown_median / 2, 0.05);
	assert_near(variance(&rate) / (rate.mean * rate.mean),
		    1 / params.numbers.unknown_shape + inverse / rate.mean, 0.1);
	sim_close(sim);
}

static void
a_campaign_shares_its_frailty(void **context)
{
	struct sim_params params = params_quiet(1, 1, 1, 1);
	struct sim *sim = sim_open(&params, 13);
	const struct sender *d = sim->senders;
	struct moments complaints = { .n = 0 }, unknown = complaints, traps = complaints;
	struct random r;

	(void)context;
	random_seed(&r, 1, 2);
	for (uint32_t i = 0; i < DRAWS; i++) {
		struct run run;

		(void)traffic_campaign(sim, d, &r, params.start.ms, &run);
		moments_add(&complaints, run.stream.complaints / d->usual.complaints);
		moments_add(&unknown, run.stream.unknown / d->usual.unknown);
		moments_add(&traps, run.stream.traps / d->usual.traps);
	}
	assert_near(complaints.mean, 1, 0.02);
	assert_near(variance(&complaints), 1 / params.numbers.complaint_shape, 0.05);
	assert_near(unknown.mean, 1, 0.02);
	assert_near(variance(&unknown), 1 / params.numbers.unknown_shape, 0.05);
	assert_near(traps.mean, 1, 0.02);
	assert_near(variance(&traps), 1 / params.numbers.trap_shape, 0.05);
	sim_close(sim);
}

static void
observations_come_in_the_order_of_arrival(void **context)
{
	static const int64_t minutes[] = { 60, 5, 1440 };

	(void)context;
	for (size_t i = 0; i < countof(minutes); i++) {
		struct sim_params params = sim_params_default();
		struct sim_observation o;
		int64_t last = params.start.ms, lag = 0;
		uint32_t serial = 0;
		struct sim *sim;

		params.days = 4;
		params.step.ms = minutes[i] * SPAN_MINUTE.ms;
		sim = sim_open(&params, 4);
		while (sim_next(sim, &o)) {
			assert_true(o.arrives.ms >= last && o.at.ms <= o.arrives.ms &&
				    o.mailed.ms <= o.at.ms);
			assert_true(o.count > 0 && o.bad <= o.count);
			assert_int_equal(o.serial, serial++);
			assert_true(o.signal == SIGNAL_COMPLAINT || o.at.ms - o.mailed.ms < SPAN_HOUR.ms);
			lag = o.at.ms - o.mailed.ms > lag ? o.at.ms - o.mailed.ms : lag;
			last = o.arrives.ms;
		}
		assert_true(last <= params.start.ms + 4 * SPAN_DAY.ms);
		assert_true(lag > SPAN_DAY.ms); /* some complain days later */
		sim_close(sim);
	}
}

static bool
is_documentation(const struct source_key *key)
{
	static const char *const nets[] = { "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",
					    "2001:db8::/32" };
	struct prefix net;

	for (size_t i = 0; i < countof(nets); i++) {
		if (prefix_parse(text_of(nets[i]), &net, NULL) == RESULT_OK &&
		    prefix_contains(&net, &key->prefix)) {
			return true;
		}
	}
	return false;
}

static void
a_fleet_of_any_size_has_proper_sources(void **context)
{
	static const uint32_t sizes[] = { 1, 20, 500 };

	(void)context;
	for (size_t i = 0; i < countof(sizes); i++) {
		struct sim_params params = sim_params_default();
		struct source_key *keys;
		const struct sim_source *sources;
		struct sim *sim;
		uint32_t n;

		params.members = sizes[i];
		params.systems = 3 * sizes[i];
		params.sources = 15 * sizes[i];
		sim = sim_open(&params, 5);
		sources = sim_sources(sim, &n);
		assert_int_equal(n, params.sources);
		keys = calloc(n, sizeof(*keys));
		assert_non_null(keys);
		for (uint32_t k = 0; k < n; k++) {
			assert_int_equal(source_key_parse(text_of(sources[k].key), &keys[k], NULL),
					 RESULT_OK);
			assert_string_equal(keys[k].text, sources[k].key);
			assert_int_equal(keys[k].kind, sources[k].kind);
			if (keys[k].kind == SOURCE_IP || keys[k].kind == SOURCE_PREFIX) {
				assert_true(is_documentation(&keys[k]));
			}
			for (uint32_t j = k < 1000 ? 0 : k - 1000; j < k; j++) {
				assert_string_not_equal(keys[k].text, keys[j].text);
				assert_false(keys[k].prefix.family != 0 &&
					     (prefix_contains(&keys[k].prefix, &keys[j].prefix) ||
					      prefix_contains(&keys[j].prefix, &keys[k].prefix)));
			}
		}
		free(keys);
		sim_close(sim);
	}
}

static void
a_surge_brings_more_mail_but_no_worse_mail(void **context)
{
	struct sim_params params = sim_params_default();
	double delivered[2] = { 0 }, unknown[2] = { 0 };
	struct sim_observation o;
	struct sim *sim;

	(void)context;
	params.members = 60;
	params.systems = 300;
	params.sources = 300;
	params.takeover_count = 0;
	params.days = 22;
	params.numbers.campaigns_median = 1e-9;
	sim = sim_open(&params, 10);
	while (sim_next(sim, &o)) {
		int64_t day = (o.at.ms - params.start.ms) / SPAN_DAY.ms;

		if (day % 7 == params.surge_day % 7) {
			size_t surge = day == params.surge_day ? 1 : 0;

			delivered[surge] += o.signal == SIGNAL_DELIVERED ? o.count : 0;
			unknown[surge] += o.signal == SIGNAL_UNKNOWN_USER ? o.count : 0;
		}
	}
	assert_true(delivered[1] > 2.5 * delivered[0] / 2); /* two other Fridays */
	assert_true(delivered[1] < 6 * delivered[0] / 2);
	assert_near(unknown[1] / delivered[1], unknown[0] / delivered[0], 0.4);
	sim_close(sim);
}

/* Does the feedback say which address it is about, or had the reader to look for it? */
static bool
address_was_looked_for(const struct observation *o)
{
	for (uint32_t i = 0; i < o->attribute_count; i++) {
		if (text_equal(o->attributes[i].name, TEXT("source_from"))) {
			return true;
		}
	}
	return false;
}

static void
assert_mail_reads_back(const struct sim *sim, const struct sim_observation *o, bool says_source,
		       struct text mail)
{
	struct intake_hint hint = { .format = INTAKE_AUTO, .door = TEXT("lmtp"), .received = o->at };
	struct arena arena = { .head = NULL };
	struct intake_result result;
	const struct observation *read;
	struct buffer keys;
	struct text first, rest;

	assert_int_equal(intake_read(mail, &hint, &arena, &result), RESULT_OK);
	assert_int_equal(result.format, INTAKE_ARF);
	assert_int_equal(result.report_count, 1);
	assert_int_equal(result.fault_count, 0);
	assert_int_equal(result.reports[0].observation_count, 1);
	read = &result.reports[0].observations[0];
	assert_int_equal(read->signal, SIGNAL_COMPLAINT);
	assert_int_equal(read->count, 1);
	assert_int_equal(read->at.ms, o->at.ms / 1000 * 1000);
	assert_int_equal(address_was_looked_for(read), !says_source);
	buffer_init(&keys, 1024);
	sim_write_keys(sim, o, &keys);
	rest = buffer_text(&keys);
	for (uint32_t i = 0; rest.n > 0; i++) {
		(void)text_cut(&rest, ' ', &first);
		assert_true(i < read->key_count && text_equal(first, read->keys[i]));
	}
	buffer_free(&keys);
	arena_clear(&arena);
}

static void
feedback_mails_read_back_to_the_same_source(void **context)
{
	static const struct {
		const char *name;
		bool says_source;
	} providers[] = {
#define SIM_PROVIDER(id, name, host, mail, complaints, form, eol, says_source, agent) { name, says_source },
#include "sim/providers.def"
#undef SIM_PROVIDER
	};
	uint32_t by[countof(providers)] = { 0 }, mails = 0;
	size_t at = 0;
	struct sim_params params = sim_params_default();
	struct sim_observation o;
	struct sim *sim;

	(void)context;
	params.days = 2;
	sim = sim_open(&params, 11);
	while (sim_next(sim, &o) && mails < 1000) {
		struct buffer mail;

		if (o.signal != SIGNAL_COMPLAINT || sim->sources[o.source].kind == SOURCE_ACCT) {
			continue;
		}
		while (strcmp(sim_reporter(&o), providers[at].name) != 0) {
			at = (at + 1) % countof(providers);
		}
		by[at]++;
		mails++;
		buffer_init(&mail, MAIL_BYTES_MAX);
		sim_write_arf(sim, &o, &mail);
		assert_mail_reads_back(sim, &o, providers[at].says_source, buffer_text(&mail));
		buffer_free(&mail);
	}
	assert_int_equal(mails, 1000);
	for (size_t i = 0; i < countof(providers); i++) {
		assert_true(by[i] > 20);
	}
	sim_close(sim);
}

/* The rows of a feed, read again; *read of them are taken by the observations before. */
struct rows_read {
	struct intake_result result;
	uint32_t read;
};

static void
assert_row(struct rows_read *rows, const struct sim_observation *o, uint32_t count, const char *receiver)
{
	const struct report *report = &rows->result.reports[0];
	const struct observation *row;

	assert_true(rows->read < report->observation_count);
	row = &report->observations[rows->read++];
	assert_true(text_equal(report->reporter, text_of(sim_reporter(o))));
	assert_int_equal(row->at.ms, o->at.ms);
	assert_int_equal(row->signal, o->signal);
	assert_int_equal(row->count, count);
	assert_int_equal(row->key_count, o->domain == SIM_NONE ? 1 : 2);
	assert_int_equal(row->attribute_count, receiver != NULL ? 1 : 0);
	if (receiver != NULL) {
		assert_true(text_equal(row->attributes[0].name, TEXT("receiver")));
		assert_true(text_equal(row->attributes[0].value, text_of(receiver)));
	}
}

static void
assert_rows(struct rows_read *rows, const struct sim_observation *o)
{
	if (o->feed != SIM_FEED_DELIVERIES && o->feed != SIM_FEED_ESPDESK) {
		assert_row(rows, o, o->count, NULL);
		return;
	}
	for (enum sim_feed receiver = 0; receiver < SIM_RECEIVER_COUNT; receiver++) {
		if (o->received[receiver] > 0) {
			assert_row(rows, o, o->received[receiver], sim_feed_name(receiver));
		}
	}
}

static void
rows_read_back_to_the_same_observations(void **context)
{
	struct intake_hint hint = { .format = INTAKE_CSV, .door = TEXT("ingest"), .names_others = true };
	struct sim_params params = sim_params_default();
	struct sim_observation seen[4000];
	struct arena arena = { .head = NULL };
	struct rows_read rows[SIM_FEED_COUNT] = { { .read = 0 } };
	struct buffer csv[SIM_FEED_COUNT];
	uint32_t n = 0;
	struct sim *sim;

	(void)context;
	params.days = 2;
	sim = sim_open(&params, 12);
	hint.received.ms = params.start.ms + 2 * SPAN_DAY.ms;
	for (enum sim_feed feed = 0; feed < SIM_FEED_COUNT; feed++) {
		buffer_init(&csv[feed], 1U << 22);
		sim_write_csv_header(feed, &csv[feed]);
	}
	while (n < countof(seen) && sim_next(sim, &seen[n])) {
		if (seen[n].kind == SIM_FACT) {
			sim_write_csv_row(sim, &seen[n], &csv[seen[n].feed]);
			n++;
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		enum sim_feed feed = seen[i].feed;

		if (rows[feed].read == 0) {
			assert_int_equal(
			    intake_read(buffer_text(&csv[feed]), &hint, &arena, &rows[feed].result),
			    RESULT_OK);
			assert_int_equal(rows[feed].result.fault_count, 0);
			assert_int_equal(rows[feed].result.report_count, 1);
		}
		assert_rows(&rows[feed], &seen[i]);
	}
	assert_true(rows[SIM_FEED_DELIVERIES].read > 0 && rows[SIM_FEED_ESPDESK].read > 0);
	for (enum sim_feed feed = 0; feed < SIM_FEED_COUNT; feed++) {
		assert_true(rows[feed].read == 0 ||
			    rows[feed].read == rows[feed].result.reports[0].observation_count);
		buffer_free(&csv[feed]);
	}
	arena_clear(&arena);
	sim_close(sim);
}

/* Also of sources that send a message or two in a step, the smallest receiver has its share. */
static void
mail_and_complaints_are_shared_among_receivers(void **context)
{
	static const double mail[] = {
#define SIM_PROVIDER(id, name, host, mail, complaints, form, eol, says_source, agent) mail,
#include "sim/providers.def"
#undef SIM_PROVIDER
	};
	struct sim_params params = sim_params_default();
	double few[SIM_RECEIVER_COUNT] = { 0 }, many[SIM_RECEIVER_COUNT] = { 0 }, all_few = 0, all_many = 0;
	uint32_t complaints[SIM_RECEIVER_COUNT] = { 0 };
	struct sim_observation o;
	struct sim *sim;

	(void)context;
	params.days = 5;
	params.step.ms = 5 * SPAN_MINUTE.ms;
	sim = sim_open(&params, 16);
	while (sim_next(sim, &o)) {
		bool delivered = o.signal == SIGNAL_DELIVERED && o.kind == SIM_FACT;
		uint32_t sum = 0;

		for (size_t i = 0; i < SIM_RECEIVER_COUNT; i++) {
			sum += o.received[i];
			assert_true(!delivered || fabs(o.received[i] - mail[i] * o.count) < 1 + 1e-6);
			*(o.count < 3 ? &few[i] : &many[i]) += delivered ? o.received[i] : 0;
			complaints[i] += o.feed == SIM_FEED_ESPDESK ? o.received[i] : 0;
		}
		*(o.count < 3 ? &all_few : &all_many) += delivered ? o.count : 0;
		assert_int_equal(sum, delivered || o.signal == SIGNAL_COMPLAINT ? o.count : 0);
		assert_true(o.feed >= SIM_RECEIVER_COUNT || o.received[o.feed] == o.count);
	}
	for (size_t i = 0; i < SIM_RECEIVER_COUNT; i++) {
		assert_near(few[i] / all_few, mail[i], 0.05);
		assert_near(many[i] / all_many, mail[i], 0.01);
		assert_true(complaints[i] > 0);
	}
	sim_close(sim);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_bytes),
		cmocka_unit_test(every_machine_gives_the_same_bytes),
		cmocka_unit_test(the_generator_is_xoshiro),
		cmocka_unit_test(draws_have_their_mean_and_variance),
		cmocka_unit_test(rare_counts_have_their_shares),
		cmocka_unit_test(unknown_users_are_overdispersed_as_the_table_says),
		cmocka_unit_test(a_campaign_shares_its_frailty),
		cmocka_unit_test(observations_come_in_the_order_of_arrival),
		cmocka_unit_test(a_fleet_of_any_size_has_proper_sources),
		cmocka_unit_test(a_surge_brings_more_mail_but_no_worse_mail),
		cmocka_unit_test(feedback_mails_read_back_to_the_same_source),
		cmocka_unit_test(rows_read_back_to_the_same_observations),
		cmocka_unit_test(mail_and_complaints_are_shared_among_receivers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
