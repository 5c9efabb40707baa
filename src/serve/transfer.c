/* serve/transfer.c - who may have which zone, and what everybody else is told. */
#include "serve/transfer_int.h"

#include <stdlib.h>
#include <string.h>

uint64_t
transfer_seconds(const struct transfers *t)
{
	return (uint64_t)t->now().ms / 1000;
}

/* ---- a query */

bool
transfer_wanted(const uint8_t *query, size_t n)
{
	struct tsig_message m;

	if (n < HEADER_BYTES || (query[2] & 0x80) != 0 || !tsig_message_read(query, n, &m)) {
		return false;
	}
	return m.signed_end > 0 ||
	       ((m.flags & FLAGS_OPCODE) == 0 && (m.type == TYPE_AXFR || m.type == TYPE_IXFR));
}

size_t
transfer_refuse(struct tsig *tsig, const uint8_t *question, size_t question_bytes, unsigned rcode,
		uint64_t now, uint8_t *out)
{
	unsigned flags = (unsigned)question[2] << 8 | question[3];

	memcpy(out, question, question_bytes);
	set16(out + 2, FLAG_QR | (flags & (FLAGS_OPCODE | FLAG_RD)) | rcode);
	memset(out + 6, 0, 6);
	return tsig == NULL ? question_bytes : tsig_sign(tsig, out, question_bytes, now);
}

size_t
transfer_top(const struct list_image *image, const struct list_zone *zone, unsigned type, uint8_t *out,
	     size_t *first)
{
	uint8_t query[TRANSFER_QUESTION_BYTES] = { [5] = 1 };
	const struct prefix nobody = { 4, 32, { 0 } };
	struct dns_told told;

	memcpy(query + HEADER_BYTES, zone->name.bytes, zone->name.n);
	*first = HEADER_BYTES + zone->name.n + 4U;
	set16(query + *first - 4, type);
	set16(query + *first - 2, CLASS_IN);
	return dns_answer(&(struct dns_desk){ .image = image }, &nobody, query, *first, out, &told);
}

static bool
may_ask_from(const struct peer *peer, const struct prefix *client)
{
	for (size_t i = 0; i < peer->network_count; i++) {
		if (prefix_contains(&peer->networks[i], client)) {
			return true;
		}
	}
	return peer->network_count == 0;
}

bool
transfer_is_zone(const struct list_zone *zone, const uint8_t *name, size_t n)
{
	struct text a = { (const char *)zone->name.bytes, zone->name.n }, b = { (const char *)name, n };

	return text_equal_nocase(a, b);
}

/* The index of the zone with this name, if the peer may have it; the number of zones otherwise. */
static size_t
allowed_zone(const struct transfers *t, const struct peer *peer, const uint8_t *name, size_t n,
	     size_t *zone_count)
{
	const struct list_zone *zones = list_zones(t->list, zone_count);
	size_t i = 0;

	while (i < *zone_count && !(peer->zones[i] && transfer_is_zone(&zones[i], name, n))) {
		i++;
	}
	return i;
}

/* A signed query as it came, without its signature. */
static size_t
answer_plainly(const struct transfer_asked *a, const struct tsig_message *m, uint8_t *out,
	       struct dns_told *told)
{
	uint8_t query[DNS_TCP_QUERY_BYTES_MAX];

	if (m->signed_end > sizeof query) {
		return 0;
	}
	memcpy(query, a->query, m->signed_end);
	set16(query + 10, ((unsigned)query[10] << 8 | query[11]) - 1);
	return dns_answer(a->desk, a->client, query, m->signed_end, out, told);
}

/* IXFR over UDP: the question with our SOA, so that the secondary sees whether it is behind (RFC 1995 2). */
static size_t
answer_soa(const struct transfers *t, const struct transfer_asked *a, const struct tsig_message *m,
	   size_t zone, uint8_t *out)
{
	uint8_t top[DNS_ANSWER_BYTES_MAX];
	size_t zone_count, first;
	size_t n =
	    transfer_top(a->desk->image, &list_zones(t->list, &zone_count)[zone], TYPE_SOA, top, &first);

	memcpy(out, top, n);
	memcpy(out, a->query, 2);
	memcpy(out + HEADER_BYTES, a->query + HEADER_BYTES, m->question_end - HEADER_BYTES);
	return n;
}

