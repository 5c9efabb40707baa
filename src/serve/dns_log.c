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

/* Where lines go. */
struct file {
	char *path, *moved; /* where it goes when it is full */
	uint64_t bytes_max; /* 0: it grows */
	int fd;             /* -1: it could not be opened again */
	uint64_t bytes;
};

struct dns_log {
	struct dns_gate *gate;
	_Atomic uint32_t sample; /* 0: nothing is logged */
	atomic_bool whole_clients;
	pthread_t thread;
	bool running; /* it is; from the first file on */
	atomic_bool stop, again;
	/* of the file: its thread has it but while it waits, whoever changes it only then */
	pthread_mutex_t lock;
	struct file file;
	_Atomic uint64_t head; /* next place to write */
	uint64_t tail;         /* next place to read; the log thread's own */
	struct entry ring[DNS_LOG_RING_MAX];
};

/* ---- the side of the DNS threads */

bool
dns_log_due(struct dns_sampler *s)
{
	uint32_t n = s->log == NULL ? 0 : atomic_load_explicit(&s->log->sample, memory_order_acquire);

	if (n != s->sample) { /* it was changed */
		s->sample = n;
		s->left = 0;
	}
	if (n == 0) {
		return false;
	}
	if (s->left > 1) {
		s->left--;
		return false;
	}
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
	if (!atomic_load_explicit(&log->whole_clients, memory_order_relaxed) && e->client.family != 0) {
		e->client = dns_client_cut(q->client, CLIENT_BITS_4, CLIENT_BITS_6);
	}
	e->receiver = q->told.receiver;
	e->usage = (uint8_t)q->told.usage;
	e->udp = q->udp;
	e->answer_bytes = (uint16_t)q->answer_bytes;
	e->rcode = q->told.rcode;
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
	if (e->receiver != DNS_PUBLIC && log->gate != NULL &&
	    dns_gate_next(log->gate, e->receiver - 1, id) != e->receiver) {
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
file_open(struct file *f)
{
	const struct text header = TEXT("time,client,transport,receiver,name,type,rcode,usage,bytes\n");
	struct stat st;

	f->fd = open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (f->fd < 0 || fstat(f->fd, &st) != 0) {
		return false;
	}
	f->bytes = (uint64_t)st.st_size;
	if (f->bytes == 0 && write(f->fd, header.p, header.n) == (ssize_t)header.n) {
		f->bytes = header.n;
	}
	return true;
}

static void
file_close(struct file *f)
{
	if (f->path != NULL && f->fd >= 0) {
		close(f->fd);
	}
	free(f->path);
	free(f->moved);
	*f = (struct file){ .fd = -1 };
}

static void
open_again(struct file *f)
{
	if (f->path == NULL) {
		return;
	}
	if (f->fd >= 0) {
		close(f->fd);
	}
	if (!file_open(f)) {
		log_event(LOG_ERROR, "query_log", "path=%s why=\"%s\"", f->path, strerror(errno));
	}
}

static void
write_lines(struct file *f, struct buffer *b, uint64_t lines)
{
	bool written = f->fd >= 0 && write(f->fd, b->p, b->n) == (ssize_t)b->n;

	counter_add(written ? COUNTER_QUERY_LOG_WRITTEN : COUNTER_QUERY_LOG_DROPPED, lines);
	f->bytes += b->n;
	b->n = 0;
	if (f->bytes_max > 0 && f->bytes >= f->bytes_max) {
		(void)rename(f->path, f->moved);
		open_again(f);
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
			write_lines(&log->file, b, lines);
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
		check(pthread_mutex_lock(&log->lock) == 0);
		if (atomic_exchange_explicit(&log->again, false, memory_order_acq_rel)) {
			open_again(&log->file);
		}
		empty_ring(log, &b);
		check(pthread_mutex_unlock(&log->lock) == 0);
		if (!over) {
			/* a DNS thread may not wake it: it asks the kernel for nothing */
			(void)usleep(EVERY_US);
		}
	}
	buffer_free(&b);
	return NULL;
}

static void
start(struct dns_log *log)
{
	for (uint64_t i = 0; i < DNS_LOG_RING_MAX; i++) {
		atomic_store_explicit(&log->ring[i].turn, i, memory_order_relaxed);
	}
	check(pthread_create(&log->thread, NULL, run, log) == 0);
	(void)pthread_setname_np(log->thread, "query-log");
	log->running = true;
}

enum result
dns_log_change(struct dns_log *log, const struct dns_log_options *options, struct fault *fault)
{
	bool on = options->path[0] != '\0';
	struct file next = { .fd = -1, .bytes_max = options->bytes_max }, before;
	struct buffer b;

	check(options->sample > 0);
	if (on) {
		next.path = strdup(options->path);
		check(next.path != NULL && asprintf(&next.moved, "%s.1", next.path) > 0);
	}
	if (on && !file_open(&next)) {
		enum result r = fault_set(fault, RESULT_IO, "query_log: %s: %s", next.path, strerror(errno));

		file_close(&next);
		return r;
	}
	buffer_init(&b, DNS_LOG_WRITE_BYTES_MAX);
	check(pthread_mutex_lock(&log->lock) == 0);
	if (log->running) {
		empty_ring(log, &b);
	}
	before = log->file;
	log->file = next;
	check(pthread_mutex_unlock(&log->lock) == 0);
	buffer_free(&b);
	file_close(&before);
	if (on && !log->running) {
		start(log);
	}
	atomic_store_explicit(&log->whole_clients, options->whole_clients, memory_order_relaxed);
	atomic_store_explicit(&log->sample, on ? options->sample : 0, memory_order_release);
	return RESULT_OK;
}

enum result
dns_log_open(const struct dns_log_options *options, struct dns_log **log, struct fault *fault)
{
	struct dns_log *l = calloc(1, sizeof *l); /* pages of the ring that nobody touches cost nothing */
	enum result r;

	check(l != NULL && pthread_mutex_init(&l->lock, NULL) == 0);
	*log = NULL;
	l->gate = options->gate;
	l->file.fd = -1;
	r = dns_log_change(l, options, fault);
	if (r != RESULT_OK) {
		dns_log_close(l);
		return r;
	}
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
	if (log->running) {
		atomic_store_explicit(&log->stop, true, memory_order_release);
		(void)pthread_join(log->thread, NULL);
	}
	file_close(&log->file);
	check(pthread_mutex_destroy(&log->lock) == 0);
	free(log);
}
