/*
 * Words of a mail, and the name of the template it was made from.
 *
 * What differs between two copies of one template is mostly: names (they begin with a capital letter), numbers, dates and codes (they have
 * digits), addresses and links. So all words with one of these are left out, and of the rest, as a set, four least hashes are the name
 * (MinHash: A. Z. Broder, "On the resemblance and containment of documents", 1997). Two texts whose sets have a share J in common get the same
 * name with probability J^4. A script without capitals and blanks (Chinese, Thai) is taken as pairs of neighbouring characters.
 */
#include "intake/content_int.h"

#include "base/hash.h"

#include <stdio.h>
#include <string.h>

#define WORD_BYTES   64U /* longer words are cut */
#define WORD_LETTERS 4U  /* shorter words are in all texts */
#define BLOCK_WORDS  8U  /* a shorter block is no prose: a product, a button, an address */
#define LINE_BYTES   60U /* a longer line of plain text goes on in the next one */
#define LOWER_WORDS  12U /* so many words without a capital are enough for a name */
#define ALL_WORDS    3U

/* What stands between two blanks, cut into words. */
struct reading {
	struct words *w;
	char word[WORD_BYTES];
	size_t n, letters;
	bool capital, digit;
	struct sketch lower, all; /* of the block that is read */
	size_t words;             /* in it */
	uint32_t ideograph;       /* the one before this character; 0: none */
};

/* Characters that a reader does not see, put between letters to break words apart. */
static bool
is_invisible(uint32_t c)
{
	return c == 0xad || c == 0x34f || c == 0x61c || (c >= 0x180b && c <= 0x180e) ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff || (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0000 && c <= 0xe01ef);
}

/* Scripts that put no blanks between words: Thai to Burmese, Khmer, Kana, Han. */
static bool
is_ideograph(uint32_t c)
{
	return (c >= 0xe00 && c <= 0xeff) || (c >= 0x1000 && c <= 0x109f) || (c >= 0x1780 && c <= 0x17ff) ||
	       (c >= 0x3041 && c <= 0x30ff) || (c >= 0x3400 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0x20000 && c <= 0x3ffff);
}

static bool
is_letter(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= 0xc0 && c < 0x2000 && c != 0xd7 && c != 0xf7) || (c >= 0x2c00 && c < 0x2e00) ||
	       (c >= 0xa640 && c < 0xd800);
}

/* Letters that only look different: full width, and those of mathematics. */
static uint32_t
plain_letter(uint32_t c)
{
	if (c >= 0xff01 && c <= 0xff5e) {
		return c - 0xff01 + '!';
	}
	if (c >= 0x1d400 && c < 0x1d6a4) {
		c = (c - 0x1d400) % 52;
		return c < 26 ? 'A' + c : 'a' + c - 26;
	}
	return c >= 0x1d7ce && c <= 0x1d7ff ? '0' + (c - 0x1d7ce) % 10 : c;
}

/* The small letter of a capital one: Latin, Greek, Cyrillic. Others have none, or stay. */
static uint32_t
small_letter(uint32_t c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) ||
	    (c >= 0x410 && c <= 0x42f)) {
		return c + 0x20;
	}
	if (c >= 0x400 && c <= 0x40f) {
		return c + 0x50;
	}
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e)) {
		return c + (c & 1);
	}
	if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177) || (c >= 0x460 && c <= 0x4ff) ||
	    (c >= 0x1e00 && c <= 0x1eff)) {
		return c | 1;
	}
	return c;
}

/* The next character; what is no UTF-8 is a blank. */
static uint32_t
next_character(struct text *t)
{
	const unsigned char *p = (const unsigned char *)t->p;
	size_t n = p[0] < 0x80   ? 1
		   : p[0] < 0xc2 ? 0
		   : p[0] < 0xe0 ? 2
		   : p[0] < 0xf0 ? 3
		   : p[0] < 0xf5 ? 4
				 : 0;
	uint32_t c = n == 1 ? p[0] : n == 2 ? p[0] & 0x1fU : n == 3 ? p[0] & 0x0fU : p[0] & 0x07U;

	for (size_t i = 1; i < n; i++) {
		if (i >= t->n || (p[i] & 0xc0) != 0x80) {
			n = 0;
			break;
		}
		c = c << 6 | (p[i] & 0x3fU);
	}
	*t = (struct text){ t->p + (n > 0 ? n : 1), t->n - (n > 0 ? n : 1) };
	return n > 0 ? c : ' ';
}

