/* milter/votes.c - datagrams in, counts out; and the other end, for the hook of the IMAP server. */
#include "milter/votes.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_BYTES_MAX (TICKET_BYTES_MAX + 64U)
#define VOTE_AGE_MAX      (90 * SPAN_DAY.ms)
#define HEADER_BYTES_MAX  (1U << 20)

/* Who has voted on what: the last VOTES_SEEN_MAX, as hashes that say nothing without the key of tickets. Also in a file, for the next run. */
struct seen {
	uint64_t *ring;
	struct map index;
	uint64_t count;
	int fd; /* -1: this run alone */
};

struct votes {
	const struct settings *settings;
	struct counts *counts;
	struct hash key;
	int fd, verdict_fd, stop[2];
	pthread_t thread;
	bool is_running;
	struct seen seen;
};

static bool
is_same(const void *context, uint32_t value, struct text key)
{
	return memcmp(&((const struct seen *)context)->ring[value], key.p, key.n) == 0;
}

static struct text
bytes_of(const uint64_t *mark)
{
	return (struct text){ (const char *)mark, sizeof *mark };
}

/* False: it was there. */
static bool
add_mark(struct seen *s, uint64_t mark)
{
	uint32_t at = (uint32_t)(s->count % VOTES_SEEN_MAX);

	if (map_get(&s->index, bytes_of(&mark), is_same, s, &(uint32_t){ 0 })) {
		return false;
	}
	if (s->count >= VOTES_SEEN_MAX) {
		(void)map_remove(&s->index, bytes_of(&s->ring[at]), is_same, s);
	}
	s->ring[at] = mark;
	map_put(&s->index, bytes_of(&mark), at);
	s->count++;
	return true;
}

/* A disk that is full costs no more than that a vote may count again in the next run. */
static bool
remember(struct votes *v, uint64_t id, uint64_t voter, uint64_t direction)
{
	uint64_t vote[] = { id, voter, direction }, seed, mark;

	memcpy(&seed, v->key.bytes, sizeof seed);
	mark = hash_fast_seed(vote, sizeof vote, seed);
	if (!add_mark(&v->seen, mark)) {
		return false;
	}
	if (v->seen.fd >= 0 && write(v->seen.fd, &mark, sizeof mark) != (ssize_t)sizeof mark) {
		log_event(LOG_WARN, "votes", "why=\"not remembered on disk\"");
	}
	return true;
}

/* Those of earlier runs; of a file that has grown twice as long as wanted the newer half stays. */
static void
recall(struct votes *v)
{
	struct arena arena = { 0 };
	struct seen *s = &v->seen;
	const char *path = arena_format(&arena, "%s/votes.seen", v->settings->spool);
	off_t size, most = (off_t)(VOTES_SEEN_MAX * sizeof *s->ring);
	uint64_t mark;

	s->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	size = s->fd < 0 ? 0 : lseek(s->fd, 0, SEEK_END);
	size -= size % (off_t)sizeof mark; /* a torn end */
	for (off_t at = size > most ? size - most : 0; at < size; at += (off_t)sizeof mark) {
		if (pread(s->fd, &mark, sizeof mark, at) != (ssize_t)sizeof mark) {
			break;
		}
		(void)add_mark(s, mark);
	}
	if (s->fd >= 0 && (size > 2 * most || size != lseek(s->fd, 0, SEEK_END)) &&
	    ftruncate(s->fd, 0) == 0) {
		uint64_t first = s->count > VOTES_SEEN_MAX ? s->count - VOTES_SEEN_MAX : 0;

		for (uint64_t i = first; i < s->count; i++) {
			(void)!write(s->fd, &s->ring[i % VOTES_SEEN_MAX], sizeof mark);
		}
	}
	arena_clear(&arena);
}

static bool
read_hex(struct text t, uint64_t *value)
{
	char digits[17] = { 0 }, *end;

	if (t.n != 16) {
		return false;
	}
	memcpy(digits, t.p, 16);
	*value = strtoull(digits, &end, 16);
	return *end == '\0';
}

