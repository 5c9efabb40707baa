#include "base/wire.h"

#include <string.h>

struct wire
wire_of(const void *p, size_t n)
{
	/* An empty buffer may have no memory at all. */
	const uint8_t *start = p == NULL ? (const uint8_t *)"" : p;

	check(p != NULL || n == 0);
	return (struct wire){ .p = start, .end = start + n };
}

const uint8_t *
wire_bytes(struct wire *w, size_t n)
{
	const uint8_t *p = w->p;

	if (w->bad || (size_t)(w->end - w->p) < n) {
		w->bad = true;
		return NULL;
	}
	w->p += n;
	return p;
}

uint8_t
wire_u8(struct wire *w)
{
	const uint8_t *p = wire_bytes(w, 1);

	return p == NULL ? 0 : *p;
}

uint64_t
wire_u64(struct wire *w)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = wire_u8(w);

		if (shift == 63 && byte > 1) {
			break;
		}
		/* A final zero adds nothing: the writer leaves it out, and one number has one form. */
		if (shift > 0 && byte == 0) {
			break;
		}
		v |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			return w->bad ? 0 : v;
		}
	}
	w->bad = true;
	return 0;
}

uint64_t
wire_between(struct wire *w, uint64_t min, uint64_t max)
{
	uint64_t v = wire_u64(w);

	w->bad = w->bad || v < min || v > max;
	return w->bad ? min : v;
}

uint64_t
wire_up_to(struct wire *w, uint64_t max)
{
	return wire_between(w, 0, max);
}

uint32_t
wire_u32(struct wire *w)
{
	return (uint32_t)wire_up_to(w, UINT32_MAX);
}

uint8_t
wire_choice(struct wire *w, int count)
{
	uint8_t v = wire_u8(w);

	if (v >= count) {
		w->bad = true;
		return 0;
	}
	return v;
}

int64_t
wire_i64(struct wire *w)
{
	uint64_t v = wire_u64(w);

	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

int64_t
wire_i64_between(struct wire *w, int64_t min, int64_t max)
{
	int64_t v = wire_i64(w);

	w->bad = w->bad || v < min || v > max;
	return w->bad ? min : v;
}

double
wire_f64(struct wire *w)
{
	const uint8_t *p = wire_bytes(w, 8);
	uint64_t bits = 0;
	double v;

	if (p == NULL) {
		return 0;
	}
	for (unsigned i = 0; i < 8; i++) {
		bits |= (uint64_t)p[i] << (8 * i);
	}
	memcpy(&v, &bits, sizeof v);
	return v;
}

struct text
wire_text(struct wire *w)
{
	uint64_t n = wire_u64(w);
	const uint8_t *p;

	if (w->bad || n > (uint64_t)(w->end - w->p)) {
		w->bad = true;
		return (struct text){ "", 0 };
	}
	p = wire_bytes(w, (size_t)n);
	return (struct text){ (const char *)p, (size_t)n };
}

bool
wire_done(const struct wire *w)
{
	return !w->bad && w->p == w->end;
}

void
wire_put_u8(struct buffer *b, uint8_t v)
{
	buffer_put(b, &v, 1);
}

void
wire_put_u64(struct buffer *b, uint64_t v)
{
	uint8_t bytes[10];
	size_t n = 0;

	while (v >= 0x80) {
		bytes[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	bytes[n++] = (uint8_t)v;
	buffer_put(b, bytes, n);
}

void
wire_put_i64(struct buffer *b, int64_t v)
{
	wire_put_u64(b, ((uint64_t)v << 1) ^ (uint64_t)(v < 0 ? -1 : 0));
}

void
wire_put_f64(struct buffer *b, double v)
{
	uint8_t bytes[8];
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	for (unsigned i = 0; i < 8; i++) {
		bytes[i] = (uint8_t)(bits >> (8 * i));
	}
	buffer_put(b, bytes, sizeof bytes);
}

void
wire_put_text(struct buffer *b, struct text t)
{
	wire_put_u64(b, t.n);
	buffer_put_text(b, t);
}
