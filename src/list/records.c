/* list/records.c - prefixes as names and wildcards; what records.h says of a zone. */
#include "list/list_int.h"

#include "base/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHILDREN_MAX 256U
#define SHORT_BITS   16U
/* The deepest name that an IPv4 address has; above it the names of both families are of the same form. */
#define SHARED_LABELS 4U

static unsigned
stride_of(const struct prefix *p)
{
	return p->family == 4 ? 8 : 4;
}

/* The label of depth `at` (0: that of the first octet or nibble). */
static unsigned
label_at(const struct prefix *p, unsigned at)
{
	if (p->family == 4) {
		return p->bytes[at];
	}
	return at % 2 == 0 ? p->bytes[at / 2] >> 4 : p->bytes[at / 2] & 15U;
}

/* The child of p with this octet or nibble. */
static struct prefix
child_of(const struct prefix *p, unsigned label)
{
	struct prefix child = *p;

	child.bits = (uint8_t)(p->bits + stride_of(p));
	child.bytes[p->bits / 8] |= (uint8_t)(p->family == 6 && p->bits % 8 == 0 ? label << 4 : label);
	return child;
}

/* May "*." before the name of p stand for addresses of the other family? A digit is an octet and a nibble. */
static bool
is_shared(const struct prefix *p)
{
	unsigned labels = p->bits / stride_of(p);

	if (labels >= SHARED_LABELS) {
		return false;
	}
	for (unsigned i = 0; i < labels; i++) {
		if (label_at(p, i) > 9) {
			return false;
		}
	}
	return true;
}

/* ---- a view */

static int
compare_shorts(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* IPv4 prefixes of at most 16 bits have cells, in no order. */
static void
collect_shorts(struct list_view *v)
{
	for (size_t i = 0; i < LIST_SHARDS; i++) {
		const struct list_shard *s = v->image->shards[i];

		for (uint32_t k = 0; s != NULL && k < s->size; k++) {
			const struct list_cell *c = &s->cells[k];

			if (c->kind != CELL_IPV4 || c->list != v->zone->list || c->listed == CELL_NODE) {
				continue;
			}
			v->shorts = array_room(v->shorts, v->short_count, &v->short_size, sizeof *v->shorts);
			v->shorts[v->short_count++] =
			    (uint32_t)c->key.address[0] << 16 | (uint32_t)c->key.address[1] << 8 | c->bits;
		}
	}
	if (v->short_count > 0) {
		qsort(v->shorts, v->short_count, sizeof *v->shorts, compare_shorts);
	}
}

void
list_view_open(struct list_view *v, const struct list_image *image, const struct list_zone *zone)
{
	*v = (struct list_view){ .image = image, .zone = zone };
	if (!zone->domains && (image->present[zone->list].ipv4 & ((UINT64_C(2) << SHORT_BITS) - 1)) != 0) {
		collect_shorts(v);
	}
}

void
list_view_close(struct list_view *v)
{
	free(v->shorts);
}

static struct prefix
prefix_of_ipv4(uint32_t address, unsigned bits)
{
	return (struct prefix){ 4,
				(uint8_t)bits,
				{ (uint8_t)(address >> 24), (uint8_t)(address >> 16), (uint8_t)(address >> 8),
				  (uint8_t)address } };
}

static bool
next_ipv4(const struct list_view *v, const struct prefix *from, struct prefix *next)
{
	uint32_t address = (uint32_t)from->bytes[0] << 24 | (uint32_t)from->bytes[1] << 16 |
			   (uint32_t)from->bytes[2] << 8 | from->bytes[3];
	uint32_t key = (address >> 16) << 8 | from->bits, low = 0, high = v->short_count;
	uint32_t long_address = address;
	unsigned long_bits = from->bits;
	bool found = ipv4_next(v->image->pages[v->zone->list], &long_address, &long_bits);

	/* A short one that begins in the same /16 begins at its first address. */
	key += (address & 0xffff) != 0 ? SHORT_BITS + 1 : 0;
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (v->shorts[middle] < key) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low < v->short_count && (!found || v->shorts[low] >> 8 <= long_address >> 16)) {
		*next = prefix_of_ipv4(v->shorts[low] >> 8 << 16, v->shorts[low] & 255);
		return true;
	}
	*next = prefix_of_ipv4(long_address, long_bits);
	return found;
}

