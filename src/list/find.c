/* list/find.c - from a name on the wire to what the image says about it. */
#include "list/list_int.h"

#include <string.h>

#define LABELS_MAX 128U
#define WORD_BYTES sizeof(uint64_t)
#define NIBBLES    32U /* labels of an IPv6 address */

/* A name in lower case, and where its labels begin. */
struct split {
	uint8_t bytes[LIST_NAME_BYTES_MAX + WORD_BYTES]; /* zeros behind it, to the end of its last word */
	uint8_t labels[LABELS_MAX];
	size_t n;
	size_t count;  /* labels, without the root */
	size_t digits; /* of one byte, that it begins with: at least so many */
};

static const uint8_t vouch_label[] = LIST_VOUCH_LABEL;

/* Eight bytes at once: the top bit of each says whether it is A to Z, and bit 5 makes it small. */
static uint64_t
lower_word(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t low = word & ~tops;
	uint64_t from_a = low + (0x80 - 'A') * ones, past_z = low + (0x7f - 'Z') * ones;

	return word | ((from_a & ~past_z & ~word & tops) >> 2);
}

size_t
list_digit_labels(const uint8_t *name, size_t n)
{
	static const uint8_t lengths[WORD_BYTES] = { 1, 0, 1, 0, 1, 0, 1, 0 },
			     mask[WORD_BYTES] = { 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0 };
	uint64_t wanted, of_lengths, word;
	size_t at = 0;

	memcpy(&wanted, lengths, WORD_BYTES);
	memcpy(&of_lengths, mask, WORD_BYTES);
	for (; at + WORD_BYTES < n; at += WORD_BYTES) {
		memcpy(&word, name + at, WORD_BYTES);
		if ((word & of_lengths) != wanted) {
			break;
		}
	}
	return at / 2;
}

static void
split_name(const uint8_t *name, size_t n, struct split *s)
{
	size_t at = 0;

	check(n >= 1 && n <= LIST_NAME_BYTES_MAX);
	memcpy(s->bytes, name, n);
	memset(s->bytes + n, 0, WORD_BYTES);
	for (size_t i = 0; i < n; i += WORD_BYTES) { /* a length is below 64 and so no capital letter */
		uint64_t word;

		memcpy(&word, s->bytes + i, WORD_BYTES);
		word = lower_word(word);
		memcpy(s->bytes + i, &word, WORD_BYTES);
	}
	s->n = n;
	s->digits = list_digit_labels(s->bytes, n);
	for (s->count = 0; s->count < s->digits; s->count++) {
		s->labels[s->count] = (uint8_t)(2 * s->count);
	}
	at = 2 * s->count;
	while (s->bytes[at] != 0) {
		s->labels[s->count++] = (uint8_t)at;
		at += s->bytes[at] + 1U;
	}
	check(at == n - 1);
}

/* The zone with the longest name that ends this one, label by label. */
static const struct list_zone *
zone_of(const struct list *list, const struct split *s)
{
	const struct list_zone *best = NULL;

	for (size_t i = 0; i < list->zone_count; i++) {
		const struct list_zone *z = &list->zones[i];
		size_t at = s->n - z->name.n;

		if (s->count < z->labels || s->labels[s->count - z->labels] != at ||
		    (best != NULL && z->labels <= best->labels) ||
		    memcmp(s->bytes + at, z->name.bytes, z->name.n) != 0) {
			continue;
		}
		best = z;
	}
	return best;
}

static const struct list_cell *
find(const struct list_image *image, const struct cell_key *key)
{
	return table_find(image->shards, image->list->seed, key);
}

static void
set_cell(struct list_found *f, const struct list_cell *cell)
{
	f->cell = cell;
	f->ttl = cell->ttl;
}

static enum list_node
find_domain(struct list_found *f, const uint8_t *name, size_t n)
{
	struct cell_key key = { CELL_DOMAIN, f->zone->list, (uint8_t)n, name };
	const struct list_cell *cell = n > LIST_DOMAIN_LIMIT ? NULL : find(f->image, &key);

	if (cell == NULL) {
		return LIST_NOTHING;
	}
	set_cell(f, cell);
	return cell->listed != CELL_NODE ? LIST_ENTRY : LIST_EMPTY;
}

static bool
is_vouch(const uint8_t *label)
{
	return label[0] == vouch_label[0] && memcmp(label, vouch_label, sizeof vouch_label - 1) == 0;
}

