/* How long a positive answer may be kept, by how near an alarm its source is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "vouchd/pipeline_int.h"

static void
expect(int64_t ttl_s, int64_t floor_s, uint32_t calm, uint32_t watched, uint32_t near)
{
	const struct config_list list = { .ttl = { ttl_s * 1000 }, .ttl_floor = { floor_s * 1000 } };

	assert_int_equal(watch_ttl(&list, DETECT_WATCH_CALM), calm);
	assert_int_equal(watch_ttl(&list, DETECT_WATCH_WATCHED), watched);
	assert_int_equal(watch_ttl(&list, DETECT_WATCH_NEAR), near);
}

/* 0 is the list's own. */
static void
it_steps_down_and_never_below_the_floor_nor_above_the_ttl(void **state)
{
	(void)state;
	expect(60, 5, 0, 15, 5);
	expect(300, 5, 0, 75, 5);
	expect(60, 20, 0, 20, 20);
	expect(4, 1, 0, 1, 1);
	expect(60, 60, 0, 0, 0);
	expect(3, 5, 0, 0, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_steps_down_and_never_below_the_floor_nor_above_the_ttl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
