/* The fold over a history of records: what the rooms do together. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fold_sink.h"

#include "base/limits.h"
#include "model/report.h"
#include "vouchd/command.h"
#include "unit/test_programme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAMME                              \
	"members:\n"                           \
	"  - id: meadow-mail\n"                \
	"    name: Meadow Mail\n"              \
	"    systems:\n"                       \
	"      - id: meadow-shared\n"          \
	"        sources: [198.51.100.0/28]\n" \
	"  - id: harbour-bank\n"               \
	"    name: Harbour Bank\n"             \
	"    systems:\n"                       \
	"      - id: harbour-news\n"           \
	"        sources: [192.0.2.10, 192.0.2.11]\n"
#define START INT64_C(1767225600000) /* 2026-01-01 */

/* A fold and the record that comes next. */
struct history {
	struct fold *fold;
	struct instant now;
	uint64_t seq;
	struct arena arena;
};

static void
append(struct history *h, enum record_kind kind, const struct buffer *payload)
{
	struct record record = { .seq = ++h->seq, .time = h->now, .kind = kind };
	struct fault fault = { { 0 } };

	if (payload != NULL) {
		record.payload = buffer_text(payload);
	}
	if (fold_apply(h->fold, &record, &fault) != RESULT_OK) {
		fail_msg("%s", fault.text);
	}
}

static void
command(struct history *h, enum event event, enum decide_subject subject, enum thing thing, const char *name)
{
	struct command c = { .decide = { .event = event,
					 .subject = subject,
					 .id = registry_find(fold_registry(h->fold), thing, text_of(name)),
					 .role = ACTOR_OPERATOR,
					 .actor = TEXT("anna"),
					 .reason = TEXT("seen by anna") },
			     .name = text_of(name) };
	struct buffer payload;

	buffer_init(&payload, RECORD_BYTES_MAX);
	command_write(&payload, &c);
	append(h, RECORD_COMMAND, &payload);
	buffer_free(&payload);
}

static void
begin(struct history *h)
{
	struct buffer payload;

	*h = (struct history){ .now = { START } };
	h->fold =
	    fold_open(&(struct fold_policy){ .budget = 10 }, &(struct fold_sink){ .touch = ignore_id,
										  .alarm = ignore_alarm,
										  .move = ignore_move,
										  .case_change = ignore_case,
										  .registry = ignore_registry,
										  .context = h });
	(void)test_programme_write(fold_registry(h->fold), PROGRAMME, &payload);
	append(h, RECORD_REGISTRY, &payload);
	buffer_free(&payload);
	command(h, EVENT_ACCEPT, DECIDE_MEMBER, THING_MEMBER, "meadow-mail");
	command(h, EVENT_ACCEPT, DECIDE_MEMBER, THING_MEMBER, "harbour-bank");
}

static void
end(struct history *h)
{
	fold_close(h->fold);
	arena_clear(&h->arena);
}

/* One report of the last ten minutes, then the tick. */
static void
ten_minutes(struct history *h, const char *source, uint32_t delivered, uint32_t unknown)
{
	struct observation o[] = {
		{ .signal = SIGNAL_DELIVERED,
		  .count = delivered,
		  .key_count = 1,
		  .keys = { text_of(source) } },
		{ .signal = SIGNAL_UNKNOWN_USER,
		  .count = unknown,
		  .key_count = 1,
		  .keys = { text_of(source) } },
	};
	struct report report = { .door = TEXT("ingest"),
				 .format = TEXT("csv"),
				 .reporter = TEXT("operator"),
				 .observation_count = unknown > 0 ? 2 : 1,
				 .observations = o };
	struct buffer payload;

	h->now.ms += 10 * SPAN_MINUTE.ms;
	o[0].at = o[1].at = h->now;
	report.id.bytes[0] = (uint8_t)h->seq;
	buffer_init(&payload, RECORD_BYTES_MAX);
	report_write(&payload, &report);
	append(h, RECORD_REPORT, &payload);
	buffer_free(&payload);
	append(h, RECORD_TICK, NULL);
}

static void
usual_days(struct history *h, const char *source, int days)
{
	for (int i = 0; i < days * 24 * 6; i++) {
		ten_minutes(h, source, 400, i % 3 == 0 ? 4 : 0);
	}
}

static double
learnt(const struct history *h, enum unit_kind kind, enum thing thing, const char *name)
{
	struct detect_view view;
	uint32_t id = registry_find(fold_registry(h->fold), thing, text_of(name));

	detect_unit_view(fold_detect(h->fold), fold_unit(h->fold, kind, id), &view);
	return view.rate[EVIDENCE_UNKNOWN_USER];
}

