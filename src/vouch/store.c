/* Opening a store to read, and telling how far a long walk is. */
#include "vouch/store.h"

#include "base/instant.h"
#include "vouchd/config.h"

#include <stdio.h>
#include <unistd.h>

#define FIRST_NS INT64_C(1000000000)
#define AGAIN_NS INT64_C(250000000)

enum result
store_open(struct vouch *v, enum journal_mode mode, struct journal **j)
{
	const char *dir = v->args.operand_count == 1 ? v->args.operands[0] : NULL;
	struct config config;
	enum result r = RESULT_OK;

	*j = NULL;
	if (dir == NULL) {
		r = config_load(vouch_config_path(v), &v->arena, &config, &v->fault);
		dir = r == RESULT_OK ? config.data : NULL;
	}
	return r == RESULT_OK ? journal_sqlite_open(dir, mode, j, &v->fault) : r;
}

static void
show(struct store_progress *p, const char *what, uint64_t done, uint64_t total)
{
	int64_t now = instant_monotonic_ns();

	if (p->told_ns == 0) {
		p->told_ns = now + FIRST_NS - AGAIN_NS;
	}
	if (now - p->told_ns >= AGAIN_NS) {
		p->told_ns = now;
		p->shown = true;
		(void)fprintf(stderr, "\r\033[K%s %d %%", what, (int)(done * 100 / total));
	}
}

void
store_progress(struct store_progress *p, const char *what, uint64_t done, uint64_t total)
{
	if (total == 0) {
		(void)fputs(p->shown ? "\r\033[K" : "", stderr);
		p->tenths = 0;
	} else if (isatty(STDERR_FILENO)) {
		show(p, what, done, total);
	} else if (p->wanted && done * 10 / total > p->tenths) {
		p->tenths = done * 10 / total;
		(void)fprintf(stderr, "%s %d %%\n", what, (int)(p->tenths * 10));
	}
}
