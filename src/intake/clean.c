/* What strangers wrote, made fit for logs, JSON and people. */
#include "intake/intake_int.h"

#include <string.h>

/* Bytes of the UTF-8 character at the front (RFC 3629: no overlong forms, no surrogates); 0 when there is none. */
static size_t
character_bytes(struct text t)
{
	const unsigned char *p = (const unsigned char *)t.p;
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80) {
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4) {
		return 0;
	}
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0) {
		low = 0xa0;
	} else if (p[0] == 0xed) {
		high = 0x9f;
	} else if (p[0] == 0xf0) {
		low = 0x90;
	} else if (p[0] == 0xf4) {
		high = 0x8f;
	}
	if (t.n < n || p[1] < low || p[1] > high) {
		return 0;
	}
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	return n;
}

/* Bytes of the clean character at the front; 0: it must be replaced. C1 controls (U+0080..9F) are controls too. */
static size_t
clean_bytes(struct text t)
{
	const unsigned char *p = (const unsigned char *)t.p;
	size_t n = character_bytes(t);

	if ((n == 1 && (p[0] < 0x20 || p[0] == 0x7f)) || (n == 2 && p[0] == 0xc2 && p[1] < 0xa0)) {
		return 0;
	}
	return n;
}

/* Length of the clean front of `t`. */
static size_t
clean_front(struct text t)
{
	size_t at = 0, n = 1;

	while (at < t.n && t.p[at] >= ' ' && t.p[at] <= '~') {
		at++;
	}
	while (at < t.n && n > 0) {
		n = clean_bytes((struct text){ t.p + at, t.n - at });
		at += n;
	}
	return at;
}

bool
intake_is_clean(struct text t)
{
	return clean_front(t) == t.n;
}

/* `max` or less, so that no character is cut. */
static size_t
cut_at(struct text t, size_t max)
{
	if (t.n <= max) {
		return t.n;
	}
	while (max > 0 && ((unsigned char)t.p[max] & 0xc0) == 0x80) {
		max--;
	}
	return max;
}

struct text
intake_clean(struct arena *arena, struct text t, size_t max)
{
	struct text out = { t.p, cut_at(t, max) };
	char *copy;

	if (intake_is_clean(out)) {
		return out;
	}
	copy = text_copy(arena, out);
	for (size_t at = clean_front(out); at < out.n;) {
		size_t n = clean_bytes((struct text){ out.p + at, out.n - at });

		if (n == 0) {
			copy[at] = copy[at] == '\t' || copy[at] == '\n' || copy[at] == '\r' ? ' ' : '?';
			n = 1;
		}
		at += n;
	}
	return (struct text){ copy, out.n };
}