/* The first entry at or behind this prefix, in the order of addresses, the shorter first. */
static bool
next_entry(const struct list_view *v, const struct prefix *from, struct prefix *next)
{
	const struct list_six *six;

	if (from->family == 4) {
		return next_ipv4(v, from, next);
	}
	six = ipv6_next(v->image->six[v->zone->list], from);
	if (six == NULL) {
		return false;
	}
	*next = (struct prefix){ 6, six->bits, { 0 } };
	for (unsigned i = 0; i < 8; i++) {
		next->bytes[i] = (uint8_t)(six->high >> (56 - 8 * i));
		next->bytes[8 + i] = (uint8_t)(six->low >> (56 - 8 * i));
	}
	return true;
}

/* Is an entry longer than p within p? */
static bool
has_inside(const struct list_view *v, const struct prefix *p)
{
	struct prefix from = *p, next;

	from.bits++;
	return !prefix_is_address(p) && next_entry(v, &from, &next) && prefix_contains(p, &next);
}

/* The first address behind p; false when there is none. */
static bool
step_behind(struct prefix *p)
{
	unsigned at = p->bits;

	while (at > 0 && (p->bytes[(at - 1) / 8] & 0x80U >> (at - 1) % 8) != 0) {
		p->bytes[(at - 1) / 8] ^= (uint8_t)(0x80U >> (at - 1) % 8);
		at--;
	}
	if (at == 0) {
		return false;
	}
	p->bytes[(at - 1) / 8] |= (uint8_t)(0x80U >> (at - 1) % 8);
	p->bits = 0;
	return true;
}

/* ---- one record */

/*
 * A name of an address, or a wildcard, is there when an entry covers it and no wildcard above says so: the entry is longer
 * than the name above, or there may be no wildcard, or the name exists for what is inside and would stop it.
 */
static bool
address_at(const struct list_view *v, struct list_record *r)
{
	struct prefix above = prefix_cut(&r->name, (uint8_t)(r->name.bits - stride_of(&r->name)));
	int bits;

	if (!prefix_is_address(&r->name) && is_shared(&r->name)) {
		return false;
	}
	bits = list_covering(v->image, v->zone, &r->name, &r->ttl);
	if (bits < 0 || (bits <= above.bits && !is_shared(&above) && !has_inside(v, &r->name))) {
		return false;
	}
	r->source_bits = (uint8_t)bits;
	return true;
}

static bool
domain_at(const struct list_view *v, struct list_record *r)
{
	const struct cell_key key = { CELL_DOMAIN, r->list, r->domain_bytes, r->domain };
	const struct list_cell *cell = table_find(v->image->shards, v->image->list->seed, &key);

	if (cell == NULL || cell->listed == CELL_NODE || (r->vouch && cell->listed == CELL_TEST)) {
		return false;
	}
	r->ttl = cell->ttl == 0 ? v->image->list->rows[r->list].ttl : cell->ttl;
	return true;
}

bool
list_view_at(const struct list_view *v, struct list_record *r)
{
	return r->name.family == 0 ? domain_at(v, r) : address_at(v, r);
}

/* ---- many */

/* The children of p that entries longer than p touch, and those that have entries inside. */
struct children {
	bool touched[CHILDREN_MAX], inside[CHILDREN_MAX];
};