/* RFC 5518: <domain>._vouch.<zone>; `labels` and `n` bytes stand before the zone. The test entry is no sender. */
static enum list_node
find_vouch(struct list_found *f, const struct split *s, size_t labels, size_t n)
{
	enum list_node node;

	if (labels == 1) {
		return f->image->present[f->zone->list].domains ? LIST_EMPTY : LIST_NOTHING;
	}
	node = find_domain(f, s->bytes, n - (sizeof vouch_label - 1));
	if (node == LIST_ENTRY && f->cell->listed == CELL_TEST) {
		return f->cell->below > 0 ? LIST_EMPTY : LIST_NOTHING;
	}
	return node == LIST_ENTRY ? LIST_VOUCH : node;
}

int
list_longest(const uint64_t *present, int bits)
{
	for (int word = bits / 64; bits >= 0; word--, bits = word * 64 + 63) {
		uint64_t set = present[word] & (UINT64_MAX >> (63 - bits % 64));

		if (set != 0) {
			return word * 64 + 63 - __builtin_clzll(set);
		}
	}
	return -1;
}

static enum list_node
find_ipv6(struct list_found *f, const struct prefix *p)
{
	const struct list_root6 *root = f->image->six[f->zone->list];

	f->six = ipv6_covering(root, p);
	if (f->six == NULL) {
		return !prefix_is_address(p) && ipv6_below(root, p) ? LIST_EMPTY : LIST_NOTHING;
	}
	f->ttl = f->six->ttl;
	return prefix_is_address(p) ? LIST_ENTRY : LIST_EMPTY;
}

/* The cell of the longest IPv4 prefix of at most `bits` bits that covers p. */
static bool
find_covering(struct list_found *f, const struct prefix *p, int bits)
{
	const uint64_t *present = &f->image->present[f->zone->list].ipv4;
	struct prefix cut = *p;
	struct cell_key key = { CELL_IPV4, f->zone->list, 0, cut.bytes };

	for (bits = list_longest(present, bits); bits >= 0; bits = list_longest(present, bits - 1)) {
		const struct list_cell *cell;

		cut = prefix_cut(&cut, (uint8_t)bits);
		key.bits = (uint8_t)bits;
		cell = find(f->image, &key);
		if (cell != NULL && cell->listed != CELL_NODE) {
			set_cell(f, cell);
			return true;
		}
	}
	return false;
}

/* Prefixes longer than /16 stand in blocks, the others have cells. */
static enum list_node
find_ipv4(struct list_found *f, const struct prefix *p)
{
	const struct list_page *const *pages = f->image->pages[f->zone->list];
	const struct cell_key key = { CELL_IPV4, f->zone->list, p->bits, p->bytes };
	uint32_t address = (uint32_t)p->bytes[0] << 24 | (uint32_t)p->bytes[1] << 16 |
			   (uint32_t)p->bytes[2] << 8 | p->bytes[3];
	uint64_t entry = ipv4_covering(pages, address, p->bits);

	if (entry != 0) {
		f->ttl = ipv4_ttl(entry);
		f->ipv4_bits = (uint8_t)ipv4_bits(entry);
		f->ipv4 = address & UINT32_MAX << (32 - f->ipv4_bits);
	} else if (!find_covering(f, p, p->bits < 16 ? p->bits : 16)) {
		/* A name whose last labels are missing exists when an entry lies below it. */
		return !prefix_is_address(p) &&
			       (ipv4_below(pages, address, p->bits) || find(f->image, &key) != NULL)
			   ? LIST_EMPTY
			   : LIST_NOTHING;
	}
	return prefix_is_address(p) ? LIST_ENTRY : LIST_EMPTY;
}

/* One octet in decimal as a label: no sign, no zero before it. */
static bool
octet_of(const uint8_t *label, uint8_t *octet)
{
	unsigned value = 0;

	if (label[0] < 1 || label[0] > 3 || (label[0] > 1 && label[1] == '0')) {
		return false;
	}
	for (size_t i = 1; i <= label[0]; i++) {
		if (label[i] < '0' || label[i] > '9') {
			return false;
		}
		value = value * 10 + (label[i] - (unsigned)'0');
	}
	*octet = (uint8_t)value;
	return value <= UINT8_MAX;
}

