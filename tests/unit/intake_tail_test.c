/* A followed log: each line is handed on once, whatever is renamed, cut, or killed in between. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "intake/tail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CLIENT "Jan  5 08:00:01 mx postfix/smtpd[1]: 4bX2Zk1234z: client=o[192.0.2.10]\n"
#define SENT                                                                                      \
	"Jan  5 08:00:02 mx postfix/lmtp[1]: 4bX2Zk1234z: to=<a@b.example>, relay=x, dsn=2.0.0, " \
	"status=sent (ok)\n"
#define REMOVED "Jan  5 08:00:03 mx postfix/qmgr[1]: 4bX2Zk1234z: removed\n"

#define REFUSED                                                                                        \
	"Jan  5 08:00:04 mx exim[7]: 2026-01-05 08:00:04 H=(x) [192.0.2.10] F=<a@b.example> rejected " \
	"RCPT <c@d.example>: Unrouteable address\n"

struct world {
	char folder[64], log[96], state[96];
	struct tail tail;
};

static bool folder_fails;
static ino_t folder_synced; /* the last one */

/* In the place of the one of the C library: a power cut cannot be had here. */
int
fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (folder_fails) {
			return -1;
		}
		folder_synced = st.st_ino;
	}
	return (int)syscall(SYS_fsync, fd);
}

static int
set_up(void **context)
{
	struct world *w = calloc(1, sizeof *w);

	(void)snprintf(w->folder, sizeof w->folder, "/tmp/vouch-tail-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	(void)snprintf(w->log, sizeof w->log, "%s/mail.log", w->folder);
	(void)snprintf(w->state, sizeof w->state, "%s/state", w->folder);
	*context = w;
	return 0;
}

static int
tear_down(void **context)
{
	struct world *w = *context;
	static const char *const names[] = { "mail.log", "mail.log.1", "state", "" };

	tail_close(&w->tail);
	for (size_t i = 0; i < countof(names); i++) {
		char path[128];

		(void)snprintf(path, sizeof path, "%s/%s", w->folder, names[i]);
		(void)remove(path);
	}
	free(w);
	return 0;
}

static void
append(struct world *w, const char *text)
{
	FILE *f = fopen(w->log, "a");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
open_it(struct world *w)
{
	struct fault fault;

	assert_int_equal(tail_open(&w->tail, INTAKE_POSTFIX, w->log, w->state, &fault), RESULT_OK);
}

/* What is handed on without its first line; the log is looked at until there is something, at most three times. */
static const char *
next(struct world *w)
{
	static char text[4096];
	struct text part, line;
	bool more;

	text[0] = '\0';
	for (int i = 0; i < TAIL_QUIET_LOOKS + 3; i++) {
		assert_int_equal(tail_read(&w->tail, &part, &more), RESULT_OK);
		if (part.n > 0) {
			(void)text_cut(&part, '\n', &line);
			assert_true(text_starts_nocase(line, TEXT("# vouch log ")));
			(void)snprintf(text, sizeof text, "%.*s", TEXT_ARG(part));
			break;
		}
	}
	return text;
}

static const char *
take(struct world *w)
{
	const char *text = next(w);

	if (text[0] != '\0') {
		tail_done(&w->tail);
	}
	return text;
}

static void
lines_come_once_and_whole(void **context)
{
	struct world *w = *context;

	open_it(w);
	assert_string_equal(take(w), "");
	append(w, "one\ntwo\nthr");
	assert_string_equal(take(w), "one\ntwo\n");
	assert_string_equal(take(w), "");
	append(w, "ee\n");
	assert_string_equal(take(w), "three\n");
}

static void
what_is_not_on_disk_is_handed_on_again_byte_for_byte(void **context)
{
	struct world *w = *context;
	char first[4096];

	append(w, "one\n");
	open_it(w);
	assert_string_equal(take(w), "one\n");
	append(w, CLIENT);
	(void)snprintf(first, sizeof first, "%s", next(w));
	append(w, "more\n");
	assert_string_equal(next(w), first);
	tail_close(&w->tail); /* as if killed: what became of the part is not known */
	open_it(w);
	assert_string_equal(next(w), first);
	tail_done(&w->tail);
	assert_string_equal(take(w), CLIENT "more\n"); /* the source of a message in the queue goes along */
	tail_close(&w->tail);
	open_it(w); /* the last part again: nobody wrote down that it was taken */
	assert_string_equal(take(w), CLIENT "more\n");
	assert_string_equal(take(w), "");
}

static void
a_renamed_log_is_read_to_its_end_and_then_the_new_one(void **context)
{
	struct world *w = *context;
	char old[128];

	(void)snprintf(old, sizeof old, "%s.1", w->log);
	open_it(w);
	append(w, CLIENT);
	assert_string_equal(take(w), CLIENT);
	append(w, "late\n");
	assert_int_equal(rename(w->log, old), 0);
	append(w, SENT);
	assert_string_equal(take(w), CLIENT "late\n");
	assert_string_equal(take(w), CLIENT SENT);
	append(w, REMOVED);
	assert_string_equal(take(w), CLIENT REMOVED);
	append(w, "next\n");
	assert_string_equal(take(w), "next\n");
}

/* A process that has the old file open writes to it a while longer; what comes to the new one meanwhile waits. */
static void
what_still_comes_to_a_renamed_log_is_read(void **context)
{
	struct world *w = *context;
	struct text part;
	char old[128];
	FILE *open_file;
	bool more;

	(void)snprintf(old, sizeof old, "%s.1", w->log);
	open_it(w);
	append(w, "one\n");
	assert_string_equal(take(w), "one\n");
	open_file = fopen(w->log, "a");
	assert_non_null(open_file);
	assert_int_equal(rename(w->log, old), 0);
	append(w, "new\n");
	for (int i = 0; i < TAIL_QUIET_LOOKS; i++) {
		assert_int_equal(tail_read(&w->tail, &part, &more), RESULT_OK);
		assert_int_equal(part.n, 0);
	}
	assert_true(fputs("late\n", open_file) >= 0);
	assert_int_equal(fclose(open_file), 0);
	assert_string_equal(take(w), "late\n");
	assert_string_equal(take(w), "new\n");
}

static void
a_log_that_was_renamed_while_nobody_followed_is_found(void **context)
{
	struct world *w = *context;
	char old[128];

	(void)snprintf(old, sizeof old, "%s.1", w->log);
	append(w, "one\n");
	open_it(w);
	assert_string_equal(take(w), "one\n");
	append(w, "two\n");
	assert_string_equal(take(w), "two\n");
	tail_close(&w->tail);
	append(w, "three\n");
	assert_int_equal(rename(w->log, old), 0);
	append(w, "four\n");
	open_it(w);
	assert_string_equal(take(w), "two\n"); /* again, with the same bytes */
	assert_string_equal(take(w), "three\n");
	assert_string_equal(take(w), "four\n");
}

/* Also when the file system gives the new file the number of the old one. */
static void
a_log_that_is_gone_is_said_so_and_the_new_one_read(void **context)
{
	struct world *w = *context;

	append(w, "one\n");
	open_it(w);
	assert_string_equal(take(w), "one\n");
	append(w, "two\n");
	assert_string_equal(take(w), "two\n");
	tail_close(&w->tail);
	assert_int_equal(remove(w->log), 0);
	append(w, "another file, and longer than the old one\n");
	open_it(w);
	assert_true(w->tail.is_lost);
	assert_string_equal(take(w), "another file, and longer than the old one\n");
}

static void
a_log_that_is_cut_is_read_from_its_beginning(void **context)
{
	struct world *w = *context;

	append(w, "one\ntwo\n");
	open_it(w);
	assert_string_equal(take(w), "one\ntwo\n");
	assert_int_equal(truncate(w->log, 0), 0);
	assert_string_equal(take(w), "");
	append(w, "new\n");
	assert_string_equal(take(w), "new\n");
}

static void
a_state_that_is_none_is_said_so(void **context)
{
	struct world *w = *context;
	struct fault fault;
	FILE *f = fopen(w->state, "w");

	assert_true(f != NULL && fputs("vouch-tail 1 2 9 3\n", f) >= 0 && fclose(f) == 0);
	assert_int_equal(tail_open(&w->tail, INTAKE_POSTFIX, w->log, w->state, &fault), RESULT_DAMAGED);
}

static void
a_log_without_line_ends_does_not_stop(void **context)
{
	struct world *w = *context;
	struct text part;
	bool more;
	FILE *f = fopen(w->log, "w");

	for (size_t i = 0; i < 2 * (size_t)TAIL_BYTES_MAX + 7; i++) {
		assert_true(fputc('x', f) == 'x');
	}
	assert_int_equal(fclose(f), 0);
	open_it(w);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tail_read(&w->tail, &part, &more), RESULT_OK);
		assert_true(part.n >= TAIL_BYTES_MAX && more);
		tail_done(&w->tail);
	}
	assert_int_equal(tail_read(&w->tail, &part, &more), RESULT_OK);
	assert_int_equal(part.n, 0);
}

