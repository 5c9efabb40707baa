#include "vouchd/seen.h"

#include "base/map.h"
#include "intake/content.h"
#include "journal/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE      UINT32_MAX
#define KEY_BYTES (SOURCE_BYTES_MAX + 16U)

/* One domain of one system. The key is "L 17 shop.example": its kind, its system, its name. */
struct place {
	char key[KEY_BYTES];
	uint16_t bytes, domain; /* of the key; where the domain begins */
	uint32_t system, source;
	uint32_t newer, older; /* a ring by when it was seen */
	int64_t ms;
};

struct seen {
	struct map index;
	struct place *places; /* BLOCKLIST_SEEN_MAX */
	uint32_t count;
	uint32_t newest, oldest;
	bool is_filled;
};

struct seen *
seen_open(void)
{
	struct seen *s = calloc(1, sizeof *s);

	check(s != NULL);
	s->places = calloc(BLOCKLIST_SEEN_MAX, sizeof *s->places);
	check(s->places != NULL);
	s->newest = s->oldest = NONE;
	return s;
}

void
seen_close(struct seen *s)
{
	if (s != NULL) {
		map_free(&s->index);
		free(s->places);
		free(s);
	}
}

static struct text
key_of(const struct place *p)
{
	return (struct text){ p->key, p->bytes };
}

static bool
has_key(const void *context, uint32_t place, struct text key)
{
	const struct seen *s = context;

	return text_equal(key_of(&s->places[place]), key);
}

static void
unlink_place(struct seen *s, uint32_t place)
{
	struct place *p = &s->places[place];

	*(p->newer == NONE ? &s->newest : &s->places[p->newer].older) = p->older;
	*(p->older == NONE ? &s->oldest : &s->places[p->older].newer) = p->newer;
}

static void
link_newest(struct seen *s, uint32_t place)
{
	struct place *p = &s->places[place];

	p->newer = NONE;
	p->older = s->newest;
	*(s->newest == NONE ? &s->oldest : &s->places[s->newest].newer) = place;
	s->newest = place;
}

/* A place for what is new: an empty one, or that of what was not seen for longest. */
static uint32_t
room(struct seen *s)
{
	uint32_t place = s->oldest;

	if (s->count < BLOCKLIST_SEEN_MAX) {
		return s->count++;
	}
	check(map_remove(&s->index, key_of(&s->places[place]), has_key, s));
	unlink_place(s, place);
	return place;
}

static void
note(struct seen *s, char kind, struct text host, const struct registry_source *source, uint32_t id,
     struct instant now)
{
	struct place new;
	struct source_key name;
	struct text domain, key;
	uint32_t place;

	if (source_key_parse(host, &name, NULL) != RESULT_OK || name.kind != SOURCE_DOMAIN) {
		return;
	}
	domain = content_registered(source_key_text(&name));
	new.bytes =
	    (uint16_t)snprintf(new.key, sizeof new.key, "%c %u %.*s", kind, source->system, TEXT_ARG(domain));
	new.domain = (uint16_t)(new.bytes - domain.n);
	key = key_of(&new);
	if (map_get(&s->index, key, has_key, s, &place)) {
		unlink_place(s, place);
	} else {
		place = room(s);
		s->places[place] = new;
		map_put(&s->index, key_of(&s->places[place]), place);
	}
	s->places[place].system = source->system;
	s->places[place].source = id;
	s->places[place].ms = now.ms;
	link_newest(s, place);
}

static void
note_all(struct seen *s, char kind, struct text domains, const struct registry *registry, uint32_t id,
	 struct instant now)
{
	struct registry_source source = registry_source(registry, id);
	struct text one;

	while (domains.n > 0) {
		(void)text_cut(&domains, ' ', &one);
		note(s, kind, one, &source, id, now);
	}
}

/* The first source of a member that the observation names. */
static uint32_t
source_of(const struct registry *registry, const struct observation *o)
{
	uint32_t id = REGISTRY_NONE;

	for (uint32_t i = 0; i < o->key_count && id == REGISTRY_NONE; i++) {
		id = registry_lookup(registry, o->keys[i]);
	}
	return id;
}

void
seen_note(struct seen *s, const struct registry *registry, const struct report *report, struct instant now)
{
	if (s == NULL || text_equal(report->door, TEXT("blocklist")) ||
	    !registry_trusts(registry, report->reporter)) {
		return;
	}
	for (uint32_t i = 0; i < report->observation_count; i++) {
		const struct observation *o = &report->observations[i];
		uint32_t id = o->attribute_count > 0 ? source_of(registry, o) : REGISTRY_NONE;

		for (uint32_t k = 0; k < o->attribute_count && id != REGISTRY_NONE; k++) {
			struct text name = o->attributes[k].name;
			bool is_link = text_equal(name, TEXT("link_domain"));

			if (is_link || text_equal(name, TEXT("from_domain")) ||
			    text_equal(name, TEXT("dkim_domain"))) {
				note_all(s, is_link ? 'L' : 'F', o->attributes[k].value, registry, id, now);
			}
		}
	}
}

struct filling {
	struct seen *s;
	const struct registry *registry;
	struct instant now;
};

static enum result
note_record(void *context, const struct record *record)
{
	struct filling *f = context;
	struct arena arena = { 0 };
	struct report report;

	if (record->kind == RECORD_REPORT && f->now.ms - record->time.ms <= SEEN_DAYS * SPAN_DAY.ms &&
	    report_read(record->payload, &arena, &report) == RESULT_OK) {
		seen_note(f->s, f->registry, &report, record->time);
	}
	arena_clear(&arena);
	return RESULT_OK;
}

void
seen_fill(struct seen *s, const struct registry *registry, struct journal *journal, struct instant now)
{
	struct filling f = { s, registry, now };
	struct journal_head head;

	if (s == NULL || s->is_filled) {
		return;
	}
	s->is_filled = true;
	if (journal_head(journal, &head) == RESULT_OK) {
		uint64_t from = head.seq > BLOCKLIST_SEEN_RECORDS ? head.seq - BLOCKLIST_SEEN_RECORDS : 1;

		/* What cannot be read of it is not there: whoever needs the journal whole says so. */
		(void)!journal_scan(journal, &(struct journal_range){ .from = from }, note_record, &f);
	}
}

uint32_t
seen_count(const struct seen *s)
{
	return s == NULL ? 0 : s->count;
}

bool
seen_at(const struct seen *s, uint32_t place, struct instant now, struct seen_domain *d)
{
	const struct place *p = &s->places[place];

	check(place < s->count);
	*d = (struct seen_domain){ .domain = { p->key + p->domain, (size_t)(p->bytes - p->domain) },
				   .is_link = p->key[0] == 'L',
				   .system = p->system,
				   .source = p->source,
				   .at = { p->ms } };
	return now.ms - p->ms <= SEEN_DAYS * SPAN_DAY.ms;
}