/* Two weeks, half a day with ten times the unknown users until a person stops it, the verdict if there is one, four more days. */
static void
takeover(struct history *h, bool confirmed)
{
	begin(h);
	usual_days(h, "192.0.2.10", 14);
	for (int i = 0; i < 12 * 6; i++) {
		ten_minutes(h, "192.0.2.10", 400, 40);
	}
	command(h, EVENT_SUSPEND, DECIDE_SYSTEM, THING_SYSTEM, "harbour-news");
	if (confirmed) {
		command(h, EVENT_CONFIRM, DECIDE_SYSTEM, THING_SYSTEM, "harbour-news");
	}
	usual_days(h, "192.0.2.10", 4);
}

static void
what_a_confirmed_takeover_did_is_not_learnt(void **state)
{
	static const struct {
		enum unit_kind kind;
		enum thing thing;
		const char *name;
	} units[] = {
		{ UNIT_SOURCE, THING_SOURCE, "192.0.2.10" },
		{ UNIT_SYSTEM, THING_SYSTEM, "harbour-news" },
	};
	struct history confirmed, open;

	(void)state;
	takeover(&confirmed, true);
	takeover(&open, false);
	for (size_t i = 0; i < countof(units); i++) {
		double with = learnt(&confirmed, units[i].kind, units[i].thing, units[i].name);
		double without = learnt(&open, units[i].kind, units[i].thing, units[i].name);

		assert_true(with < 0.005); /* 4 of 1200 is usual */
		/* how much it teaches is detect's concern */
		assert_true(without > with + 1e-6 || without < with - 1e-6);
	}
	end(&confirmed);
	end(&open);
}

/* ---- seeds of the fuzz targets that read snapshots: of another form they are refused at once, and find nothing */

#define SEEDS TEST_DATA "/../fuzz/corpus/"

/* The file holds these bytes; SEEDS_WRITE=1 in the environment makes it so. */
static void
expect_seed(const char *path, const struct buffer *b)
{
	static char kept[1 << 16];
	bool write = getenv("SEEDS_WRITE") != NULL;
	FILE *file = fopen(path, write ? "wb" : "rb");
	size_t n;

	assert_non_null(file);
	assert_true(!b->full && b->n < sizeof kept);
	if (write) {
		assert_int_equal(fwrite(b->p, 1, b->n, file), b->n);
	} else {
		n = fread(kept, 1, sizeof kept, file);
		if (n != b->n || memcmp(kept, b->p, n) != 0) {
			fail_msg("%s is of another form; SEEDS_WRITE=1 fold_test writes it", path);
		}
	}
	assert_int_equal(fclose(file), 0);
}

static void
the_seeds_of_the_fuzz_targets_are_snapshots_of_this_form(void **state)
{
	struct history h;
	struct buffer b;

	(void)state;
	takeover(&h, false);
	buffer_init(&b, 1 << 20);
	detect_save(fold_detect(h.fold), &b);
	expect_seed(SEEDS "detect/after-a-takeover", &b);
	buffer_clear(&b);
	buffer_put_text(&b, TEXT("2")); /* the third way of body_fuzz */
	fold_save(h.fold, &b);
	expect_seed(SEEDS "body/snapshot-after-a-case", &b);
	end(&h);
	begin(&h);
	buffer_clear(&b);
	detect_save(fold_detect(h.fold), &b);
	expect_seed(SEEDS "detect/nothing-seen-yet", &b);
	end(&h);
	buffer_free(&b);
}

/* A complaint shows its mail and does not say when that was delivered; the detector takes no look without a time. */
static void
a_complaint_without_arrival_is_looked_at_when_it_came(void **state)
{
	struct history h;
	struct attribute template = { TEXT("cluster"), TEXT("5f3a") };
	struct observation o = { .signal = SIGNAL_COMPLAINT,
				 .count = 1,
				 .key_count = 1,
				 .keys = { TEXT("192.0.2.10") },
				 .attribute_count = 1,
				 .attributes = &template };
	struct report report = { .door = TEXT("ingest"),
				 .format = TEXT("csv"),
				 .reporter = TEXT("operator"),
				 .observation_count = 1,
				 .observations = &o };
	struct buffer payload;
	struct detect_view view;

	(void)state;
	begin(&h);
	ten_minutes(&h, "192.0.2.10", 400, 0);
	o.at = h.now;
	report.id.bytes[0] = 0xff;
	buffer_init(&payload, RECORD_BYTES_MAX);
	report_write(&payload, &report);
	append(&h, RECORD_REPORT, &payload);
	buffer_free(&payload);
	detect_unit_view(fold_detect(h.fold), 0, &view);
	assert_true(view.evidence_nats[VOICE_BAYES] < 0);
	end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_confirmed_takeover_did_is_not_learnt),
		cmocka_unit_test(a_complaint_without_arrival_is_looked_at_when_it_came),
		cmocka_unit_test(the_seeds_of_the_fuzz_targets_are_snapshots_of_this_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
