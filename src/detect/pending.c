#include "detect/detect_int.h"

/*
 * Bad news about mail whose volume has not been reported yet. It tells nothing before: many complaints within minutes are a
 * takeover, or the first hour of a large honest campaign. So it waits for its volume, in a few lots by the time of the mail. Where volume is so
 * late that they do not suffice, two become one: of that it is known that its mail was delivered between two times, and it waits for the volume up to the later one.
 */

static const struct lots no_lots = { .from_ms = { NEVER, NEVER, NEVER, NEVER, NEVER, NEVER } };
_Static_assert(LOTS == 6, "all are empty");

#define OF_BIN 0U /* the lot for mail of the open bin; those behind it are for mail whose volume is missing */

struct lots *
detect_pending_lots(struct detect *d, struct unit *u)
{
	if (u->lots == NO_LOTS) {
		u->lots = d->lots_free_count > 0 ? d->lots_free[--d->lots_free_count] : d->lots_count++;
		d->lots[u->lots] = no_lots;
	}
	return &d->lots[u->lots];
}

static uint16_t
sum_u16(uint16_t a, uint32_t b)
{
	return b < (uint32_t)(UINT16_MAX - a) ? (uint16_t)(a + b) : UINT16_MAX;
}

/* Empties it, and adds what is in it. */
static void
pour(struct lots *lots, uint32_t from, uint32_t counts[PENDING_KINDS])
{
	for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
		counts[kind] += lots->counts[from][kind];
		lots->counts[from][kind] = 0;
	}
	lots->from_ms[from] = NEVER;
	lots->length_ms[from] = 0;
}

static int64_t
earlier(int64_t a_ms, int64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

static int64_t
later(int64_t a_ms, int64_t b_ms)
{
	return a_ms > b_ms ? a_ms : b_ms;
}

static int64_t
end_of(const struct lots *lots, uint32_t i)
{
	return lots->from_ms[i] + lots->length_ms[i];
}

/* From the first to the last mail of two lots. */
static int64_t
length(const struct lots *lots, uint32_t i, uint32_t j)
{
	return later(end_of(lots, i), end_of(lots, j)) - earlier(lots->from_ms[i], lots->from_ms[j]);
}

/* The lot, which may be empty, reaches to that time too. */
static void
reach(struct lots *lots, uint32_t i, int64_t at_ms)
{
	int64_t from_ms = lots->from_ms[i] != NEVER ? earlier(lots->from_ms[i], at_ms) : at_ms,
		end_ms = later(end_of(lots, i), at_ms);

	lots->from_ms[i] = from_ms;
	lots->length_ms[i] = (uint32_t)earlier(end_ms - from_ms, UINT32_MAX);
}

static void
merge(struct lots *lots, uint32_t from, uint32_t into)
{
	uint32_t counts[PENDING_KINDS] = { 0 };

	reach(lots, into, lots->from_ms[from]);
	reach(lots, into, end_of(lots, from));
	pour(lots, from, counts);
	for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
		lots->counts[into][kind] = sum_u16(lots->counts[into][kind], counts[kind]);
	}
}

/* Of lots that are all taken, the two that are the shortest together become one. */
static uint32_t
make_room(struct lots *lots)
{
	uint32_t from = OF_BIN + 1, into = OF_BIN + 2;

	for (uint32_t i = OF_BIN + 1; i < LOTS; i++) {
		for (uint32_t j = i + 1; j < LOTS; j++) {
			if (length(lots, i, j) < length(lots, from, into)) {
				from = i;
				into = j;
			}
		}
	}
	merge(lots, from, into);
	return from;
}

/* The lot for mail of this time: that of the open bin if its volume is there, else one that reaches to it and stays short, else an empty one. */
static uint32_t
lot_for(const struct unit *u, struct lots *lots, int64_t mailed_ms)
{
	int64_t gap_ms = (int64_t)((double)u->n.gap_hours * HOUR_MS);
	uint32_t empty = LOTS;

	if (u->bin_mail > 0 && mailed_ms >= u->times[BIN_VOLUME] &&
	    mailed_ms < u->times[BIN_VOLUME_END] + gap_ms) {
		return OF_BIN;
	}
	for (uint32_t i = OF_BIN + 1; i < LOTS; i++) {
		int64_t reaches = later(end_of(lots, i), mailed_ms) - earlier(lots->from_ms[i], mailed_ms);

		if (lots->from_ms[i] == NEVER) {
			empty = i;
		} else if (reaches <= gap_ms / 4 || reaches == lots->length_ms[i]) {
			return i;
		}
	}
	return empty == LOTS ? make_room(lots) : empty;
}

