#include "detect/detect_int.h"

/*
 * Bad news about mail whose volume has not been reported yet. It tells nothing before: many complaints within minutes are a
 * takeover, or the first hour of a large honest campaign. So it waits for its volume, in a few lots by the time of the mail. Where volume is so
 * late that they do not suffice, two become one: of that it is known that its mail was delivered between two times, and it waits for the volume up to the later one.
 */

static const struct lot empty = { .from_ms = NEVER };

static struct lot *
store_of(const struct detect *d, const struct unit *u)
{
	return u->lots != NO_LOTS ? d->lots[u->lots].all : NULL;
}

/* That of the open bin comes first; NULL: the late ones are all empty. */
static struct lot *
lot_at(const struct detect *d, struct unit *u, uint32_t i)
{
	struct lot *late = store_of(d, u);

	return i == 0 ? &u->of_bin : late != NULL ? &late[i - 1] : NULL;
}

/* New ones are empty. */
static struct lot *
late_lots(struct detect *d, struct unit *u)
{
	if (u->lots == NO_LOTS) {
		u->lots = d->lots_free_count > 0 ? d->lots_free[--d->lots_free_count] : d->lots_count++;
		for (uint32_t i = 0; i < LATE_LOTS; i++) {
			d->lots[u->lots].all[i] = empty;
		}
	}
	return store_of(d, u);
}

/* For the snapshot. An empty one is not kept. */
void
detect_pending_put(struct detect *d, struct unit *u, uint32_t i, struct lot lot)
{
	if (i == 0) {
		u->of_bin = lot;
	} else if (lot.from_ms != NEVER) {
		late_lots(d, u)[i - 1] = lot;
	}
}

struct lot
detect_pending_get(const struct detect *d, const struct unit *u, uint32_t i)
{
	const struct lot *late = store_of(d, u);

	return i == 0 ? u->of_bin : late != NULL ? late[i - 1] : empty;
}

static uint16_t
sum_u16(uint16_t a, uint32_t b)
{
	return b < (uint32_t)(UINT16_MAX - a) ? (uint16_t)(a + b) : UINT16_MAX;
}

/* Empties it, and adds what is in it. */
static void
pour(struct lot *lot, uint32_t counts[PENDING_KINDS])
{
	for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
		counts[kind] += lot->counts[kind];
	}
	*lot = empty;
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
end_of(const struct lot *lot)
{
	return lot->from_ms + lot->length_ms;
}

/* From the first to the last mail of two lots. */
static int64_t
length(const struct lot *a, const struct lot *b)
{
	return later(end_of(a), end_of(b)) - earlier(a->from_ms, b->from_ms);
}

/* The lot, which may be empty, reaches to that time too. */
static void
reach(struct lot *lot, int64_t at_ms)
{
	int64_t from_ms = lot->from_ms != NEVER ? earlier(lot->from_ms, at_ms) : at_ms,
		end_ms = later(end_of(lot), at_ms);

	lot->from_ms = from_ms;
	lot->length_ms = (uint32_t)earlier(end_ms - from_ms, UINT32_MAX);
}

static void
merge(struct lot *from, struct lot *into)
{
	uint32_t counts[PENDING_KINDS] = { 0 };

	reach(into, from->from_ms);
	reach(into, end_of(from));
	pour(from, counts);
	for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
		into->counts[kind] = sum_u16(into->counts[kind], counts[kind]);
	}
}

/* Of lots that are all taken, the two that are the shortest together become one. */
static struct lot *
make_room(struct lot late[LATE_LOTS])
{
	uint32_t from = 0, into = 1;

	for (uint32_t i = 0; i < LATE_LOTS; i++) {
		for (uint32_t j = i + 1; j < LATE_LOTS; j++) {
			if (length(&late[i], &late[j]) < length(&late[from], &late[into])) {
				from = i;
				into = j;
			}
		}
	}
	merge(&late[from], &late[into]);
	return &late[from];
}

/* The lot for mail of this time: that of the open bin if its volume is there, else one that reaches to it and stays short, else an empty one. */
static struct lot *
lot_for(struct detect *d, struct unit *u, int64_t mailed_ms)
{
	int64_t gap_ms = (int64_t)((double)u->n.gap_hours * HOUR_MS);
	struct lot *late, *free_lot = NULL;

	if (u->bin_mail > 0 && mailed_ms >= u->times[BIN_VOLUME] &&
	    mailed_ms < u->times[BIN_VOLUME_END] + gap_ms) {
		return &u->of_bin;
	}
	late = late_lots(d, u);
	for (uint32_t i = 0; i < LATE_LOTS; i++) {
		int64_t reaches = later(end_of(&late[i]), mailed_ms) - earlier(late[i].from_ms, mailed_ms);

		if (late[i].from_ms == NEVER) {
			free_lot = &late[i];
		} else if (reaches <= gap_ms / 4 || reaches == late[i].length_ms) {
			return &late[i];
		}
	}
	return free_lot == NULL ? make_room(late) : free_lot;
}

