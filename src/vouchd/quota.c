#include "vouchd/quota.h"

#include "base/result.h"

#include <stdlib.h>
#include <string.h>

struct quota {
	int64_t day;
	uint64_t *taken; /* by reporter */
	uint32_t count;
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

static void
make_room(struct quota *q, uint32_t count)
{
	uint32_t before = q->count;

	if (count > before) {
		q->taken = reallocarray(q->taken, count, sizeof *q->taken);
		check(q->taken != NULL);
		memset(q->taken + before, 0, (count - before) * sizeof *q->taken);
		q->count = count;
	}
}

bool
quota_take(struct quota *q, uint32_t reporter, uint64_t most, struct instant now)
{
	int64_t day = now.ms / SPAN_DAY.ms;

	make_room(q, reporter + 1);
	if (day != q->day) {
		memset(q->taken, 0, q->count * sizeof *q->taken);
		q->day = day;
	}
	if (q->taken[reporter] >= most) {
		return false;
	}
	q->taken[reporter]++;
	return true;
}
