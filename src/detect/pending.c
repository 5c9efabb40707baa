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

/* The lot for mail of this time: one of about that time, else an empty one, else the nearest. */
static struct lot *
lot_for(struct unit *u, int64_t mailed_ms)
{
	int64_t same = (int64_t)((double)u->n.gap_hours * HOUR_MS / 4);
	struct lot *empty = NULL, *nearest = &u->lots[0];

	for (uint32_t i = 0; i < LOTS; i++) {
		struct lot *lot = &u->lots[i];

		if (lot->mailed_ms == NEVER) {
			empty = lot;
		} else if (nearest->mailed_ms == NEVER ||
			   distance(lot->mailed_ms, mailed_ms) < distance(nearest->mailed_ms, mailed_ms)) {
			nearest = lot;
		}
	}
	if (nearest->mailed_ms != NEVER &&
	    (empty == NULL || distance(nearest->mailed_ms, mailed_ms) <= same)) {
		return nearest;
	}
	empty->mailed_ms = mailed_ms;
	return empty;
}

static uint16_t
sum_u16(uint16_t a, uint32_t b)
{
	return b < (uint32_t)(UINT16_MAX - a) ? (uint16_t)(a + b) : UINT16_MAX;
}

void
detect_pending_add(struct unit *u, uint32_t kind, uint32_t count, int64_t mailed_ms)
{
	struct lot *lot = lot_for(u, mailed_ms);

	lot->counts[kind] = sum_u16(lot->counts[kind], count);
}

/* What is about mail before `until`. */
void
detect_pending_take(struct unit *u, int64_t until_ms, uint32_t counts[PENDING_KINDS])
{
	for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
		counts[kind] = 0;
	}
	for (uint32_t i = 0; i < LOTS; i++) {
		struct lot *lot = &u->lots[i];

		if (lot->mailed_ms == NEVER || lot->mailed_ms >= until_ms) {
			continue;
		}
		for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
			counts[kind] += lot->counts[kind];
		}
		*lot = (struct lot){ .mailed_ms = NEVER };
	}
}

/* The oldest mail that bad news waits for; NEVER: none does. */
int64_t
detect_pending_since(const struct unit *u)
{
	int64_t since_ms = NEVER;

	for (uint32_t i = 0; i < LOTS; i++) {
		int64_t mailed_ms = u->lots[i].mailed_ms;

		if (mailed_ms != NEVER && (since_ms == NEVER || mailed_ms < since_ms)) {
			since_ms = mailed_ms;
		}
	}
	return since_ms;
}
