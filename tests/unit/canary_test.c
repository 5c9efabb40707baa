/* Which mail to an address that stands in one list alone tells that the list was stolen. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "unit/fold_sink.h"
#include "unit/test_programme.h"
#include "vouchd/canary.h"
#include "vouchd/command.h"

#define DAY     SPAN_DAY.ms
#define START   (INT64_C(20400) * DAY)
#define HARBOUR 0
#define MEADOW  1

static const char programme[] = "members:\n"
				"  - id: harbour\n"
				"    name: Harbour\n"
				"    systems:\n"
				"      - id: news\n"
				"        sources: [192.0.2.10, shop.example]\n"
				"      - id: alerts\n"
				"        sources: [192.0.2.32/28]\n"
				"  - id: meadow\n"
				"    name: Meadow\n"
				"    systems:\n"
				"      - id: shared\n"
				"        sources: [198.51.100.1]\n"
				"reporters:\n"
				"  - id: mailbox\n"
				"    kind: mailbox\n"
				"    trust: full\n"
				"  - id: panel\n"
				"    kind: person\n"
				"    trust: partial\n"
				"  - id: spider\n"
				"    kind: trap_network\n"
				"    trust: full\n"
				"    traps: [\"pristine:harbour=seed.test\", \"typo:meadow=m-*@seed.test\", "
				"\"recycled:gone=gone@seed.test\", \"typo:harbour=h@mail.seed.test\"]\n"
				"  - id: other-spider\n"
				"    kind: trap_network\n"
				"    trust: none\n"
				"    traps: [pristine=plain@seed.test, \"pristine:meadow=mail.seed.test\"]\n";

struct world {
	struct fold *fold;
	struct instant now;
	uint64_t seq;
};

static void
append(struct world *w, enum record_kind kind, struct text payload)
{
	struct record record = { .seq = ++w->seq, .time = w->now, .kind = kind, .payload = payload };
	struct fault fault = { { 0 } };

	if (fold_apply(w->fold, &record, &fault) != RESULT_OK) {
		fail_msg("%s", fault.text);
	}
}

static struct world
begin(void)
{
	struct world w = { .now = { START } };
	struct buffer payload;

	w.fold = fold_open(&(struct fold_policy){ .budget = 10 },
			   &(struct fold_sink){ .touch = ignore_id,
						.alarm = ignore_alarm,
						.move = ignore_move,
						.case_change = ignore_case,
						.registry = ignore_registry });
	(void)test_programme_write(fold_registry(w.fold), programme, &payload);
	append(&w, RECORD_REGISTRY, buffer_text(&payload));
	buffer_free(&payload);
	return w;
}

/* One mail with up to two keys. */
static uint32_t
exposed(const struct world *w, const char *reporter, const char *recipient, const char *key,
	const char *other)
{
	struct observation o = { .at = w->now, .signal = SIGNAL_TRAP_PRISTINE, .count = 1, .key_count = 1 };
	struct report report = { .reporter = text_of(reporter), .observation_count = 1, .observations = &o };

	o.keys[0] = text_of(key);
	if (other != NULL) {
		o.keys[o.key_count++] = text_of(other);
	}
	return canary_exposes(w->fold, &report, text_of(recipient), w->now);
}

static void
threaten(struct world *w, enum decide_subject subject, uint32_t id, enum threat threat)
{
	struct command c = { .is_threat = true,
			     .threat = threat,
			     .name = TEXT("somebody"),
			     .decide = { .subject = subject,
					 .id = id,
					 .role = ACTOR_OPERATOR,
					 .actor = TEXT("anna"),
					 .reason = TEXT("seen by anna") } };
	struct buffer payload;

	buffer_init(&payload, RECORD_BYTES_MAX);
	command_write(&payload, &c);
	append(w, RECORD_COMMAND, buffer_text(&payload));
	buffer_free(&payload);
}

