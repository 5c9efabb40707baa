/*
 * bench_arf [FOLDER]: feedback mails read per second on one core, beside Python's email package on the same mails.
 *
 * FOLDER (tests/data/arf) holds *.eml. Both read the same fields: type, source, times, domains, sender. One JSON line. The peer is
 * bench/arf_peer.py, run from the top of the tree.
 */
#include "common/cpu.h"
#include "common/script.h"
#include "intake/intake.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define MAILS_MAX  256
#define RUN_NS     2000000000
#define PEER       "bench/arf_peer.py"
#define PATH_BYTES 4096

struct mails {
	struct arena arena;
	char *paths[MAILS_MAX + 3]; /* argv of the peer: program, script, mails */
	struct text raw[MAILS_MAX];
	size_t count;
	size_t bytes;
};

static bool
read_mail(struct mails *m, const char *path, const struct intake_hint *hint)
{
	static char bytes[1 << 20];
	struct intake_result result;
	struct arena arena = { 0 };
	FILE *f = fopen(path, "rb");
	size_t n;
	bool good;

	if (f == NULL) {
		return false;
	}
	n = fread(bytes, 1, sizeof bytes, f);
	(void)fclose(f);
	good = intake_read((struct text){ bytes, n }, hint, &arena, &result) == RESULT_OK &&
	       result.reports[0].observation_count == 1;
	if (good) {
		m->raw[m->count] = (struct text){ arena_copy(&m->arena, bytes, n), n };
		m->paths[2 + m->count++] = text_copy(&m->arena, text_of(path));
		m->bytes += n;
	}
	arena_clear(&arena);
	return good;
}

static void
load(struct mails *m, const char *folder, const struct intake_hint *hint)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[PATH_BYTES];

	while (dir != NULL && m->count < MAILS_MAX && (entry = readdir(dir)) != NULL) {
		size_t n = strlen(entry->d_name);

		if (n > 4 && strcmp(entry->d_name + n - 4, ".eml") == 0) {
			(void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
			(void)read_mail(m, path, hint);
		}
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
}

/* Reports per second of this process. */
static double
measure(const struct mails *m, const struct intake_hint *hint)
{
	int64_t start = cpu_ns(), spent = 0;
	uint64_t reports = 0;

	for (; spent < RUN_NS; spent = cpu_ns() - start) {
		for (size_t i = 0; i < m->count; i++) {
			struct intake_result result;
			struct arena arena = { 0 };

			check(intake_read(m->raw[i], hint, &arena, &result) == RESULT_OK);
			reports += result.report_count;
			arena_clear(&arena);
		}
	}
	return (double)reports * 1e9 / (double)spent;
}

int
main(int argc, char **argv)
{
	const struct intake_hint hint = { .format = INTAKE_ARF,
					  .received = { 1769904000000 },
					  .door = TEXT("bench") };
	static struct mails m;
	char script[] = PEER;
	double own, peer;

	load(&m, argc > 1 ? argv[1] : "tests/data/arf", &hint);
	if (m.count == 0) {
		fprintf(stderr, "bench_arf: no mails; run it from the top of the tree\n");
		return 1;
	}
	own = measure(&m, &hint);
	m.paths[1] = script;
	peer = script_number(m.paths);
	printf("{\"bench\":\"arf\",\"what\":\"reports/s per core\",\"value\":%.0f,\"peer\":\"python3 email\","
	       "\"peer_value\":%.0f,\"mails\":%zu,\"mean_bytes\":%zu}\n",
	       own, peer, m.count, m.bytes / m.count);
	arena_clear(&m.arena);
	return 0;
}
