/* A thread that answers DNS may not do what somebody who got into it would do next; it can still do its work (dns_test, transfer_test). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "serve/dns_confine.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRIES_MAX 64

struct tried {
	const char *what;
	int error; /* 0: it could */
};

/* One thread tries all of it; the store is a file that is open already, as SQLite has it. */
struct attempt {
	int store, tcp, wake;
	const char *path;
	size_t count;
	struct tried tried[TRIES_MAX];
};

static void
note(struct attempt *a, const char *what, long returned)
{
	check(a->count < TRIES_MAX);
	a->tried[a->count++] = (struct tried){ what, returned < 0 ? errno : 0 };
}

static void
try_files(struct attempt *a)
{
	char byte = 'x';

	note(a, "open", open(a->path, O_RDONLY));
	note(a, "openat", openat(AT_FDCWD, a->path, O_RDWR));
	note(a, "open by its number", syscall(SYS_open, a->path, O_RDONLY));
	note(a, "creat", syscall(SYS_creat, a->path, 0600));
	note(a, "openat2", syscall(SYS_openat2, AT_FDCWD, a->path, &(uint64_t[3]){ 0 }, sizeof(uint64_t[3])));
	note(a, "unlink", unlink(a->path));
	note(a, "rename", rename(a->path, "elsewhere"));
	note(a, "chmod", chmod(a->path, 0777));
	note(a, "stat", access(a->path, R_OK));
	note(a, "read of the store", read(a->store, &byte, 1));
	note(a, "pread of the store", pread(a->store, &byte, 1, 0));
	note(a, "write to the store", write(a->store, &byte, 1));
	note(a, "pwrite to the store", pwrite(a->store, &byte, 1, 0));
	note(a, "ftruncate of the store", ftruncate(a->store, 0));
	note(a, "fcntl of the store", fcntl(a->store, F_DUPFD, 100));
	note(a, "dup", dup(a->store));
	note(a, "mmap of the store",
	     mmap(NULL, 1, PROT_READ, MAP_SHARED, a->store, 0) == MAP_FAILED ? -1 : 0);
	note(a, "io_uring_setup", syscall(SYS_io_uring_setup, 1, NULL));
}

static void
try_others(struct attempt *a)
{
	char *const none[] = { NULL };
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	note(a, "socket", socket(AF_INET, SOCK_STREAM, 0));
	note(a, "connect", connect(a->tcp, (const struct sockaddr *)&to, sizeof to));
	note(a, "bind", bind(a->tcp, (const struct sockaddr *)&to, sizeof to));
	note(a, "listen", listen(a->tcp, 1));
	note(a, "execve", execve("/bin/true", none, none));
	note(a, "execveat", syscall(SYS_execveat, AT_FDCWD, "/bin/true", none, none, 0));
	note(a, "fork", syscall(SYS_fork));
	note(a, "a process by clone", syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
	note(a, "ptrace", syscall(SYS_ptrace, 0, 0, 0, 0));
	note(a, "process_vm_writev", syscall(SYS_process_vm_writev, getpid(), NULL, 0, NULL, 0, 0));
	note(a, "setuid", syscall(SYS_setuid, getuid()));
	note(a, "another filter", prctl(PR_SET_SECCOMP, 0));
	note(a, "kill of another", syscall(SYS_tgkill, getppid(), getppid(), 0));
	note(a, "memory to run code in",
	     mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1
												       : 0);
	note(a, "to make memory code", mprotect(page, 4096, PROT_READ | PROT_EXEC));
	check(munmap(page, 4096) == 0);
}

static void *
run(void *context)
{
	try_files(context);
	try_others(context);
	return NULL;
}

static void *
run_shared(void *context)
{
	struct attempt *a = context;

	try_files(a);
	check(eventfd_write(a->wake, 1) < 0 && errno == EPERM); /* not the store, but it may not either */
	check(shutdown(a->tcp, SHUT_RDWR) < 0 && errno == EPERM);
	check(sendto(a->wake, "", 1, 0, NULL, 0) < 0 && errno == ENOTSOCK); /* allowed, to sockets */
	__atomic_store_n(&a->count, TRIES_MAX, __ATOMIC_RELEASE);
	return NULL;
}

static void *
run_sharing(void *context)
{
	struct fault fault = { { 0 } };

	check(dns_thread_share("dns-shared", run_shared, context, &fault) == RESULT_OK);
	return NULL;
}

static void
open_attempt(struct attempt *a, char *path)
{
	*a = (struct attempt){ .path = path };
	a->store = mkstemp(path);
	a->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	a->wake = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(a->store >= 0 && a->tcp >= 0 && a->wake >= 0);
	assert_int_equal(write(a->store, "kept", 4), 4);
}

static void
close_attempt(struct attempt *a)
{
	char content[8];

	assert_int_equal(pread(a->store, content, sizeof content, 0), 4);
	assert_memory_equal(content, "kept", 4);
	close(a->store);
	close(a->tcp);
	close(a->wake);
	assert_int_equal(unlink(a->path), 0);
}

static void
expect_refused(const struct attempt *a, size_t count)
{
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		if (a->tried[i].error != EPERM) {
			print_error("%s: %s\n", a->tried[i].what, strerror(a->tried[i].error));
		}
		assert_int_equal(a->tried[i].error, EPERM);
	}
}

