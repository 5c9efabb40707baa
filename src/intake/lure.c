/*
 * What a mail asks for, by a table of words (lures.def): a lure is a mail that asks for two things (sign in, pay, open), or for one and says why
 * it must be now. A stated rule that a person can check, and no more: who words it differently, or writes into a picture, is not seen, and
 * a dunning letter of an honest sender is one. So the detector looks at it only where the link is new to the sender.
 */
#include "intake/content_int.h"

#include <pthread.h>
#include <string.h>

enum kind { SIGN_IN, PAY, OPEN, PRESSURE, KIND_COUNT };

static const struct text kind_names[KIND_COUNT] = {
	[SIGN_IN] = { "sign_in", 7 },
	[PAY] = { "pay", 3 },
	[OPEN] = { "open", 4 },
	[PRESSURE] = { "pressure", 8 },
};

static const struct {
	struct text words;
	enum kind kind;
} rows[] = {
#define LURE(kind, language, words) { { words, sizeof(words) - 1 }, kind },
#include "intake/lures.def"
#undef LURE
};

/* The rows as words_read would write them, chained by their first two bytes. Made once, for the life of the process. */
#define BUCKETS 1024U
static struct phrase {
	struct text words; /* without the blanks at both ends */
	uint16_t next;     /* of its bucket, + 1; 0: none */
} phrases[countof(rows)];
static uint16_t buckets[BUCKETS];
static struct arena phrase_arena;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint32_t
bucket_of(const char *p)
{
	return ((uint32_t)(unsigned char)p[0] * 31 + (unsigned char)p[1] * 7U) % BUCKETS;
}

static void
load(void)
{
	for (size_t i = 0; i < countof(rows); i++) {
		struct words w;
		uint16_t *bucket;

		words_read(&w, rows[i].words, &phrase_arena);
		check(w.n > 3);
		phrases[i].words = (struct text){ w.text + 1, w.n - 2 };
		bucket = &buckets[bucket_of(phrases[i].words.p)];
		phrases[i].next = *bucket;
		*bucket = (uint16_t)(i + 1);
	}
}

/* The kinds of all phrases that begin at a word. */
static uint32_t
kinds_at(struct text rest)
{
	uint32_t kinds = 0;

	for (uint32_t i = buckets[bucket_of(rest.p)]; i != 0; i = phrases[i - 1].next) {
		struct text words = phrases[i - 1].words;

		if (words.n <= rest.n && memcmp(words.p, rest.p, words.n) == 0) {
			kinds |= 1U << rows[i - 1].kind;
		}
	}
	return kinds;
}

static uint32_t
kinds_of(const struct words *w)
{
	uint32_t kinds = 0;

	for (size_t i = 1; i + 2 < w->n; i++) {
		if (w->text[i - 1] == ' ') {
			kinds |= kinds_at((struct text){ w->text + i, w->n - i });
		}
	}
	return kinds;
}

struct text
lure_read(const struct words *const *texts, size_t count, struct arena *arena)
{
	uint32_t kinds = 0, asks;
	char *out;
	size_t n = 0;

	check(pthread_once(&once, load) == 0);
	for (size_t i = 0; i < count; i++) {
		kinds |= kinds_of(texts[i]);
	}
	asks = kinds & ~(1U << PRESSURE);
	if (asks == 0 || (kinds & (kinds - 1)) == 0) {
		return (struct text){ "", 0 };
	}
	out = arena_get(arena, 64);
	for (int k = 0; k < KIND_COUNT; k++) {
		if ((kinds >> k & 1) != 0) {
			memcpy(out + n, kind_names[k].p, kind_names[k].n);
			n += kind_names[k].n;
			out[n++] = ' ';
		}
	}
	return (struct text){ out, n - 1 };
}
