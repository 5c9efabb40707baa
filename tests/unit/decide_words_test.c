/* The reason of an alarm, as the journal has it and as members read it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "decide/decide_int.h"

#include "base/limits.h"

#include <string.h>

static void
reason_of(const struct alarm *alarm, char out[WORDS_BYTES_MAX + 1])
{
	struct buffer b;

	buffer_init(&b, WORDS_BYTES_MAX);
	decide_alarm_words(alarm, &b);
	memcpy(out, b.p, b.n);
	out[b.n] = '\0';
	buffer_free(&b);
}

static void
a_reason_says_in_words_what_new_messages_showed(void **context)
{
	struct alarm alarm = { .takeover = TAKEOVER_OWN_LIST,
			       .first_bad_at = { INT64_C(1767600000000) },
			       .content_nats = 9,
			       .traits = 1U << TRAIT_LINK_NEW | 1U << TRAIT_LURE };
	char words[WORDS_BYTES_MAX + 1];

	(void)context;
	reason_of(&alarm, words);
	assert_string_equal(words,
			    "a takeover is suspected (mail to the sender's own list): new messages with an "
			    "undeclared link, a lure to sign in or pay since 2026-01-05 08:00 UTC");
	alarm.evidence[EVIDENCE_COMPLAINT] = (struct alarm_evidence){ 10, 1.5, 2.0 };
	reason_of(&alarm, words);
	assert_string_equal(
	    words, "a takeover is suspected (mail to the sender's own list): complaints 10 against 1.5 "
		   "expected, new messages with an undeclared link, a lure to sign in or pay since "
		   "2026-01-05 08:00 UTC");
	alarm.content_nats = -1; /* what was seen speaks for the sender */
	reason_of(&alarm, words);
	assert_null(strstr(words, "new messages"));
}

/* What does not fit is left out; the time stays. */
static void
the_longest_reason_fits(void **context)
{
	struct alarm alarm = { .first_bad_at = { INT64_MAX },
			       .content_nats = 9,
			       .traits = (1U << TRAIT_COUNT) - 1 };
	char words[WORDS_BYTES_MAX + 1];

	(void)context;
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		alarm.evidence[e] = (struct alarm_evidence){ UINT64_MAX, 1e300, 2.0 };
	}
	for (enum takeover t = 0; t < TAKEOVER_COUNT; t++) {
		alarm.takeover = t;
		reason_of(&alarm, words);
		assert_non_null(strstr(words, ", new messages with an undeclared link, "));
		assert_string_equal(words + strlen(words) - 27, " since 9999-12-31 23:59 UTC");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reason_says_in_words_what_new_messages_showed),
		cmocka_unit_test(the_longest_reason_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
