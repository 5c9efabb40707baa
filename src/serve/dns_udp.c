/* serve/dns_udp.c - one thread, one socket: a batch in, answers from one image, a batch out. */
#include "serve/dns_int.h"

#include "list/list.h"
#include "serve/transfer.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH                64U
#define QUERY_BYTES_MAX      1280U /* a longer datagram is dropped; queries with their options are below 400 */
#define CONTROL_BYTES        64U
#define PAUSE_AFTER_ERROR_US 10000
#define LAST_BATCHES_MAX     256U /* more than a socket holds: what comes in after that was not asked before */

struct dns_udp {
	struct dns_source source;
	struct dns_tally tally;
	pthread_t thread;
	atomic_bool stop;
	int fd;
	uint32_t overrun; /* queries that the kernel dropped at this socket, as far as they are counted */
	bool wildcard;    /* the socket has many addresses: answer from the one that was asked */
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_iov[BATCH], out_iov[BATCH];
	struct sockaddr_storage from[BATCH];
	_Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL_BYTES];
	uint8_t queries[BATCH][QUERY_BYTES_MAX];
	uint8_t answers[BATCH][DNS_UDP_BYTES_MAX];
};

/* The kernel writes lengths into the headers: before each batch they are made whole. */
static void
prepare(struct dns_udp *u, size_t used)
{
	for (size_t i = 0; i < used; i++) {
		struct msghdr *m = &u->in[i].msg_hdr;

		m->msg_name = &u->from[i];
		m->msg_namelen = sizeof u->from[i];
		m->msg_iov = &u->in_iov[i];
		m->msg_iovlen = 1;
		m->msg_control = u->wildcard ? u->control[i] : NULL;
		m->msg_controllen = u->wildcard ? CONTROL_BYTES : 0;
	}
}

/* IP_PKTINFO comes in as the address that was asked, and goes out as the one to answer from; the route is free. */
static void
free_route(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof info);
			info.ipi_ifindex = 0;
			memcpy(CMSG_DATA(c), &info, sizeof info);
		}
	}
}

/* One query, by what answers it. Returns the bytes of the answer. */
static size_t
answer_one(struct dns_udp *u, const struct dns_desk *desk, size_t i, struct dns_told *told)
{
	struct prefix client = dns_client_of(&u->from[i]);
	const struct transfer_asked asked = { desk, &client, u->queries[i], u->in[i].msg_len };
	struct transfer_job *job;

	if (transfer_serves(u->source.transfers) && transfer_wanted(asked.query, asked.n)) {
		return transfer_answer(u->source.transfers, &asked, u->answers[i], told, &job);
	}
	return dns_answer(desk, &client, asked.query, asked.n, u->answers[i], told);
}

static void
log_one(const struct dns_udp *u, size_t i, size_t n, const struct dns_told *told)
{
	struct prefix client = dns_client_of(&u->from[i]);

	dns_log_put(u->tally.sampler.log, &(struct dns_log_query){ .client = &client,
								   .query = u->queries[i],
								   .n = u->in[i].msg_len,
								   .answer = u->answers[i],
								   .answer_bytes = n,
								   .udp = true,
								   .told = *told });
}

/* The table is larger than the cache: a batch waits for it once. */
static void
expect_batch(const struct dns_udp *u, const struct list_image *image, size_t count)
{
	struct list_hope hopes[BATCH];

	for (size_t i = 0; i < count; i++) {
		hopes[i] = dns_expect(image, u->queries[i], u->in[i].msg_len);
	}
	for (size_t i = 0; i < count; i++) {
		list_expect_more(&hopes[i]);
	}
}

/* Answers the first `count` queries from one image. Returns the answers to send. */
static size_t
answer_batch(struct dns_udp *u, size_t count)
{
	const struct dns_desk desk = dns_desk_of(&u->source, true);
	size_t answers = 0;

	expect_batch(u, desk.image, count);
	for (size_t i = 0; i < count; i++) {
		struct msghdr *m = &u->in[i].msg_hdr;
		struct dns_told told = { .outcome = COUNTER_DNS_DROPPED, .usage = DNS_USAGE_OTHER };
		size_t n = 0;

		if ((m->msg_flags & MSG_TRUNC) == 0) {
			n = answer_one(u, &desk, i, &told);
		}
		dns_tally_count(&u->tally, &told);
		if (u->tally.sampler.log != NULL && dns_log_due(&u->tally.sampler)) {
			log_one(u, i, n, &told);
		}
		if (n > 0) {
			if (u->wildcard) {
				free_route(m);
			}
			u->out_iov[answers] = (struct iovec){ u->answers[i], n };
			u->out[answers].msg_hdr = *m;
			u->out[answers].msg_hdr.msg_iov = &u->out_iov[answers];
			u->out[answers].msg_hdr.msg_flags = 0;
			answers++;
		}
	}
	return answers;
}

