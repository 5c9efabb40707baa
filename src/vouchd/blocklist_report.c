#include "vouchd/blocklist_report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES   (SOURCE_BYTES_MAX + 32U)
#define WORDS_BYTES 200U /* of a meaning; an attribute holds a little more */

/* ---- what was told */

static bool
has_key(const void *context, uint32_t place, struct text key)
{
	const struct blocklist_told *t = context;

	return text_equal(text_of(t->keys[place]), key);
}

void
blocklist_told_free(struct blocklist_told *t)
{
	for (uint32_t i = 0; i < t->count; i++) {
		free(t->keys[i]);
	}
	free(t->keys);
	free(t->fresh);
	map_free(&t->index);
	*t = (struct blocklist_told){ 0 };
}

/* Takes the last place to where one became empty, so that places stay without gaps. */
static void
remove_place(struct blocklist_told *t, uint32_t place)
{
	uint32_t last = t->count - 1;

	check(map_remove(&t->index, text_of(t->keys[place]), has_key, t));
	if (place != last) {
		check(map_remove(&t->index, text_of(t->keys[last]), has_key, t));
	}
	free(t->keys[place]);
	t->keys[place] = t->keys[last];
	t->count--;
	if (place != last) {
		map_put(&t->index, text_of(t->keys[place]), place);
	}
}

static void
forget(struct blocklist_told *t, const char *key)
{
	uint32_t place;

	if (map_get(&t->index, text_of(key), has_key, t, &place)) {
		remove_place(t, place);
	}
}

/* False: it was told before. */
static bool
tell(struct blocklist_told *t, const char *key)
{
	uint32_t place;

	if (map_get(&t->index, text_of(key), has_key, t, &place)) {
		return false;
	}
	if (t->keys == NULL) {
		t->keys = calloc(BLOCKLIST_TOLD_MAX, sizeof *t->keys);
		t->fresh = calloc(BLOCKLIST_QUESTIONS_MAX, sizeof *t->fresh);
		check(t->keys != NULL && t->fresh != NULL);
	}
	if (t->count < BLOCKLIST_TOLD_MAX && t->fresh_count < BLOCKLIST_QUESTIONS_MAX) {
		t->keys[t->count] = strdup(key);
		check(t->keys[t->count] != NULL);
		map_put(&t->index, text_of(key), t->count);
		t->fresh[t->fresh_count++] = t->count++;
	}
	return true;
}

void
blocklist_told_keep(struct blocklist_told *t)
{
	t->fresh_count = 0;
}

void
blocklist_told_forget(struct blocklist_told *t)
{
	while (t->fresh_count > 0) { /* they are the last ones, the last of them first */
		remove_place(t, t->fresh[--t->fresh_count]);
	}
}

/* ---- rows */

static void
put_row(const struct blocklist_batch *b, const struct blocklist_subject *s,
	const struct blocklist_question *q, enum signal signal, struct buffer *rows)
{
	char at[INSTANT_BYTES], code[INSTANT_BYTES];
	const char *zone = b->list->zone[0] != '\0' ? b->list->zone : b->list->domain_zone;
	json_t *attributes = json_pack("{s:s}", "blocklist", zone), *row;
	char *line;

	if (signal != SIGNAL_DELISTED) {
		(void)snprintf(code, sizeof code, "%u.%u.%u.%u", q->code[0], q->code[1], q->code[2],
			       q->code[3]);
		json_object_set_new(attributes, "code", json_string(code));
		json_object_set_new(attributes, "asked", json_stringn(q->about.p, q->about.n));
	}
	if (signal != SIGNAL_DELISTED && q->words.n > 0) {
		json_object_set_new(
		    attributes, "meaning",
		    json_stringn(q->words.p, q->words.n < WORDS_BYTES ? q->words.n : WORDS_BYTES));
	}
	if (s->domain.n > 0) {
		json_object_set_new(attributes, s->is_link ? "link_domain" : "from_domain",
				    json_stringn(s->domain.p, s->domain.n));
	}
	row = json_pack("{s:s, s:s%, s:s, s:i, s:o}", "time", instant_format(b->now, at), "source", s->key.p,
			s->key.n, "signal", signal_name(signal), "count", 1, "attributes", attributes);
	check(row != NULL);
	line = json_dumps(row, JSON_COMPACT);
	check(line != NULL);
	buffer_format(rows, "%s\n", line);
	free(line);
	json_decref(row);
}