/* A digit of an IPv6 name, and one more; what is none is 0. */
static const uint8_t digits[UINT8_MAX + 1] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static bool
reverse_ipv4(const struct split *s, size_t labels, struct prefix *p)
{
	*p = (struct prefix){ 4, (uint8_t)(8 * labels), { 0 } };
	for (size_t i = 0; i < labels; i++) {
		if (labels > 4 || !octet_of(s->bytes + s->labels[labels - 1 - i], &p->bytes[i])) {
			return false;
		}
	}
	return true;
}

/* An address from the NIBBLES labels of one byte that a name begins with. Without a branch for a digit: half of them would be guessed wrong. */
static bool
whole_ipv6(const uint8_t *name, struct prefix *p)
{
	unsigned good = 1;

	*p = (struct prefix){ 6, 128, { 0 } };
	for (size_t i = 0; i < sizeof p->bytes; i++) {
		const uint8_t *labels = name + 2 * NIBBLES - 4 - 4 * i;
		unsigned low = digits[labels[1]], high = digits[labels[3]];

		good &= (low != 0) & (high != 0);
		p->bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
	}
	return good;
}

static bool
reverse_ipv6(const struct split *s, size_t labels, struct prefix *p)
{
	bool good = labels <= NIBBLES;

	if (labels == NIBBLES && s->digits >= NIBBLES) {
		return whole_ipv6(s->bytes, p);
	}
	*p = (struct prefix){ 6, (uint8_t)(4 * labels), { 0 } };
	for (size_t i = 0; good && i < labels; i++) {
		const uint8_t *label = s->bytes + s->labels[labels - 1 - i];
		unsigned digit = digits[label[1]];

		good = (label[0] == 1) & (digit != 0);
		p->bytes[i / 2] |= (uint8_t)((digit - 1) << (i % 2 == 0 ? 4 : 0));
	}
	return good;
}

/* "1.2.3.4" may be an IPv4 address and the beginning of an IPv6 one: the first that has records, else either. */
static enum list_node
find_address(struct list_found *f, const struct split *s, size_t labels)
{
	enum list_node node = LIST_NOTHING;
	struct prefix p;

	if (reverse_ipv4(s, labels, &p)) {
		node = find_ipv4(f, &p);
	}
	if (node == LIST_NOTHING && reverse_ipv6(s, labels, &p)) {
		node = find_ipv6(f, &p);
	}
	return node;
}

struct list_found
list_find(const struct list_image *image, const uint8_t *name, size_t n)
{
	struct list_found found = { .image = image };
	struct split s;
	size_t labels, bytes;

	split_name(name, n, &s);
	found.zone = zone_of(image->list, &s);
	if (found.zone == NULL) {
		return found;
	}
	labels = s.count - found.zone->labels;
	bytes = n - found.zone->name.n;
	found.labels = (uint8_t)labels;
	found.last = labels == 0 ? 0 : s.labels[labels - 1];
	if (labels == 0) {
		found.node = LIST_APEX;
	} else if (found.zone->domains) {
		found.node = find_domain(&found, s.bytes, bytes);
	} else if (is_vouch(s.bytes + s.labels[labels - 1])) {
		found.node = find_vouch(&found, &s, labels, bytes);
	} else {
		found.node = find_address(&found, &s, labels);
	}
	if (found.node != LIST_ENTRY && found.node != LIST_VOUCH) {
		found.ttl = 0;
	} else if (found.ttl == 0) {
		found.ttl = image->list->rows[found.zone->list].ttl;
	}
	return found;
}

/* ---- what is asked for soon */

/* The address of the four labels that a name begins with, and where they end; 0 when it begins otherwise. */
static size_t
begin_ipv4(const uint8_t *name, size_t n, uint32_t *address)
{
	size_t at = 0;

	*address = 0;
	for (unsigned shift = 0; shift < 32; shift += 8) {
		size_t length = at < n ? name[at] : 0;
		uint32_t value = 0;

		if (length < 1 || length > 3 || n - at <= length) {
			return 0;
		}
		for (size_t i = 1; i <= length; i++) {
			value = value * 10 + (name[at + i] - (uint32_t)'0');
		}
		*address |= (value & UINT8_MAX) << shift;
		at += length + 1;
	}
	return at;
}

/* The list of the zone that the rest of a name is, by its length and the first letters; the first one when it is none. */
static size_t
list_at(const struct list *list, const uint8_t *rest, size_t n)
{
	size_t at = 0;

	while (at < n && rest[at] != 0) {
		at += rest[at] + 1U;
	}
	for (size_t i = 0; at < n && i < list->zone_count; i++) {
		const struct list_zone *z = &list->zones[i];

		if (!z->domains && z->name.n == at + 1 && (rest[1] | 0x20) == (z->name.bytes[1] | 0x20)) {
			return z->list;
		}
	}
	return 0;
}

