/* serve/dns_packet.c - RFC 1035, 2308, 4343, 5782, 6891, 6895, 7873, 8482. */
#include "serve/dns_packet.h"

#include "serve/dns_option_int.h"
#include "serve/dns_wire_int.h"

#include <string.h>

#define STRING_BYTES_MAX  255U
#define OPT_BYTES         11U
#define OPT_DO            0x8000U
#define NS_TTL_SECONDS    3600U
#define REFRESH_SECONDS   300U
#define RETRY_SECONDS     60U
#define EXPIRE_SECONDS    3600U /* a copy that cannot reach us stops vouching after an hour */
#define TYPES_META_FIRST  128U
#define TYPES_META_LAST   254U
#define POINTER_BYTES_MAX 0x3fffU

/* A query, read. */
struct query {
	const uint8_t *bytes;
	size_t name_bytes; /* of the question's name, behind the header */
	uint16_t flags, type, class;
	bool edns, dnssec_ok;
	uint8_t version;
	size_t udp_bytes; /* what the asker takes */
	struct dns_options_in options;
	struct dns_options_back back;
};

/* The answer as it grows. Nothing is written past `max`; then `full` sticks. */
struct answer {
	uint8_t *bytes;
	size_t n, max;
	bool full;
	uint16_t count; /* records of the section that is being written */
};

static void
put(struct answer *a, const void *p, size_t n)
{
	if (a->full || a->max - a->n < n) {
		a->full = true;
		return;
	}
	memcpy(a->bytes + a->n, p, n);
	a->n += n;
}

static void
put16(struct answer *a, unsigned v)
{
	uint8_t b[2];

	set16(b, v);
	put(a, b, sizeof b);
}

static void
put32(struct answer *a, uint32_t v)
{
	put16(a, v >> 16);
	put16(a, v & 0xffff);
}

/* ---- reading */

/* The bytes of a name at `at` without compression, with its root; 0 when it is none. */
static size_t
name_bytes(const uint8_t *p, size_t n, size_t at)
{
	size_t start = at;

	at += 2 * list_digit_labels(p + at, n - at);
	while (at < n && p[at] != 0) {
		if (p[at] > LABEL_BYTES_MAX) {
			return 0;
		}
		at += p[at] + 1U;
	}
	return at < n && at - start < LIST_NAME_BYTES_MAX ? at + 1 - start : 0;
}

static bool
read_opt(struct query *q, const uint8_t *fixed, size_t owner_bytes, size_t data_bytes)
{
	size_t udp_bytes = get16(fixed + 2);

	if (q->edns || owner_bytes != 1 || !dns_options_read(fixed + 10, data_bytes, &q->options)) {
		return false;
	}
	q->edns = true;
	q->version = fixed[5];
	q->dnssec_ok = (get16(fixed + 6) & OPT_DO) != 0;
	q->udp_bytes = udp_bytes < UDP_BYTES_MIN       ? UDP_BYTES_MIN
		       : udp_bytes > DNS_UDP_BYTES_MAX ? DNS_UDP_BYTES_MAX
						       : udp_bytes;
	return true;
}

/* Walks the records behind the question; only an OPT among the additional ones matters. */
static bool
read_records(struct query *q, size_t n, size_t at)
{
	const uint8_t *p = q->bytes;
	unsigned before = get16(p + 8), all = before + get16(p + 10);

	for (unsigned i = 0; i < all; i++) {
		size_t owner = owner_bytes(p, n, at), data;

		if (owner == 0 || n - at - owner < 10) {
			return false;
		}
		at += owner;
		data = get16(p + at + 8);
		if (n - at - 10 < data) {
			return false;
		}
		if (get16(p + at) == TYPE_OPT && (i < before || !read_opt(q, p + at, owner, data))) {
			return false;
		}
		at += 10 + data;
	}
	return at == n;
}

/* False for what is no query: FORMERR. n is at least HEADER_BYTES. */
static bool
read_query(struct query *q, size_t n)
{
	const uint8_t *p = q->bytes;

	if (get16(p + 4) == 0 && get16(p + 6) == 0) { /* no question, but a cookie is wanted (RFC 7873 5.4) */
		q->udp_bytes = UDP_BYTES_MIN;
		return read_records(q, n, HEADER_BYTES) && q->options.cookie != NULL;
	}
	if (get16(p + 4) != 1 || get16(p + 6) != 0) {
		return false;
	}
	q->name_bytes = name_bytes(p, n, HEADER_BYTES);
	if (q->name_bytes == 0 || n - HEADER_BYTES - q->name_bytes < 4) {
		return false;
	}
	q->type = get16(p + HEADER_BYTES + q->name_bytes);
	q->class = get16(p + HEADER_BYTES + q->name_bytes + 2);
	q->udp_bytes = UDP_BYTES_MIN;
	return q->type != TYPE_OPT && read_records(q, n, HEADER_BYTES + q->name_bytes + 4);
}

