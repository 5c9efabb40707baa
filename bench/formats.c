/*
 * bench_formats: bounces, records of DMARC reports and lines of a Postfix log read per second on one core, beside Python on the same documents (its email
 * package, xml.etree, regular expressions; bench/formats_peer.py), the log also beside pflogsumm where script/peers has it. Run from the top of the tree.
 * One JSON line each.
 */
#include "common/cpu.h"
#include "common/script.h"
#include "intake/intake.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOCUMENTS_MAX 128
#define RUN_NS        2000000000
#define LOG_MESSAGES  40000

struct documents {
	struct arena arena;
	char *paths[DOCUMENTS_MAX + 4]; /* argv of the peer: program, script, kind, documents */
	struct text raw[DOCUMENTS_MAX];
	size_t count;
};

static void
load(struct documents *d, const char *path)
{
	static char bytes[16 << 20];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL || d->count == DOCUMENTS_MAX) {
		return;
	}
	n = fread(bytes, 1, sizeof bytes, f);
	(void)fclose(f);
	d->raw[d->count] = (struct text){ arena_copy(&d->arena, bytes, n), n };
	d->paths[3 + d->count++] = text_copy(&d->arena, text_of(path));
}

/* The files of a folder whose names begin so. */
static void
load_folder(struct documents *d, const char *folder, const char *start)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, start, strlen(start)) == 0) {
			load(d, arena_format(&d->arena, "%s/%s", folder, entry->d_name));
		}
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
}

/* A log as a busy server writes it: six lines a message, 200 sources, 50 domains. */
static void
write_log(const char *path)
{
	FILE *f = fopen(path, "w");

	check(f != NULL);
	for (int i = 0; i < LOG_MESSAGES; i++) {
		char at[64];

		(void)snprintf(at, sizeof at, "Jan  5 08:%02d:%02d mx1 postfix", i / 6000 % 60, i / 100 % 60);
		(void)fprintf(f, "%s/smtpd[1]: connect from o%d.example[192.0.2.%d]\n", at, i % 200, i % 200);
		(void)fprintf(f, "%s/smtpd[1]: 4bX2Z%06dz: client=o%d.example[192.0.2.%d]\n", at, i, i % 200,
			      i % 200);
		(void)fprintf(f, "%s/cleanup[2]: 4bX2Z%06dz: message-id=<%d@o.example>\n", at, i, i);
		(void)fprintf(
		    f, "%s/qmgr[3]: 4bX2Z%06dz: from=<b@o.example>, size=4711, nrcpt=1 (queue active)\n", at,
		    i);
		(void)fprintf(
		    f,
		    "%s/lmtp[4]: 4bX2Z%06dz: to=<u%d@d%d.example>, relay=mail[203.0.113.9]:24, delay=0.1, "
		    "delays=0.1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)\n",
		    at, i, i, i % 50);
		(void)fprintf(f, "%s/qmgr[3]: 4bX2Z%06dz: removed\n", at, i);
	}
	check(fclose(f) == 0);
}

/* What one document counts as in the figure. */
static uint64_t
units_of(enum intake_format format, struct text raw, const struct intake_result *result)
{
	uint64_t n = 0;

	if (format == INTAKE_DSN) {
		return 1;
	}
	for (size_t i = 0; format == INTAKE_POSTFIX && i < raw.n; i++) {
		n += raw.p[i] == '\n';
	}
	for (uint32_t i = 0; format == INTAKE_DMARC && i < result->reports[0].observation_count; i++) {
		n += result->reports[0].observations[i].signal == SIGNAL_DELIVERED;
	}
	return n;
}

static double
measure(const struct documents *d, enum intake_format format)
{
	const struct intake_hint hint = { .format = format,
					  .received = { 1769904000000 },
					  .door = TEXT("bench") };
	uint64_t units[DOCUMENTS_MAX] = { 0 }, done = 0;
	int64_t start = 0, spent = 0;

	for (int round = 0; spent < RUN_NS; round++) {
		for (size_t i = 0; i < d->count; i++) {
			struct intake_result result;
			struct arena arena = { 0 };

			check(intake_read(d->raw[i], &hint, &arena, &result) == RESULT_OK);
			units[i] = round == 0 ? units_of(format, d->raw[i], &result) : units[i];
			done += round == 0 ? 0 : units[i];
			arena_clear(&arena);
		}
		start = round == 0 ? cpu_ns() : start;
		spent = cpu_ns() - start;
	}
	return (double)done * 1e9 / (double)spent;
}

/* A peer that is not there prints 0 and is left out. */
static void
compare(struct documents *d, char *kind, const char *what, double own, const char *peer)
{
	char script[] = "bench/formats_peer.py";
	double other;

	d->paths[1] = script;
	d->paths[2] = kind;
	other = script_number(d->paths);
	if (other > 0) {
		printf("{\"bench\":\"formats\",\"what\":\"%s\",\"value\":%.0f,\"peer\":\"%s\",\"peer_value\":"
		       "%.0f}\n",
		       what, own, peer, other);
	}
	(void)fflush(stdout);
}

static double
report(struct documents *d, enum intake_format format, char *kind, const char *what, const char *peer)
{
	double own;

	if (d->count == 0) {
		fprintf(stderr, "bench_formats: no documents; run it from the top of the tree\n");
		return 0;
	}
	own = measure(d, format);
	compare(d, kind, what, own, peer);
	return own;
}

static void
forget(struct documents *d)
{
	arena_clear(&d->arena);
	*d = (struct documents){ 0 };
}

int
main(void)
{
	static struct documents d;
	char dsn[] = "dsn", dmarc[] = "dmarc", postfix[] = "postfix", path[] = "/tmp/vouch-bench-XXXXXX";
	char pflogsumm[] = "pflogsumm";
	double own;
	int fd;

	load_folder(&d, "tests/data/bounce", "sisimai-lhost-postfix-1");
	load_folder(&d, "tests/data/bounce", "sisimai-lhost-postfix-3");
	(void)report(&d, INTAKE_DSN, dsn, "bounces/s per core", "python3 email");
	forget(&d);
	load(&d, "tests/data/dmarc/_large-example.com_1711897200_1711983600.xml.gz");
	(void)report(&d, INTAKE_DMARC, dmarc, "DMARC records/s per core, gzip", "python3 xml.etree");
	forget(&d);
	fd = mkstemp(path);
	check(fd >= 0);
	(void)close(fd);
	write_log(path);
	load(&d, path);
	own = report(&d, INTAKE_POSTFIX, postfix, "Postfix log lines/s per core", "python3 re");
	compare(&d, pflogsumm, "Postfix log lines/s per core, beside a summary", own, "pflogsumm");
	forget(&d);
	(void)unlink(path);
	return 0;
}