void
detect_pending_add(struct detect *d, struct unit *u, uint32_t kind, uint32_t count, int64_t mailed_ms)
{
	struct lot *lot = lot_for(d, u, mailed_ms);

	reach(lot, mailed_ms);
	lot->counts[kind] = sum_u16(lot->counts[kind], count);
}

/* Late lots that are all empty are another's. */
static void
give_back(struct detect *d, struct unit *u)
{
	const struct lot *late = store_of(d, u);

	for (uint32_t i = 0; i < LATE_LOTS && late != NULL; i++) {
		if (late[i].from_ms != NEVER) {
			return;
		}
	}
	if (late != NULL) {
		d->lots_free[d->lots_free_count++] = u->lots;
		u->lots = NO_LOTS;
	}
}

/* What is about the mail of the bin that closes, and what else is about mail between two times, the second one left out. */
void
detect_pending_take(struct detect *d, struct unit *u, int64_t from_ms, int64_t until_ms,
		    uint32_t counts[PENDING_KINDS])
{
	struct lot *late = store_of(d, u);

	for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
		counts[kind] = 0;
	}
	pour(&u->of_bin, counts);
	for (uint32_t i = 0; i < LATE_LOTS && late != NULL; i++) {
		if (late[i].from_ms != NEVER && late[i].from_ms >= from_ms && end_of(&late[i]) < until_ms) {
			pour(&late[i], counts);
		}
	}
	give_back(d, u);
}

/* What else is about mail before `until`, by lots. */
uint32_t
detect_pending_take_stretches(struct detect *d, struct unit *u, int64_t until_ms,
			      struct stretch stretches[LATE_LOTS])
{
	struct lot *late = store_of(d, u);
	uint32_t count = 0;

	for (uint32_t i = 0; i < LATE_LOTS && late != NULL; i++) {
		if (late[i].from_ms != NEVER && end_of(&late[i]) < until_ms) {
			stretches[count] =
			    (struct stretch){ .from_ms = late[i].from_ms, .to_ms = end_of(&late[i]) };
			pour(&late[i], stretches[count++].counts);
		}
	}
	give_back(d, u);
	return count;
}

/* How far the time is outside of the lot. */
static int64_t
distance(const struct lot *lot, int64_t at_ms)
{
	return later(later(lot->from_ms - at_ms, at_ms - end_of(lot)), 0);
}

static bool
is_empty(const struct lot *lot)
{
	for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
		if (lot->counts[kind] > 0) {
			return false;
		}
	}
	return true;
}

/* The lot with news of this kind whose mail is nearest to that time; NULL: none has any. */
static struct lot *
nearest_with(const struct detect *d, struct unit *u, uint32_t kind, int64_t mailed_ms)
{
	struct lot *nearest = NULL;

	for (uint32_t i = 0; i < LOTS; i++) {
		struct lot *lot = lot_at(d, u, i);

		if (lot != NULL && lot->counts[kind] > 0 &&
		    (nearest == NULL || distance(lot, mailed_ms) < distance(nearest, mailed_ms))) {
			nearest = lot;
		}
	}
	return nearest;
}

/* What was put aside is told no longer: first of the lot of that time, then of the next. */
uint32_t
detect_pending_undo(struct detect *d, struct unit *u, uint32_t kind, uint32_t count, int64_t mailed_ms)
{
	struct lot *lot = nearest_with(d, u, kind, mailed_ms);
	uint32_t left = count;

	while (lot != NULL && left > 0) {
		uint16_t taken = left < lot->counts[kind] ? (uint16_t)left : lot->counts[kind];

		lot->counts[kind] = (uint16_t)(lot->counts[kind] - taken);
		left -= taken;
		if (is_empty(lot)) {
			*lot = empty;
		}
		lot = nearest_with(d, u, kind, mailed_ms);
	}
	give_back(d, u);
	return count - left;
}

bool
detect_pending_waits(const struct unit *u)
{
	return u->of_bin.from_ms != NEVER || u->lots != NO_LOTS;
}

/* The oldest mail that bad news waits for; NEVER: none does. */
int64_t
detect_pending_since(const struct detect *d, const struct unit *u)
{
	const struct lot *late = store_of(d, u);
	int64_t since_ms = u->of_bin.from_ms;

	for (uint32_t i = 0; i < LATE_LOTS && late != NULL; i++) {
		if (late[i].from_ms != NEVER && (since_ms == NEVER || late[i].from_ms < since_ms)) {
			since_ms = late[i].from_ms;
		}
	}
	return since_ms;
}
