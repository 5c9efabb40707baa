/*
 * serve/dns_confine.h - what a thread that answers DNS may ask of the kernel: its sockets, time, memory, and nothing else.
 *
 * An allow-list (dns_rights.def) that the kernel enforces for the thread and for those that it starts (seccomp): no file is opened, read,
 * written or renamed, no connection made, no program started, whatever a packet does to the code that reads it. A call that is not on the
 * list fails with EPERM. Why so, and what it does not stop: doc/why/privileges.md. Test: tests/unit/dns_confine_test.c.
 */
#ifndef SERVE_DNS_CONFINE_H
#define SERVE_DNS_CONFINE_H

#include "base/result.h"

#include <pthread.h>

enum dns_rights {
	DNS_RIGHTS_ANSWERS = 1,  /* datagrams of its socket in and out */
	DNS_RIGHTS_SESSIONS = 2, /* accepts connections, starts the threads of transfers */
	DNS_RIGHTS_NOTIFY = 4    /* sends, waits for replies */
};

/*
 * Starts a thread that gets no signals and is confined before it runs. `wake`: the eventfd that a DNS_RIGHTS_NOTIFY may read.
 * Errors: RESULT_IO, also when the kernel does not confine it; `run` is then not called.
 */
enum result dns_thread_start(pthread_t *thread, const char *name, enum dns_rights rights, int wake,
			     void *(*run)(void *), void *context, struct fault *fault) MUST_USE;

/* Wakes it from the call that it waits in until it has ended: a call that waits fails with EINTR. */
void dns_thread_end(pthread_t thread);

/* From a thread that is confined: one more with the same rights, that nobody waits for. */
enum result dns_thread_share(const char *name, void *(*run)(void *), void *context,
			     struct fault *fault) MUST_USE;

#endif
