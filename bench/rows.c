/*
 * bench_rows: observations read per second on one core from CSV and from JSON lines; from few sources (a feed of one programme)
 * and with a new source in every row (the slowest a feed can be). One JSON line each. Includes both hashes of the document.
 */
#include "common/cpu.h"
#include "intake/intake.h"

#include <stdio.h>

#define ROWS   100000
#define RUN_NS 1000000000

static void
write_rows(struct buffer *b, enum intake_format format, unsigned sources)
{
	buffer_clear(b);
	if (format == INTAKE_CSV) {
		buffer_format(b, "time,source,signal,count,receiver\n");
	}
	for (unsigned i = 0; i < ROWS; i++) {
		unsigned s = i * 2654435761U % sources, minute = i / 400 % 60, hour = i / 24000 % 24;
		const char *signal = i % 3 == 0 ? "delivered" : i % 3 == 1 ? "complaint" : "unknown_user";

		buffer_format(b,
			      format == INTAKE_CSV
				  ? "2026-01-05T%02u:%02u:00Z,198.%u.%u.%u,%s,%u,mailbox-one\n"
				  : "{\"time\":\"2026-01-05T%02u:%02u:00Z\",\"source\":\"198.%u.%u.%u\","
				    "\"signal\":\"%s\","
				    "\"count\":%u,\"attributes\":{\"receiver\":\"mailbox-one\"}}\n",
			      hour, minute, s >> 16 & 255, s >> 8 & 255, s & 255, signal, i % 50 + 1);
	}
}

static void
measure(struct text raw, enum intake_format format, unsigned sources)
{
	const struct intake_hint hint = { .format = format,
					  .received = { 1769904000000 },
					  .door = TEXT("bench") };
	int64_t start = cpu_ns(), spent = 0;
	uint64_t rows = 0;

	while (spent < RUN_NS) {
		struct intake_result result;
		struct arena arena = { 0 };

		check(intake_read(raw, &hint, &arena, &result) == RESULT_OK && result.fault_count == 0);
		rows += result.reports[0].observation_count;
		arena_clear(&arena);
		spent = cpu_ns() - start;
	}
	printf("{\"bench\":\"rows\",\"what\":\"%s rows/s per "
	       "core\",\"sources\":%u,\"value\":%.0f,\"mean_bytes\":%zu}\n",
	       intake_format_name(format), sources, (double)rows * 1e9 / (double)spent, raw.n / ROWS);
}

int
main(void)
{
	static const enum intake_format formats[] = { INTAKE_CSV, INTAKE_JSONL };
	static const unsigned sources[] = { 300, 1U << 24 };
	struct buffer b;

	buffer_init(&b, (size_t)1 << 26);
	for (size_t f = 0; f < countof(formats); f++) {
		for (size_t i = 0; i < countof(sources); i++) {
			write_rows(&b, formats[f], sources[i]);
			measure(buffer_text(&b), formats[f], sources[i]);
		}
	}
	buffer_free(&b);
	return 0;
}
