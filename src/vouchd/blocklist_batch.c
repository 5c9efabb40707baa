#include "vouchd/blocklist_batch.h"

#include "intake/content.h"
#include "vouchd/seen.h"

#include <stdlib.h>
#include <string.h>

void
blocklist_cursor_clear(struct blocklist_cursor *c)
{
	free(c->first);
	*c = (struct blocklist_cursor){ 0 };
}

void
blocklist_batch_clear(struct blocklist_batch *b)
{
	arena_clear(&b->arena);
	b->subject_count = b->question_count = 0;
}

static struct text
keep(struct arena *a, struct text t)
{
	return (struct text){ text_copy(a, t), t.n };
}

/* ---- questions */

/* The number of a question, asked once however many subjects it is about. */
static uint32_t
question(struct blocklist_batch *b, const char *name, struct text about)
{
	uint32_t i = 0;

	while (i < b->question_count && strcmp(b->questions[i].name, name) != 0) {
		i++;
	}
	if (i == b->question_count) {
		check(i < BLOCKLIST_QUESTIONS_MAX);
		b->questions[b->question_count++] =
		    (struct blocklist_question){ .name = name, .about = keep(&b->arena, about) };
	}
	return i;
}

static bool
has_room(const struct blocklist_batch *b, uint32_t questions)
{
	return b->subject_count < BLOCKLIST_QUESTIONS_MAX &&
	       b->question_count + questions <= BLOCKLIST_QUESTIONS_MAX;
}

static struct blocklist_subject *
add_subject(struct blocklist_batch *b, const struct registry *r, uint32_t source)
{
	struct blocklist_subject *s = &b->subjects[b->subject_count++];
	struct registry_source named = registry_source(r, source);

	*s = (struct blocklist_subject){ .key = keep(&b->arena, named.key),
					 .stage = b->cursor->stage,
					 .system = named.system,
					 .count = 1 };
	return s;
}

static void
ask_domain(struct blocklist_batch *b, struct blocklist_subject *s, struct text domain)
{
	struct text registered = content_registered(domain);

	s->first =
	    question(b, blocklist_name_of_domain(&b->arena, registered, b->list->domain_zone), registered);
}

/* ---- sources */

/* A listing counts for so many days; half of them later it is said again. */
static bool
is_due(const struct blocklist_batch *b, const struct fold *f, struct instant said)
{
	const struct threshold_policy *policy = fold_thresholds(f);
	uint32_t days = policy->rules[THRESHOLD_LISTED_CRITICAL].days;
	int64_t half;

	if (policy->rules[THRESHOLD_LISTED_SIGNIFICANT].days < days) {
		days = policy->rules[THRESHOLD_LISTED_SIGNIFICANT].days;
	}
	half = (int64_t)days * SPAN_DAY.ms / 2;
	return b->now.ms - said.ms >= half;
}

static void
look_up(struct blocklist_batch *b, const struct fold *f, uint32_t source, struct blocklist_subject *s)
{
	const struct compliance *c = fold_compliance(f);
	uint32_t party = compliance_party_find(c, COMPLIANCE_BLOCKLIST, text_of(b->list->reporter));
	struct instant said;

	s->is_held = party != COMPLIANCE_NONE && compliance_holds(c, source, party, &said);
	s->is_due = s->is_held && is_due(b, f, said);
}

/* False: no room any more. */
static bool
add_addresses(struct blocklist_batch *b, const struct fold *f, uint32_t id, const struct prefix *p)
{
	uint32_t most =
	    b->list->sample < BLOCKLIST_QUESTIONS_MAX ? (uint32_t)b->list->sample : BLOCKLIST_QUESTIONS_MAX;
	uint32_t count = blocklist_sample_count(p, most);
	struct blocklist_subject *s;

	if (!has_room(b, count)) {
		return false;
	}
	s = add_subject(b, fold_registry(f), id);
	look_up(b, f, id, s);
	s->first = b->question_count;
	s->count = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct prefix a = blocklist_sample(p, count, i);
		char text[PREFIX_TEXT_BYTES];

		(void)prefix_format(&a, text);
		if (registry_lookup(fold_registry(f), text_of(text)) != id) {
			continue; /* it is another source's, which lies within this prefix */
		}
		s->count++;
		b->questions[b->question_count++] = (struct blocklist_question){
			.name = blocklist_name_of_address(&b->arena, &a, b->list->zone),
			.about = keep(&b->arena, text_of(text)),
		};
	}
	return true;
}

static bool
add_source(struct blocklist_batch *b, const struct fold *f, uint32_t id)
{
	struct registry_source source = registry_source(fold_registry(f), id);
	struct source_key key;
	struct blocklist_subject *s;

	if (source.removed || source_key_parse(source.key, &key, NULL) != RESULT_OK) {
		return true;
	}
	if (b->list->zone[0] != '\0' && (key.kind == SOURCE_IP || key.kind == SOURCE_PREFIX)) {
		return add_addresses(b, f, id, &key.prefix);
	}
	if (b->list->domain_zone[0] == '\0' || key.kind != SOURCE_DOMAIN) {
		return true;
	}
	if (!has_room(b, 1)) {
		return false;
	}
	s = add_subject(b, fold_registry(f), id);
	look_up(b, f, id, s);
	ask_domain(b, s, source_key_text(&key));
	return true;
}

/* ---- domains that are no sources */

static bool
add_domain(struct blocklist_batch *b, const struct registry *r, uint32_t source, struct text domain,
	   bool is_link)
{
	struct blocklist_subject *s;

	if (!has_room(b, 1)) {
		return false;
	}
	s = add_subject(b, r, source);
	s->domain = keep(&b->arena, content_registered(domain));
	s->is_link = is_link;
	ask_domain(b, s, domain);
	return true;
}