struct list_hope
list_expect(const struct list_image *image, const uint8_t *name, size_t n)
{
	struct list_hope hope = { .page = NULL };
	uint32_t address;
	struct prefix p;
	size_t at;

	if (list_digit_labels(name, n) >= NIBBLES) {
		if (whole_ipv6(name, &p)) {
			const struct list_root6 *root =
			    image->six[list_at(image->list, name + 2 * NIBBLES, n - 2 * NIBBLES)];

			hope.page = ipv6_expect(root, &p);
			hope.high = ipv6_high(&p);
		}
	} else if ((at = begin_ipv4(name, n, &address)) > 0) {
		hope.block = ipv4_expect(image->pages[list_at(image->list, name + at, n - at)], address);
	}
	return hope;
}

void
list_expect_more(const struct list_hope *hope)
{
	if (hope->page != NULL) {
		ipv6_expect_more(hope->page, hope->high);
	} else if (hope->block != NULL) {
		ipv4_expect_more(hope->block);
	}
}

int
list_covering(const struct list_image *image, const struct list_zone *zone, const struct prefix *p,
	      uint32_t *ttl)
{
	struct list_found f = { .image = image, .zone = zone };

	(void)(p->family == 4 ? find_ipv4(&f, p) : find_ipv6(&f, p));
	if (f.cell == NULL && f.six == NULL && f.ipv4_bits == 0) {
		return -1;
	}
	*ttl = f.ttl == 0 ? image->list->rows[zone->list].ttl : f.ttl;
	return f.cell != NULL ? f.cell->bits : f.six != NULL ? f.six->bits : f.ipv4_bits;
}

struct text
list_domain_text(const uint8_t *name, size_t n, char out[LIST_NAME_BYTES_MAX])
{
	for (size_t at = 0; at < n; at += name[at] + 1U) {
		memcpy(out + at, name + at + 1, name[at]);
		out[at + name[at]] = '.';
	}
	return (struct text){ out, n - 1U };
}

struct prefix
list_found_prefix(const struct list_found *f)
{
	struct prefix p = { 4, f->ipv4_bits, { 0 } };

	if (f->cell != NULL) {
		p.bits = f->cell->bits;
		memcpy(p.bytes, f->cell->key.address, 4);
	} else if (f->six != NULL) {
		p = (struct prefix){ 6, f->six->bits, { 0 } };
		for (unsigned i = 0; i < 8; i++) {
			p.bytes[i] = (uint8_t)(f->six->high >> (56 - 8 * i));
			p.bytes[8 + i] = (uint8_t)(f->six->low >> (56 - 8 * i));
		}
	} else {
		for (unsigned i = 0; i < 4; i++) {
			p.bytes[i] = (uint8_t)(f->ipv4 >> (24 - 8 * i));
		}
	}
	return p;
}

/* The source as text, as source_key_text has it. */
static struct text
found_source(const struct list_found *f, char out[LIST_NAME_BYTES_MAX])
{
	const struct list_cell *cell = f->cell;
	struct prefix p;

	if (cell != NULL && cell->kind == CELL_DOMAIN) {
		return list_domain_text(cell_name(cell), cell->bits, out);
	}
	p = list_found_prefix(f);
	return text_of(prefix_format(&p, out));
}

size_t
list_text_fill(struct text template, struct text source, char out[LIST_TEXT_BYTES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < template.n; i++) {
		struct text part = template.p[i] == '$' ? source : (struct text){ template.p + i, 1 };
		size_t room = LIST_TEXT_BYTES_MAX - n;

		memcpy(out + n, part.p, part.n < room ? part.n : room);
		n += part.n < room ? part.n : room;
	}
	return n;
}

size_t
list_found_text(const struct list_found *found, char out[LIST_TEXT_BYTES_MAX])
{
	char source[LIST_NAME_BYTES_MAX];

	check(found->node == LIST_ENTRY || found->node == LIST_VOUCH);
	return list_text_fill(found->node == LIST_VOUCH
				  ? TEXT(LIST_VOUCH_TEXT)
				  : text_of(found->image->list->rows[found->zone->list].txt),
			      found_source(found, source), out);
}

uint64_t
list_serial(const struct list_image *image)
{
	return image->serial;
}
