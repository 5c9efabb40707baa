#include "detect/watch.h"

#include "base/result.h"

#define SHOWS 9.0 /* nats; everyday mail leaves some thirteen */

static const struct {
	const char *name;
	double nats;
} levels[] = {
#define WATCH(id, name, nats, meaning) { name, nats },
#include "detect/watch_levels.def"
#undef WATCH
};

const char *
detect_watch_name(enum detect_watch watch)
{
	check(watch < DETECT_WATCH_COUNT);
	return levels[watch].name;
}

double
detect_nats_left(const struct detect_view *view)
{
	double left = view->witness_limit_nats - view->witness_nats;

	for (int v = 0; v < VOICE_COUNT; v++) {
		double one = view->limit_nats[v] - view->evidence_nats[v];

		left = one < left ? one : left;
	}
	return left > 0 ? left : 0;
}

bool
detect_watch_shows(const struct detect_view *view)
{
	return detect_nats_left(view) <= SHOWS;
}

enum detect_watch
detect_watch_of(const struct detect_view *view)
{
	double left = detect_nats_left(view);
	int watch = DETECT_WATCH_COUNT - 1;

	while (watch > 0 && left > levels[watch].nats) {
		watch--;
	}
	return (enum detect_watch)watch;
}
