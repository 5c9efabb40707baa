/* serve/dns_log.c - a bounded ring from many threads to one (D. Vyukov's: each place says by its turn whose it is), and its file. */
#include "serve/dns_log.h"

#include "base/limits.h"
#include "base/log.h"
#include "serve/dns_meter_int.h"
#include "serve/dns_wire_int.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVERY_US      50000 /* how often the ring is emptied */
#define FILE_MODE     0640
#define NAME_BYTES    255U
#define LINE_BYTES    (4U * NAME_BYTES + 256U)
#define CLIENT_BITS_4 24
#define CLIENT_BITS_6 56

struct entry {
	_Atomic uint64_t turn; /* its place: free; one more: written */
	struct instant time;
	struct prefix client;
	uint32_t receiver;
	uint16_t type;
	uint16_t answer_bytes;
	uint8_t rcode, usage;
	bool udp;
	uint8_t name_bytes;
	uint8_t name[NAME_BYTES]; /* labels without the root */
};

struct dns_log {
	struct dns_log_options options;
	char *path, *moved; /* where the file goes when it is full */
	pthread_t thread;
	atomic_bool stop, again;
	int fd; /* -1: it could not be opened again */
	uint64_t bytes;
	_Atomic uint64_t head; /* next place to write */
	uint64_t tail;         /* next place to read; the log thread's own */
	struct entry ring[DNS_LOG_RING_MAX];
};

/* ---- the side of the DNS threads */

bool
dns_log_due(struct dns_sampler *s)
{
	uint32_t n;

	if (s->log == NULL) {
		return false;
	}
	if (s->left > 1) {
		s->left--;
		return false;
	}
	n = s->log->options.sample;
	s->seed = s->seed == 0 ? (uint64_t)instant_monotonic_ns() | 1 : s->seed;
	s->seed ^= s->seed << 13; /* xorshift64 (Marsaglia 2003) */
	s->seed ^= s->seed >> 7;
	s->seed ^= s->seed << 17;
	s->left = 1 + (uint32_t)(s->seed % (2 * (uint64_t)n - 1));
	return true;
}

/* The name and the type of a question that is there in full; else no name and type 0. */
static void
read_question(const uint8_t *query, size_t n, struct entry *e)
{
	size_t at = HEADER_BYTES;

	while (at < n && query[at] > 0 && query[at] < 64) {
		at += query[at] + 1U;
	}
	if (at + 5 > n || query[at] != 0 || at - HEADER_BYTES > NAME_BYTES) {
		return;
	}
	e->name_bytes = (uint8_t)(at - HEADER_BYTES);
	memcpy(e->name, query + HEADER_BYTES, e->name_bytes);
	e->type = (uint16_t)(query[at + 1] << 8 | query[at + 2]);
}

static void
fill(struct entry *e, const struct dns_log *log, const struct dns_log_query *q)
{
	e->time = instant_now();
	e->client = *q->client;
	if (!log->options.whole_clients && e->client.family != 0) {
		e->client = dns_client_cut(q->client, CLIENT_BITS_4, CLIENT_BITS_6);
	}
	e->receiver = q->told.receiver;
	e->usage = (uint8_t)q->told.usage;
	e->udp = q->udp;
	e->answer_bytes = (uint16_t)q->answer_bytes;
	e->rcode = q->answer_bytes < HEADER_BYTES ? 0 : q->answer[3] & 15;
	e->name_bytes = 0;
	e->type = 0;
	read_question(q->query, q->n, e);
}

void
dns_log_put(struct dns_log *log, const struct dns_log_query *q)
{
	uint64_t place = atomic_load_explicit(&log->head, memory_order_relaxed);

	for (;;) {
		struct entry *e = &log->ring[place % DNS_LOG_RING_MAX];
		uint64_t turn = atomic_load_explicit(&e->turn, memory_order_acquire);

		if (turn < place) { /* still unread from the round before */
			counter_add(COUNTER_QUERY_LOG_DROPPED, 1);
			return;
		}
		if (turn > place) { /* another thread was faster */
			place = atomic_load_explicit(&log->head, memory_order_relaxed);
		} else if (atomic_compare_exchange_weak_explicit(
			       &log->head, &place, place + 1, memory_order_relaxed, memory_order_relaxed)) {
			fill(e, log, q);
			atomic_store_explicit(&e->turn, place + 1, memory_order_release);
			return;
		}
	}
}

/* ---- lines */

static const char *
rcode_name(uint8_t rcode, char number[8])
{
	switch (rcode) {
#define RCODE(name, value, counter) \
	case value:                 \
		return #name;
#include "serve/dns_rcodes.def"
#undef RCODE
	default:
		(void)snprintf(number, 8, "%u", rcode);
		return number;
	}
}

/* As in a zone file: what is no letter, digit, '-' or '_' is \DDD, so no comma and no quote is left. */
static void
put_name(struct buffer *b, const struct entry *e)
{
	for (size_t at = 0; at < e->name_bytes; at += e->name[at] + 1U) {
		for (size_t i = 1; i <= e->name[at]; i++) {
			uint8_t c = e->name[at + i];
			bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				     (c >= '0' && c <= '9') || c == '-' || c == '_';

			buffer_format(b, plain ? "%c" : "\\%03u", c);
		}
		buffer_put_text(b, TEXT("."));
	}
}

