/* serve/tsig.c - RFC 8945. */
#include "serve/tsig.h"

#include "serve/dns_wire_int.h"

#include <string.h>

#define TIME_BYTES     6U
#define SOA_NUMBERS    20U
#define MAC_BYTES_MIN  10U /* RFC 8945 5.2.2.1 */
#define VARIABLE_BYTES (2 * LIST_NAME_BYTES_MAX + 32U)

static const struct {
	const char *name;
	enum hash_mac mac;
} algorithms[] = {
#define TSIG_ALGORITHM(id, name, mac) { name, mac },
#include "serve/tsig_algorithms.def"
#undef TSIG_ALGORITHM
};

enum result
tsig_algorithm_parse(struct text name, enum tsig_algorithm *algorithm)
{
	for (size_t i = 0; i < countof(algorithms); i++) {
		if (text_equal_nocase(name, text_of(algorithms[i].name))) {
			*algorithm = (enum tsig_algorithm)i;
			return RESULT_OK;
		}
	}
	return RESULT_NOT_FOUND;
}

static struct list_name
algorithm_name(enum tsig_algorithm algorithm)
{
	struct list_name name;

	check(list_name_parse(text_of(algorithms[algorithm].name), &name, NULL) == RESULT_OK);
	return name;
}

static bool
name_equal(const struct list_name *a, const struct list_name *b)
{
	return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
}

static uint64_t
get48(const uint8_t *p)
{
	return (uint64_t)get16(p) << 32 | (uint64_t)get16(p + 2) << 16 | get16(p + 4);
}

/* ---- reading */