/* The new name of the state is on disk before a line is handed on. */
static void
the_folder_of_the_state_is_on_disk_first(void **context)
{
	struct world *w = *context;
	struct fault fault;
	struct text part;
	struct stat st;
	bool more;

	append(w, CLIENT);
	assert_int_equal(tail_open(&w->tail, INTAKE_POSTFIX, w->log, w->state, &fault), RESULT_OK);
	folder_fails = true;
	assert_int_equal(tail_read(&w->tail, &part, &more), RESULT_IO);
	assert_int_equal(part.n, 0);
	folder_fails = false;
	folder_synced = 0;
	assert_int_equal(tail_read(&w->tail, &part, &more), RESULT_OK);
	assert_true(part.n > 0);
	assert_int_equal(stat(w->folder, &st), 0);
	assert_true(folder_synced == st.st_ino);
}

/* Exim says to syslog twice what it refuses; a part may end between the two. */
static void
what_was_refused_at_the_end_of_a_part_is_known_in_the_next(void **context)
{
	struct world *w = *context;
	struct fault fault;

	append(w, REFUSED);
	assert_int_equal(tail_open(&w->tail, INTAKE_EXIM, w->log, w->state, &fault), RESULT_OK);
	assert_string_equal(take(w), REFUSED);
	append(w, REFUSED);
	assert_string_equal(take(w), "# vouch refused " REFUSED REFUSED);
	append(w, REFUSED REFUSED);
	assert_string_equal(take(w), "# vouch refused " REFUSED REFUSED REFUSED);
	append(w, "other\n");
	assert_string_equal(take(w), "other\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_come_once_and_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_on_disk_is_handed_on_again_byte_for_byte, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_renamed_log_is_read_to_its_end_and_then_the_new_one, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_still_comes_to_a_renamed_log_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_log_that_was_renamed_while_nobody_followed_is_found, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_log_that_is_gone_is_said_so_and_the_new_one_read, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_log_that_is_cut_is_read_from_its_beginning, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_state_that_is_none_is_said_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_log_without_line_ends_does_not_stop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_folder_of_the_state_is_on_disk_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_refused_at_the_end_of_a_part_is_known_in_the_next,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
