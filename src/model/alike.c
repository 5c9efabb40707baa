#include "model/alike.h"

#include <string.h>

#define LABEL_MAX     63U /* letters of a label that are compared */
#define ONE_LETTER_OF 6U  /* shorter names have too many honest neighbours */

/* Sorted by code. */
static const struct confusable {
	uint32_t code;
	char letter;
} confusables[] = {
#define CONFUSABLE(code, letter) { code, letter },
#include "model/confusables.def"
#undef CONFUSABLE
};

static const struct {
	struct text word;
	bool asks;
} words[] = {
#define ALIKE_WORD(word, asks) { { word, sizeof(word) - 1 }, asks },
#include "model/alike_words.def"
#undef ALIKE_WORD
};

/* A label in the letters it is taken for. */
struct shape {
	char text[LABEL_MAX + 1];
	size_t n;
};

static char
letter_of(uint32_t code)
{
	size_t low = 0, high = countof(confusables);

	if (code < 0x80) {
		return (char)code;
	}
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (confusables[middle].code == code) {
			return confusables[middle].letter;
		}
		if (confusables[middle].code < code) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return (char)(0x80 | code % 127); /* like nothing but itself, nearly */
}

/* The digit that a basic code point of punycode stands for (RFC 3492, 5). */
static uint32_t
digit_of(char c)
{
	return c >= 'a' && c <= 'z'   ? (uint32_t)(c - 'a')
	       : c >= '0' && c <= '9' ? (uint32_t)(c - '0') + 26
				      : 36;
}

static uint32_t
adapt(uint32_t delta, uint32_t count, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / 700 : delta / 2;
	delta += delta / count;
	for (; delta > 455; k += 36) {
		delta /= 35;
	}
	return k + 36 * delta / (delta + 38);
}

/* What follows "xn--", as characters (RFC 3492, 6.2). 0: it is none, or too long. */
static size_t
read_punycode(struct text t, uint32_t out[LABEL_MAX])
{
	const char *dash = t.n > 0 ? memrchr(t.p, '-', t.n) : NULL;
	size_t count = dash != NULL ? (size_t)(dash - t.p) : 0, at = dash != NULL ? count + 1 : 0;
	uint32_t code = 128, i = 0, bias = 72;

	if (t.n > LABEL_MAX) {
		return 0;
	}
	for (size_t k = 0; k < count; k++) {
		out[k] = (unsigned char)t.p[k];
	}
	while (at < t.n) {
		uint32_t before = i, weight = 1;

		for (uint32_t k = 36;; k += 36) {
			uint32_t digit = at < t.n ? digit_of(t.p[at++]) : 36;
			uint32_t limit = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;

			if (digit >= 36 || weight > 0x100000 || i > 0x1000000) {
				return 0;
			}
			i += digit * weight;
			if (digit < limit) {
				break;
			}
			weight *= 36 - limit;
		}
		if (count == LABEL_MAX) {
			return 0;
		}
		count++;
		bias = adapt(i - before, (uint32_t)count, before == 0);
		code += i / (uint32_t)count;
		i %= (uint32_t)count;
		memmove(out + i + 1, out + i, (count - 1 - i) * sizeof *out);
		out[i++] = code;
	}
	return count;
}

static size_t
read_utf8(struct text t, uint32_t out[LABEL_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < t.n && count < LABEL_MAX; i++) {
		unsigned char c = (unsigned char)t.p[i];

		if ((c & 0xc0) != 0x80) {
			out[count++] = c < 0x80 ? c : c < 0xe0 ? c & 0x1fU : c < 0xf0 ? c & 0x0fU : c & 0x07U;
		} else if (count > 0) {
			out[count - 1] = out[count - 1] << 6 | (c & 0x3fU);
		}
	}
	return count;
}

/* "0" is taken for "o", "rn" for "m". */
static struct shape
shape_of(struct text label)
{
	uint32_t code[LABEL_MAX];
	struct shape s = { .n = 0 };
	size_t count = text_starts_nocase(label, TEXT("xn--"))
			   ? read_punycode((struct text){ label.p + 4, label.n - 4 }, code)
			   : read_utf8(label, code);

	for (size_t i = 0; i < count; i++) {
		char c = letter_of(code[i]), last = s.n > 0 ? s.text[s.n - 1] : '\0';

		c = c == '0' ? 'o' : c == '1' || c == 'i' ? 'l' : c == '3' ? 'e' : c == '5' ? 's' : c;
		if ((last == 'r' && c == 'n') || (last == 'v' && c == 'v')) {
			s.text[s.n - 1] = c == 'n' ? 'm' : 'w';
		} else {
			s.text[s.n++] = c;
		}
	}
	return s;
}

