/* A Maildir on disk: whole mails in order, nothing half-written, nothing but files, nothing twice. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "intake/maildir.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64];
static struct maildir m;
static struct arena arena;
static struct maildir_mail *mails;
static size_t count;
static bool more;

/* Files are written "at" this time; a second later they have rested. */
static const struct instant written = { 1767600000000 };
static const struct instant later = { 1767600001000 };

static const char *
path_of(const char *name)
{
	return arena_format(&arena, "%s/%s", top, name);
}

static void
set_time(const char *name, struct instant at)
{
	const struct timespec times[2] = { { .tv_sec = at.ms / 1000, .tv_nsec = at.ms % 1000 * 1000000 },
					   { .tv_sec = at.ms / 1000, .tv_nsec = at.ms % 1000 * 1000000 } };

	assert_int_equal(utimensat(AT_FDCWD, path_of(name), times, 0), 0);
}

static void
write_mail(const char *name, const char *content)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(content, 1, strlen(content), f), strlen(content));
	assert_int_equal(fclose(f), 0);
	set_time(name, written);
}

static int
make_maildir(void **context)
{
	struct fault fault = { { 0 } };

	(void)context;
	strncpy(top, "maildir-XXXXXX", sizeof top - 1);
	assert_non_null(mkdtemp(top));
	assert_int_equal(mkdir(path_of("tmp"), 0700), 0);
	assert_int_equal(mkdir(path_of("new"), 0700), 0);
	assert_int_equal(maildir_open(top, &m, &fault), RESULT_IO);
	assert_non_null(strstr(fault.text, "/cur: No such file"));
	assert_int_equal(mkdir(path_of("cur"), 0700), 0);
	assert_int_equal(maildir_open(top, &m, NULL), RESULT_OK);
	return 0;
}

static int
remove_maildir(void **context)
{
	static const char *const names[] = { "new/1.a",     "new/2.b",     "new/3.c",
					     "new/.hidden", "new/link",    "new/pipe",
					     "cur/1.a:2,S", "cur/2.b:2,S", "other" };

	(void)context;
	for (size_t i = 0; i < countof(names); i++) {
		(void)unlink(path_of(names[i]));
	}
	(void)rmdir(path_of("new/folder"));
	(void)rmdir(path_of("new"));
	(void)rmdir(path_of("cur"));
	(void)rmdir(path_of("tmp"));
	assert_int_equal(rmdir(top), 0);
	maildir_close(&m);
	arena_clear(&arena);
	return 0;
}

static void
look(struct instant now, size_t max)
{
	assert_int_equal(maildir_read(&m, now, max, &arena, &mails, &count, &more), RESULT_OK);
}

static void
mails_come_in_order_and_go_once(void **context)
{
	(void)context;
	look(later, 10);
	assert_int_equal(count, 0);
	write_mail("new/2.b", "second");
	write_mail("new/1.a", "first");
	write_mail("new/3.c", "");
	look(later, 2);
	assert_int_equal(count, 2);
	assert_true(more);
	assert_true(text_equal(mails[0].name, TEXT("1.a")) && text_equal(mails[0].content, TEXT("first")));
	assert_true(text_equal(mails[1].name, TEXT("2.b")) && text_equal(mails[1].content, TEXT("second")));
	assert_int_equal(maildir_done(&m, mails[0].name), RESULT_OK);
	assert_int_equal(maildir_done(&m, mails[1].name), RESULT_OK);
	assert_int_equal(access(path_of("cur/1.a:2,S"), F_OK), 0);
	assert_int_equal(access(path_of("cur/2.b:2,S"), F_OK), 0);
	assert_int_equal(maildir_done(&m, TEXT("1.a")), RESULT_OK);
	look(later, 10);
	assert_int_equal(count, 1);
	assert_false(more);
	assert_true(text_equal(mails[0].name, TEXT("3.c")) && mails[0].content.n == 0);
}

static void
a_file_that_just_changed_is_left(void **context)
{
	struct instant soon = { written.ms + MAILDIR_SETTLE_MS - 1 }, before = { written.ms - 3600000 };

	(void)context;
	write_mail("new/1.a", "half a ma");
	look(written, 10);
	assert_int_equal(count, 0);
	look(soon, 10);
	assert_int_equal(count, 0);
	look(later, 10);
	assert_int_equal(count, 1);
	/* A clock that went back must not hold mail for an hour. */
	look(before, 10);
	assert_int_equal(count, 1);
}

static void
only_plain_files_are_read(void **context)
{
	(void)context;
	write_mail("other", "secret");
	write_mail("new/.hidden", "x");
	assert_int_equal(symlink("../other", path_of("new/link")), 0);
	assert_int_equal(mkfifo(path_of("new/pipe"), 0600), 0);
	assert_int_equal(mkdir(path_of("new/folder"), 0700), 0);
	write_mail("new/2.b", "mail");
	look((struct instant){ later.ms + 4102444800000 }, 10);
	assert_int_equal(count, 1);
	assert_true(text_equal(mails[0].name, TEXT("2.b")));
}

static void
a_mail_that_is_too_large_is_named(void **context)
{
	(void)context;
	write_mail("new/1.a", "x");
	assert_int_equal(truncate(path_of("new/1.a"), MAIL_BYTES_MAX + 1), 0);
	set_time("new/1.a", written);
	look(later, 10);
	assert_int_equal(count, 1);
	assert_int_equal(mails[0].result, RESULT_TOO_LARGE);
	assert_int_equal(mails[0].content.n, 0);
	assert_int_equal(maildir_done(&m, mails[0].name), RESULT_OK);
}

int
main(void)
{
#define MAILDIR_TEST(f) cmocka_unit_test_setup_teardown(f, make_maildir, remove_maildir)
	const struct CMUnitTest tests[] = {
		MAILDIR_TEST(mails_come_in_order_and_go_once),
		MAILDIR_TEST(a_file_that_just_changed_is_left),
		MAILDIR_TEST(only_plain_files_are_read),
		MAILDIR_TEST(a_mail_that_is_too_large_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