/* What is remembered of a subject: a listing of a domain, a takeover of a source. */
static const char *
key_of(const struct blocklist_subject *s, char key[KEY_BYTES])
{
	if (s->domain.n > 0) {
		(void)snprintf(key, KEY_BYTES, "%u %.*s", s->system, TEXT_ARG(s->domain));
	} else {
		(void)snprintf(key, KEY_BYTES, "takeover %.*s", TEXT_ARG(s->key));
	}
	return key;
}

/* The answer that says most against the subject; *known: all were answered. NULL: none says anything. */
static const struct blocklist_question *
worst_of(const struct blocklist_batch *b, const struct blocklist_subject *s, bool *known)
{
	const struct blocklist_question *worst = NULL;

	*known = true;
	for (uint32_t i = 0; i < s->count; i++) {
		const struct blocklist_question *q = &b->questions[s->first + i];

		*known = *known && q->answered;
		if (q->answered && q->verdict != BLOCKLIST_NOTHING &&
		    (worst == NULL || q->verdict > worst->verdict)) {
			worst = q;
		}
	}
	return worst;
}

/* Nothing is listed any more, as far as all was answered. */
static void
let_go(const struct blocklist_batch *b, const struct blocklist_subject *s, struct blocklist_told *t,
       struct buffer *rows)
{
	char key[KEY_BYTES];
	bool known;

	if (worst_of(b, s, &known) != NULL || !known) {
		return;
	}
	if (s->is_held) {
		put_row(b, s, NULL, SIGNAL_DELISTED, rows);
	}
	forget(t, key_of(s, key));
}

static void
say_source(const struct blocklist_batch *b, const struct blocklist_subject *s,
	   const struct blocklist_question *q, struct blocklist_told *t, struct buffer *rows,
	   uint32_t *listings)
{
	char key[KEY_BYTES];
	bool broken_into = q->verdict == BLOCKLIST_TAKEOVER && tell(t, key_of(s, key));

	if (!s->is_held || s->is_due || broken_into) {
		put_row(b, s, q, SIGNAL_BLOCKLISTED, rows);
		++*listings;
	}
	if (broken_into) {
		put_row(b, s, q, SIGNAL_COMPROMISED, rows);
	}
}

static void
say_domain(const struct blocklist_batch *b, const struct blocklist_subject *s,
	   const struct blocklist_question *q, struct blocklist_told *t, struct buffer *rows,
	   uint32_t *listings)
{
	char key[KEY_BYTES];

	if (tell(t, key_of(s, key))) {
		put_row(b, s, q, SIGNAL_BAD_URL, rows);
		++*listings;
		if (q->verdict == BLOCKLIST_TAKEOVER && s->stage == STAGE_DECLARED) {
			put_row(b, s, q, SIGNAL_COMPROMISED, rows);
		}
	}
}

void
blocklist_report(const struct blocklist_batch *b, struct blocklist_told *t, struct buffer *rows,
		 uint32_t *listings)
{
	*listings = 0;
	for (uint32_t i = 0; i < b->subject_count; i++) { /* first, so that what is told now stands last */
		let_go(b, &b->subjects[i], t, rows);
	}
	for (uint32_t i = 0; i < b->subject_count; i++) {
		const struct blocklist_subject *s = &b->subjects[i];
		bool known;
		const struct blocklist_question *q = worst_of(b, s, &known);

		if (q != NULL && s->domain.n > 0) {
			say_domain(b, s, q, t, rows, listings);
		} else if (q != NULL) {
			say_source(b, s, q, t, rows, listings);
		}
	}
}