static void
put_line(struct buffer *b, const struct dns_log *log, const struct entry *e)
{
	static const struct {
		uint16_t type;
		const char *name;
	} types[] = {
		{ TYPE_A, "A" }, { TYPE_NS, "NS" }, { TYPE_SOA, "SOA" }, { TYPE_TXT, "TXT" }, { 28, "AAAA" }
	};
	char when[INSTANT_BYTES], client[PREFIX_TEXT_BYTES], number[8], id[NAME_BYTES_MAX + 1] = "public";
	char type[16];

	(void)snprintf(type, sizeof type, "TYPE%u", e->type);
	for (size_t i = 0; i < countof(types); i++) {
		if (types[i].type == e->type) {
			(void)snprintf(type, sizeof type, "%s", types[i].name);
		}
	}
	if (e->receiver != DNS_PUBLIC && log->options.gate != NULL &&
	    dns_gate_next(log->options.gate, e->receiver - 1, id) != e->receiver) {
		(void)snprintf(id, sizeof id, "-"); /* gone since */
	}
	buffer_format(b, "%s,%s,%s,%s,", instant_format(e->time, when),
		      e->client.family == 0 ? "" : prefix_format(&e->client, client), e->udp ? "udp" : "tcp",
		      id);
	put_name(b, e);
	buffer_format(b, ",%s,%s,%s,%u\n", e->name_bytes == 0 ? "" : type,
		      e->answer_bytes == 0 ? "-" : rcode_name(e->rcode, number),
		      dns_usage_name((enum dns_usage)e->usage), e->answer_bytes);
}

/* ---- the file */

static bool
open_file(struct dns_log *log)
{
	const struct text header = TEXT("time,client,transport,receiver,name,type,rcode,usage,bytes\n");
	struct stat st;

	log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (log->fd < 0 || fstat(log->fd, &st) != 0) {
		return false;
	}
	log->bytes = (uint64_t)st.st_size;
	if (log->bytes == 0 && write(log->fd, header.p, header.n) == (ssize_t)header.n) {
		log->bytes = header.n;
	}
	return true;
}

static void
open_again(struct dns_log *log)
{
	if (log->fd >= 0) {
		close(log->fd);
	}
	if (!open_file(log)) {
		log_event(LOG_ERROR, "query_log", "path=%s why=\"%s\"", log->path, strerror(errno));
	}
}

static void
write_lines(struct dns_log *log, struct buffer *b, uint64_t lines)
{
	bool written = log->fd >= 0 && write(log->fd, b->p, b->n) == (ssize_t)b->n;

	counter_add(written ? COUNTER_QUERY_LOG_WRITTEN : COUNTER_QUERY_LOG_DROPPED, lines);
	log->bytes += b->n;
	b->n = 0;
	if (log->options.bytes_max > 0 && log->bytes >= log->options.bytes_max) {
		(void)rename(log->path, log->moved);
		open_again(log);
	}
}

/* All that is in the ring now. */
static void
empty_ring(struct dns_log *log, struct buffer *b)
{
	uint64_t lines = 0;

	for (;;) {
		struct entry *e = &log->ring[log->tail % DNS_LOG_RING_MAX];
		bool there = atomic_load_explicit(&e->turn, memory_order_acquire) == log->tail + 1;

		if (there) {
			put_line(b, log, e);
			lines++;
			atomic_store_explicit(&e->turn, log->tail + DNS_LOG_RING_MAX, memory_order_release);
			log->tail++;
		}
		if (lines > 0 && (!there || b->n + LINE_BYTES > DNS_LOG_WRITE_BYTES_MAX)) {
			write_lines(log, b, lines);
			lines = 0;
		}
		if (!there) {
			return;
		}
	}
}

static void *
run(void *context)
{
	struct dns_log *log = context;
	struct buffer b;
	bool over = false;

	buffer_init(&b, DNS_LOG_WRITE_BYTES_MAX);
	while (!over) {
		over = atomic_load_explicit(&log->stop, memory_order_acquire);
		if (atomic_exchange_explicit(&log->again, false, memory_order_acq_rel)) {
			open_again(log);
		}
		empty_ring(log, &b);
		if (!over) {
			(void)usleep(
			    EVERY_US); /* a DNS thread may not wake it: it asks the kernel for nothing */
		}
	}
	buffer_free(&b);
	return NULL;
}

enum result
dns_log_open(const struct dns_log_options *options, struct dns_log **log, struct fault *fault)
{
	struct dns_log *l = calloc(1, sizeof *l);

	check(l != NULL && options->sample > 0);
	*log = NULL;
	l->options = *options;
	l->path = strdup(options->path);
	check(l->path != NULL);
	if (!open_file(l)) {
		enum result r = fault_set(fault, RESULT_IO, "query_log: %s: %s", l->path, strerror(errno));

		free(l->path);
		free(l);
		return r;
	}
	check(asprintf(&l->moved, "%s.1", l->path) > 0);
	for (uint64_t i = 0; i < DNS_LOG_RING_MAX; i++) {
		atomic_store_explicit(&l->ring[i].turn, i, memory_order_relaxed);
	}
	check(pthread_create(&l->thread, NULL, run, l) == 0);
	(void)pthread_setname_np(l->thread, "query-log");
	*log = l;
	return RESULT_OK;
}

void
dns_log_reopen(struct dns_log *log)
{
	if (log != NULL) {
		atomic_store_explicit(&log->again, true, memory_order_release);
	}
}

void
dns_log_close(struct dns_log *log)
{
	if (log == NULL) {
		return;
	}
	atomic_store_explicit(&log->stop, true, memory_order_release);
	(void)pthread_join(log->thread, NULL);
	if (log->fd >= 0) {
		close(log->fd);
	}
	free(log->path);
	free(log->moved);
	free(log);
}