/* ---- writing */

/* What stands before the data of a record; `owner` is an offset in the packet. Returns where its length belongs. */
static size_t
record_begin(struct answer *a, size_t owner, enum type type, uint32_t ttl)
{
	check(owner <= POINTER_BYTES_MAX);
	put16(a, POINTER | (unsigned)owner);
	put16(a, type);
	put16(a, CLASS_IN);
	put32(a, ttl);
	put16(a, 0);
	return a->n - 2;
}

static void
record_end(struct answer *a, size_t length_at)
{
	if (!a->full) {
		set16(a->bytes + length_at, (unsigned)(a->n - length_at - 2));
		a->count++;
	}
}

static void
put_name(struct answer *a, const struct list_name *name)
{
	put(a, name->bytes, name->n);
}

/* Character strings of at most 255 bytes each (RFC 1035 3.3); at least one. */
static void
put_strings(struct answer *a, const char *p, size_t n)
{
	do {
		uint8_t length = (uint8_t)(n > STRING_BYTES_MAX ? STRING_BYTES_MAX : n);

		put(a, &length, 1);
		put(a, p, length);
		p += length;
		n -= length;
	} while (n > 0);
}

static void
put_a(struct answer *a, const struct list_found *f)
{
	size_t at = record_begin(a, HEADER_BYTES, TYPE_A, f->ttl);

	put(a, f->zone->code, sizeof f->zone->code);
	record_end(a, at);
}

static void
put_txt(struct answer *a, const struct list_found *f)
{
	size_t at = record_begin(a, HEADER_BYTES, TYPE_TXT, f->ttl);
	char text[LIST_TEXT_BYTES_MAX];

	put_strings(a, text, list_found_text(f, text));
	record_end(a, at);
}

static void
put_ns(struct answer *a, const struct list_found *f)
{
	for (size_t i = 0; i < f->zone->ns_count; i++) {
		size_t at = record_begin(a, HEADER_BYTES, TYPE_NS, NS_TTL_SECONDS);

		put_name(a, &f->zone->ns[i]);
		record_end(a, at);
	}
}

static void
put_soa_at(struct answer *a, const struct list_found *f, size_t owner)
{
	const struct list_zone *z = f->zone;
	size_t at = record_begin(a, owner, TYPE_SOA, z->negative_ttl);

	put_name(a, &z->ns[0]);
	put_name(a, &z->contact);
	put32(a, (uint32_t)list_serial(f->image));
	put32(a, REFRESH_SECONDS);
	put32(a, RETRY_SECONDS);
	put32(a, EXPIRE_SECONDS);
	put32(a, z->negative_ttl);
	record_end(a, at);
}

static void
put_soa(struct answer *a, const struct list_found *f)
{
	put_soa_at(a, f, HEADER_BYTES);
}

static void
put_hinfo(struct answer *a, const struct list_found *f)
{
	size_t at = record_begin(a, HEADER_BYTES, TYPE_HINFO, f->zone->negative_ttl);

	put_strings(a, "RFC8482", 7);
	put_strings(a, "", 0);
	record_end(a, at);
}

/* Which records a name has. There is one way to an A record: a listed name, asked for A. */
static const struct record {
	enum list_node node;
	enum type type;
	void (*put)(struct answer *a, const struct list_found *f);
} records[] = {
	{ LIST_ENTRY, TYPE_A, put_a },       { LIST_ENTRY, TYPE_TXT, put_txt },
	{ LIST_ENTRY, TYPE_ANY, put_hinfo }, { LIST_VOUCH, TYPE_TXT, put_txt },
	{ LIST_VOUCH, TYPE_ANY, put_hinfo }, { LIST_APEX, TYPE_SOA, put_soa },
	{ LIST_APEX, TYPE_NS, put_ns },      { LIST_APEX, TYPE_ANY, put_hinfo },
};

static bool
put_records(struct answer *a, const struct list_found *f, uint16_t type)
{
	for (size_t i = 0; i < countof(records); i++) {
		if (records[i].node == f->node && records[i].type == type) {
			records[i].put(a, f);
			return true;
		}
	}
	return false;
}

/* Header and question; the counts and flags are set at the end. */
static void
begin(struct answer *a, const struct query *q)
{
	put(a, q->bytes, HEADER_BYTES + (q->name_bytes == 0 ? 0 : q->name_bytes + 4));
	memset(a->bytes + 6, 0, 6);
}

