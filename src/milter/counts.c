/* milter/counts.c - one table from (sources, signal, attribute) to a number. */
#include "milter/counts.h"

#include "base/array.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "model/source.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES_MAX 2048U

struct entry {
	char *key; /* signal, sources and attribute, with line feeds between */
	size_t n;
	uint64_t count;
	uint32_t domains; /* of the entry that stands for its sources: domains that were told apart */
	bool is_domain;
};

struct tally {
	struct map index;
	struct entry *entries;
	uint32_t count, size;
	uint64_t left_out;
};

struct counts {
	pthread_mutex_t lock;
	struct tally *now;
	bool is_news; /* since it was written last */
};

struct counts *
counts_new(void)
{
	struct counts *c = calloc(1, sizeof *c);

	check(c != NULL && pthread_mutex_init(&c->lock, NULL) == 0);
	return c;
}

void
tally_free(struct tally *t)
{
	if (t == NULL) {
		return;
	}
	for (size_t i = 0; i < t->count; i++) {
		free(t->entries[i].key);
	}
	map_free(&t->index);
	free(t->entries);
	free(t);
}

void
counts_free(struct counts *c)
{
	if (c != NULL) {
		tally_free(c->now);
		(void)pthread_mutex_destroy(&c->lock);
		free(c);
	}
}

static bool
has_key(const void *context, uint32_t value, struct text key)
{
	const struct entry *e = &((const struct tally *)context)->entries[value];

	return text_equal(key, (struct text){ e->key, e->n });
}

/* NULL: there are as many as there may be. */
static struct entry *
entry_of(struct tally *t, struct text key)
{
	struct entry *e;
	uint32_t at;

	if (map_get(&t->index, key, has_key, t, &at)) {
		return &t->entries[at];
	}
	if (t->count == COUNTS_ENTRIES_MAX) {
		return NULL;
	}
	t->entries = array_room(t->entries, t->count, &t->size, sizeof *t->entries);
	e = &t->entries[t->count];
	*e = (struct entry){ .key = strndup(key.p, key.n), .n = key.n };
	check(e->key != NULL);
	map_put(&t->index, key, t->count++);
	return e;
}

static struct tally *
open_tally(struct counts *c)
{
	if (c->now == NULL) {
		c->now = calloc(1, sizeof *c->now);
		check(c->now != NULL);
	}
	return c->now;
}

static void
add(struct tally *t, const char *key, uint64_t n)
{
	struct entry *e = entry_of(t, text_of(key));

	if (e == NULL) {
		t->left_out += n;
	} else {
		e->count += n;
	}
}

void
counts_add(struct counts *c, const char *sources, enum signal signal, struct instant arrival, uint32_t n)
{
	char key[KEY_BYTES_MAX], attribute[64] = "";

	if (arrival.ms != 0) {
		(void)snprintf(attribute, sizeof attribute, "\"arrival\":%" PRId64, arrival.ms / 1000);
	}
	(void)snprintf(key, sizeof key, "%s\n%s\n%s", signal_name(signal), sources, attribute);
	(void)pthread_mutex_lock(&c->lock);
	add(open_tally(c), key, n);
	c->is_news = true;
	(void)pthread_mutex_unlock(&c->lock);
}

/* Of each source so many domains: one that is taken over and links to a new name in each mail must not fill the table. */
static void
add_domain(struct tally *t, const char *sources, const char *key)
{
	char owner[KEY_BYTES_MAX];
	struct entry *e, *of;
	uint32_t at;

	if (!map_get(&t->index, text_of(key), has_key, t, &at)) {
		(void)snprintf(owner, sizeof owner, "%s\n%s\n", signal_name(SIGNAL_DELIVERED), sources);
		of = entry_of(t, text_of(owner));
		if (of == NULL || of->domains == COUNTS_DOMAINS_MAX) {
			t->left_out++;
			return;
		}
		of->domains++;
	}
	e = entry_of(t, text_of(key));
	if (e == NULL) {
		t->left_out++;
	} else {
		e->is_domain = true;
		e->count++;
	}
}