static void
find_children(const struct list_view *v, const struct prefix *p, struct children *c)
{
	unsigned stride = stride_of(p), at = p->bits / stride;
	struct prefix from = *p, next;

	from.bits++;
	while (next_entry(v, &from, &next) && prefix_contains(p, &next)) {
		unsigned label = label_at(&next, at);
		unsigned wide = next.bits < p->bits + stride ? 1U << (p->bits + stride - next.bits) : 1;

		for (unsigned i = label; i < label + wide; i++) {
			c->touched[i] = true;
		}
		if (next.bits > p->bits + stride) { /* what else is inside this child does not matter here */
			c->inside[label] = true;
			from = prefix_cut(&next, (uint8_t)(p->bits + stride));
			if (!step_behind(&from)) {
				return;
			}
		} else {
			from = next;
			from.bits++;
		}
	}
}

struct walk {
	const struct list_view *v;
	list_record_take *take;
	void *context;
	bool touched; /* all owners that might be, not the records that are */
};

static bool
is_covered(const struct walk *w, const struct prefix *p)
{
	uint32_t ttl;

	return w->touched || list_covering(w->v->image, w->v->zone, p, &ttl) >= 0;
}

static bool
visit(const struct walk *w, const struct prefix *p)
{
	struct list_record r = { .list = w->v->zone->list, .name = *p };

	return (!w->touched && !address_at(w->v, &r)) || w->take(w->context, &r);
}

/* All below the name of p. As deep as a name has labels. */
static bool
walk_below(const struct walk *w, const struct prefix *p)
{
	bool all = is_shared(p) && p->bits > 0 && is_covered(w, p);
	struct children c = { 0 };

	find_children(w->v, p, &c);
	for (unsigned i = 0; i < 1U << stride_of(p); i++) {
		struct prefix child = child_of(p, i);

		if (!all && !c.touched[i]) {
			continue;
		}
		if (!visit(w, &child)) {
			return false;
		}
		if (!prefix_is_address(&child) &&
		    (c.inside[i] || (is_shared(&child) && is_covered(w, &child))) && !walk_below(w, &child)) {
			return false;
		}
	}
	return true;
}

bool
list_view_touched(const struct list_view *v, const struct prefix *p, list_record_take *take, void *context)
{
	struct walk w = { v, take, context, true };
	unsigned stride = stride_of(p), bits = stride;

	for (; bits < p->bits; bits += stride) {
		struct prefix above = prefix_cut(p, (uint8_t)bits);

		if (!visit(&w, &above)) {
			return false;
		}
	}
	for (unsigned i = 0; i < 1U << (bits - p->bits); i++) {
		struct prefix own = *p;

		own.bits = (uint8_t)bits;
		own.bytes[(bits - 1) / 8] |= (uint8_t)(i << (8 - bits % 8) % 8);
		if (!visit(&w, &own) || (!prefix_is_address(&own) && !walk_below(&w, &own))) {
			return false;
		}
	}
	return true;
}

/* ---- a zone */

/* How many names an entry needs. Only the short ones need many. */
static uint32_t
names_of(const struct prefix *p)
{
	unsigned stride = stride_of(p);
	uint32_t names = 0;

	if (p->bits % stride == 0 && !(is_shared(p) && !prefix_is_address(p))) {
		return 1;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct prefix half = *p;

		half.bits++;
		half.bytes[p->bits / 8] |= (uint8_t)(i << (7 - p->bits % 8));
		names += names_of(&half);
	}
	return names;
}

static enum result
check_bounds(const struct list_view *v, struct fault *fault)
{
	for (size_t i = 0; i < v->short_count; i++) {
		struct prefix p = prefix_of_ipv4(v->shorts[i] >> 8 << 16, v->shorts[i] & 255);
		char text[PREFIX_TEXT_BYTES];
		uint32_t names = p.bits < 8 ? names_of(&p) : 0;

		if (names > LIST_ENTRY_NAMES_MAX) {
			return fault_set(fault, RESULT_NOT_ALLOWED,
					 "%s cannot be transferred: it needs %u names, and %u are the most",
					 prefix_format(&p, text), names, LIST_ENTRY_NAMES_MAX);
		}
	}
	return RESULT_OK;
}

