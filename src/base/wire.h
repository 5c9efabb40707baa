/*
 * base/wire.h - little-endian bytes in and out, bounded. The first error sticks: after it reads give zero.
 *
 * Numbers are LEB128 varints (signed ones zigzag first), doubles are their eight IEEE 754 bytes, texts carry a varint length.
 * One value has one form: a varint longer than it need be is bad, so equal bytes and equal values are the same thing.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct wire {
	const uint8_t *p;
	const uint8_t *end;
	bool bad; /* read past the end, or a number that does not fit */
};

struct wire wire_of(const void *p, size_t n);
uint8_t wire_u8(struct wire *w);
uint64_t wire_u64(struct wire *w);
uint64_t wire_up_to(struct wire *w, uint64_t max);                 /* a larger one is bad */
uint64_t wire_between(struct wire *w, uint64_t min, uint64_t max); /* another one is bad, and `min` */
uint32_t wire_u32(struct wire *w);
uint8_t wire_choice(struct wire *w, int count); /* a byte below `count`; another one is bad */
int64_t wire_i64(struct wire *w);
int64_t wire_i64_between(struct wire *w, int64_t min, int64_t max); /* another one is bad, and `min` */
double wire_f64(struct wire *w);
struct text wire_text(struct wire *w);               /* points into the input */
const uint8_t *wire_bytes(struct wire *w, size_t n); /* exactly n bytes; NULL when there are fewer */
bool wire_done(const struct wire *w);                /* all read, nothing bad */

void wire_put_u8(struct buffer *b, uint8_t v);
void wire_put_u64(struct buffer *b, uint64_t v);
void wire_put_i64(struct buffer *b, int64_t v);
void wire_put_f64(struct buffer *b, double v);
void wire_put_text(struct buffer *b, struct text t);

#endif
