/* registry/campaign.c - an announced campaign as one word: NAME/START/END/VOLUME/DOMAIN+DOMAIN. */
#include "registry/registry_int.h"

/* The five parts, as they stand there. */
static bool
cut_parts(struct text word, struct text part[5])
{
	for (int i = 0; i < 4; i++) {
		if (!text_cut(&word, '/', &part[i])) {
			return false;
		}
	}
	part[4] = word;
	return true;
}

static bool
parse(struct text word, struct registry_campaign *c)
{
	struct text part[5];

	if (!cut_parts(word, part) || !text_is_name(part[0]) ||
	    instant_parse(part[1], &c->start) != RESULT_OK || instant_parse(part[2], &c->end) != RESULT_OK ||
	    !text_u64(part[3], &c->volume)) {
		return false;
	}
	c->name = part[0];
	c->links = part[4];
	return c->start.ms < c->end.ms && c->end.ms - c->start.ms <= REGISTRY_CAMPAIGN_MAX.ms &&
	       c->volume > 0 && c->links.n > 0;
}

bool
registry_campaign_cut(struct text *campaigns, struct registry_campaign *c)
{
	struct text word;

	while (campaigns->n > 0) {
		(void)text_cut(campaigns, ' ', &word);
		if (parse(word, c)) {
			return true;
		}
	}
	return false;
}

/* "+" between domains, each in its canonical form. */
static bool
put_links(struct text links, struct buffer *out)
{
	struct source_key key;
	struct text one;

	for (bool more = true; more;) {
		more = text_cut(&links, '+', &one);
		if (source_key_parse(one, &key, NULL) != RESULT_OK || key.kind != SOURCE_DOMAIN) {
			return false;
		}
		buffer_put_text(out, source_key_text(&key));
		buffer_put(out, "+", more);
	}
	return true;
}

bool
registry_campaign_put(struct text in, struct buffer *out)
{
	struct registry_campaign c;
	char start[INSTANT_BYTES], end[INSTANT_BYTES];
	struct buffer word;
	bool fits;

	if (!parse(in, &c)) {
		return false;
	}
	buffer_init(&word, WORDS_BYTES_MAX);
	buffer_format(&word, "%.*s/%s/%s/%llu/", TEXT_ARG(c.name), instant_format(c.start, start),
		      instant_format(c.end, end), (unsigned long long)c.volume);
	fits = put_links(c.links, &word) && !word.full;
	if (fits) {
		buffer_put_text(out, buffer_text(&word));
	}
	buffer_free(&word);
	return fits;
}
