#include "base/counters.h"

#include <stdatomic.h>

enum counter_kind { kind_counter, kind_gauge };

static const char *const kind_names[] = { "counter", "gauge" };

static const struct counter_row {
	struct text family;
	struct text labels;
	struct text help;
	enum counter_kind kind;
} rows[] = {
#define COUNTER(id, family, labels, kind, help) \
	{ { family, sizeof(family) - 1 },       \
	  { labels, sizeof(labels) - 1 },       \
	  { help, sizeof(help) - 1 },           \
	  kind_##kind },
#include "base/counters.def"
#undef COUNTER
};

static _Atomic uint64_t values[COUNTER_COUNT];

void
counter_add(enum counter c, uint64_t n)
{
	check(c < COUNTER_COUNT);
	atomic_fetch_add_explicit(&values[c], n, memory_order_relaxed);
}

void
counter_set(enum counter c, uint64_t value)
{
	check(c < COUNTER_COUNT && rows[c].kind == kind_gauge);
	atomic_store_explicit(&values[c], value, memory_order_relaxed);
}

uint64_t
counter_get(enum counter c)
{
	check(c < COUNTER_COUNT);
	return atomic_load_explicit(&values[c], memory_order_relaxed);
}

static void
write_all(struct buffer *b, struct text more, bool open_metrics)
{
	const size_t suffix = sizeof "_total" - 1;
	struct text last = { "", 0 };

	for (enum counter c = 0; c < COUNTER_COUNT; c++) {
		const struct counter_row *row = &rows[c];

		if (!text_equal(row->family, last)) {
			struct text name = row->family;

			if (open_metrics && row->kind == kind_counter) {
				name.n -= suffix;
			}
			buffer_format(b, "# HELP %.*s %.*s.\n", TEXT_ARG(name), TEXT_ARG(row->help));
			buffer_format(b, "# TYPE %.*s %s\n", TEXT_ARG(name), kind_names[row->kind]);
			last = row->family;
		}
		buffer_put_text(b, row->family);
		if (row->labels.n > 0) {
			buffer_format(b, "{%.*s}", TEXT_ARG(row->labels));
		}
		buffer_format(b, " %llu\n", (unsigned long long)counter_get(c));
	}
	buffer_put_text(b, more);
	if (open_metrics) {
		buffer_put_text(b, TEXT("# EOF\n"));
	}
}

void
counters_write(struct buffer *b, struct text more)
{
	write_all(b, more, true);
}

void
counters_write_plain(struct buffer *b, struct text more)
{
	write_all(b, more, false);
}
