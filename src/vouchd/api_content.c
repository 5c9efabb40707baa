/* vouchd/api_content.c - the messages that an alarm speaks of: what they looked like, as their reports say. */
#include "vouchd/api_int.h"

#include "journal/journal.h"
#include "model/report.h"
#include "vouchd/look.h"

#include <inttypes.h>

#define MESSAGES_MAX 3U

struct messages {
	const struct fold *f;
	const struct alarm *alarm;
	struct buffer *lines;
	uint32_t told;
};

/* Is there anything in it to speak against its sender? A link is told as new by the alarm, so here it is enough that it is not declared. */
static bool
is_telling(const struct fold *f, uint32_t system, const struct observation *o)
{
	const struct look_from from = { fold_registry(f), fold_detect(f), system,
					fold_unit(f, UNIT_SYSTEM, system) };
	const uint32_t bad = LOOK_LURE | LOOK_ATTACHMENT | LOOK_BAD_URL | LOOK_ALIKE;
	struct detect_look look;

	return look_read(&from, o, &look) &&
	       ((look.flags & bad) != 0 || (look.link != 0 && (look.flags & LOOK_LINK_DECLARED) == 0));
}

static bool
is_about(const struct fold *f, const struct alarm *alarm, uint32_t source, uint32_t system)
{
	uint32_t ids[UNIT_KIND_COUNT] = { [UNIT_SOURCE] = source,
					  [UNIT_SYSTEM] = system,
					  [UNIT_MEMBER] = registry_source(fold_registry(f), source).member };

	return ids[alarm->kind] == alarm->unit;
}

/* Is it mail of what the alarm is about? */
static bool
concerns(const struct messages *m, const struct observation *o)
{
	const struct registry *r = fold_registry(m->f);

	for (uint32_t k = 0; k < o->key_count; k++) {
		uint32_t source = registry_lookup(r, o->keys[k]), system;

		if (source == REGISTRY_NONE) {
			continue;
		}
		system = registry_item(r, THING_SOURCE, source).parent;
		if (is_about(m->f, m->alarm, source, system) && is_telling(m->f, system, o)) {
			return true;
		}
	}
	return false;
}

static bool
tell(struct buffer *b, const struct observation *o, bool more)
{
	static const struct {
		struct text name;
		const char *words;
	} told[] = {
		{ { "subject_shape", 13 }, "subject" }, { { "from_domain", 11 }, "From" },
		{ { "link_domain", 11 }, "links to" },  { { "lure", 4 }, "asks" },
		{ { "attachment", 10 }, "attached" },
	};

	for (size_t t = 0; t < countof(told); t++) {
		for (uint32_t i = 0; i < o->attribute_count; i++) {
			if (text_equal(o->attributes[i].name, told[t].name)) {
				buffer_format(b, "%s%s \"%.*s\"", more ? ", " : "  ", told[t].words,
					      TEXT_ARG(o->attributes[i].value));
				more = true;
			}
		}
	}
	return more;
}

static enum result
visit(void *context, const struct record *record)
{
	struct messages *m = context;
	struct arena arena = { 0 };
	struct report report;

	if (record->kind == RECORD_REPORT && report_read(record->payload, &arena, &report) == RESULT_OK) {
		for (uint32_t i = 0; i < report.observation_count && m->told < MESSAGES_MAX; i++) {
			const struct observation *o = &report.observations[i];

			if (concerns(m, o) && tell(m->lines, o, false)) {
				buffer_format(m->lines, " (report %" PRIu64 ")\n", record->seq);
				m->told++;
			}
		}
	}
	arena_clear(&arena);
	return RESULT_OK;
}

void
api_explain_messages(struct journal *j, const struct fold *f, const struct alarm *alarm, struct buffer *lines)
{
	struct messages m = { f, alarm, lines, 0 };
	size_t before = lines->n;

	if (alarm->content_nats <= 0 || alarm->traits == 0) {
		return;
	}
	buffer_format(lines, "Messages that spoke for it, as they were reported:\n");
	for (uint32_t i = 0; i < alarm->report_count && m.told < MESSAGES_MAX; i++) {
		const struct journal_range one = { .from = alarm->reports[i], .to = alarm->reports[i] };

		if (journal_scan(j, &one, visit, &m) != RESULT_OK) {
			break; /* what can be read of the journal is told elsewhere */
		}
	}
	if (m.told == 0) {
		lines->n = before;
	}
}