static void
mail_from_elsewhere_exposes_whose_list_it_is(void **context)
{
	static const struct {
		const char *reporter, *recipient, *key, *other;
		uint32_t member;
	} rows[] = {
		{ "spider", "a@seed.test", "203.0.113.9", NULL, HARBOUR },
		{ "spider", "A@Post.SEED.test", "203.0.113.9", "thief.example", HARBOUR },
		{ "mailbox", "a@seed.test", "203.0.113.9", NULL, HARBOUR },
		{ "operator", "a@seed.test", "203.0.113.9", NULL, HARBOUR },
		{ "spider", "m-1@seed.test", "203.0.113.9", NULL, MEADOW },
		/* of all networks' entries the most exact one */
		{ "spider", "m@mail.seed.test", "203.0.113.9", NULL, MEADOW },
		{ "spider", "h@mail.seed.test", "203.0.113.9", NULL, HARBOUR },
		/* another member's source is elsewhere */
		{ "spider", "a@seed.test", "198.51.100.1", NULL, HARBOUR },
		{ "spider", "m-1@seed.test", "192.0.2.10", NULL, MEADOW },
		/* its own: by the address, in a prefix, by who signs */
		{ "spider", "a@seed.test", "192.0.2.10", NULL, REGISTRY_NONE },
		{ "spider", "a@seed.test", "192.0.2.33", NULL, REGISTRY_NONE },
		{ "spider", "a@seed.test", "203.0.113.9", "shop.example", REGISTRY_NONE },
		{ "spider", "m-1@seed.test", "198.51.100.1", NULL, REGISTRY_NONE },
		/* in nobody's list alone, by another network's entry; of a member that is none; no trap */
		{ "spider", "plain@seed.test", "203.0.113.9", NULL, REGISTRY_NONE },
		{ "spider", "gone@seed.test", "203.0.113.9", NULL, REGISTRY_NONE },
		{ "spider", "a@weed.test", "203.0.113.9", NULL, REGISTRY_NONE },
		{ "spider", "", "203.0.113.9", NULL, REGISTRY_NONE },
		/* whose word does not count in full */
		{ "panel", "a@seed.test", "203.0.113.9", NULL, REGISTRY_NONE },
		{ "other-spider", "a@seed.test", "203.0.113.9", NULL, REGISTRY_NONE },
		{ "nobody", "a@seed.test", "203.0.113.9", NULL, REGISTRY_NONE },
		{ "", "a@seed.test", "203.0.113.9", NULL, REGISTRY_NONE },
	};
	struct world w = begin();

	(void)context;
	for (size_t i = 0; i < countof(rows); i++) {
		assert_int_equal(exposed(&w, rows[i].reporter, rows[i].recipient, rows[i].key, rows[i].other),
				 rows[i].member);
	}
	fold_close(w.fold);
}

static void
a_report_without_mail_exposes_nobody(void **context)
{
	struct world w = begin();
	struct report report = { .reporter = TEXT("spider") };

	(void)context;
	assert_int_equal(canary_exposes(w.fold, &report, TEXT("a@seed.test"), w.now), REGISTRY_NONE);
	fold_close(w.fold);
}

static void
once_in_a_day_is_enough(void **context)
{
	struct world w = begin();

	(void)context;
	threaten(&w, DECIDE_MEMBER, HARBOUR, THREAT_EXPOSURE);
	assert_int_equal(exposed(&w, "spider", "a@seed.test", "203.0.113.9", NULL), REGISTRY_NONE);
	assert_int_equal(exposed(&w, "spider", "m-1@seed.test", "203.0.113.9", NULL), MEADOW);
	w.now.ms += DAY - 1;
	append(&w, RECORD_TICK, (struct text){ "", 0 });
	assert_int_equal(exposed(&w, "spider", "a@seed.test", "203.0.113.9", NULL), REGISTRY_NONE);
	w.now.ms += 1;
	append(&w, RECORD_TICK, (struct text){ "", 0 });
	assert_int_equal(exposed(&w, "spider", "a@seed.test", "203.0.113.9", NULL), HARBOUR);
	fold_close(w.fold);
}

/* What was said of less than the member, or says less, does not stand for it. */
static void
a_lesser_threat_is_no_exposure_of_the_member(void **context)
{
	struct world w = begin();

	(void)context;
	threaten(&w, DECIDE_MEMBER, HARBOUR, THREAT_POSTURE);
	assert_int_equal(exposed(&w, "spider", "a@seed.test", "203.0.113.9", NULL), HARBOUR);
	threaten(&w, DECIDE_SYSTEM, 0, THREAT_EXPOSURE);
	assert_int_equal(exposed(&w, "spider", "a@seed.test", "203.0.113.9", NULL), HARBOUR);
	threaten(&w, DECIDE_SYSTEM, 1, THREAT_EXPOSURE);
	assert_int_equal(exposed(&w, "spider", "a@seed.test", "203.0.113.9", NULL), REGISTRY_NONE);
	fold_close(w.fold);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_from_elsewhere_exposes_whose_list_it_is),
		cmocka_unit_test(a_report_without_mail_exposes_nobody),
		cmocka_unit_test(once_in_a_day_is_enough),
		cmocka_unit_test(a_lesser_threat_is_no_exposure_of_the_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
