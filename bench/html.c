/*
 * bench_html: pages read per second on one core, beside Python's html.parser on the same pages.
 *
 * The pages are those of tests/data/pages. Ours gives the text that a reader sees and the registered domains of the links; the peer
 * (bench/html_peer.py, run from the top of the tree) the text and the hosts. One JSON line.
 */
#include "common/cpu.h"
#include "common/script.h"
#include "intake/content_int.h"

#include <stdio.h>
#include <string.h>

#define RUN_NS 2000000000
#define FOLDER "tests/data/pages/"

static const char *const files[] = { "newsletter.html", "receipt.html", "digest.html" };

static struct text
load(const char *path, struct arena *arena)
{
	static char bytes[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t n = 0;

	if (f != NULL) {
		n = fread(bytes, 1, sizeof bytes, f);
		(void)fclose(f);
	}
	return (struct text){ arena_copy(arena, bytes, n), n };
}

/* Bytes of pages per second. */
static double
measure(const struct text *pages, size_t count)
{
	int64_t start = cpu_ns(), spent = 0;
	uint64_t bytes = 0;

	for (; spent < RUN_NS; spent = cpu_ns() - start) {
		for (size_t i = 0; i < count; i++) {
			struct arena arena = { 0 };
			struct links links = { .arena = &arena };
			struct text text = page_read(pages[i], &links, &arena);

			check(text.n > 0 && links.count > 0);
			bytes += pages[i].n;
			arena_clear(&arena);
		}
	}
	return (double)bytes * 1e9 / (double)spent;
}

int
main(void)
{
	char script[] = "bench/html_peer.py", paths[countof(files)][64],
	     *argv[countof(files) + 3] = { NULL, script };
	struct text pages[countof(files)];
	struct arena arena = { 0 };
	double own, peer;

	for (size_t i = 0; i < countof(files); i++) {
		(void)snprintf(paths[i], sizeof paths[i], "%s%s", FOLDER, files[i]);
		argv[2 + i] = paths[i];
		pages[i] = load(paths[i], &arena);
		if (pages[i].n == 0) {
			fprintf(stderr, "bench_html: no %s; run it from the top of the tree\n", paths[i]);
			return 1;
		}
	}
	own = measure(pages, countof(files));
	peer = script_number(argv);
	printf("{\"bench\":\"html\",\"what\":\"MB of pages/s per core\",\"value\":%.1f,\"peer\":\"python3 "
	       "html.parser\","
	       "\"peer_value\":%.2f}\n",
	       own / 1e6, peer / 1e6);
	arena_clear(&arena);
	return 0;
}