void
detect_pending_add(struct detect *d, struct unit *u, uint32_t kind, uint32_t count, int64_t mailed_ms)
{
	struct lots *lots = detect_pending_lots(d, u);
	uint32_t i = lot_for(u, lots, mailed_ms);

	reach(lots, i, mailed_ms);
	lots->counts[i][kind] = sum_u16(lots->counts[i][kind], count);
}

/* Lots that are all empty are another's. */
static void
give_back(struct detect *d, struct unit *u)
{
	if (u->lots != NO_LOTS && detect_pending_since(d, u) == NEVER) {
		d->lots_free[d->lots_free_count++] = u->lots;
		u->lots = NO_LOTS;
	}
}

/* What is about the mail of the bin that closes, and what else is about mail between two times, the second one left out. */
void
detect_pending_take(struct detect *d, struct unit *u, int64_t from_ms, int64_t until_ms,
		    uint32_t counts[PENDING_KINDS])
{
	struct lots *lots = u->lots != NO_LOTS ? &d->lots[u->lots] : NULL;

	for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
		counts[kind] = 0;
	}
	for (uint32_t i = 0; i < LOTS && lots != NULL; i++) {
		if (lots->from_ms[i] != NEVER &&
		    (i == OF_BIN || (lots->from_ms[i] >= from_ms && end_of(lots, i) < until_ms))) {
			pour(lots, i, counts);
		}
	}
	give_back(d, u);
}

/* What else is about mail before `until`, by lots. */
uint32_t
detect_pending_take_stretches(struct detect *d, struct unit *u, int64_t until_ms,
			      struct stretch stretches[LOTS])
{
	struct lots *lots = u->lots != NO_LOTS ? &d->lots[u->lots] : NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < LOTS && lots != NULL; i++) {
		if (lots->from_ms[i] != NEVER && end_of(lots, i) < until_ms) {
			stretches[count] =
			    (struct stretch){ .from_ms = lots->from_ms[i], .to_ms = end_of(lots, i) };
			pour(lots, i, stretches[count++].counts);
		}
	}
	give_back(d, u);
	return count;
}

/* How far the time is outside of the lot. */
static int64_t
distance(const struct lots *lots, uint32_t i, int64_t at_ms)
{
	return later(later(lots->from_ms[i] - at_ms, at_ms - end_of(lots, i)), 0);
}

static bool
is_empty(const struct lots *lots, uint32_t i)
{
	for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
		if (lots->counts[i][kind] > 0) {
			return false;
		}
	}
	return true;
}

/* What was put aside is told no longer: first of the lot of that time, then of the next. */
uint32_t
detect_pending_undo(struct detect *d, struct unit *u, uint32_t kind, uint32_t count, int64_t mailed_ms)
{
	struct lots *lots = u->lots != NO_LOTS ? &d->lots[u->lots] : NULL;
	uint32_t left = count;

	while (lots != NULL && left > 0) {
		uint32_t nearest = LOTS;
		uint16_t taken;

		for (uint32_t i = 0; i < LOTS; i++) {
			if (lots->counts[i][kind] > 0 &&
			    (nearest == LOTS ||
			     distance(lots, i, mailed_ms) < distance(lots, nearest, mailed_ms))) {
				nearest = i;
			}
		}
		if (nearest == LOTS) {
			break;
		}
		taken = left < lots->counts[nearest][kind] ? (uint16_t)left : lots->counts[nearest][kind];
		lots->counts[nearest][kind] = (uint16_t)(lots->counts[nearest][kind] - taken);
		left -= taken;
		if (is_empty(lots, nearest)) {
			lots->from_ms[nearest] = NEVER;
			lots->length_ms[nearest] = 0;
		}
	}
	give_back(d, u);
	return count - left;
}

/* The oldest mail that bad news waits for; NEVER: none does. */
int64_t
detect_pending_since(const struct detect *d, const struct unit *u)
{
	int64_t since_ms = NEVER;

	for (uint32_t i = 0; i < LOTS && u->lots != NO_LOTS; i++) {
		int64_t from_ms = d->lots[u->lots].from_ms[i];

		if (from_ms != NEVER && (since_ms == NEVER || from_ms < since_ms)) {
			since_ms = from_ms;
		}
	}
	return since_ms;
}