void
counts_domain(struct counts *c, const char *sources, const char *attribute, struct text domain)
{
	struct source_key name;
	char key[KEY_BYTES_MAX];

	if (source_key_parse(domain, &name, NULL) != RESULT_OK || name.kind != SOURCE_DOMAIN) {
		return;
	}
	(void)snprintf(key, sizeof key, "%s\n%s\n\"%s\":\"%s\"", signal_name(SIGNAL_SAMPLE), sources,
		       attribute, name.text);
	(void)pthread_mutex_lock(&c->lock);
	add_domain(open_tally(c), sources, key);
	c->is_news = true;
	(void)pthread_mutex_unlock(&c->lock);
}

struct tally *
counts_take(struct counts *c)
{
	struct tally *t;

	(void)pthread_mutex_lock(&c->lock);
	t = c->now;
	c->now = NULL;
	(void)pthread_mutex_unlock(&c->lock);
	if (t != NULL && t->left_out > 0) {
		log_event(LOG_WARN, "left_out",
			  "count=%" PRIu64 " why=\"more sources or domains than are kept\"", t->left_out);
	}
	return t;
}

void
counts_give_back(struct counts *c, struct tally *old)
{
	(void)pthread_mutex_lock(&c->lock);
	c->is_news = true;
	for (size_t i = 0; i < old->count; i++) {
		struct entry *from = &old->entries[i];
		struct entry *to = entry_of(open_tally(c), (struct text){ from->key, from->n });

		if (to != NULL) {
			to->count += from->count;
			to->domains += from->domains;
			to->is_domain = from->is_domain;
		}
	}
	(void)pthread_mutex_unlock(&c->lock);
	tally_free(old);
}

/* Sources and domains are of letters, digits and few signs, none of which JSON escapes. */
static void
write_entry(const struct entry *e, struct instant at, const char *batch, struct buffer *b)
{
	struct text rest = { e->key, e->n }, signal, sources, source;
	const char *before = "";

	(void)text_cut(&rest, '\n', &signal);
	(void)text_cut(&rest, '\n', &sources);
	buffer_format(b, "{\"time\":%" PRId64 ",\"source\":[", at.ms);
	while (sources.n > 0) {
		(void)text_cut(&sources, ',', &source);
		buffer_format(b, "%s\"%.*s\"", before, TEXT_ARG(source));
		before = ",";
	}
	buffer_format(b, "],\"signal\":\"%.*s\",\"count\":%" PRIu64, TEXT_ARG(signal),
		      e->count > UINT32_MAX ? UINT32_MAX : e->count);
	if (rest.n > 0 || batch != NULL) {
		buffer_format(b, ",\"attributes\":{%.*s", TEXT_ARG(rest));
		if (batch != NULL) {
			buffer_format(b, "%s\"batch\":\"%s\"", rest.n > 0 ? "," : "", batch);
		}
		buffer_format(b, "}");
	}
	buffer_format(b, "}\n");
}

bool
tally_write(const struct tally *t, struct instant at, uint64_t domains_from, const char *batch,
	    struct buffer *b)
{
	bool any = false;

	for (size_t i = 0; i < t->count; i++) {
		const struct entry *e = &t->entries[i];

		if (e->count >= (e->is_domain ? domains_from : 1)) {
			write_entry(e, at, any ? NULL : batch, b);
			any = true;
		}
	}
	return any;
}

bool
counts_write(struct counts *c, struct instant at, uint64_t domains_from, const char *batch, struct buffer *b)
{
	bool any;

	(void)pthread_mutex_lock(&c->lock);
	any = c->is_news && c->now != NULL && tally_write(c->now, at, domains_from, batch, b);
	c->is_news = false;
	(void)pthread_mutex_unlock(&c->lock);
	return any;
}
