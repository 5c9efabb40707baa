#include "vouchd/quota.h"

#include "base/array.h"
#include "base/result.h"

#include <stdlib.h>
#include <string.h>

struct quota {
	int64_t day;
	uint64_t *taken; /* by reporter */
	uint32_t size;
};

struct quota *
quota_new(void)
{
	struct quota *q = calloc(1, sizeof *q);

	check(q != NULL);
	return q;
}

void
quota_free(struct quota *q)
{
	if (q != NULL) {
		free(q->taken);
		free(q);
	}
}

bool
quota_take(struct quota *q, uint32_t reporter, uint64_t most, struct instant now)
{
	int64_t day = now.ms / SPAN_DAY.ms;

	q->taken = array_reach(q->taken, reporter, &q->size, sizeof *q->taken);
	if (day != q->day) {
		memset(q->taken, 0, q->size * sizeof *q->taken);
		q->day = day;
	}
	if (q->taken[reporter] >= most) {
		return false;
	}
	q->taken[reporter]++;
	return true;
}
