/* vouchd/api_content.c - the messages that an alarm speaks of: what they looked like, as their reports say. */
#include "vouchd/api_int.h"

#include "journal/journal.h"
#include "model/report.h"
#include "vouchd/look.h"

#include <inttypes.h>

#define MESSAGES_MAX      3U
#define MESSAGE_BYTES_MAX 8192U

/* Messages that look the same are told of once. */
struct message {
	struct buffer words;
	uint64_t report; /* of the first */
	uint32_t count;
};
struct messages {
	const struct fold *f;
	const struct alarm *alarm;
	struct message told[MESSAGES_MAX];
	uint32_t count;
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

uint32_t
api_alarm_system(const struct fold *f, const struct alarm *alarm, const struct observation *o)
{
	const struct registry *r = fold_registry(f);

	for (uint32_t k = 0; k < o->key_count; k++) {
		uint32_t source = registry_lookup(r, o->keys[k]), system;

		if (source == REGISTRY_NONE) {
			continue;
		}
		system = registry_item(r, THING_SOURCE, source).parent;
		if (is_about(f, alarm, source, system)) {
			return system;
		}
	}
	return REGISTRY_NONE;
}

/* What an attribute says, in words; nothing where it says no. A sample that somebody else has looked at may say just yes. */
static void
put_attribute(struct buffer *b, const char *words, const char *yes, struct text value)
{
	const char *before = b->n == 0 ? "  " : ", ";

	if (yes != NULL && text_equal(value, TEXT("0"))) {
		return;
	}
	if (yes != NULL && (text_equal(value, TEXT("1")) || text_equal_nocase(value, TEXT("yes")) ||
			    text_equal_nocase(value, TEXT("true")))) {
		buffer_format(b, "%s%s", before, yes);
	} else {
		buffer_format(b, "%s%s \"%.*s\"", before, words, TEXT_ARG(value));
	}
}

static void
put_message(struct buffer *b, const struct observation *o)
{
	static const struct {
		struct text name;
		const char *words, *yes;
	} told[] = {
		{ { "subject_shape", 13 }, "subject", NULL },
		{ { "from_domain", 11 }, "From", NULL },
		{ { "link_domain", 11 }, "links to", NULL },
		{ { "lure", 4 }, "asks", "asks to sign in, to pay or to open" },
		{ { "attachment", 10 }, "attached", "something is attached" },
	};

	for (size_t t = 0; t < countof(told); t++) {
		for (uint32_t i = 0; i < o->attribute_count; i++) {
			if (text_equal(o->attributes[i].name, told[t].name)) {
				put_attribute(b, told[t].words, told[t].yes, o->attributes[i].value);
			}
		}
	}
}

static void
tell(struct messages *m, const struct observation *o, uint64_t report)
{
	struct buffer words;

	buffer_init(&words, MESSAGE_BYTES_MAX);
	put_message(&words, o);
	for (uint32_t i = 0; i < m->count; i++) {
		if (text_equal(buffer_text(&m->told[i].words), buffer_text(&words))) {
			m->told[i].count++;
			buffer_free(&words);
			return;
		}
	}
	if (words.n == 0 || m->count == MESSAGES_MAX) {
		buffer_free(&words);
		return;
	}
	m->told[m->count++] = (struct message){ words, report, 1 };
}

static enum result
visit(void *context, const struct record *record)
{
	struct messages *m = context;
	struct arena arena = { 0 };
	struct report report;

	if (record->kind == RECORD_REPORT && report_read(record->payload, &arena, &report) == RESULT_OK) {
		for (uint32_t i = 0; i < report.observation_count; i++) {
			const struct observation *o = &report.observations[i];
			uint32_t system = api_alarm_system(m->f, m->alarm, o);

			if (system != REGISTRY_NONE && is_telling(m->f, system, o)) {
				tell(m, o, record->seq);
			}
		}
	}
	arena_clear(&arena);
	return RESULT_OK;
}

void
api_explain_messages(struct journal *j, const struct fold *f, const struct alarm *alarm, struct buffer *lines)
{
	struct messages m = { .f = f, .alarm = alarm };

	if (alarm->content_nats <= 0 || alarm->traits == 0) {
		return;
	}
	for (uint32_t i = 0; i < alarm->report_count; i++) {
		const struct journal_range one = { .from = alarm->reports[i], .to = alarm->reports[i] };

		if (journal_scan(j, &one, visit, &m) != RESULT_OK) {
			break; /* what can be read of the journal is told elsewhere */
		}
	}
	if (m.count > 0) {
		buffer_format(lines, "Messages that spoke for it, as they were reported:\n");
	}
	for (uint32_t i = 0; i < m.count; i++) {
		struct message *one = &m.told[i];

		buffer_put_text(lines, buffer_text(&one->words));
		if (one->count > 1) {
			buffer_format(lines, " (%" PRIu32 " of them, the first in report %" PRIu64 ")\n",
				      one->count, one->report);
		} else {
			buffer_format(lines, " (report %" PRIu64 ")\n", one->report);
		}
		buffer_free(&one->words);
	}
}
