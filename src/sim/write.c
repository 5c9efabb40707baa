/*
 * Observations as CSV rows (doc/data/csv.md), and who it is that reports each.
 */
#include "sim/sim_int.h"

const char *
sim_reporter(const struct sim_observation *o)
{
	return sim_feed_name(o->feed);
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

/* Mailbox operators report for themselves. */
static bool
names_receivers(enum sim_feed feed)
{
	return feed == SIM_FEED_DELIVERIES || feed == SIM_FEED_ESPDESK;
}

void
sim_write_csv_header(enum sim_feed feed, struct buffer *b)
{
	buffer_format(b, "time,source,signal,count,reporter%s\n", names_receivers(feed) ? ",receiver" : "");
}

static void
put_row(const struct sim *sim, const struct sim_observation *o, uint32_t count, struct buffer *b)
{
	char time[INSTANT_BYTES];

	buffer_format(b, "%s,", instant_format(o->at, time));
	sim_write_keys(sim, o, b);
	buffer_format(b, ",%s,%u,%s", signal_name(o->signal), count, sim_reporter(o));
}

void
sim_write_csv_row(const struct sim *sim, const struct sim_observation *o, struct buffer *b)
{
	check(o->kind == SIM_FACT);
	if (!names_receivers(o->feed)) {
		put_row(sim, o, o->count, b);
		buffer_put(b, "\n", 1);
		return;
	}
	for (enum sim_feed receiver = 0; receiver < SIM_RECEIVER_COUNT; receiver++) {
		if (o->received[receiver] > 0) {
			put_row(sim, o, o->received[receiver], b);
			buffer_format(b, ",%s\n", sim_feed_name(receiver));
		}
	}
}

void
sim_write_sample_header(struct buffer *b)
{
	buffer_put_text(
	    b, TEXT("time,source,signal,reporter,cluster,from_domain,link_domain,lure,attachment\n"));
}

void
sim_write_sample_row(const struct sim *sim, const struct sim_observation *o, struct text cluster,
		     struct buffer *b)
{
	const struct sim_content *c = &o->content;
	char time[INSTANT_BYTES], from[SIM_DOMAIN_BYTES], link[SIM_DOMAIN_BYTES];

	check(o->kind == SIM_SAMPLE);
	buffer_format(b, "%s,", instant_format(o->at, time));
	sim_write_keys(sim, o, b);
	buffer_format(b, ",%s,%s,%.*s,%s,%s,%d,%d\n", signal_name(SIGNAL_SAMPLE), sim_reporter(o),
		      TEXT_ARG(cluster), sim_domain(sim, c->from, from),
		      c->link != SIM_NONE ? sim_domain(sim, c->link, link) : "", c->lure, c->attachment);
}
