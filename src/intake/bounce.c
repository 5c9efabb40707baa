/* Why a receiver refused a mail: codes and words against two tables. */
#include "intake/bounce_int.h"

#include "base/limits.h"

#include <string.h>

#define WILDCARD_BYTES_MAX 80U

static const struct code_row {
	uint16_t subject, from, to;
	uint16_t signal;
} codes[] = {
#define BOUNCE_CODE(subject, from, to, signal, meaning) { subject, from, to, SIGNAL_##signal },
#include "intake/bounce_codes.def"
#undef BOUNCE_CODE
};

static const struct text_row {
	enum signal signal;
	struct text words;
} texts[] = {
#define BOUNCE_SENDER(words)
#define BOUNCE_TEXT(signal, words) { SIGNAL_##signal, { words, sizeof(words) - 1 } },
#include "intake/bounce_texts.def"
#undef BOUNCE_TEXT
#undef BOUNCE_SENDER
};

static const struct text about_sender[] = {
#define BOUNCE_SENDER(words) { words, sizeof(words) - 1 },
#define BOUNCE_TEXT(signal, words)
#include "intake/bounce_texts.def"
#undef BOUNCE_TEXT
#undef BOUNCE_SENDER
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Up to three digits at the front of *t, taken off. */
static bool
take_number(struct text *t, uint16_t *number)
{
	size_t n = 0;

	*number = 0;
	while (n < t->n && n < 3 && is_digit(t->p[n])) {
		*number = (uint16_t)(*number * 10 + (t->p[n++] - '0'));
	}
	*t = (struct text){ t->p + n, t->n - n };
	return n > 0;
}

bool
bounce_code_parse(struct text t, struct bounce_code *code)
{
	struct bounce_code c;

	if (t.n < 5 || (t.p[0] != '2' && t.p[0] != '4' && t.p[0] != '5') || t.p[1] != '.') {
		return false;
	}
	c.class_ = (uint16_t)(t.p[0] - '0');
	t = (struct text){ t.p + 2, t.n - 2 };
	if (!take_number(&t, &c.subject) || t.n == 0 || t.p[0] != '.') {
		return false;
	}
	t = (struct text){ t.p + 1, t.n - 1 };
	if (!take_number(&t, &c.detail) ||
	    (t.n > 0 && (is_digit(t.p[0]) || (t.p[0] == '.' && t.n > 1 && is_digit(t.p[1]))))) {
		return false;
	}
	*code = c;
	return true;
}

/* The code of a refusal ("550 5.7.1 ...", "550-5.1.1", "(#5.1.1)"): the first that is not as vague as 5.0.0, else the first. */
static bool
find_code(struct text said, struct bounce_code *code)
{
	bool found = false;

	for (size_t i = 0; i + 5 <= said.n; i++) {
		bool starts = i == 0 || strchr(" -#(;'\"[", said.p[i - 1]) != NULL;
		struct bounce_code here;

		if (starts && said.p[i] != '2' &&
		    bounce_code_parse((struct text){ said.p + i, said.n - i }, &here) &&
		    (!found || (code->detail == 0 && here.detail != 0))) {
			*code = here;
			found = true;
		}
	}
	return found;
}

static bool
is_local_byte(char c)
{
	return (unsigned char)c > ' ' && c != '<' && c != '>' && c != '(' && c != ')' && c != '[' &&
	       c != ']' && c != ',' && c != ';' && c != ':' && c != '"' && c != '\x7f';
}

struct text
bounce_words(struct text said, struct arena *arena)
{
	char *out;
	size_t n = 0, word = 0;

	said.n = said.n > BOUNCE_TEXT_BYTES_MAX ? BOUNCE_TEXT_BYTES_MAX : said.n;
	out = arena_get(arena, said.n + 1);
	for (size_t i = 0; i < said.n; i++) {
		char c = said.p[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			if (n == 0 || out[n - 1] == ' ') {
				continue;
			}
			c = ' ';
		}
		if (!is_local_byte(c)) {
			word = n + 1;
		} else if (c == '@' && n > word) {
			n = word;
			out[n++] = '*';
		}
		out[n++] = c;
	}
	return text_trim((struct text){ out, n });
}

/* As bounce_words, in lower case and with typographic apostrophes made plain. */
static struct text
normal(struct text said, struct arena *arena)
{
	struct text words = bounce_words(said, arena);
	char *out = text_lower(arena, words);
	size_t n = 0;

	for (size_t i = 0; i < words.n; i++) {
		if (out[i] == '\xe2' && i + 2 < words.n && out[i + 1] == '\x80' && out[i + 2] == '\x99') {
			out[n++] = '\'';
			i += 2;
		} else {
			out[n++] = out[i] == '\x92' ? '\'' : out[i];
		}
	}
	return (struct text){ out, n };
}

static bool
is_word_byte(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '@' || (c & '\x80') != 0;
}

/* The name of a server says nothing: "spam" does not stand in "spam.example", and it does in "is spam." */
static bool
ends_word(struct text t, size_t at)
{
	if (at == t.n || (!is_word_byte(t.p[at]) && t.p[at] != '.')) {
		return true;
	}
	return t.p[at] == '.' && (at + 1 == t.n || !is_word_byte(t.p[at + 1]));
}

static bool
starts_word(struct text t, size_t at)
{
	return at == 0 || (!is_word_byte(t.p[at - 1]) && t.p[at - 1] != '.') ||
	       (t.p[at - 1] == '.' && (at == 1 || !is_word_byte(t.p[at - 2])));
}

/* Where `word` stands as whole words in t from `from` on, before `to`; t.n: nowhere. */
static size_t
find_words(struct text t, struct text word, size_t from, size_t to)
{
	while (from + word.n <= t.n && from <= to) {
		const char *p = memmem(t.p + from, t.n - from, word.p, word.n);
		size_t at = p == NULL ? t.n : (size_t)(p - t.p);

		if (p == NULL || at > to) {
			return t.n;
		}
		if (starts_word(t, at) && ends_word(t, at + word.n)) {
			return at;
		}
		from = at + 1;
	}
	return t.n;
}

static bool
has_words(struct text t, struct text words)
{
	struct text rest = words, first;
	bool more = text_cut(&rest, '*', &first);
	size_t at = 0;

	first = text_trim(first);
	rest = text_trim(rest);
	while ((at = find_words(t, first, at, t.n)) < t.n) {
		size_t end = at + first.n;

		if (!more || find_words(t, rest, end, end + WILDCARD_BYTES_MAX) < t.n) {
			return true;
		}
		at++;
	}
	return false;
}

/* The signals that the words speak for, as a set. */
static uint32_t
signals_of_words(struct text said)
{
	uint32_t set = 0;

	for (size_t i = 0; i < countof(texts); i++) {
		uint32_t bit = UINT32_C(1) << texts[i].signal;

		if ((set & bit) == 0 && has_words(said, texts[i].words)) {
			set |= bit;
		}
	}
	return set;
}

/* Is it the sender's own address that is refused? */
static bool
is_about_sender(struct text said)
{
	for (size_t i = 0; i < countof(about_sender); i++) {
		if (has_words(said, about_sender[i])) {
			return true;
		}
	}
	return false;
}

static enum signal
signal_of_code(const struct bounce_code *code)
{
	for (size_t i = 0; i < countof(codes) && code->class_ != 0; i++) {
		if (codes[i].subject == code->subject && codes[i].from <= code->detail &&
		    code->detail <= codes[i].to) {
			return (enum signal)codes[i].signal;
		}
	}
	return SIGNAL_BOUNCE;
}

enum signal
bounce_signal(const struct bounce_code *status, struct text said, struct arena *arena,
	      struct bounce_code *code)
{
	const uint32_t unknown = UINT32_C(1) << SIGNAL_UNKNOWN_USER;
	const uint32_t policy = UINT32_C(1) << SIGNAL_POLICY_BLOCK;
	const uint32_t other = UINT32_C(1) << SIGNAL_BOUNCE;
	struct text words = normal(said, arena);
	enum signal by_code;
	uint32_t set;

	if (!find_code(words, code)) {
		*code = *status;
	}
	if (is_about_sender(words)) {
		return SIGNAL_POLICY_BLOCK;
	}
	set = signals_of_words(words);
	by_code = signal_of_code(code);
	if ((set & UINT32_C(1) << by_code) != 0) {
		return by_code; /* the words confirm it, or tell of a vague code that it is neither of the others */
	}
	if ((set & unknown) != 0) {
		return SIGNAL_UNKNOWN_USER;
	}
	if ((set & policy) != 0) {
		return SIGNAL_POLICY_BLOCK;
	}
	return (set & other) != 0 ? SIGNAL_BOUNCE : by_code;
}
