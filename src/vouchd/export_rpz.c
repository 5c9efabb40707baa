/*
 * vouchd/export_rpz.c - a response policy zone: answers with an address of a source, and questions for a domain, pass.
 *
 *   32.10.2.0.192.rpz-ip           CNAME rpz-passthru.     192.0.2.10
 *   48.zz.17.db8.2001.rpz-ip       CNAME rpz-passthru.     2001:db8:17::/48
 *   mail.example                   CNAME rpz-passthru.
 */
#include "vouchd/export_int.h"

#define WORDS 8U

/* The words of an IPv6 address backwards, the longest run of zeros (of two or more) as "zz". */
static void
put_words(const struct exported *e, const struct prefix *p)
{
	unsigned words[WORDS], best = WORDS, best_length = 1;

	for (unsigned i = 0; i < WORDS; i++) {
		words[i] = (unsigned)p->bytes[2 * i] << 8 | p->bytes[2 * i + 1];
	}
	for (unsigned i = 0, length = 0; i < WORDS; i++) {
		length = words[i] == 0 ? length + 1 : 0;
		if (length > best_length) {
			best_length = length;
			best = i + 1 - length;
		}
	}
	for (unsigned i = WORDS; i-- > 0;) {
		if (best < WORDS && i == best + best_length - 1) {
			buffer_put_text(e->out, TEXT("zz."));
			i = best;
		} else {
			buffer_format(e->out, "%x.", words[i]);
		}
	}
}

static void
put_pass(const struct exported *e, uint32_t source, const struct registry_source *s)
{
	struct prefix p;

	(void)source;
	if (s->kind == SOURCE_DOMAIN) {
		buffer_put_text(e->out, s->key);
	} else if (s->kind == SOURCE_ACCT) {
		return;
	} else {
		check(prefix_parse(s->key, &p, NULL) == RESULT_OK);
		buffer_format(e->out, "%u.", p.bits);
		if (p.family == 6) {
			put_words(e, &p);
		} else {
			buffer_format(e->out, "%u.%u.%u.%u.", p.bytes[3], p.bytes[2], p.bytes[1], p.bytes[0]);
		}
		buffer_put_text(e->out, TEXT("rpz-ip"));
	}
	buffer_put_text(e->out, TEXT(" CNAME rpz-passthru.\n"));
}

void
export_rpz(const struct exported *e)
{
	long long ttl = e->list->ttl.ms / 1000;

	buffer_format(
	    e->out,
	    "; A response policy zone of the list %s: what it certifies passes. The name is that of your "
	    "zone.\n"
	    "$TTL %lld\n@ SOA localhost. hostmaster.localhost. %u 300 60 3600 %lld\n@ NS localhost.\n",
	    e->list->name, ttl, (unsigned)(e->seq & UINT32_MAX), ttl);
	export_each(e, put_pass);
}