/* What the kernel will not send (no route, source port 0) is left out; the others go. */
static void
send_batch(struct dns_udp *u, size_t count)
{
	size_t sent = 0;

	while (sent < count) {
		int done = sendmmsg(u->fd, u->out + sent, (unsigned)(count - sent), 0);

		if (done > 0) {
			sent += (size_t)done;
		} else if (errno != EINTR) {
			sent++;
		}
	}
}

/* What the kernel dropped since the last time, as the socket was full. */
static void
count_overrun(struct dns_udp *u)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t n = sizeof info;

	if (getsockopt(u->fd, SOL_SOCKET, SO_MEMINFO, info, &n) == 0 &&
	    info[SK_MEMINFO_DROPS] != u->overrun) {
		counter_add(COUNTER_DNS_OVERRUN, info[SK_MEMINFO_DROPS] - u->overrun);
		u->overrun = info[SK_MEMINFO_DROPS];
	}
}

/* Told to stop, it answers what was asked before, and waits no more. */
static void *
run(void *context)
{
	struct dns_udp *u = context;
	size_t used = BATCH;
	unsigned left = 0; /* batches, once it was told; 0: it was not */

	list_reader_start();
	for (;;) {
		size_t answers;
		int64_t began;
		int got;

		list_reader_sleep();
		prepare(u, used);
		got = recvmmsg(u->fd, u->in, BATCH, left > 0 ? MSG_DONTWAIT : MSG_WAITFORONE, NULL);
		if (left > 0 && got <= 0) {
			break;
		}
		if (left == 0 && atomic_load_explicit(&u->stop, memory_order_acquire)) {
			left = LAST_BATCHES_MAX; /* with this one */
		}
		used = got > 0 ? (size_t)got : 0;
		if (got < 0 && errno != EINTR) {
			(void)usleep(PAUSE_AFTER_ERROR_US); /* no memory in the kernel: do not spin on it */
		}
		began = dns_stats_begin(u->tally.stats);
		list_reader_wake();
		answers = answer_batch(u, used);
		list_reader_sleep(); /* a full send buffer blocks */
		send_batch(u, answers);
		if (began != 0) {
			dns_stats_end(u->tally.stats, began, answers);
			count_overrun(u);
		}
		dns_tally_flush(&u->tally);
		if (left > 0 && --left == 0) {
			break;
		}
	}
	count_overrun(u);
	list_reader_end();
	return NULL;
}

/* Whether it has many addresses. */
static bool
socket_ready(struct dns_udp *u)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = { 0 };
	socklen_t n = sizeof a;
	const int on = 1;
	bool six;

	if (getsockname(u->fd, &a.any, &n) != 0) {
		return false;
	}
	six = a.any.sa_family == AF_INET6;
	u->wildcard =
	    six ? IN6_IS_ADDR_UNSPECIFIED(&a.v6.sin6_addr) : a.v4.sin_addr.s_addr == htonl(INADDR_ANY);
	return !u->wildcard || setsockopt(u->fd, six ? (int)IPPROTO_IPV6 : (int)IPPROTO_IP,
					  six ? IPV6_RECVPKTINFO : IP_PKTINFO, &on, sizeof on) == 0;
}

enum result
dns_udp_open(const struct dns_source *source, int fd, struct dns_udp **udp, struct fault *fault)
{
	struct dns_udp *u = calloc(1, sizeof *u);
	enum result r = RESULT_OK;

	check(u != NULL);
	u->fd = fd;
	u->source = *source;
	dns_tally_begin(&u->tally, source, true);
	for (size_t i = 0; i < BATCH; i++) {
		u->in_iov[i] = (struct iovec){ u->queries[i], QUERY_BYTES_MAX };
	}
	if (!socket_ready(u)) {
		r = fault_set(fault, RESULT_IO, "DNS over UDP: %s", strerror(errno));
	} else {
		r = dns_thread_start(&u->thread, "dns-udp", DNS_RIGHTS_ANSWERS, -1, run, u, fault);
	}
	if (r != RESULT_OK) {
		dns_stats_leave(u->tally.stats);
		close(u->fd);
		free(u);
		return r;
	}
	*udp = u;
	return RESULT_OK;
}

void
dns_udp_close(struct dns_udp *udp)
{
	atomic_store_explicit(&udp->stop, true, memory_order_release);
	dns_thread_end(udp->thread);
	dns_stats_leave(udp->tally.stats);
	close(udp->fd);
	free(udp);
}
