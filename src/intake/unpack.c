/* What was packed: gzip and zip, by libarchive; the only file that knows it. */
#include "intake/intake_int.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define FILTERS_MAX 2 /* gzip, and the library's "none" */

static bool
starts_with(struct text t, const char *magic, size_t n)
{
	return t.n >= n && memcmp(t.p, magic, n) == 0;
}

bool
intake_is_packed(struct text t)
{
	return starts_with(t, "\x1f\x8b", 2) || starts_with(t, "PK\x03\x04", 4);
}

/* The bytes of the entry that is open; NULL words: whole. */
static const char *
read_entry(struct archive *a, struct buffer *b)
{
	const void *block;
	size_t n;
	int64_t offset;
	int r;

	while ((r = archive_read_data_block(a, &block, &n, &offset)) == ARCHIVE_OK) {
		if (offset != (int64_t)b->n) {
			return "the packed file has holes";
		}
		buffer_put(b, block, n);
		if (b->full) {
			return "it is too large unpacked";
		}
	}
	/* A damaged end, behind what matters, is common: the reader of the content finds out. */
	return r == ARCHIVE_EOF || b->n > 0 ? NULL : "the packed file is damaged";
}

/* Only these two: every other format of the library is another way in. */
static struct archive *
open_packed(struct text packed)
{
	struct archive *a = archive_read_new();

	check(a != NULL);
	check(archive_read_support_filter_gzip(a) == ARCHIVE_OK);
	check(archive_read_support_format_zip(a) == ARCHIVE_OK);
	check(archive_read_support_format_raw(a) == ARCHIVE_OK);
	if (archive_read_open_memory(a, packed.p, packed.n) == ARCHIVE_OK) {
		return a;
	}
	(void)archive_read_free(a);
	return NULL;
}

const char *
intake_unpack(struct arena *arena, struct text packed, struct text *content)
{
	struct archive *a = open_packed(packed);
	struct archive_entry *entry;
	struct buffer b;
	const char *why = "the packed file is damaged";
	unsigned entries = 0;

	*content = (struct text){ "", 0 };
	if (a == NULL) {
		return why;
	}
	buffer_init(&b, REPORT_BYTES_MAX);
	while (entries++ < PACKED_FILES_MAX && archive_read_next_header(a, &entry) == ARCHIVE_OK) {
		if (archive_entry_filetype(entry) == AE_IFDIR) {
			continue;
		}
		if (archive_filter_count(a) > FILTERS_MAX) {
			why =
			    "it is packed more than once"; /* what is small at both ends may be huge between */
			break;
		}
		why = read_entry(a, &b);
		if (why == NULL && b.n > 0) {
			*content = (struct text){ arena_copy(arena, (const char *)b.p, b.n), b.n };
		}
		break;
	}
	buffer_free(&b);
	(void)archive_read_free(a);
	return why == NULL && content->n == 0 ? "the packed file is empty" : why;
}