/* The name at `at` in lower case; pointers lead back only. Returns its bytes there, 0 when it is none. */
static size_t
name_read(const uint8_t *p, size_t n, size_t at, struct list_name *name)
{
	size_t start = at, bytes = 0, before = at;

	name->n = 0;
	for (;;) {
		if (at >= n || name->n + (p[at] & LABEL_BYTES_MAX) + 1U > LIST_NAME_BYTES_MAX) {
			return 0;
		}
		if (p[at] >= POINTER_FIRST) {
			size_t to = at + 1 < n ? (size_t)(p[at] & LABEL_BYTES_MAX) << 8 | p[at + 1] : n;

			bytes = bytes == 0 ? at + 2 - start : bytes;
			if (to >= before) {
				return 0;
			}
			at = before = to;
			continue;
		}
		if (p[at] > LABEL_BYTES_MAX || n - at <= p[at]) {
			return 0;
		}
		for (size_t i = 0; i <= p[at]; i++) { /* a length is below 64 and so no capital letter */
			uint8_t c = p[at + i];

			name->bytes[name->n++] = (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
		}
		if (p[at] == 0) {
			return bytes == 0 ? at + 1 - start : bytes;
		}
		at += p[at] + 1U;
	}
}

/* What one record says of the message; `fixed` is the offset of its type. */
static bool
record_note(const uint8_t *p, struct tsig_message *m, size_t start, size_t fixed, size_t section, bool last)
{
	uint16_t type = get16(p + fixed), data = get16(p + fixed + 8);

	if (type == TYPE_TSIG) {
		m->signed_end = start;
		return section == 2 && last;
	}
	if (type == TYPE_OPT && section == 2) {
		uint16_t bytes = get16(p + fixed + 2);

		m->udp_bytes = bytes < UDP_BYTES_MIN ? UDP_BYTES_MIN : bytes;
	} else if (type == TYPE_SOA && section == 1 && data >= SOA_NUMBERS) {
		const uint8_t *serial = p + fixed + FIXED_BYTES + data - SOA_NUMBERS;

		m->soa_before = true;
		m->serial = (uint32_t)get16(serial) << 16 | get16(serial + 2);
	}
	return true;
}

bool
tsig_message_read(const uint8_t *p, size_t n, struct tsig_message *m)
{
	size_t at = HEADER_BYTES;

	*m = (struct tsig_message){ .udp_bytes = UDP_BYTES_MIN };
	if (n < HEADER_BYTES || get16(p + 4) != 1) {
		return false;
	}
	m->id = get16(p);
	m->flags = get16(p + 2);
	m->name_bytes = owner_bytes(p, n, at);
	if (m->name_bytes == 0 || p[at + m->name_bytes - 1] != 0 || n - at - m->name_bytes < 4) {
		return false;
	}
	at += m->name_bytes + 4;
	m->type = get16(p + at - 4);
	m->class = get16(p + at - 2);
	m->question_end = at;
	for (size_t section = 0; section < 3; section++) {
		for (unsigned left = get16(p + 6 + 2 * section); left > 0; left--) {
			size_t owner = owner_bytes(p, n, at), fixed = at + owner;

			if (owner == 0 || n - fixed < FIXED_BYTES ||
			    n - fixed - FIXED_BYTES < get16(p + fixed + 8) ||
			    !record_note(p, m, at, fixed, section, left == 1)) {
				return false;
			}
			at = fixed + FIXED_BYTES + get16(p + fixed + 8);
		}
	}
	return at == n;
}

/* ---- the digest (RFC 8945 4.3) */

struct digest {
	uint8_t before[2]; /* length of the MAC before */
	uint8_t header[HEADER_BYTES];
	uint8_t variables[VARIABLE_BYTES];
	size_t n;
};

static void
add(struct digest *d, const void *p, size_t n)
{
	check(n <= VARIABLE_BYTES - d->n);
	if (n == 0) {
		return;
	}
	memcpy(d->variables + d->n, p, n);
	d->n += n;
}

static void
add16(struct digest *d, unsigned v)
{
	add(d, (const uint8_t[2]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

static void
add48(struct digest *d, uint64_t v)
{
	add16(d, (unsigned)(v >> 32) & 0xffff);
	add16(d, (unsigned)(v >> 16) & 0xffff);
	add16(d, (unsigned)v & 0xffff);
}

/* What the record itself adds; of a later answer its time alone. `other` is empty or the server's time. */
static void
add_variables(struct digest *d, const struct tsig *t, uint16_t fudge, struct text other)
{
	if (!t->later) {
		add(d, t->name.bytes, t->name.n);
		add16(d, CLASS_ANY);
		add16(d, 0);
		add16(d, 0);
		add(d, t->algorithm.bytes, t->algorithm.n);
	}
	add48(d, t->time);
	add16(d, fudge);
	if (!t->later) {
		add16(d, t->error);
		add16(d, (unsigned)other.n);
		add(d, other.p, other.n);
	}
}

/* The MAC of a message whose TSIG is not there (any more): n bytes with `records` additional ones. */
static size_t
digest_mac(struct digest *d, const struct tsig *t, const uint8_t *message, size_t n, unsigned records,
	   struct text before, uint8_t mac[HASH_MAC_BYTES_MAX])
{
	const struct text secret = { (const char *)t->key->secret, t->key->secret_bytes };

	d->before[0] = (uint8_t)(before.n >> 8);
	d->before[1] = (uint8_t)before.n;
	memcpy(d->header, message, HEADER_BYTES);
	d->header[0] = (uint8_t)(t->id >> 8);
	d->header[1] = (uint8_t)t->id;
	d->header[10] = (uint8_t)(records >> 8);
	d->header[11] = (uint8_t)records;
	return hash_mac(algorithms[t->key->algorithm].mac, secret,
			(const struct text[]){
			    { (const char *)d->before, before.n > 0 ? sizeof d->before : 0 },
			    before,
			    { (const char *)d->header, HEADER_BYTES },
			    { (const char *)message + HEADER_BYTES, n - HEADER_BYTES },
			    { (const char *)d->variables, d->n },
			},
			5, mac);
}

/* ---- checking */

void
tsig_begin(struct tsig *t, const struct tsig_key *key)
{
	*t = (struct tsig){ .key = key, .name = key->name, .algorithm = algorithm_name(key->algorithm) };
}

static const struct tsig_key *
key_of(const struct tsig *t, const struct tsig_key *const *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct list_name algorithm = algorithm_name(keys[i]->algorithm);

		if (name_equal(&t->name, &keys[i]->name) && name_equal(&t->algorithm, &algorithm)) {
			return keys[i];
		}
	}
	return NULL;
}

/* What stands in the record behind its owner; the offsets point into the message. */
struct fields {
	uint16_t fudge, mac_bytes;
	const uint8_t *mac;
	struct text other;
};

static bool
fields_read(struct tsig *t, const uint8_t *p, size_t n, size_t at, struct fields *f)
{
	size_t name = name_read(p, n, at, &t->name), algorithm;

	at += name;
	if (name == 0 || n - at < FIXED_BYTES || get16(p + at + 2) != CLASS_ANY || get16(p + at + 4) != 0 ||
	    get16(p + at + 6) != 0) {
		return false;
	}
	at += FIXED_BYTES;
	algorithm = name_read(p, n, at, &t->algorithm);
	at += algorithm;
	if (algorithm == 0 || n - at < TIME_BYTES + 4) {
		return false;
	}
	t->time = get48(p + at);
	f->fudge = get16(p + at + TIME_BYTES);
	f->mac_bytes = get16(p + at + TIME_BYTES + 2);
	at += TIME_BYTES + 4;
	if (n - at < f->mac_bytes || n - at - f->mac_bytes < 6) {
		return false;
	}
	f->mac = p + at;
	at += f->mac_bytes;
	t->id = get16(p + at);
	t->error = (enum tsig_error)get16(p + at + 2);
	f->other = (struct text){ (const char *)p + at + 6, get16(p + at + 4) };
	return n - at - 6 == f->other.n && f->other.n <= TIME_BYTES;
}

/* The MAC, then the time, then its length (RFC 8945 5.2). */
static enum tsig_error
verdict(struct tsig *t, const uint8_t *p, const struct tsig_message *m, const struct fields *f,
	struct text before, uint64_t now)
{
	struct digest d = { .n = 0 };
	uint64_t apart = now > t->time ? now - t->time : t->time - now;

	add_variables(&d, t, f->fudge, f->other);
	t->mac_bytes = (uint16_t)digest_mac(&d, t, p, m->signed_end, get16(p + 10) - 1U, before, t->mac);
	if (!hash_mac_equal(t->mac, f->mac, f->mac_bytes)) {
		return TSIG_BADSIG;
	}
	if (apart > f->fudge) {
		return TSIG_BADTIME;
	}
	return f->mac_bytes < t->mac_bytes ? TSIG_BADTRUNC : TSIG_NOERROR;
}

bool
tsig_check(struct tsig *t, const uint8_t *p, size_t n, const struct tsig_message *m,
	   const struct tsig_key *const *keys, size_t count, const struct tsig *request, uint64_t now)
{
	struct text before = { 0 };
	struct fields f;
	size_t whole;

	check(m->signed_end >= HEADER_BYTES && m->signed_end < n);
	*t = (struct tsig){ 0 };
	if (!fields_read(t, p, n, m->signed_end, &f)) {
		return false;
	}
	if (request != NULL) {
		before = (struct text){ (const char *)request->mac, request->mac_bytes };
	}
	t->key = key_of(t, keys, count);
	if (t->key == NULL) {
		t->error = TSIG_BADKEY;
		return true;
	}
	whole = hash_mac_bytes(algorithms[t->key->algorithm].mac);
	if (f.mac_bytes > whole || f.mac_bytes < MAC_BYTES_MIN || f.mac_bytes < whole / 2) {
		return false;
	}
	t->error = request != NULL && t->error != TSIG_NOERROR ? t->error : verdict(t, p, m, &f, before, now);
	return true;
}

/* ---- signing */

size_t
tsig_bytes(const struct tsig *t)
{
	return t->name.n + FIXED_BYTES + t->algorithm.n + TIME_BYTES + 4 +
	       (t->key == NULL ? 0 : hash_mac_bytes(algorithms[t->key->algorithm].mac)) + 6 + TIME_BYTES;
}

static uint8_t *
put(uint8_t *to, const void *p, size_t n)
{
	memcpy(to, p, n);
	return to + n;
}

static uint8_t *
put16(uint8_t *to, unsigned v)
{
	set16(to, v);
	return to + 2;
}

static uint8_t *
put48(uint8_t *to, uint64_t v)
{
	to = put16(to, (unsigned)(v >> 32) & 0xffff);
	to = put16(to, (unsigned)(v >> 16) & 0xffff);
	return put16(to, (unsigned)v & 0xffff);
}

/* Nothing is signed when the key or the signature was bad (RFC 8945 5.3.2). */
static bool
is_signable(const struct tsig *t)
{
	return t->key != NULL && t->error != TSIG_BADSIG && t->error != TSIG_BADKEY;
}

size_t
tsig_sign(struct tsig *t, uint8_t *message, size_t n, uint64_t now)
{
	struct text before = { (const char *)t->mac, t->mac_bytes }, other = { 0 };
	unsigned records = get16(message + 10);
	uint8_t server[TIME_BYTES], mac[HASH_MAC_BYTES_MAX], *to = message + n, *length;
	size_t mac_bytes = 0;
	struct digest d = { .n = 0 };

	t->id = get16(message);
	(void)put48(server, now);
	if (t->error == TSIG_BADTIME) { /* the asker's time, and ours beside it */
		other = (struct text){ (const char *)server, sizeof server };
	} else {
		t->time = now;
	}
	if (is_signable(t)) {
		add_variables(&d, t, TSIG_FUDGE_SECONDS, other);
		mac_bytes = digest_mac(&d, t, message, n, records, before, mac);
		memcpy(t->mac, mac, mac_bytes);
		t->mac_bytes = (uint16_t)mac_bytes;
	}
	to = put(to, t->name.bytes, t->name.n);
	to = put16(put16(put16(put16(to, TYPE_TSIG), CLASS_ANY), 0), 0);
	length = to;
	to = put(to + 2, t->algorithm.bytes, t->algorithm.n);
	to = put16(put48(to, t->time), TSIG_FUDGE_SECONDS);
	to = put(put16(to, (unsigned)mac_bytes), mac, mac_bytes);
	to = put16(put16(put16(to, t->id), t->error), (unsigned)other.n);
	to = put(to, server, other.n);
	(void)put16(length, (unsigned)(to - length - 2));
	(void)put16(message + 10, records + 1);
	t->later = true;
	return (size_t)(to - message);
}