/* Flags, and the OPT record, for which there is always room: what says an error has no records. Returns the length. */
static size_t
finish(struct answer *a, const struct query *q, enum rcode rcode, unsigned flags)
{
	flags |= FLAG_QR | (q->flags & (FLAGS_OPCODE | FLAG_RD)) | (rcode & 15);
	set16(a->bytes + 2, flags);
	if (q->edns) {
		uint8_t opt[OPT_BYTES] = { 0, 0, TYPE_OPT, 0, 0, (uint8_t)(rcode >> 4), 0, 0, 0, 0, 0 };

		set16(opt + 3, DNS_UDP_BYTES_MAX);
		set16(opt + 7, q->dnssec_ok ? OPT_DO : 0);
		set16(opt + 9, (unsigned)dns_options_write(&q->back, a->bytes + a->n + OPT_BYTES));
		memcpy(a->bytes + a->n, opt, OPT_BYTES);
		a->n += OPT_BYTES + get16(opt + 9);
		set16(a->bytes + 10, 1);
	}
	return a->n;
}

/* A header alone: for what could not be read. */
static size_t
header_only(const struct query *q, enum rcode rcode, uint8_t *out)
{
	memset(out, 0, HEADER_BYTES);
	memcpy(out, q->bytes, 2);
	set16(out + 2, FLAG_QR | (q->flags & (FLAGS_OPCODE | FLAG_RD)) | rcode);
	return HEADER_BYTES;
}

/* What the client is told of itself, at most for its own use: nobody may keep it. */
static void
put_standing(struct answer *a, const struct dns_desk *desk, const struct prefix *client,
	     const struct dns_pass *pass)
{
	size_t at = record_begin(a, HEADER_BYTES, TYPE_TXT, 0);
	char text[DNS_STANDING_BYTES];

	put_strings(a, text, dns_gate_standing(desk, client, pass, text));
	record_end(a, at);
}

/* The name exists and has a TXT record alone. */
static bool
put_standing_records(struct answer *a, const struct dns_desk *desk, const struct prefix *client,
		     const struct dns_pass *pass, uint16_t type)
{
	if (type == TYPE_TXT) {
		put_standing(a, desk, client, pass);
	} else if (type == TYPE_ANY) {
		put_hinfo(a, &pass->found);
	}
	return type == TYPE_TXT || type == TYPE_ANY;
}

/* Records in the answer, or none and the SOA. Returns the length. */
static size_t
answer_zone(const struct dns_desk *desk, const struct prefix *client, const struct query *q,
	    const struct dns_pass *pass, struct answer *a, enum rcode *rcode)
{
	bool standing = pass->verdict == DNS_STANDING;
	const struct list_found *found = &pass->found;
	size_t question = a->n;

	if (standing ? put_standing_records(a, desk, client, pass, q->type)
		     : put_records(a, found, q->type)) {
		set16(a->bytes + 6, a->count);
	} else {
		*rcode = found->node == LIST_NOTHING && !standing ? RCODE_NXDOMAIN : RCODE_NOERROR;
		put_soa_at(a, found, HEADER_BYTES + q->name_bytes - found->zone->name.n);
		set16(a->bytes + 8, a->count);
	}
	if (a->full) {
		memset(a->bytes + 6, 0, 4);
		a->n = question;
		return finish(a, q, *rcode, FLAG_AA | FLAG_TC);
	}
	return finish(a, q, *rcode, FLAG_AA);
}

static enum dns_usage
usage_of(const struct list_found *found, uint16_t type, enum rcode rcode)
{
	if (rcode == RCODE_NXDOMAIN) {
		return DNS_USAGE_NOT_LISTED;
	}
	return (found->node == LIST_ENTRY && type == TYPE_A) ||
		       ((found->node == LIST_ENTRY || found->node == LIST_VOUCH) && type == TYPE_TXT)
		   ? DNS_USAGE_LISTED
		   : DNS_USAGE_OTHER;
}

static enum dns_error
error_of(const struct dns_pass *pass)
{
	if (pass->found.node == LIST_ELSEWHERE) {
		return DNS_ERROR_ELSEWHERE;
	}
	switch (pass->verdict) {
	case DNS_CLOSED:
		return DNS_ERROR_CLOSED;
	case DNS_OVER:
		return DNS_ERROR_OVER;
	case DNS_STALE:
		return DNS_ERROR_STALE;
	case DNS_MAY:
	case DNS_STANDING:
		break;
	}
	return DNS_ERROR_NONE;
}

/* The answer that the gate and the image give. Sets *rcode and what is told. */
static size_t
answer_name(const struct dns_desk *desk, const struct prefix *client, struct query *q, struct answer *a,
	    enum rcode *rcode, struct dns_told *told)
{
	struct dns_pass pass;
	size_t n;

	dns_gate_ask(desk, client, told->receiver, q->bytes + HEADER_BYTES, q->name_bytes, &pass);
	told->receiver = pass.receiver;
	told->zone = pass.found.zone;
	q->back.error = error_of(&pass);
	if (q->back.error != DNS_ERROR_NONE) {
		*rcode = RCODE_REFUSED;
		told->usage = q->back.error == DNS_ERROR_OVER ? DNS_USAGE_LIMITED : DNS_USAGE_REFUSED;
		return finish(a, q, *rcode, 0);
	}
	n = answer_zone(desk, client, q, &pass, a, rcode);
	told->usage = usage_of(&pass.found, q->type, *rcode);
	return n;
}

