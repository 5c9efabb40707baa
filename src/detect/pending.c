#include "detect/detect_int.h"

/*
 * Bad news about mail whose volume has not been reported yet. It tells nothing before: many complaints within minutes are a
 * takeover, or the first hour of a large honest campaign. So it waits for its volume, in slots one reporting period long; what
 * lies further ahead than that is in the last slot.
 */

static int64_t
period_ms(const struct unit *u)
{
	return u->n.gap_hours > 0 ? (int64_t)((double)u->n.gap_hours * HOUR_MS + 0.5) : 1;
}

static uint16_t
sum_u16(uint16_t a, uint32_t b)
{
	return b < (uint32_t)(UINT16_MAX - a) ? (uint16_t)(a + b) : UINT16_MAX;
}

void
detect_pending_add(struct unit *u, uint32_t kind, uint32_t count, int64_t mailed_ms)
{
	int64_t base_ms = detect_cohort_covered_ms(u);
	int64_t slot = base_ms == NEVER || mailed_ms < base_ms ? 0 : (mailed_ms - base_ms) / period_ms(u);

	slot = slot < PENDING_SLOTS ? slot : PENDING_SLOTS - 1;
	u->pending[slot][kind] = sum_u16(u->pending[slot][kind], count);
	if (u->times[PENDING] == NEVER) {
		u->times[PENDING] = mailed_ms;
	}
}

/* What is ready once volume covers all up to `covered`; the rest moves up. */
void
detect_pending_take(struct unit *u, int64_t base_ms, int64_t covered_ms, uint32_t counts[PENDING_KINDS])
{
	int64_t slots =
	    base_ms == NEVER ? PENDING_SLOTS : (covered_ms - base_ms + period_ms(u) / 2) / period_ms(u);
	bool left = false;

	slots = slots < 1 ? 1 : slots < PENDING_SLOTS ? slots : PENDING_SLOTS;
	for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
		counts[kind] = 0;
		for (int64_t i = 0; i < PENDING_SLOTS; i++) {
			uint16_t count = u->pending[i][kind];

			u->pending[i][kind] = 0;
			if (i < slots) {
				counts[kind] += count;
			} else {
				u->pending[i - slots][kind] = count;
				left = left || count > 0;
			}
		}
	}
	if (!left) {
		u->times[PENDING] = NEVER;
	}
}

bool
detect_pending_waits(const struct unit *u)
{
	return u->times[PENDING] != NEVER;
}
