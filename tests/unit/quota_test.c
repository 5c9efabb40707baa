/* So many of each a day, and a new day begins anew. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "vouchd/quota.h"

static void
each_reporter_has_its_own_quota_of_the_day(void **context)
{
	struct quota *q = quota_new();
	struct instant now = { 1767225600000 };

	(void)context;
	for (int day = 0; day < 3; day++) {
		for (uint32_t i = 0; i < 5; i++) {
			assert_int_equal(quota_take(q, 7, 3, now), i < 3);
			assert_int_equal(quota_take(q, 90, 4, now), i < 4);
			assert_true(quota_take(q, 0, UINT64_MAX, now));
			now.ms += SPAN_HOUR.ms * 4;
		}
		assert_false(quota_take(q, 7, 3, now));
		assert_true(quota_take(q, 7, 4, now)); /* it was raised */
		assert_false(quota_take(q, 7, 4, now));
		now.ms += SPAN_HOUR.ms * 4;
	}
	assert_false(quota_take(q, 1, 0, now));
	quota_free(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_reporter_has_its_own_quota_of_the_day) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
