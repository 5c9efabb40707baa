/* Folders of a test, which hold files alone. */
#ifndef TEST_FOLDER_H
#define TEST_FOLDER_H

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

static inline void
test_folder_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
}

static inline void
test_folder_remove(const char *path)
{
	test_folder_empty(path);
	assert_int_equal(rmdir(path), 0);
}

#endif
