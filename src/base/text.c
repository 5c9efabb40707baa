#include "base/text.h"

#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char
lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

struct text
text_of(const char *string)
{
	return string == NULL ? (struct text){ "", 0 } : (struct text){ string, strlen(string) };
}

bool
text_equal(struct text a, struct text b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
text_equal_nocase(struct text a, struct text b)
{
	return a.n == b.n && text_starts_nocase(a, b);
}

bool
text_starts_nocase(struct text t, struct text prefix)
{
	if (t.n < prefix.n) {
		return false;
	}
	for (size_t i = 0; i < prefix.n; i++) {
		if (lower(t.p[i]) != lower(prefix.p[i])) {
			return false;
		}
	}
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct text
text_trim(struct text t)
{
	while (t.n > 0 && is_blank(t.p[0])) {
		t.p++;
		t.n--;
	}
	while (t.n > 0 && is_blank(t.p[t.n - 1])) {
		t.n--;
	}
	return t;
}

bool
text_cut(struct text *rest, char at, struct text *head)
{
	const char *found = rest->n == 0 ? NULL : memchr(rest->p, at, rest->n);

	if (found == NULL) {
		*head = *rest;
		*rest = (struct text){ "", 0 };
		return false;
	}
	*head = (struct text){ rest->p, (size_t)(found - rest->p) };
	rest->n -= head->n + 1;
	rest->p = found + 1;
	return true;
}

bool
text_u64(struct text t, uint64_t *value)
{
	uint64_t sum = 0;

	if (t.n == 0) {
		return false;
	}
	for (size_t i = 0; i < t.n; i++) {
		unsigned digit = (unsigned)(t.p[i] - '0');

		if (t.p[i] < '0' || digit > 9 || sum > (UINT64_MAX - digit) / 10) {
			return false;
		}
		sum = sum * 10 + digit;
	}
	*value = sum;
	return true;
}

char *
text_copy(struct arena *a, struct text t)
{
	return arena_copy(a, t.p, t.n);
}

char *
text_lower(struct arena *a, struct text t)
{
	char *copy = text_copy(a, t);

	for (size_t i = 0; i < t.n; i++) {
		copy[i] = lower(copy[i]);
	}
	return copy;
}

bool
text_is_name(struct text t)
{
	if (t.n == 0 || t.n > NAME_BYTES_MAX) {
		return false;
	}
	for (size_t i = 0; i < t.n; i++) {
		char c = lower(t.p[i]);
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!plain && (i == 0 || (c != '-' && c != '_' && c != '.'))) {
			return false;
		}
	}
	return true;
}

void
buffer_init(struct buffer *b, size_t bytes_max)
{
	*b = (struct buffer){ .max = bytes_max };
}

static bool
buffer_reserve(struct buffer *b, size_t n)
{
	size_t size = b->size == 0 ? 256 : b->size;
	uint8_t *p;

	if (b->full || n > b->max - b->n) {
		b->full = true;
		return false;
	}
	if (b->size - b->n >= n) {
		return true;
	}
	while (size - b->n < n) {
		size = size > b->max / 2 ? b->max : size * 2;
	}
	p = realloc(b->p, size);
	if (p == NULL) {
		b->full = true;
		return false;
	}
	b->p = p;
	b->size = size;
	return true;
}

void
buffer_put(struct buffer *b, const void *p, size_t n)
{
	if (n > 0 && buffer_reserve(b, n)) {
		memcpy(b->p + b->n, p, n);
		b->n += n;
	}
}

void
buffer_put_text(struct buffer *b, struct text t)
{
	buffer_put(b, t.p, t.n);
}

void
buffer_format(struct buffer *b, const char *format, ...)
{
	char small[512];
	va_list args;
	char *large;
	int n;

	va_start(args, format);
	n = vsnprintf(small, sizeof small, format, args);
	va_end(args);
	check(n >= 0);
	if ((size_t)n < sizeof small) {
		buffer_put(b, small, (size_t)n);
		return;
	}
	large = malloc((size_t)n + 1);
	if (large == NULL) {
		b->full = true;
		return;
	}
	va_start(args, format);
	(void)vsnprintf(large, (size_t)n + 1, format, args);
	va_end(args);
	buffer_put(b, large, (size_t)n);
	free(large);
}

struct text
buffer_text(const struct buffer *b)
{
	return (struct text){ (const char *)b->p, b->n };
}

void
buffer_clear(struct buffer *b)
{
	b->n = 0;
	b->full = false;
}

void
buffer_free(struct buffer *b)
{
	free(b->p);
	*b = (struct buffer){ .max = b->max };
}

static int
base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

bool
text_base64(struct text t, uint8_t *out, size_t max, size_t *n)
{
	size_t padding = t.n >= 1 && t.p[t.n - 1] == '=' ? 1 : 0;

	padding += padding == 1 && t.n >= 2 && t.p[t.n - 2] == '=' ? 1 : 0;
	*n = 0;
	if (t.n % 4 != 0 || t.n / 4 * 3 - padding > max) {
		return false;
	}
	for (size_t i = 0; i < t.n; i += 4) {
		uint32_t bits = 0;
		size_t bytes = i + 4 == t.n ? 3 - padding : 3;

		for (size_t k = 0; k < 4; k++) {
			int digit = k > bytes ? 0 : base64_digit(t.p[i + k]);

			if (digit < 0) {
				return false;
			}
			bits = bits << 6 | (uint32_t)digit;
		}
		if ((bits & ((1U << (24 - 8 * bytes)) - 1)) != 0) {
			return false; /* bits behind the end: one value has one form */
		}
		for (size_t k = 0; k < bytes; k++) {
			out[(*n)++] = (uint8_t)(bits >> (16 - 8 * k));
		}
	}
	return true;
}