/* The domains of a list, in no order. */
static bool
walk_domains(const struct walk *w)
{
	struct list_record r = { .list = w->v->zone->list,
				 .domains = w->v->zone->domains,
				 .vouch = !w->v->zone->domains };

	for (size_t i = 0; i < LIST_SHARDS; i++) {
		const struct list_shard *s = w->v->image->shards[i];

		for (uint32_t k = 0; s != NULL && k < s->size; k++) {
			const struct list_cell *c = &s->cells[k];

			if (c->kind != CELL_DOMAIN || c->list != r.list) {
				continue;
			}
			r.domain = cell_name(c);
			r.domain_bytes = c->bits;
			if (domain_at(w->v, &r) && !w->take(w->context, &r)) {
				return false;
			}
		}
	}
	return true;
}

enum result
list_records(const struct list_image *image, const struct list_zone *zone, list_record_take *take,
	     void *context, struct fault *fault)
{
	static const struct prefix roots[] = { { .family = 4 }, { .family = 6 } };
	struct list_view v;
	struct walk w = { &v, take, context, false };
	enum result r;

	list_view_open(&v, image, zone);
	r = check_bounds(&v, fault);
	for (size_t i = 0; i < countof(roots) && r == RESULT_OK && !zone->domains; i++) {
		r = walk_below(&w, &roots[i]) ? RESULT_OK : RESULT_BUSY;
	}
	if (r == RESULT_OK && !walk_domains(&w)) {
		r = RESULT_BUSY;
	}
	list_view_close(&v);
	return r;
}

/* ---- as texts */

uint64_t
list_image_count(const struct list_image *image, size_t index)
{
	return image->present[index].entries;
}

const struct list_zone *
list_zones(const struct list *list, size_t *count)
{
	*count = list->zone_count;
	return list->zones;
}

static size_t
put_label(uint8_t *out, const char *label, size_t n)
{
	out[0] = (uint8_t)n;
	memcpy(out + 1, label, n);
	return n + 1;
}

static size_t
put_address(uint8_t *out, const struct prefix *p)
{
	unsigned labels = p->bits / stride_of(p);
	size_t n = prefix_is_address(p) ? 0 : put_label(out, "*", 1);

	while (labels > 0) {
		unsigned value = label_at(p, --labels);
		char text[4];
		int digits = snprintf(text, sizeof text, p->family == 4 ? "%u" : "%x", value);

		n += put_label(out + n, text, (size_t)digits);
	}
	return n;
}

size_t
list_record_name(const struct list *list, const struct list_record *r, uint8_t out[LIST_NAME_BYTES_MAX])
{
	const struct list_zone *zone = list->zones;
	size_t n = 0;

	while (zone->list != r->list || zone->domains != r->domains) {
		zone++;
		check(zone < list->zones + list->zone_count);
	}
	if (r->name.family != 0) {
		n = put_address(out, &r->name);
	} else {
		size_t vouch = r->vouch ? sizeof LIST_VOUCH_LABEL - 1 : 0;

		if (r->domain_bytes + vouch + zone->name.n > LIST_NAME_BYTES_MAX) {
			return 0;
		}
		memcpy(out, r->domain, r->domain_bytes);
		memcpy(out + r->domain_bytes, LIST_VOUCH_LABEL, vouch);
		n = r->domain_bytes + vouch;
	}
	memcpy(out + n, zone->name.bytes, zone->name.n);
	return n + zone->name.n;
}

size_t
list_record_text(const struct list *list, const struct list_record *r, char out[LIST_TEXT_BYTES_MAX])
{
	char bytes[LIST_NAME_BYTES_MAX];
	struct text source;

	if (r->name.family == 0) {
		source = list_domain_text(r->domain, r->domain_bytes, bytes);
	} else {
		struct prefix p = prefix_cut(&r->name, r->source_bits);

		source = text_of(prefix_format(&p, bytes));
	}
	return list_text_fill(r->vouch ? TEXT(LIST_VOUCH_TEXT) : text_of(list->rows[r->list].txt), source,
			      out);
}