/* Adds the domains of a list from number `part` on; *at is the number of its first one, and then of the one behind it. */
static bool
add_list(struct blocklist_batch *b, const struct registry *r, uint32_t source, struct text list, char between,
	 bool is_link, uint32_t *at)
{
	struct text one;

	while (list.n > 0) {
		(void)text_cut(&list, between, &one);
		if (*at >= b->cursor->part && !add_domain(b, r, source, one, is_link)) {
			b->cursor->part = *at;
			return false;
		}
		++*at;
	}
	return true;
}

static bool
add_declared(struct blocklist_batch *b, const struct registry *r, uint32_t system)
{
	struct text campaigns;
	struct registry_campaign c;
	uint32_t source = b->cursor->first[system], at = 0;

	if (registry_item(r, THING_SYSTEM, system).removed || source == REGISTRY_NONE ||
	    registry_item(r, THING_SOURCE, source).removed) {
		return true;
	}
	if (!add_list(b, r, source, registry_value(r, system, FIELD_SYSTEM_DECLARED_FROM), ' ', false, &at) ||
	    !add_list(b, r, source, registry_value(r, system, FIELD_SYSTEM_DECLARED_DKIM), ' ', false, &at) ||
	    !add_list(b, r, source, registry_value(r, system, FIELD_SYSTEM_DECLARED_LINKS), ' ', true, &at)) {
		return false;
	}
	campaigns = registry_value(r, system, FIELD_SYSTEM_DECLARED_CAMPAIGNS);
	while (registry_campaign_cut(&campaigns, &c)) {
		if (!add_list(b, r, source, c.links, '+', true, &at)) {
			return false;
		}
	}
	b->cursor->part = 0;
	return true;
}

static bool
add_seen(struct blocklist_batch *b, const struct registry *r, const struct seen *seen, uint32_t place)
{
	struct seen_domain d;

	return !seen_at(seen, place, b->now, &d) || registry_item(r, THING_SOURCE, d.source).removed ||
	       add_domain(b, r, d.source, d.domain, d.is_link);
}

/* ---- a round */

/* For each system the source that speaks for it: an address before a domain before an account, as systems are counted. */
static void
find_first(struct blocklist_cursor *c, const struct registry *r)
{
	static const uint8_t rank[SOURCE_KIND_COUNT] = { [SOURCE_DOMAIN] = 1, [SOURCE_ACCT] = 2 };

	c->system_count = registry_count(r, THING_SYSTEM);
	c->first = malloc((c->system_count + 1) * sizeof *c->first);
	check(c->first != NULL);
	for (uint32_t i = 0; i < c->system_count; i++) {
		c->first[i] = REGISTRY_NONE;
	}
	for (uint32_t i = 0; i < registry_count(r, THING_SOURCE); i++) {
		struct registry_source s = registry_source(r, i);
		uint32_t *first = &c->first[s.system];

		if (!s.removed &&
		    (*first == REGISTRY_NONE || rank[s.kind] < rank[registry_source(r, *first).kind])) {
			*first = i;
		}
	}
}

static uint32_t
stage_size(const struct blocklist_cursor *c, const struct registry *r, const struct seen *seen)
{
	switch (c->stage) {
	case STAGE_SOURCES:
		return registry_count(r, THING_SOURCE);
	case STAGE_DECLARED:
		return c->system_count;
	case STAGE_SEEN:
		return seen_count(seen);
	case STAGE_OVER:
		break;
	}
	return 0;
}

static bool
add_next(struct blocklist_batch *b, const struct fold *f, const struct seen *seen)
{
	struct blocklist_cursor *c = b->cursor;

	return c->stage == STAGE_SOURCES    ? add_source(b, f, c->id)
	       : c->stage == STAGE_DECLARED ? add_declared(b, fold_registry(f), c->id)
					    : add_seen(b, fold_registry(f), seen, c->id);
}

static bool
has_reporter(const struct registry *r, const char *name)
{
	uint32_t id = registry_find(r, THING_REPORTER, text_of(name));

	return id != REGISTRY_NONE && registry_reporter(r, id).kind == REPORTER_BLOCKLIST;
}

void
blocklist_batch_run(struct job *job, struct pipeline *p)
{
	struct blocklist_batch *b = (struct blocklist_batch *)job;
	const struct fold *f = pipeline_fold(p);
	struct seen *seen = pipeline_seen(p);
	struct blocklist_cursor *c = b->cursor;
	enum blocklist_stage end = b->list->zone[0] != '\0' ? STAGE_DECLARED : STAGE_OVER;

	b->now = pipeline_now(p);
	seen_fill(seen, fold_registry(f), pipeline_journal(p), b->now);
	b->has_reporter = has_reporter(fold_registry(f), b->list->reporter);
	b->subject_count = b->question_count = 0;
	b->subjects = arena_get_array(&b->arena, BLOCKLIST_QUESTIONS_MAX, sizeof *b->subjects);
	b->questions = arena_get_array(&b->arena, BLOCKLIST_QUESTIONS_MAX, sizeof *b->questions);
	if (c->first == NULL) {
		find_first(c, fold_registry(f));
	}
	while (b->has_reporter && c->stage < end) {
		if (c->id >= stage_size(c, fold_registry(f), seen)) {
			c->stage++;
			c->id = c->part = 0;
		} else if (add_next(b, f, seen)) {
			c->id++;
		} else {
			break;
		}
	}
}