/* The interval that it came in: when exactly is nobody's business. */
static struct instant
rounded(const struct votes *v, struct instant came)
{
	return (struct instant){ came.ms - came.ms % v->settings->interval.ms };
}

static void
take_vote(struct votes *v, struct text message)
{
	struct text vote, voter;
	struct ticket ticket;
	uint64_t who;
	bool is_junk;

	(void)text_cut(&message, ' ', &vote);
	(void)text_cut(&message, ' ', &voter);
	is_junk = text_equal(vote, TEXT("junk"));
	if ((!is_junk && !text_equal(vote, TEXT("not_junk"))) || !read_hex(voter, &who) ||
	    !ticket_read(message, &v->key, &ticket) ||
	    instant_since(instant_now(), ticket.came).ms > VOTE_AGE_MAX) {
		log_event(LOG_INFO, "vote", "why=\"no ticket of ours\"");
		return;
	}
	if (remember(v, ticket.id, who, is_junk)) {
		counts_add(v->counts, ticket.sources, is_junk ? SIGNAL_COMPLAINT : SIGNAL_NOT_SPAM,
			   rounded(v, ticket.came), 1);
	}
}

static void
take_verdict(struct votes *v, struct text message)
{
	struct text taken, count, verdict;
	struct ticket ticket;
	uint64_t n;

	(void)text_cut(&message, ' ', &taken);
	(void)text_cut(&message, ' ', &count);
	(void)text_cut(&message, ' ', &verdict);
	if (!text_u64(count, &n) || n == 0 || n > UINT32_MAX || !ticket_read(message, &v->key, &ticket)) {
		return;
	}
	counts_add(v->counts, ticket.sources, SIGNAL_DELIVERED, (struct instant){ 0 }, (uint32_t)n);
	if (text_equal(verdict, TEXT("spam"))) {
		counts_add(v->counts, ticket.sources, SIGNAL_SPAM_VERDICT, (struct instant){ 0 },
			   (uint32_t)n);
	}
}

static void
second_process_ended(struct votes *v)
{
	log_event(LOG_ERROR, "verdicts", "why=\"the second process ended; so does this one\"");
	(void)close(v->verdict_fd);
	v->verdict_fd = -1;
	(void)kill(getpid(), SIGTERM);
}

static void *
listen_for_votes(void *context)
{
	struct votes *v = context;
	char message[MESSAGE_BYTES_MAX];

	for (;;) {
		struct pollfd fds[] = { { v->stop[0], POLLIN, 0 },
					{ v->fd, POLLIN, 0 },
					{ v->verdict_fd, POLLIN, 0 } };
		ssize_t n;

		if (poll(fds, countof(fds), -1) < 0) {
			continue;
		}
		if (fds[1].revents != 0) {
			n = recv(v->fd, message, sizeof message, MSG_DONTWAIT);
			if (n > 0) {
				take_vote(v, (struct text){ message, (size_t)n });
			}
		}
		if (fds[2].revents != 0) {
			n = recv(v->verdict_fd, message, sizeof message, MSG_DONTWAIT);
			if (n > 0) {
				take_verdict(v, (struct text){ message, (size_t)n });
			} else if (n == 0) {
				second_process_ended(v);
			}
		} else if (fds[0].revents != 0) { /* not before all verdicts are read */
			return NULL;
		}
	}
}

static bool
address_of(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address->sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(address->sun_path, path, strlen(path) + 1);
	return true;
}

/* Each user of the IMAP server may write to it; the ticket decides. */
static enum result
open_socket(struct votes *v, struct fault *fault)
{
	const char *path = v->settings->votes;
	struct sockaddr_un address;
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
		(void)unlink(path);
	}
	v->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (v->fd < 0 || !address_of(path, &address) ||
	    bind(v->fd, (const struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0666) != 0) {
		return fault_set(fault, RESULT_IO, "votes: %s: %s", path, strerror(errno));
	}
	return RESULT_OK;
}

enum result
votes_open(const struct settings *settings, struct counts *counts, const struct hash *key, int verdict_fd,
	   struct votes **votes, struct fault *fault)
{
	struct votes *v = calloc(1, sizeof *v);
	enum result r = RESULT_OK;

