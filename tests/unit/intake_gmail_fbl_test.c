/* Tables of Gmail's feedback loop: each document reads as a person reads it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/intake_samples.h"

static void
each_document_reads_as_a_person_reads_it(void **context)
{
	struct samples s = { .folder = "gmail_fbl",
			     .format = INTAKE_GMAIL_FBL,
			     .hint = { .format = INTAKE_AUTO,
				       .received = { 1769904000000 }, /* 2026-02-01T00:00:00Z */
				       .door = TEXT("http"),
				       .reporter = TEXT("somebody") } };

	(void)context;
	assert_int_equal(samples_run(&s), 47);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_document_reads_as_a_person_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
