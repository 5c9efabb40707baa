#include "detect/detect_int.h"

/*
 * What has been seen before: of one system a Bloom filter in two generations, of the fleet a table of names with the time they
 * were first seen and the member that had them last. Both are bounded; what is forgotten counts as new again, and what a filter takes
 * for another is taken for known, which is the safe side.
 */

#define FILTER_HASHES 3U
#define PROBES        8U

static uint64_t
mixed(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdU;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53U;
	return x ^ x >> 33;
}

/* Names of different kinds do not meet. */
uint64_t
detect_novelty_name(uint64_t name, uint32_t kind)
{
	return mixed(name + kind * 0x9e3779b97f4a7c15U);
}

static bool
in_filter(const uint64_t filter[FILTER_WORDS], uint64_t name)
{
	for (uint32_t i = 0; i < FILTER_HASHES; i++) {
		uint64_t bit = name >> (i * 20) & (FILTER_WORDS * 64 - 1);

		if ((filter[bit / 64] >> bit % 64 & 1) == 0) {
			return false;
		}
	}
	return true;
}

/* Half of its bits are set: one in eight of what is new would be taken for known, more with each name, and soon all. */
static bool
is_full(const uint64_t filter[FILTER_WORDS])
{
	uint32_t set = 0;

	for (uint32_t i = 0; i < FILTER_WORDS; i++) {
		set += (uint32_t)__builtin_popcountll(filter[i]);
	}
	return set > FILTER_WORDS * 32;
}

static const struct novelty no_novelty = { .first_ms = NEVER, .turned_ms = NEVER };

struct novelty *
detect_novelty_of(struct detect *d, struct unit *system)
{
	if (system->novelty == NO_NOVELTY) {
		system->novelty = d->novelty_count++;
		d->novelty[system->novelty] = no_novelty;
	}
	return &d->novelty[system->novelty];
}

const struct novelty *
detect_novelty_at(const struct detect *d, const struct unit *system)
{
	return system->novelty != NO_NOVELTY ? &d->novelty[system->novelty] : &no_novelty;
}

bool
detect_novelty_seen(const struct novelty *n, uint64_t name)
{
	return in_filter(n->filter[0], name) || in_filter(n->filter[1], name);
}

void
detect_novelty_note(struct novelty *n, uint64_t name, int64_t at_ms)
{
	if (n->first_ms == NEVER) {
		n->first_ms = n->turned_ms = at_ms;
	}
	if ((double)(at_ms - n->turned_ms) > NOVELTY_DAYS * 12 * HOUR_MS || /* half the time each */
	    is_full(n->filter[0])) {
		for (uint32_t i = 0; i < FILTER_WORDS; i++) {
			n->filter[1][i] = n->filter[0][i];
			n->filter[0][i] = 0;
		}
		n->turned_ms = at_ms;
	}
	for (uint32_t i = 0; i < FILTER_HASHES; i++) {
		uint64_t bit = name >> (i * 20) & (FILTER_WORDS * 64 - 1);

		n->filter[0][bit / 64] |= (uint64_t)1 << bit % 64;
	}
}

/* The entry of a name, or of what makes way for it: an empty one, else the one that was not seen for longest. */
static struct known *
entry_of(struct known *table, uint64_t name)
{
	struct known *oldest = NULL;

	for (uint64_t i = 0; i < PROBES; i++) {
		struct known *k = &table[(name + i) % KNOWN_NAMES];

		if (k->name == name) {
			return k;
		}
		if (oldest == NULL ||
		    (oldest->name != 0 && (k->name == 0 || k->last_hour < oldest->last_hour))) {
			oldest = k;
		}
	}
	return oldest;
}

/* Tells what the fleet knew of a name, and notes that `member` has it now. */
struct known
detect_novelty_fleet(struct detect *d, uint64_t name, uint32_t member, int64_t at_ms)
{
	struct known *k = entry_of(d->known, name), before = *k;
	uint32_t hour = at_ms > 0 ? (uint32_t)(at_ms / 3600000) : 0;

	if (before.name != name) {
		before = (struct known){ .name = 0, .first_hour = hour, .last_hour = hour, .member = member };
		*k = before;
		k->name = name;
		return before;
	}
	k->member = member;
	k->last_hour = hour > k->last_hour ? hour : k->last_hour;
	return before;
}