	check(v != NULL);
	*v = (struct votes){
		settings, counts, *key, .fd = -1, .verdict_fd = verdict_fd, .seen = { .fd = -1 }
	};
	v->seen.ring = calloc(VOTES_SEEN_MAX, sizeof *v->seen.ring);
	check(v->seen.ring != NULL && pipe(v->stop) == 0);
	if (settings->votes[0] != '\0') {
		recall(v);
		r = open_socket(v, fault);
	}
	if (r == RESULT_OK) {
		check(pthread_create(&v->thread, NULL, listen_for_votes, v) == 0);
		v->is_running = true;
	}
	if (r != RESULT_OK) {
		votes_close(v);
		v = NULL;
	}
	*votes = v;
	return r;
}

void
votes_close(struct votes *v)
{
	if (v == NULL) {
		return;
	}
	if (v->is_running) {
		check(write(v->stop[1], "", 1) == 1);
		(void)pthread_join(v->thread, NULL);
	}
	if (v->fd >= 0) {
		(void)close(v->fd);
		(void)unlink(v->settings->votes);
	}
	(void)close(v->stop[0]);
	(void)close(v->stop[1]);
	if (v->seen.fd >= 0) {
		(void)close(v->seen.fd);
	}
	map_free(&v->seen.index);
	free(v->seen.ring);
	free(v);
}

/* ---- the hook's end */

/* What stands behind "X-Vouch-Ticket:" in the header; the first is ours, those that came with the mail are gone. */
static struct text
find_ticket(struct text header, struct arena *arena)
{
	struct text line, name;
	char *unfolded;
	size_t n = 0;

	while (header.n > 0) {
		(void)text_cut(&header, '\n', &line);
		if (text_trim(line).n == 0) {
			break;
		}
		if (!text_cut(&line, ':', &name) || !text_equal_nocase(name, TEXT(TICKET_FIELD))) {
			continue;
		}
		while (header.n > 0 && (header.p[0] == ' ' || header.p[0] == '\t')) {
			struct text more;

			(void)text_cut(&header, '\n', &more);
			line.n = (size_t)(more.p + more.n - line.p);
		}
		unfolded = arena_get(arena, line.n + 1);
		for (size_t i = 0; i < line.n; i++) {
			if (line.p[i] != '\r' && line.p[i] != '\n') {
				unfolded[n++] = line.p[i];
			}
		}
		return text_trim((struct text){ unfolded, n });
	}
	return (struct text){ "", 0 };
}

/* To its end, so that who writes it does not fail; the header is kept. */
static size_t
read_mail(int fd, char *header)
{
	char rest[65536];
	size_t have = 0;
	ssize_t n;

	do {
		bool is_header = have < HEADER_BYTES_MAX;

		n = read(fd, is_header ? header + have : rest,
			 is_header ? HEADER_BYTES_MAX - have : sizeof rest);
		have += is_header && n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return have;
}

static enum result
send_message(const char *path, const char *message, struct fault *fault)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	bool sent = fd >= 0 && address_of(path, &address) &&
		    sendto(fd, message, strlen(message), 0, (const struct sockaddr *)&address,
			   sizeof address) == (ssize_t)strlen(message);
	enum result r = sent ? RESULT_OK : fault_set(fault, RESULT_IO, "%s: %s", path, strerror(errno));

	if (fd >= 0) {
		(void)close(fd);
	}
	return r;
}

enum result
votes_send(const char *path, const char *vote, const char *user, int fd, struct fault *fault)
{
	struct arena arena = { 0 };
	char *header = arena_get(&arena, HEADER_BYTES_MAX);
	struct text ticket = find_ticket((struct text){ header, read_mail(fd, header) }, &arena);
	char hex[HASH_HEX_BYTES];
	struct hash who = hash_of(user, strlen(user));
	enum result r = RESULT_NOT_FOUND;

	if (ticket.n > 0) {
		r = send_message(
		    path, arena_format(&arena, "%s %.16s %.*s", vote, hash_hex(&who, hex), TEXT_ARG(ticket)),
		    fault);
	}
	arena_clear(&arena);
	return r;
}