/* One letter more, less, other, or two neighbours that changed places. */
static bool
is_one_letter_off(const struct shape *a, const struct shape *b)
{
	const struct shape *s = a->n <= b->n ? a : b, *l = a->n <= b->n ? b : a;
	size_t front = 0, back = 0;

	if (l->n - s->n > 1 || l->n < ONE_LETTER_OF) {
		return false;
	}
	while (front < s->n && s->text[front] == l->text[front]) {
		front++;
	}
	while (back < s->n - front && s->text[s->n - 1 - back] == l->text[l->n - 1 - back]) {
		back++;
	}
	if (front + back + 1 >= l->n) {
		return true;
	}
	return s->n == l->n && front + back + 2 == s->n && s->text[front] == l->text[front + 1] &&
	       s->text[front + 1] == l->text[front];
}

static bool
is_word(struct text t, bool asks_only)
{
	for (size_t i = 0; i < countof(words); i++) {
		struct shape w;

		if (asks_only && !words[i].asks) {
			continue;
		}
		w = shape_of(words[i].word);
		if (text_equal(t, (struct text){ w.text, w.n })) {
			return true;
		}
	}
	return false;
}

/* Is the name in it, and beside it a word that asks for trust? */
static bool
is_with_word(const struct shape *label, const struct shape *known)
{
	const char *at = label->n > known->n ? memmem(label->text, label->n, known->text, known->n) : NULL;
	struct text sides[2];

	if (at == NULL) {
		return false;
	}
	sides[0] = (struct text){ label->text, (size_t)(at - label->text) };
	sides[1] = (struct text){ at + known->n, label->n - sides[0].n - known->n };
	for (int side = 0; side < 2; side++) {
		struct text rest = sides[side], token;
		bool more = rest.n > 0;

		while (more) {
			more = text_cut(&rest, '-', &token);
			if (token.n > 0 && is_word(token, true)) {
				return true;
			}
		}
	}
	return false;
}

/* "img-12" and "img-13": a row of one owner, more likely than not. */
static bool
differ_in_numbers(struct text a, struct text b)
{
	for (size_t i = 0; a.n == b.n && i < a.n; i++) {
		if (a.p[i] != b.p[i] && (a.p[i] < '0' || a.p[i] > '9' || b.p[i] < '0' || b.p[i] > '9')) {
			return false;
		}
	}
	return a.n == b.n;
}

/* `a` is the shape of `label`. Whether the known one is a word is asked last: few pairs come so far. */
static bool
labels_alike(struct text label, const struct shape *a, struct text known_label)
{
	struct shape b;

	if (differ_in_numbers(label, known_label)) { /* or not at all */
		return false;
	}
	b = shape_of(known_label);
	if (b.n < ALIKE_LETTERS) {
		return false;
	}
	return ((a->n == b.n && memcmp(a->text, b.text, b.n) == 0) || is_one_letter_off(a, &b) ||
		is_with_word(a, &b)) &&
	       !is_word((struct text){ b.text, b.n }, false);
}

static bool
is_below(struct text domain, struct text known)
{
	return domain.n >= known.n &&
	       text_equal((struct text){ domain.p + domain.n - known.n, known.n }, known) &&
	       (domain.n == known.n || domain.p[domain.n - known.n - 1] == '.');
}

bool
alike(struct text domain, struct text known)
{
	struct text rest = domain, label, known_rest, known_label;

	if (known.n == 0 || is_below(domain, known)) {
		return false;
	}
	while (text_cut(&rest, '.', &label)) { /* all but the last */
		struct shape shape = shape_of(label);

		known_rest = known;
		while (shape.n >= ALIKE_LETTERS && text_cut(&known_rest, '.', &known_label)) {
			if (labels_alike(label, &shape, known_label)) {
				return true;
			}
		}
	}
	return false;
}
