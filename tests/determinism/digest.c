/*
 * What the security path says of a simulated fleet, in one line: how many alarms, a hash of all of them as the journal has them, and a hash of
 * the snapshot. tests/determinism/run builds this in several ways; the line must be the same. The traffic itself comes from a file
 * of facts that the first build wrote (--write FILE), since the simulator uses the C library's logarithm.
 */
#include "base/hash.h"
#include "detect/detect.h"
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYSTEMS 20U
#define SOURCES 60U
#define DAYS    60U
#define BYTES   ((size_t)64 << 20)

struct row {
	int64_t arrives, at, mailed;
	uint32_t signal, count, source, system;
};

struct state {
	struct detect *detect;
	struct buffer alarms;
	uint32_t alarm_count;
	int64_t ticked;
};

static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct state *s = context;

	alarm_write(&s->alarms, alarm);
	s->alarm_count++;
}

static void
write_rows(FILE *file)
{
	static const enum sim_event_kind kinds[] = { SIM_BLAST, SIM_OWN_LIST };
	struct sim_takeover takeovers[8];
	struct sim_params p;
	struct sim_observation o;
	struct sim *sim;

	check(sim_params_named(TEXT("ugly"), &p) == RESULT_OK);
	p.members = p.systems = SYSTEMS;
	p.sources = SOURCES;
	p.days = DAYS;
	p.step = (struct span){ 600000 };
	for (uint32_t i = 0; i < countof(takeovers); i++) {
		takeovers[i] = (struct sim_takeover){ .kind = kinds[i % 2], .source = SIM_NONE };
		takeovers[i].at.ms = p.start.ms + (int64_t)(30 + 3 * i) * SPAN_DAY.ms;
	}
	p.takeovers = takeovers;
	p.takeover_count = countof(takeovers);
	sim = sim_open(&p, 17);
	while (sim_next(sim, &o)) {
		struct row row = { .arrives = o.arrives.ms,
				   .at = o.at.ms < o.arrives.ms ? o.at.ms : o.arrives.ms,
				   .mailed = o.mailed.ms,
				   .signal = o.signal,
				   .count = o.count,
				   .source = o.source,
				   .system = SOURCES + o.system };

		if (o.kind == SIM_FACT && o.source != o.domain) {
			row.mailed = row.mailed < row.at ? row.mailed : row.at;
			check(fwrite(&row, sizeof row, 1, file) == 1);
		}
	}
	sim_close(sim);
}

static void
take(struct state *s, const struct row *row, uint64_t seq)
{
	struct detect_fact fact = {
		(enum signal)row->signal, row->count, { row->at }, { row->mailed }, seq, 1
	};

	if (s->ticked == 0) {
		s->ticked = row->arrives;
	}
	for (; row->arrives - s->ticked >= SPAN_MINUTE.ms; s->ticked += SPAN_MINUTE.ms) {
		detect_tick(s->detect, (struct instant){ s->ticked });
	}
	detect_observe(s->detect, row->source, &fact);
	detect_observe(s->detect, row->system, &fact);
}

static void
read_rows(FILE *file)
{
	struct state s = { .ticked = 0 };
	struct buffer snapshot;
	struct row row;
	struct hash hash;
	char alarms[HASH_HEX_BYTES], state[HASH_HEX_BYTES];
	uint64_t seq = 0;

	buffer_init(&s.alarms, BYTES);
	buffer_init(&snapshot, BYTES);
	s.detect = detect_open(&(struct detect_params){ .budget = 100 }, on_alarm, &s);
	for (uint32_t i = 0; i < SOURCES + SYSTEMS; i++) {
		(void)detect_unit_add(s.detect, i < SOURCES ? UNIT_SOURCE : UNIT_SYSTEM);
	}
	while (fread(&row, sizeof row, 1, file) == 1) {
		take(&s, &row, ++seq);
	}
	detect_save(s.detect, &snapshot);
	hash = hash_of(s.alarms.p, s.alarms.n);
	(void)hash_hex(&hash, alarms);
	hash = hash_of(snapshot.p, snapshot.n);
	(void)hash_hex(&hash, state);
	printf("%llu facts, %u alarms %.16s, snapshot of %zu bytes %.16s\n", (unsigned long long)seq,
	       s.alarm_count, alarms, snapshot.n, state);
	check(s.alarm_count > 0);
	detect_close(s.detect);
	buffer_free(&s.alarms);
	buffer_free(&snapshot);
}

int
main(int argc, char **argv)
{
	bool writes = argc == 3 && strcmp(argv[1], "--write") == 0;
	FILE *file = argc < 2 ? NULL : fopen(argv[argc - 1], writes ? "wb" : "rb");

	if (file == NULL) {
		fprintf(stderr, "digest [--write] FILE\n");
		return 2;
	}
	if (writes) {
		write_rows(file);
	} else {
		read_rows(file);
	}
	return fclose(file) == 0 ? 0 : 1;
}