static enum rcode
refusal(const struct query *q)
{
	if (q->edns && q->version != 0) {
		return RCODE_BADVERS;
	}
	if (q->name_bytes > 0 &&
	    (q->class != CLASS_IN || (q->type >= TYPES_META_FIRST && q->type <= TYPES_META_LAST))) {
		return RCODE_REFUSED;
	}
	return RCODE_NOERROR;
}

static enum counter
outcome_of(enum rcode rcode)
{
	static const enum counter counters[] = {
#define RCODE(id, value, counter) [value] = COUNTER_##counter,
#include "serve/dns_rcodes.def"
#undef RCODE
	};

	check(rcode < countof(counters));
	return counters[rcode];
}

/* What goes back of the options, and whether the client has shown that it can receive at its address. */
static bool
take_options(const struct dns_desk *desk, const struct prefix *client, struct query *q)
{
	if (!desk->udp && q->options.keepalive) {
		q->back.keepalive = desk->keepalive;
	}
	if (desk->gate == NULL || q->options.cookie == NULL) {
		return !desk->udp;
	}
	q->back.has_cookie = true;
	return dns_cookie_good(dns_gate_secrets(desk->gate), client, desk->now_s, q->options.cookie,
			       q->options.cookie_bytes, q->back.cookie) ||
	       !desk->udp;
}

/* Too many answers go to this network, which may not have asked. A client that is really there comes back with our cookie, or over TCP. */
static size_t
answer_little(const struct dns_desk *desk, const struct query *q, struct answer *a, struct dns_told *told)
{
	told->usage = DNS_USAGE_LIMITED;
	if (!dns_gate_slips(desk->gate)) {
		return 0;
	}
	told->outcome = COUNTER_DNS_LIMITED;
	told->rcode = q->back.has_cookie ? RCODE_BADCOOKIE : RCODE_NOERROR;
	return finish(a, q, (enum rcode)told->rcode, q->back.has_cookie ? 0 : FLAG_TC);
}

static size_t
answer_query(const struct dns_desk *desk, const struct prefix *client, struct query *q, uint8_t *out,
	     struct dns_told *told)
{
	struct answer a = { .bytes = out };
	enum rcode rcode = refusal(q);
	bool is_there = take_options(desk, client, q);
	size_t n;

	a.max = desk->udp ? q->udp_bytes : DNS_ANSWER_BYTES_MAX;
	a.max -= q->edns ? OPT_BYTES + dns_options_bytes(&q->back) : 0;
	begin(&a, q);
	if (!is_there && !dns_gate_may_answer(desk, client, told->receiver)) {
		return answer_little(desk, q, &a, told);
	}
	if (rcode != RCODE_NOERROR) {
		told->usage = DNS_USAGE_REFUSED;
		n = finish(&a, q, rcode, 0);
	} else if (q->name_bytes == 0) {
		n = finish(&a, q, RCODE_NOERROR, 0);
	} else {
		n = answer_name(desk, client, q, &a, &rcode, told);
	}
	told->outcome = told->usage == DNS_USAGE_LIMITED ? COUNTER_DNS_LIMITED : outcome_of(rcode);
	told->rcode = (uint8_t)rcode;
	return n;
}

size_t
dns_answer(const struct dns_desk *desk, const struct prefix *client, const uint8_t *query, size_t n,
	   uint8_t *out, struct dns_told *told)
{
	struct query q = { .bytes = query };

	*told = (struct dns_told){ .outcome = COUNTER_DNS_DROPPED, .usage = DNS_USAGE_OTHER };
	if (n < HEADER_BYTES || ((q.flags = get16(query + 2)) & FLAG_QR) != 0) {
		return 0;
	}
	if (desk->gate != NULL) {
		told->receiver = dns_gate_network(desk->gate, client);
	}
	if ((q.flags & FLAGS_OPCODE) != 0 || !read_query(&q, n)) {
		enum rcode rcode = (q.flags & FLAGS_OPCODE) != 0 ? RCODE_NOTIMP : RCODE_FORMERR;

		told->outcome = outcome_of(rcode);
		told->rcode = (uint8_t)rcode;
		return header_only(&q, rcode, out);
	}
	return answer_query(desk, client, &q, out, told);
}

struct list_hope
dns_expect(const struct list_image *image, const uint8_t *query, size_t n)
{
	return n > HEADER_BYTES ? list_expect(image, query + HEADER_BYTES, n - HEADER_BYTES)
				: (struct list_hope){ .page = NULL };
}
