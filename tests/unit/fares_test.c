/* How reporters fared: what is an accusation, who judges it, and what is learnt from that. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "vouch/fares.h"

#define DAY INT64_C(86400000)

enum { ALDER, BIRCH, SYSTEM = 3, OTHER_SYSTEM = 4 };

static struct instant
on(int64_t day)
{
	return (struct instant){ day * DAY + 3600000 };
}

/* Days of what a reporter usually says of the system. */
static void
usual(struct fares *f, uint32_t reporter, int64_t from, int64_t to, uint32_t count)
{
	for (int64_t day = from; day < to; day++) {
		fares_news(f, reporter, SYSTEM, count, on(day));
	}
}

static struct fare
fare_on(struct fares *f, uint32_t reporter, int64_t day)
{
	return fares_of(f, reporter, on(day));
}

static void
near(double is, double wanted)
{
	if (!(is > wanted - 1e-4 && is < wanted + 1e-4)) {
		fail_msg("%f is not %f", is, wanted);
	}
}

static void
what_is_usual_accuses_nobody(void **context)
{
	struct fares *f = fares_open();
	struct fare fare;

	(void)context;
	usual(f, ALDER, 0, 200, 100);
	fares_news(f, ALDER, SYSTEM, 300, on(200));
	/* The first days of a reporter are for learning, however loud. */
	fares_news(f, BIRCH, SYSTEM, 100000, on(200));
	fare = fare_on(f, ALDER, 300);
	assert_int_equal(fare.accusations, 0);
	assert_int_equal(fare_on(f, BIRCH, 300).accusations, 0);
	near(fare.weight, 0.5);
	near(fare.low, 0.05);
	near(fare.high, 0.95);
	fares_close(f);
}

static void
verdicts_judge(void **context)
{
	struct fares *f = fares_open();
	struct fare fare;

	(void)context;
	usual(f, ALDER, 0, 100, 2);
	fares_news(f, ALDER, SYSTEM, 50, on(100));
	fares_news(f, ALDER, SYSTEM, 50, on(101)); /* the same episode */
	fares_case(f, 1, SYSTEM, CASE_OPEN, on(102));
	assert_int_equal(fare_on(f, ALDER, 150).waiting, 1);
	fares_case(f, 1, SYSTEM, CASE_CONFIRMED, on(102));
	fare = fare_on(f, ALDER, 150);
	assert_int_equal(fare.accusations, 1);
	assert_int_equal(fare.right, 1);
	/* One of one: Beta(2, 1), whose distribution is x^2. */
	near(fare.weight, 2.0 / 3);
	near(fare.low * fare.low, 0.05);
	near(fare.high * fare.high, 0.95);

	fares_news(f, ALDER, SYSTEM, 500, on(200));
	fares_case(f, 2, SYSTEM, CASE_CLEARED, on(200));
	fares_case(f, 3, OTHER_SYSTEM, CASE_CONFIRMED, on(200)); /* about somebody else */
	fare = fare_on(f, ALDER, 250);
	assert_int_equal(fare.right, 1);
	assert_int_equal(fare.wrong, 1);
	near(fare.weight, 0.5);
	fares_close(f);
}

static void
who_is_alone_is_wrong_and_who_is_not_waits(void **context)
{
	struct fares *f = fares_open();
	struct fare fare;

	(void)context;
	usual(f, ALDER, 0, 100, 1);
	usual(f, BIRCH, 0, 100, 1);
	fares_news(f, ALDER, SYSTEM, 50, on(100));
	assert_int_equal(fare_on(f, ALDER, 101).waiting, 1);
	fare = fare_on(f, ALDER, 120);
	assert_int_equal(fare.alone, 1);
	near(fare.weight, 1.0 / 3);
	fares_news(f, ALDER, SYSTEM, 50, on(130));
	fares_news(f, BIRCH, SYSTEM, 50, on(131));
	fare = fare_on(f, ALDER, 150);
	assert_int_equal(fare.alone, 1);
	assert_int_equal(fare.agreed, 1);
	assert_int_equal(fare_on(f, BIRCH, 150).agreed, 1);
	near(fare_on(f, BIRCH, 150).weight, 0.5);
	fares_close(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_usual_accuses_nobody),
		cmocka_unit_test(verdicts_judge),
		cmocka_unit_test(who_is_alone_is_wrong_and_who_is_not_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