static size_t
put_character(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static void
sketch_add(struct sketch *s, const char *p, size_t n)
{
	for (size_t i = 0; i < SKETCH_WORDS; i++) {
		uint64_t hash = hash_fast_seed(p, n, i + 1);

		s->least[i] = s->words == 0 || hash < s->least[i] ? hash : s->least[i];
	}
	s->words++;
}

static void
put_text(struct words *w, const char *p, size_t n)
{
	if (w->n + n + 1 <= w->size) {
		memcpy(w->text + w->n, p, n);
		w->n += n;
		w->text[w->n++] = ' ';
	}
}

static void
sketch_join(struct sketch *s, const struct sketch *more)
{
	for (size_t i = 0; i < SKETCH_WORDS && more->words > 0; i++) {
		s->least[i] = s->words == 0 || more->least[i] < s->least[i] ? more->least[i] : s->least[i];
	}
	s->words += more->words;
}

/* Prose is what a template says; shorter blocks differ from copy to copy, and count only when there is nothing else. */
static void
end_block(struct reading *r)
{
	if (r->words >= BLOCK_WORDS) {
		sketch_join(&r->w->lower, &r->lower);
	}
	sketch_join(&r->w->all, &r->all);
	r->lower = r->all = (struct sketch){ .words = 0 };
	r->words = 0;
}

static void
end_word(struct reading *r)
{
	if (r->n > 0 && !r->digit) {
		r->words++;
		put_text(r->w, r->word, r->n);
		if (r->letters >= WORD_LETTERS) {
			sketch_add(&r->all, r->word, r->n);
			if (!r->capital) {
				sketch_add(&r->lower, r->word, r->n);
			}
		}
	}
	r->n = r->letters = 0;
	r->capital = r->digit = false;
}

static void
put_ideograph(struct reading *r, uint32_t c)
{
	char pair[8];
	size_t n;

	end_word(r);
	n = put_character(c, pair);
	put_text(r->w, pair, n);
	if (r->ideograph != 0) {
		n = put_character(r->ideograph, pair);
		n += put_character(c, pair + n);
		sketch_add(&r->all, pair, n);
		sketch_add(&r->lower, pair, n);
	}
	r->words++;
	r->ideograph = c;
}

static void
put_letter(struct reading *r, uint32_t c)
{
	uint32_t small = small_letter(c);

	r->capital = r->capital || (r->n == 0 && small != c);
	r->letters++;
	if (r->n + 4 <= WORD_BYTES) {
		r->n += put_character(small, r->word + r->n);
	}
}

static void
read_token(struct reading *r, struct text token)
{
	r->ideograph = 0;
	while (token.n > 0) {
		uint32_t c = plain_letter(next_character(&token));

		if (is_invisible(c)) {
			continue;
		}
		if (is_ideograph(c)) {
			put_ideograph(r, c);
			continue;
		}
		r->ideograph = 0;
		if (is_letter(c)) {
			put_letter(r, c);
		} else if (c >= '0' && c <= '9') {
			r->digit = true;
		} else if (c != '\'' && c != 0x2019) {
			end_word(r);
		}
	}
	end_word(r);
}

/* Links and addresses are nobody's words. */
static bool
is_place(struct text token)
{
	return token.n > 3 &&
	       (memchr(token.p, '@', token.n) != NULL || memmem(token.p, token.n, "://", 3) != NULL ||
		text_starts_nocase(token, TEXT("www.")));
}

/* The next token: up to a blank, or to where a script begins or ends that puts no blanks between. */
static struct text
take_token(struct text *rest)
{
	const char *start = rest->p;
	bool ideographs = false;

	while (rest->n > 0 && (unsigned char)rest->p[0] > ' ') {
		struct text next = *rest;
		uint32_t c = next_character(&next);

		if (c >= 0x80 && !is_ideograph(c) && ideographs && !is_letter(c)) {
			*rest = next; /* their punctuation */
			continue;
		}
		if (rest->p > start && is_ideograph(c) != ideographs) {
			break;
		}
		ideographs = is_ideograph(c);
		*rest = next;
	}
	return (struct text){ start, (size_t)(rest->p - start) };
}

/* Is this line of a text that was broken into lines continued in the next? */
static bool
goes_on(struct text line)
{
	line = text_trim(line);
	return line.n >= LINE_BYTES && strchr(".:!?", line.p[line.n - 1]) == NULL;
}

void
words_read(struct words *w, struct text utf8, struct arena *arena)
{
	struct reading r = { .w = w };
	const char *line = utf8.p;

	*w = (struct words){ .size = 2 * utf8.n + 2 };
	w->text = arena_get(arena, w->size);
	w->text[w->n++] = ' ';
	while (utf8.n > 0) {
		struct text token = take_token(&utf8);

		if (token.n > 0) {
			if (!is_place(token)) {
				read_token(&r, token);
			}
			continue;
		}
		if (utf8.p[0] == '\n') {
			if (!goes_on((struct text){ line, (size_t)(utf8.p - line) })) {
				end_block(&r);
			}
			line = utf8.p + 1;
		}
		utf8 = (struct text){ utf8.p + 1, utf8.n - 1 };
	}
	end_block(&r);
}

struct text
words_cluster(const struct words *w, struct arena *arena)
{
	const struct sketch *s = w->lower.words >= LOWER_WORDS ? &w->lower : &w->all;

	if (s->words < ALL_WORDS) {
		return (struct text){ "", 0 };
	}
	return text_of(
	    arena_format(arena, "%016llx", (unsigned long long)hash_fast(s->least, sizeof s->least)));
}
