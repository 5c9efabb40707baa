#include "common/sets.h"

#include "base/result.h"

#include <stdio.h>
#include <string.h>

#define SPREAD      2654435761U /* odd: i * SPREAD is another number for each i */
#define BLOCK_BITS  12U         /* of SET_MIXED: a /20 */
#define BLOCKS      (1U << 19)  /* in the upper half of IPv4 */
#define SHAPES      16U         /* entries of a block */
#define WHOLE_BLOCK 16U         /* every so many is listed as a whole too */

const struct set sets[SET_COUNT] = {
#define SET(id, name, entries, dataset) { name, entries, dataset },
#include "common/sets.def"
#undef SET
};

/* A block of SET_MIXED: what begins where in it, and whether an earlier one is around it. */
static const struct {
	uint16_t at;
	uint8_t bits;
	bool covered;
} shape[SHAPES] = {
	{ 0x000, 22, false }, { 0x000, 24, true },  { 0x000, 25, true },  { 0x010, 28, true },
	{ 0x012, 32, true },  { 0x2c7, 32, true },  { 0x400, 24, false }, { 0x480, 26, true },
	{ 0x480, 27, true },  { 0x490, 29, true },  { 0x492, 31, true },  { 0x6fc, 30, false },
	{ 0x70b, 32, false }, { 0x71d, 32, false }, { 0x800, 21, false }, { 0x800, 23, true },
};

static struct prefix
ipv4(uint32_t a, uint8_t bits)
{
	return (struct prefix){ 4,
				bits,
				{ (uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8), (uint8_t)a } };
}

static uint32_t
block(uint32_t i)
{
	check(i < BLOCKS);
	return 0x80000000U | (i * SPREAD % BLOCKS) << BLOCK_BITS;
}

uint32_t
set_ipv4(uint32_t i)
{
	return i * SPREAD | 0x80000000U;
}

static struct prefix
mixed(uint32_t entries, uint32_t i)
{
	uint32_t used = (entries + SHAPES - 1) / SHAPES, n = i % SHAPES, rest = i - entries;

	if (i >= entries) {
		return ipv4(block(used + rest % (BLOCKS - used)) | rest / (BLOCKS - used), 32);
	}
	if (n == 0 && i / SHAPES % WHOLE_BLOCK == 0) {
		return ipv4(block(i / SHAPES), 32 - BLOCK_BITS);
	}
	return ipv4(block(i / SHAPES) | shape[n].at, shape[n].bits);
}

struct prefix
set_entry(enum set_id set, uint32_t entries, uint32_t i)
{
	uint64_t a = UINT64_C(0x2a00000000000000) | (uint64_t)(i * SPREAD) << 20;
	struct prefix p = { 6, 64, { 0 } };

	switch (set) {
	case SET_SINGLE:
		return ipv4(set_ipv4(i), 32);
	case SET_MIXED:
		return mixed(entries, i);
	case SET_SIX:
	case SET_COUNT:
		break;
	}
	for (size_t k = 0; k < 8; k++) {
		p.bytes[k] = (uint8_t)(a >> (56 - 8 * k));
	}
	return p;
}

struct prefix
set_address(enum set_id set, uint32_t entries, uint32_t i)
{
	struct prefix p = set_entry(set, entries, i);
	uint32_t noise = i * 2246822519U ^ i >> 7;
	uint8_t all = p.family == 4 ? 32 : 128;

	for (uint8_t bit = p.bits; bit < all; bit++) {
		p.bytes[bit / 8] |= (uint8_t)((noise >> bit % 31 & 1U) << (7 - bit % 8));
	}
	p.bits = all;
	return p;
}

/* A label is an octet or a nibble, so a prefix that ends within one is several names. */
void
set_names(enum set_id set, uint32_t entries, uint32_t i, set_name_take *take, void *context)
{
	struct prefix p = set_entry(set, entries, i);
	uint32_t group = i / SHAPES;
	uint8_t unit = p.family == 4 ? 8 : 4, ends = (uint8_t)((p.bits + unit - 1) / unit * unit);
	uint8_t least = (uint8_t)(1U << (8 - (ends - 1) % 8 - 1)); /* the last bit of that label */

	if (set == SET_MIXED && i < entries && i % SHAPES != 0 &&
	    (shape[i % SHAPES].covered || group % WHOLE_BLOCK == 0)) {
		return;
	}
	for (uint32_t n = 1U << (ends - p.bits); n > 0; n--) {
		p.bits = ends;
		take(context, &p);
		p.bytes[(ends - 1) / 8] += least;
	}
}

size_t
set_labels(const struct prefix *name, uint8_t out[SET_LABELS_BYTES])
{
	int labels = name->bits / (name->family == 4 ? 8 : 4);
	size_t n = 0;

	if (name->bits < (name->family == 4 ? 32 : 128)) {
		out[n++] = 1;
		out[n++] = '*';
	}
	for (int i = labels - 1; i >= 0; i--) {
		if (name->family == 4) {
			out[n] = (uint8_t)snprintf((char *)out + n + 1, 4, "%u", name->bytes[i]);
		} else {
			out[n] = 1;
			out[n + 1] =
			    (uint8_t) "0123456789abcdef"[name->bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
		}
		n += out[n] + 1U;
	}
	return n;
}