static struct transfer_job *
job_new(struct transfers *t, struct peer *peer, const struct transfer_asked *a, const struct tsig_message *m,
	size_t zone, const struct tsig *tsig)
{
	struct transfer_job *job = calloc(1, sizeof *job);

	check(job != NULL && m->question_end <= sizeof job->question);
	*job = (struct transfer_job){ .t = t,
				      .peer = peer,
				      .zone = zone,
				      .incremental = m->type == TYPE_IXFR,
				      .gate = a->desk->gate,
				      .serial = m->serial,
				      .tsig = *tsig,
				      .question_bytes = m->question_end };
	memcpy(job->question, a->query, m->question_end);
	return job;
}

/* What a good signature gets. Sets *job, or returns an answer that is not signed yet. */
static size_t
answer_peer(struct transfers *t, struct peer *peer, const struct transfer_asked *a,
	    const struct tsig_message *m, const struct tsig *tsig, uint8_t *out, struct dns_told *told,
	    struct transfer_job **job)
{
	size_t zone_count, zone;
	enum rcode rcode = RCODE_REFUSED;

	if ((m->flags & FLAGS_OPCODE) != 0 || (m->type != TYPE_AXFR && m->type != TYPE_IXFR)) {
		return answer_plainly(a, m, out, told);
	}
	zone = allowed_zone(t, peer, a->query + HEADER_BYTES, m->name_bytes, &zone_count);
	if (m->class == CLASS_IN && zone < zone_count && may_ask_from(peer, a->client)) {
		if (m->type == TYPE_IXFR && !m->soa_before) {
			rcode = RCODE_FORMERR;
		} else if (dns_gate_stale(a->desk)) {
			rcode = RCODE_SERVFAIL; /* its copy is to expire, as our own answers did */
		} else if (m->type == TYPE_IXFR && a->desk->udp) {
			told->outcome = COUNTER_DNS_ANSWERED;
			return answer_soa(t, a, m, zone, out);
		} else if (!a->desk->udp && !workers_reserve(t, peer)) {
			rcode = RCODE_SERVFAIL; /* and it tries again */
		} else if (!a->desk->udp) {
			told->outcome = COUNTER_DNS_ANSWERED;
			*job = job_new(t, peer, a, m, zone, tsig);
			return 0;
		}
	}
	told->outcome = rcode == RCODE_FORMERR    ? COUNTER_DNS_FORMERR
			: rcode == RCODE_SERVFAIL ? COUNTER_DNS_SERVFAIL
						  : COUNTER_DNS_REFUSED;
	told->rcode = (uint8_t)rcode;
	return transfer_refuse(NULL, a->query, m->question_end, rcode, 0, out);
}

/* Signs what fits, else the question alone with TC. Returns 0 when not even that fits. */
static size_t
sign_to_fit(const struct transfer_asked *a, const struct tsig_message *m, struct tsig *tsig, uint8_t *whole,
	    size_t n, uint64_t now)
{
	size_t limit = !a->desk->udp                      ? DNS_ANSWER_BYTES_MAX
		       : m->udp_bytes > DNS_UDP_BYTES_MAX ? DNS_UDP_BYTES_MAX
							  : m->udp_bytes;

	if (n + tsig_bytes(tsig) > limit) {
		set16(whole + 2, ((unsigned)whole[2] << 8 | whole[3]) | FLAG_TC);
		memset(whole + 6, 0, 6);
		n = m->question_end;
	}
	return n + tsig_bytes(tsig) > limit ? 0 : tsig_sign(tsig, whole, n, now);
}

/*
 * Over UDP a bad signature shows nothing about who asked, and its answer, which has the names in full, can be longer than the
 * query: over the limit of the network it is cut or dropped, as others are.
 */
static bool
is_over(const struct transfer_asked *a, struct dns_told *told)
{
	if (!a->desk->udp || dns_gate_may_answer(a->desk, a->client, told->receiver)) {
		return false;
	}
	told->usage = DNS_USAGE_LIMITED;
	return true;
}

