/* serve/dns_confine.c - the filter, and threads that stand behind it from their first step. */
#include "serve/dns_confine.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sched.h>
#include <seccomp.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define RESTRICTIONS_MAX 2
#define WAKE             SIGURG /* nobody else's, and nothing happens to who does not expect it */
#define WAKE_EVERY_US    1000

struct right {
	int call;
	unsigned threads;
};

/* The numbers of calls that this machine does not have are below zero; libseccomp passes them over. */
static const struct right rights[] = {
#define ALL                           (DNS_RIGHTS_ANSWERS | DNS_RIGHTS_SESSIONS | DNS_RIGHTS_NOTIFY)
#define SESSIONS                      DNS_RIGHTS_SESSIONS
#define NOTIFY                        DNS_RIGHTS_NOTIFY
#define RIGHT(name, who, restriction) { SCMP_SYS(name), (who) },
#include "serve/dns_rights.def"
#undef RIGHT
#undef ALL
#undef SESSIONS
#undef NOTIFY
};

static struct scmp_arg_cmp
is(unsigned argument, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_EQ, value, 0 };
}

static struct scmp_arg_cmp
has(unsigned argument, scmp_datum_t mask, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, mask, value };
}

/* What stands in the table as words. A call without arguments here is allowed as it is. */
static size_t
restrict_call(int call, int wake, struct scmp_arg_cmp *to)
{
	const scmp_datum_t thread = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND;

	switch (call) {
	case SCMP_SYS(mmap):
		to[0] = has(2, PROT_EXEC, 0);
		to[1] = has(3, MAP_ANONYMOUS, MAP_ANONYMOUS);
		return 2;
	case SCMP_SYS(mprotect):
		to[0] = has(2, PROT_EXEC, 0);
		return 1;
	case SCMP_SYS(tgkill):
		to[0] = is(0, (scmp_datum_t)getpid());
		return 1;
	case SCMP_SYS(write):
		to[0] = is(0, STDERR_FILENO);
		return 1;
	case SCMP_SYS(fcntl):
		to[0] = is(1, F_SETFL);
		to[1] = is(2, 0);
		return 2;
	case SCMP_SYS(prctl):
		to[0] = is(0, PR_SET_NAME);
		return 1;
	case SCMP_SYS(clone):
		to[0] = has(0, thread, thread);
		return 1;
	case SCMP_SYS(read):
		to[0] = is(0, (scmp_datum_t)wake);
		return 1;
	default:
		return 0;
	}
}

/* The filter of this thread, which sets no_new_privs for it too. Returns 0 or a negative errno. */
static int
confine(enum dns_rights which, int wake)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int error = filter == NULL ? -ENOMEM : seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);

	for (size_t i = 0; i < countof(rights) && error == 0; i++) {
		struct scmp_arg_cmp restrictions[RESTRICTIONS_MAX];

		if ((rights[i].threads & which) != 0) {
			error = seccomp_rule_add_array(
			    filter, SCMP_ACT_ALLOW, rights[i].call,
			    (unsigned)restrict_call(rights[i].call, wake, restrictions), restrictions);
		}
	}
	/* Its flags lie in memory, where no filter sees them; told that there is none, the C library takes clone. */
	if (error == 0) {
		error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	}
	if (error == 0) {
		error = seccomp_load(filter);
	}
	seccomp_release(filter);
	return error;
}

/* ---- threads */

static void
on_wake(int number)
{
	(void)number;
}

struct start {
	const char *name;
	enum dns_rights rights;
	int wake;
	void *(*run)(void *);
	void *context;
	sem_t confined;
	int error;
};

static void *
begin(void *context)
{
	struct start *start = context;
	void *(*run)(void *) = start->run;
	void *own = start->context;
	int error;

	(void)prctl(PR_SET_NAME, start->name);
	error = start->error = confine(start->rights, start->wake);
	check(sem_post(&start->confined) == 0); /* `start` is gone from here on */
	return error == 0 ? run(own) : NULL;
}

static int
create(pthread_t *thread, void *(*run)(void *), void *context)
{
	sigset_t all, before;
	int error;

	(void)sigfillset(&all);
	(void)sigdelset(&all, WAKE);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, NULL, run, context);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

enum result
dns_thread_start(pthread_t *thread, const char *name, enum dns_rights which, int wake, void *(*run)(void *),
		 void *context, struct fault *fault)
{
	struct start start = { .name = name, .rights = which, .wake = wake, .run = run, .context = context };
	int error;

	check(sigaction(WAKE, &(struct sigaction){ .sa_handler = on_wake }, NULL) == 0);
	/* OpenSSL reads its configuration with its first use, which may be in a thread that can open no file. */
	check(OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) == 1);
	check(sem_init(&start.confined, 0, 0) == 0);
	error = create(thread, begin, &start);
	if (error == 0) {
		while (sem_wait(&start.confined) != 0) {
			check(errno == EINTR);
		}
		if (start.error != 0) {
			(void)pthread_join(*thread, NULL);
			error = -start.error;
		}
	}
	(void)sem_destroy(&start.confined);
	return error == 0 ? RESULT_OK
			  : fault_set(fault, RESULT_IO, "a thread for DNS: %s%s",
				      start.error == 0 ? "" : "it cannot be confined: ", strerror(error));
}

/* A signal that came just before the call is lost, so it is sent again; a socket that others have too cannot be shut down to wake one. */
void
dns_thread_end(pthread_t thread)
{
	while (pthread_tryjoin_np(thread, NULL) != 0) {
		(void)pthread_kill(thread, WAKE);
		(void)usleep(WAKE_EVERY_US);
	}
}

/* ---- more of the same */

struct share {
	const char *name;
	void *(*run)(void *);
	void *context;
};

static void *
begin_share(void *context)
{
	struct share share = *(struct share *)context;

	free(context);
	(void)prctl(PR_SET_NAME, share.name);
	return share.run(share.context);
}

enum result
dns_thread_share(const char *name, void *(*run)(void *), void *context, struct fault *fault)
{
	struct share *share = malloc(sizeof *share);
	pthread_t thread;
	int error;

	check(share != NULL);
	*share = (struct share){ name, run, context };
	error = create(&thread, begin_share, share);
	if (error != 0) {
		free(share);
		return fault_set(fault, RESULT_IO, "a thread for DNS: %s", strerror(error));
	}
	(void)pthread_detach(thread);
	return RESULT_OK;
}
