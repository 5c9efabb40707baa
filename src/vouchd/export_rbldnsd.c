/* vouchd/export_rbldnsd.c - data files for rbldnsd(8). */
#include "vouchd/export_int.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

static bool
is_ipv6(const struct registry_source *s)
{
	return (s->kind == SOURCE_IP || s->kind == SOURCE_PREFIX) && memchr(s->key.p, ':', s->key.n) != NULL;
}

static bool
is_ipv4(const struct registry_source *s)
{
	return (s->kind == SOURCE_IP || s->kind == SOURCE_PREFIX) && memchr(s->key.p, ':', s->key.n) == NULL;
}

/* For rbldnsd "$" is the address that was asked for, for us the source: they are the same for an IPv4 address only. */
static void
put_spelled_out(const struct exported *e, struct text name, struct text key)
{
	struct text rest = text_of(e->list->txt), head;

	buffer_format(e->out, "%.*s :%s:", TEXT_ARG(name), e->list->code);
	while (text_cut(&rest, '$', &head)) {
		buffer_put_text(e->out, head);
		buffer_put_text(e->out, key);
	}
	buffer_put_text(e->out, head);
	buffer_put_text(e->out, TEXT("\n"));
}

static void
put_line(const struct exported *e, struct text key)
{
	buffer_put_text(e->out, key);
	buffer_put_text(e->out, TEXT("\n"));
}

static void
put_ipv4(const struct exported *e, uint32_t source, const struct registry_source *s)
{
	(void)source;
	if (is_ipv4(s) && s->kind == SOURCE_IP) {
		put_line(e, s->key);
	} else if (is_ipv4(s)) {
		put_spelled_out(e, s->key, s->key);
	}
}

static void
put_ipv6(const struct exported *e, uint32_t source, const struct registry_source *s)
{
	(void)source;
	if (is_ipv6(s)) {
		put_spelled_out(e, s->key, s->key);
	}
}

static void
put_domain(const struct exported *e, uint32_t source, const struct registry_source *s)
{
	(void)source;
	if (s->kind == SOURCE_DOMAIN) {
		put_line(e, s->key);
	}
}

/* What stands before the address zone in the name of the domain zone; empty when it lies elsewhere. */
static struct text
domains_below(const struct config_list *list)
{
	struct text zone = text_of(list->zone), domains = text_of(list->domain_zone);

	if (domains.n <= zone.n + 1 || domains.p[domains.n - zone.n - 1] != '.' ||
	    !text_equal_nocase((struct text){ domains.p + domains.n - zone.n, zone.n }, zone)) {
		return (struct text){ "", 0 };
	}
	return (struct text){ domains.p, domains.n - zone.n - 1 };
}

static void
put_top(const struct exported *e, const char *zone, const char *dataset)
{
	const struct config_list *l = e->list;
	long long ttl = l->ttl.ms / 1000, negative = l->negative_ttl.ms / 1000;
	const char *contact = l->contact, *dot = contact[0] == '\0' ? "." : "";

	buffer_format(e->out, "# rbldnsd ... %s:%s:THIS-FILE\n", zone, dataset);
	buffer_format(e->out, "$SOA %lld %s%s %s%s%s 0 300 60 3600 %lld\n", negative,
		      l->ns.count == 0 ? "ns." : "", l->ns.count == 0 ? zone : l->ns.items[0],
		      contact[0] == '\0' ? "hostmaster" : contact, dot, contact[0] == '\0' ? zone : "",
		      negative);
	for (size_t i = 0; i < (l->ns.count == 0 ? 1 : l->ns.count); i++) {
		buffer_format(e->out, "$NS 3600 %s%s\n", l->ns.count == 0 ? "ns." : "",
			      l->ns.count == 0 ? zone : l->ns.items[i]);
	}
	buffer_format(e->out, "$TTL %lld\n", ttl);
}

/* What a line says that says nothing itself, and the test entry. */
static void
put_default(const struct exported *e, const char *test)
{
	buffer_format(e->out, ":%s:%s\n%s\n", e->list->code, e->list->txt, test);
}

