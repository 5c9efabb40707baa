#include "detect/detect_int.h"

/*
 * Bad news about mail whose volume has not been reported yet. It tells nothing before: many complaints within minutes are a
 * takeover, or the first hour of a large honest campaign. So it waits for its volume, in a few lots by the time of the mail.
 */

static int64_t
distance(int64_t a_ms, int64_t b_ms)
{
	return a_ms > b_ms ? a_ms - b_ms : b_ms - a_ms;
}

static const struct lots no_lots = { .mailed_ms = { NEVER, NEVER, NEVER, NEVER } };
_Static_assert(LOTS == 4, "all are empty");

struct lots *
detect_pending_lots(struct detect *d, struct unit *u)
{
	if (u->lots == NO_LOTS) {
		u->lots = d->lots_free_count > 0 ? d->lots_free[--d->lots_free_count] : d->lots_count++;
		d->lots[u->lots] = no_lots;
	}
	return &d->lots[u->lots];
}

/* The lot for mail of this time: one of about that time, else an empty one, else the nearest. */
static uint32_t
lot_for(const struct unit *u, struct lots *lots, int64_t mailed_ms)
{
	int64_t same = (int64_t)((double)u->n.gap_hours * HOUR_MS / 4);
	uint32_t empty = LOTS, nearest = 0;

	for (uint32_t i = 0; i < LOTS; i++) {
		if (lots->mailed_ms[i] == NEVER) {
			empty = i;
		} else if (lots->mailed_ms[nearest] == NEVER ||
			   distance(lots->mailed_ms[i], mailed_ms) <
			       distance(lots->mailed_ms[nearest], mailed_ms)) {
			nearest = i;
		}
	}
	if (lots->mailed_ms[nearest] != NEVER &&
	    (empty == LOTS || distance(lots->mailed_ms[nearest], mailed_ms) <= same)) {
		return nearest;
	}
	lots->mailed_ms[empty] = mailed_ms;
	return empty;
}

static uint16_t
sum_u16(uint16_t a, uint32_t b)
{
	return b < (uint32_t)(UINT16_MAX - a) ? (uint16_t)(a + b) : UINT16_MAX;
}

void
detect_pending_add(struct detect *d, struct unit *u, uint32_t kind, uint32_t count, int64_t mailed_ms)
{
	struct lots *lots = detect_pending_lots(d, u);
	uint16_t *counts = lots->counts[lot_for(u, lots, mailed_ms)];

	counts[kind] = sum_u16(counts[kind], count);
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

/* What is about mail before `until`. */
void
detect_pending_take(struct detect *d, struct unit *u, int64_t until_ms, uint32_t counts[PENDING_KINDS])
{
	struct lots *lots = u->lots != NO_LOTS ? &d->lots[u->lots] : NULL;

	for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
		counts[kind] = 0;
	}
	for (uint32_t i = 0; i < LOTS && lots != NULL; i++) {
		if (lots->mailed_ms[i] == NEVER || lots->mailed_ms[i] >= until_ms) {
			continue;
		}
		for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
			counts[kind] += lots->counts[i][kind];
			lots->counts[i][kind] = 0;
		}
		lots->mailed_ms[i] = NEVER;
	}
	give_back(d, u);
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
			    (nearest == LOTS || distance(lots->mailed_ms[i], mailed_ms) <
						    distance(lots->mailed_ms[nearest], mailed_ms))) {
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
			lots->mailed_ms[nearest] = NEVER;
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
		int64_t mailed_ms = d->lots[u->lots].mailed_ms[i];

		if (mailed_ms != NEVER && (since_ms == NEVER || mailed_ms < since_ms)) {
			since_ms = mailed_ms;
		}
	}
	return since_ms;
}