static void
test_a_dns_thread_opens_no_file_and_reaches_neither_the_store_nor_a_program(void **state)
{
	const enum dns_rights all[] = { DNS_RIGHTS_ANSWERS, DNS_RIGHTS_SESSIONS, DNS_RIGHTS_NOTIFY };

	(void)state;
	for (size_t i = 0; i < countof(all); i++) {
		char path[] = "/tmp/vouch-confine-XXXXXX";
		struct attempt a;
		pthread_t thread;
		struct fault fault = { { 0 } };

		open_attempt(&a, path);
		assert_int_equal(dns_thread_start(&thread, "dns-test", all[i], a.wake, run, &a, &fault),
				 RESULT_OK);
		assert_int_equal(pthread_join(thread, NULL), 0);
		expect_refused(&a, a.count);
		close_attempt(&a);
	}
}

static void
test_the_threads_that_it_starts_are_held_too(void **state)
{
	char path[] = "/tmp/vouch-confine-XXXXXX";
	struct attempt a;
	pthread_t thread;
	struct fault fault = { { 0 } };
	size_t count = 0;

	(void)state;
	open_attempt(&a, path);
	assert_int_equal(
	    dns_thread_start(&thread, "dns-test", DNS_RIGHTS_SESSIONS, -1, run_sharing, &a, &fault),
	    RESULT_OK);
	assert_int_equal(pthread_join(thread, NULL), 0);
	while (__atomic_load_n(&a.count, __ATOMIC_ACQUIRE) != TRIES_MAX) {
		(void)usleep(1000);
	}
	while (count < TRIES_MAX && a.tried[count].what != NULL) {
		count++;
	}
	expect_refused(&a, count);
	close_attempt(&a);
}

static void
test_whoever_starts_it_keeps_its_own_rights(void **state)
{
	char path[] = "/tmp/vouch-confine-XXXXXX";
	struct attempt a;
	pthread_t thread;
	struct fault fault = { { 0 } };
	int fd;

	(void)state;
	open_attempt(&a, path);
	assert_int_equal(dns_thread_start(&thread, "dns-test", DNS_RIGHTS_ANSWERS, -1, run, &a, &fault),
			 RESULT_OK);
	assert_int_equal(pthread_join(thread, NULL), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	close(fd);
	close_attempt(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_dns_thread_opens_no_file_and_reaches_neither_the_store_nor_a_program),
		cmocka_unit_test(test_the_threads_that_it_starts_are_held_too),
		cmocka_unit_test(test_whoever_starts_it_keeps_its_own_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
