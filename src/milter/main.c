/*
 * vouch-milter - the mailbox operator's side: marks certified mail for Postfix and Sendmail, counts what becomes of it, and stops none
 * when something fails.
 *
 * vouch-milter -c vouch-milter.yaml [--check]
 * vouch-milter --vote junk|not_junk --votes PATH [--user NAME] <MAIL      the hook of an IMAP server
 */
#include "milter/courier.h"
#include "milter/session.h"
#include "milter/spool.h"
#include "milter/votes.h"

#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char usage[] = "usage: vouch-milter -c FILE [--check] [--version]\n"
			    "       vouch-milter --vote junk|not_junk --votes PATH [--user NAME] <MAIL\n"
			    "  -c, --config FILE  vouch-milter.yaml\n"
			    "      --check        read the configuration, say what is wrong, and end\n"
			    "      --vote VOTE    a user moved the mail into the junk folder, or out of it\n"
			    "      --votes PATH   the socket of the milter for that\n"
			    "      --user NAME    who did it: counts once for each mail\n"
			    "      --version      print the version and end\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, 'k' },
	{ "vote", required_argument, NULL, 't' },   { "votes", required_argument, NULL, 's' },
	{ "user", required_argument, NULL, 'u' },   { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },      { NULL, 0, NULL, 0 },
};

#define FIRST_FDS 64

/*
 * An answer is a few small writes. Over TCP the last would wait until the mail server acknowledges the first, which takes its time (40 ms). Libmilter does not say
 * which descriptor listens; there is no other of ours that does, and connections have from it what is set here.
 */
static void
write_at_once(void)
{
	for (int fd = 0; fd < FIRST_FDS; fd++) {
		int listens = 0, yes = 1;
		socklen_t n = sizeof listens;

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) == 0 && listens != 0) {
			(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		}
	}
}

/* Returns when SIGTERM came and all connections are done. */
static enum result
serve(struct smfiDesc description, const char *socket_name, struct fault *fault)
{
	if (smfi_setconn((char *)(uintptr_t)socket_name) != MI_SUCCESS ||
	    smfi_register(description) != MI_SUCCESS) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "socket: \"%s\": inet:PORT@ADDRESS or local:PATH is wanted", socket_name);
	}
	if (smfi_opensocket(true) != MI_SUCCESS) {
		return fault_set(fault, RESULT_IO, "socket: \"%s\" cannot be opened", socket_name);
	}
	write_at_once();
	log_event(LOG_INFO, "listening", "socket=%s", socket_name);
	return smfi_main() == MI_SUCCESS ? RESULT_OK
					 : fault_set(fault, RESULT_IO, "libmilter ended with an error");
}

/* libmilter waits for these in a thread of its own; no thread of ours may take them. */
static void
leave_signals_to_libmilter(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	check(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* libmilter serves one socket per process, so there is a second one behind the filter. Before any thread. */
static pid_t
start_second(const struct session_shared *shared, int *fd)
{
	struct fault fault = { { 0 } };
	int pair[2];
	pid_t first = getpid(), pid;
	enum result r;

	check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	pid = fork();
	check(pid >= 0);
	if (pid > 0) {
		(void)close(pair[1]);
		*fd = pair[0];
		return pid;
	}
	(void)close(pair[0]);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != first) {
		_exit(0);
	}
	r = serve(verdict_description(shared, pair[1]), shared->settings->verdict_socket, &fault);
	if (r != RESULT_OK) {
		(void)fprintf(stderr, "vouch-milter: verdict_%s\n", fault.text);
	}
	exit(result_exit(r));
}

struct parts {
	struct session_shared shared;
	struct votes *votes;
	struct courier *courier;
	pid_t second; /* 0: none */
	int verdict_fd;
};

/* What counting needs. A spool that cannot be written, a full disk for example, is no reason to leave mail unmarked. */
static enum result
open_counting(struct parts *p, struct fault *fault)
{
	const struct settings *s = p->shared.settings;
	struct fault disk = { { 0 } };
	enum result r;

	if (spool_open(s->spool, &disk) != RESULT_OK ||
	    spool_key(s->spool, &p->shared.ticket_key, &disk) != RESULT_OK) {
		log_event(LOG_ERROR, "spool", "why=\"%s\"", disk.text);
	}
	p->shared.counts = counts_new();
	if (s->verdict_socket[0] != '\0') {
		p->second = start_second(&p->shared, &p->verdict_fd);
	}
	r = votes_open(s, p->shared.counts, &p->shared.ticket_key, p->verdict_fd, &p->votes, fault);
	return r == RESULT_OK ? courier_start(s, p->shared.counts, &p->courier, fault) : r;
}

/* The second process first, so that what it saw is counted. */
static void
close_counting(struct parts *p)
{
	if (p->second > 0) {
		(void)kill(p->second, SIGTERM);
		(void)waitpid(p->second, NULL, 0);
	}
	votes_close(p->votes);
	courier_stop(p->courier);
	counts_free(p->shared.counts);
}

static enum result
run(const char *path, bool check_only, struct fault *fault)
{
	struct arena arena = { 0 };
	struct settings settings;
	struct parts parts = { .shared = { .settings = &settings }, .verdict_fd = -1 };
	enum result r = settings_load(path, &arena, &settings, fault);

	if (r == RESULT_OK && check_only) {
		(void)printf("%s: fine\n", path);
	} else if (r == RESULT_OK) {
		log_set_level(settings.log);
		leave_signals_to_libmilter();
		if (settings.report_url[0] != '\0') {
			r = open_counting(&parts, fault);
		}
		if (r == RESULT_OK) {
			r = serve(session_description(&parts.shared), settings.socket, fault);
		}
		close_counting(&parts);
	}
	arena_clear(&arena);
	return r;
}

struct arguments {
	const char *path, *vote, *votes, *user;
	bool check_only;
};

/* False: it was not understood. */
static bool
read_arguments(int argc, char **argv, struct arguments *a)
{
	for (int o; (o = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
		switch (o) {
		case 'c':
			a->path = optarg;
			break;
		case 'k':
			a->check_only = true;
			break;
		case 't':
			a->vote = optarg;
			break;
		case 's':
			a->votes = optarg;
			break;
		case 'u':
			a->user = optarg;
			break;
		case 'h':
		case 'v':
			(void)fputs(o == 'h' ? usage : "vouch-milter " VOUCH_VERSION "\n", stdout);
			exit(0);
		default:
			return false;
		}
	}
	if (a->vote != NULL) {
		return a->votes != NULL && a->path == NULL &&
		       (strcmp(a->vote, "junk") == 0 || strcmp(a->vote, "not_junk") == 0);
	}
	return a->path != NULL && optind == argc;
}

int
main(int argc, char **argv)
{
	struct arguments a = { .user = "" };
	struct fault fault = { { 0 } };
	enum result r;

	if (!read_arguments(argc, argv, &a)) {
		(void)fputs(usage, stderr);
		return result_exit(RESULT_BAD_USAGE);
	}
	if (a.vote != NULL) {
		r = votes_send(a.votes, a.vote, a.user, STDIN_FILENO, &fault);
		if (r == RESULT_NOT_FOUND) { /* not certified mail: nothing to tell */
			r = RESULT_OK;
		}
	} else {
		r = run(a.path, a.check_only, &fault);
	}
	if (r != RESULT_OK) {
		(void)fprintf(stderr, "vouch-milter: %s\n",
			      fault.text[0] == '\0' ? result_sentence(r) : fault.text);
	}
	return result_exit(r);
}
