/* decide/store.c - the room's tables: growing arrays, shared words, the sources of a system as a list. */
#include "decide/decide_int.h"

#include <stdlib.h>
#include <string.h>

static struct text
text_keep(struct text t)
{
	char *p = malloc(t.n);

	check(t.n > 0 && p != NULL);
	memcpy(p, t.p, t.n);
	return (struct text){ p, t.n };
}

static void
text_free(struct text t)
{
	free((void *)(uintptr_t)t.p);
}

uint32_t
decide_words_new(struct decide *d, struct text actor, struct text reason)
{
	uint32_t i = d->words_free;

	if (i == DECIDE_NONE) {
		d->words = array_room(d->words, d->words_count, &d->words_size, sizeof *d->words);
		i = d->words_count++;
	} else {
		d->words_free = d->words[i].next_free;
	}
	d->words[i] =
	    (struct decide_words){ .refs = 1, .actor = text_keep(actor), .reason = text_keep(reason) };
	return i;
}

void
decide_words_keep(struct decide *d, uint32_t words)
{
	check(words < d->words_count && d->words[words].refs > 0);
	d->words[words].refs++;
}

void
decide_words_drop(struct decide *d, uint32_t words)
{
	struct decide_words *w;

	if (words == DECIDE_NONE) {
		return;
	}
	check(words < d->words_count && d->words[words].refs > 0);
	w = &d->words[words];
	if (--w->refs == 0) {
		text_free(w->actor);
		text_free(w->reason);
		*w = (struct decide_words){ .next_free = d->words_free };
		d->words_free = words;
	}
}

struct decide_system *
decide_system_row(struct decide *d, uint32_t system)
{
	while (d->system_count <= system) {
		d->systems = array_room(d->systems, d->system_count, &d->system_size, sizeof *d->systems);
		d->systems[d->system_count++] =
		    (struct decide_system){ .first = DECIDE_NONE, .last = DECIDE_NONE };
	}
	return &d->systems[system];
}

struct decide_source *
decide_source_new(struct decide *d, uint32_t system, uint32_t member)
{
	struct decide_system *row = decide_system_row(d, system);
	uint32_t id = d->source_count;
	struct decide_source *s;

	d->sources = array_room(d->sources, id, &d->source_size, sizeof *d->sources);
	d->source_count++;
	s = &d->sources[id];
	*s = (struct decide_source){ .system = system,
				     .member = member,
				     .next = DECIDE_NONE,
				     .words = DECIDE_NONE,
				     .partials = DECIDE_NONE,
				     .state = STATE_APPLIED };
	if (row->first == DECIDE_NONE) {
		row->first = id;
	} else {
		d->sources[row->last].next = id;
	}
	row->last = id;
	return s;
}

uint32_t *
decide_member_over(struct decide *d, uint32_t member)
{
	while (d->member_count <= member) {
		d->members = array_room(d->members, d->member_count, &d->member_size, sizeof *d->members);
		d->members[d->member_count++] = 0;
	}
	return &d->members[member];
}

void
decide_receiver_name(struct decide *d, uint32_t receiver, struct text name)
{
	while (d->receiver_count <= receiver) {
		d->receivers =
		    array_room(d->receivers, d->receiver_count, &d->receiver_size, sizeof *d->receivers);
		d->receivers[d->receiver_count++] = (struct text){ NULL, 0 };
	}
	if (d->receivers[receiver].n == 0 && name.n > 0) {
		d->receivers[receiver] = text_keep(name);
	}
}

uint32_t *
decide_partial_place(struct decide *d, uint32_t source, uint32_t receiver)
{
	uint32_t *place = &d->sources[source].partials;

	while (*place != DECIDE_NONE && d->partials[*place].receiver < receiver) {
		place = &d->partials[*place].next;
	}
	return place;
}

uint32_t
decide_partial_new(struct decide *d, uint32_t source, uint32_t receiver, uint32_t words)
{
	uint32_t i = d->partial_free, *place;

	if (i == DECIDE_NONE) {
		d->partials =
		    array_room(d->partials, d->partial_count, &d->partial_size, sizeof *d->partials);
		i = d->partial_count++;
	} else {
		d->partial_free = d->partials[i].next;
	}
	place = decide_partial_place(d, source, receiver); /* after the array has moved */
	d->partials[i] = (struct decide_partial){ .receiver = receiver, .next = *place, .words = words };
	decide_words_keep(d, words);
	*place = i;
	return i;
}

void
decide_partial_drop(struct decide *d, uint32_t *place)
{
	uint32_t i = *place;

	*place = d->partials[i].next;
	decide_words_drop(d, d->partials[i].words);
	d->partials[i] = (struct decide_partial){ .next = d->partial_free };
	d->partial_free = i;
}

void
decide_clear(struct decide *d)
{
	struct decide_events events = d->events;

	for (uint32_t i = 0; i < d->words_count; i++) {
		text_free(d->words[i].actor);
		text_free(d->words[i].reason);
	}
	for (uint32_t i = 0; i < d->case_count; i++) {
		free(d->cases[i].sources);
		free(d->cases[i].alarms);
	}
	for (uint32_t i = 0; i < d->receiver_count; i++) {
		text_free(d->receivers[i]);
	}
	free(d->partials);
	free(d->receivers);
	free(d->members);
	free(d->words);
	free(d->cases);
	free(d->sources);
	free(d->systems);
	free(d->touched);
	*d = (struct decide){ .events = events,
			      .words_free = DECIDE_NONE,
			      .partial_free = DECIDE_NONE,
			      .wait = THRESHOLD_WAIT_DEFAULT,
			      .due = { INT64_MAX } };
}

struct decide *
decide_open(const struct decide_events *events)
{
	struct decide *d = calloc(1, sizeof *d);

	check(d != NULL && events->move != NULL && events->case_change != NULL);
	d->events = *events;
	decide_clear(d);
	return d;
}

void
decide_close(struct decide *d)
{
	if (d != NULL) {
		decide_clear(d);
		free(d);
	}
}
