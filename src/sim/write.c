/*
 * Observations as CSV rows (doc/data/csv.md), and who it is that reports each.
 */
#include "sim/sim_int.h"

#include "base/hash.h"

static const char *const providers[] = {
#define SIM_PROVIDER(id, name, host, share, form, eol, says_source, agent) name,
#include "sim/providers.def"
#undef SIM_PROVIDER
};

static const double shares[] = {
#define SIM_PROVIDER(id, name, host, share, form, eol, says_source, agent) share,
#include "sim/providers.def"
#undef SIM_PROVIDER
};

enum reporter {
#define SIM_REPORTER(id, name, kind, what) REPORTER_##id,
#include "sim/reporters.def"
#undef SIM_REPORTER
};

static const char *const reporters[] = {
#define SIM_REPORTER(id, name, kind, what) name,
#include "sim/reporters.def"
#undef SIM_REPORTER
};

size_t
write_provider(const struct sim_observation *o)
{
	uint64_t mixed = hash_fast(&o->serial, sizeof(o->serial));
	double left = (double)(mixed >> 11) * 0x1p-53;
	size_t i = 0;

	while (i + 1 < countof(shares) && left >= shares[i]) {
		left -= shares[i++];
	}
	return i;
}

const char *
sim_reporter(const struct sim *sim, const struct sim_observation *o)
{
	if (o->signal == SIGNAL_DELIVERED) {
		return reporters[REPORTER_DELIVERIES];
	}
	if (o->signal == SIGNAL_UNKNOWN_USER) {
		return reporters[REPORTER_BOUNCES];
	}
	if (o->signal != SIGNAL_COMPLAINT) {
		return reporters[REPORTER_TRAPNET];
	}
	if (sim->sources[o->source].kind == SOURCE_ACCT) {
		return reporters[REPORTER_ESPDESK];
	}
	return providers[write_provider(o)];
}

const char *
write_address(const struct sim *sim, const struct sim_observation *o, char out[PREFIX_TEXT_BYTES])
{
	const struct sim_source *source = &sim->sources[o->source];
	struct prefix p;
	enum result r = prefix_parse(text_of(source->key), &p, NULL);

	check(r == RESULT_OK);
	if (source->kind == SOURCE_PREFIX) {
		size_t last = p.family == 4 ? 3 : 15;

		p.bytes[last] = (uint8_t)(p.bytes[last] + 1 + o->serial % 14);
		p.bits = p.family == 4 ? 32 : 128;
	}
	return prefix_format(&p, out);
}

void
sim_write_keys(const struct sim *sim, const struct sim_observation *o, struct buffer *b)
{
	const struct sim_source *source = &sim->sources[o->source];
	char text[PREFIX_TEXT_BYTES];

	if (source->kind == SOURCE_IP || source->kind == SOURCE_PREFIX) {
		buffer_put_text(b, text_of(write_address(sim, o, text)));
	} else {
		buffer_put_text(b, text_of(source->key));
	}
	if (o->domain != SIM_NONE) {
		buffer_put(b, " ", 1);
		buffer_put_text(b, text_of(sim->sources[o->domain].key));
	}
}

void
sim_write_csv_header(struct buffer *b)
{
	buffer_put_text(b, TEXT("time,source,signal,count,reporter\n"));
}

void
sim_write_csv_row(const struct sim *sim, const struct sim_observation *o, struct buffer *b)
{
	char time[INSTANT_BYTES];

	buffer_format(b, "%s,", instant_format(o->at, time));
	sim_write_keys(sim, o, b);
	buffer_format(b, ",%s,%u,%s\n", signal_name(o->signal), o->count, sim_reporter(sim, o));
}
