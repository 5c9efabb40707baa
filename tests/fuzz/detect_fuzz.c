/*
 * Any bytes as a snapshot of the security path. It is damaged, and the room empty as before; or what was read is written back to the same
 * bytes, and the room goes on: facts, messages and ticks, on all units, without a crash, and its own snapshot loads.
 */
#include "detect/detect.h"

#include <string.h>

#define HOUR  INT64_C(3600000)
#define START INT64_C(1767571200000)
#define UNITS 8U
#define BYTES ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
on_alarm(void *context, const struct alarm *alarm)
{
	uint32_t *alarms = context;

	check(alarm->evidence_nats >= alarm->limit_nats);
	++*alarms;
}

static void
go_on(struct detect *d)
{
	static const enum signal signals[] = { SIGNAL_DELIVERED, SIGNAL_COMPLAINT, SIGNAL_UNKNOWN_USER,
					       SIGNAL_TRAP_PRISTINE, SIGNAL_TRAP_TYPO };
	uint32_t units = detect_unit_count(d) < UNITS ? detect_unit_count(d) : UNITS;

	detect_feeds(d, 1);
	for (uint32_t witness = 0; witness < 3; witness++) {
		detect_witness_set(d, witness, true);
	}
	for (int64_t hour = 0; hour < 60; hour++) {
		struct instant at = { START + hour * HOUR };

		for (uint32_t id = 0; id < units; id++) {
			enum signal signal = signals[(uint64_t)hour % countof(signals)];
			struct instant mailed = { hour % 7 == 0 ? DETECT_MAILED_UNKNOWN
								: at.ms - hour % 5 * HOUR };
			struct detect_view view;

			detect_observe(d, id, &(struct detect_fact){ signal, 900, at, mailed, 1, 1 });
			detect_observe(d, id, &(struct detect_fact){ SIGNAL_DELIVERED, 3000, at, at, 2, 0 });
			detect_hear(d, id, (uint32_t)hour % 3,
				    &(struct detect_fact){ signal, 70, at, at, 3, 0 }, at);
			detect_unit_view(d, id, &view);
		}
		detect_tick(d, at);
	}
	for (uint32_t id = 0; id < units; id++) {
		detect_unit_forget(d, id);
	}
}

/* Reads bytes into a new room; NULL: damaged. */
static struct detect *
room_of(const void *bytes, size_t n, uint32_t *alarms, size_t *used)
{
	struct detect *d = detect_open(&(struct detect_params){ .budget = 100 }, on_alarm, alarms);
	struct wire w = wire_of(bytes, n);

	if (detect_load(d, &w) == RESULT_OK) {
		*used = n - (size_t)(w.end - w.p);
		return d;
	}
	check(detect_unit_count(d) == 0 && !detect_waits(d));
	detect_close(d);
	return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t alarms = 0;
	size_t used = 0;
	struct buffer b;
	struct detect *d = room_of(data, size, &alarms, &used), *again;

	if (d == NULL) {
		return 0;
	}
	buffer_init(&b, BYTES);
	detect_save(d, &b);
	check(!b.full && b.n == used && memcmp(b.p, data, used) == 0);
	go_on(d);
	buffer_clear(&b);
	detect_save(d, &b);
	again = room_of(b.p, b.n, &alarms, &used);
	check(again != NULL && used == b.n);
	detect_close(again);
	detect_close(d);
	buffer_free(&b);
	return 0;
}