static size_t
answer_little(const struct transfer_asked *a, const struct tsig_message *m, uint8_t *out,
	      struct dns_told *told)
{
	if (!dns_gate_slips(a->desk->gate)) {
		return 0;
	}
	told->outcome = COUNTER_DNS_LIMITED;
	(void)transfer_refuse(NULL, a->query, m->question_end, RCODE_NOERROR, 0, out);
	out[2] |= FLAG_TC >> 8;
	return m->question_end;
}

size_t
transfer_answer(struct transfers *t, const struct transfer_asked *asked, uint8_t *out, struct dns_told *told,
		struct transfer_job **job)
{
	uint8_t whole[DNS_ANSWER_BYTES_MAX + TSIG_BYTES_MAX];
	const struct roster *roster = atomic_load_explicit(&t->roster, memory_order_acquire);
	uint64_t now = transfer_seconds(t);
	struct tsig_message m;
	struct tsig tsig;
	bool readable;
	size_t n;

	*job = NULL;
	*told = (struct dns_told){ .outcome = COUNTER_DNS_DROPPED, .usage = DNS_USAGE_OTHER };
	check(tsig_message_read(asked->query, asked->n, &m));
	if (m.signed_end == 0) {
		return dns_answer(asked->desk, asked->client, asked->query, asked->n, out, told);
	}
	if (asked->desk->gate != NULL) {
		told->receiver = dns_gate_network(asked->desk->gate, asked->client);
	}
	readable = tsig_check(&tsig, asked->query, asked->n, &m, roster == NULL ? NULL : roster->keys,
			      roster == NULL ? 0 : roster->count, NULL, now);
	if ((!readable || tsig.error != TSIG_NOERROR) && is_over(asked, told)) {
		return answer_little(asked, &m, out, told);
	}
	if (!readable) {
		told->outcome = COUNTER_DNS_FORMERR;
		told->rcode = RCODE_FORMERR;
		return transfer_refuse(NULL, asked->query, m.question_end, RCODE_FORMERR, now, out);
	}
	if (tsig.error != TSIG_NOERROR) {
		told->outcome = COUNTER_DNS_NOTAUTH;
		told->rcode = RCODE_NOTAUTH;
		n = transfer_refuse(NULL, asked->query, m.question_end, RCODE_NOTAUTH, now, whole);
	} else {
		n = answer_peer(t, roster_peer(roster, tsig.key), asked, &m, &tsig, whole, told, job);
	}
	n = n == 0 ? 0 : sign_to_fit(asked, &m, &tsig, whole, n, now);
	memcpy(out, whole, n);
	return n;
}

bool
transfer_serves(const struct transfers *t)
{
	return t != NULL && atomic_load_explicit(&t->roster, memory_order_relaxed) != NULL;
}

/* ---- opening */

enum result
transfer_open(const struct transfer_options *options, struct transfers **transfers, struct fault *fault)
{
	struct transfers *t = calloc(1, sizeof *t);
	struct roster *roster = NULL;
	enum result r;

	check(t != NULL);
	*transfers = NULL;
	t->list = options->list;
	t->now = options->now;
	journal_init(&t->journal);
	workers_init(&t->workers);
	r = notifier_open(t, fault);
	if (r == RESULT_OK) {
		r = roster_open(t, options, &roster, fault);
	}
	if (r == RESULT_OK) {
		r = targets_open(t, options, roster, &t->notifier.targets, fault);
	}
	if (r == RESULT_OK && roster != NULL) {
		notifier_follow(t);
	}
	atomic_store_explicit(&t->roster, roster, memory_order_release);
	if (r != RESULT_OK) {
		transfer_close(t);
		return r;
	}
	*transfers = t;
	return RESULT_OK;
}

void
transfer_close(struct transfers *t)
{
	if (t == NULL) {
		return;
	}
	workers_close(t);
	notifier_close(t);
	journal_free(&t->journal, t->list);
	roster_close(atomic_load_explicit(&t->roster, memory_order_relaxed));
	free(t);
}