void
export_rbldnsd(const struct exported *e)
{
	const struct config_list *l = e->list;
	struct text below = domains_below(l);

	put_top(e, l->zone, "combined");
	buffer_put_text(e->out, TEXT("$DATASET ip4trie @\n"));
	put_default(e, "127.0.0.2");
	export_each(e, put_ipv4);
	buffer_put_text(e->out, TEXT("$DATASET ip6trie @\n"));
	put_spelled_out(e, TEXT("::ffff:7f00:2"), TEXT("::ffff:7f00:2"));
	export_each(e, put_ipv6);
	if (below.n > 0) {
		buffer_format(e->out, "$DATASET dnset %.*s\n", TEXT_ARG(below));
		put_default(e, "test");
		export_each(e, put_domain);
	} else if (l->domain_zone[0] != '\0') {
		buffer_format(e->out,
			      "# Domains: %s is no part of %s; vouch export --format dnset has them.\n",
			      l->domain_zone, l->zone);
	}
}

void
export_ip4trie(const struct exported *e)
{
	put_top(e, e->list->zone, "ip4trie");
	put_default(e, "127.0.0.2");
	export_each(e, put_ipv4);
}

void
export_ip6trie(const struct exported *e)
{
	put_top(e, e->list->zone, "ip6trie");
	put_spelled_out(e, TEXT("::ffff:7f00:2"), TEXT("::ffff:7f00:2"));
	export_each(e, put_ipv6);
}

void
export_dnset(const struct exported *e)
{
	if (e->list->domain_zone[0] == '\0') {
		buffer_put_text(e->out, TEXT("# This list has no zone of domains.\n"));
		return;
	}
	put_top(e, e->list->domain_zone, "dnset");
	put_default(e, "test");
	export_each(e, put_domain);
}

/*
 * ---- ip4set: it looks for the address, then for its /24, /16 and /8, and takes all that is there. Lengths between are several
 * of the next of these; where something more specific is one of the parts already, it stands alone.
 */

struct nets {
	struct prefix *items;
	uint32_t count, size;
};

static void
collect(const struct exported *e, uint32_t source, const struct registry_source *s)
{
	struct nets *n = e->context;

	(void)source;
	if (!is_ipv4(s)) {
		return;
	}
	n->items = array_room(n->items, n->count, &n->size, sizeof *n->items);
	check(prefix_parse(s->key, &n->items[n->count++], NULL) == RESULT_OK);
}

static int
compare(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;
	int order = memcmp(a->bytes, b->bytes, 4);

	return order != 0 ? order : (a->bits > b->bits) - (a->bits < b->bits);
}

/* The parts of nets->items[at] that no entry behind it covers. */
static void
put_parts(const struct exported *e, const struct nets *nets, size_t at)
{
	const struct prefix *p = &nets->items[at];
	unsigned bits = p->bits <= 8 ? 8 : (p->bits + 7U) / 8 * 8, octet = bits / 8 - 1;
	bool covered[256] = { false };
	char name[PREFIX_TEXT_BYTES], key[PREFIX_TEXT_BYTES];

	for (size_t i = at + 1; i < nets->count && prefix_contains(p, &nets->items[i]); i++) {
		const struct prefix *inner = &nets->items[i];

		for (unsigned k = 0; inner->bits <= bits && k < 1U << (bits - inner->bits); k++) {
			covered[inner->bytes[octet] + k] = true;
		}
	}
	for (unsigned k = 0; k < 1U << (bits - p->bits); k++) {
		struct prefix part = *p;

		part.bits = (uint8_t)bits;
		part.bytes[octet] = (uint8_t)(part.bytes[octet] + k);
		if (!covered[part.bytes[octet]]) {
			put_spelled_out(e, text_of(prefix_format(&part, name)),
					text_of(prefix_format(p, key)));
		}
	}
}

void
export_ip4set(const struct exported *e)
{
	struct nets nets = { 0 };
	struct exported collecting = *e;

	collecting.context = &nets;
	export_each(&collecting, collect);
	if (nets.count > 0) {
		qsort(nets.items, nets.count, sizeof *nets.items, compare);
	}
	put_top(e, e->list->zone, "ip4set");
	put_default(e, "127.0.0.2");
	for (size_t i = 0; i < nets.count; i++) {
		put_parts(e, &nets, i);
	}
	free(nets.items);
}
