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

/* The bytes of the entry that is open, behind those that are there; NULL words: whole. */
static const char *
read_entry(struct archive *a, struct buffer *b)
{
	const size_t begin = b->n;
	const void *block;
	size_t n;
	int64_t offset;
	int r;

	while ((r = archive_read_data_block(a, &block, &n, &offset)) == ARCHIVE_OK) {
		if (offset != (int64_t)(b->n - begin)) {
			return "the packed file has holes";
		}
		buffer_put(b, block, n);
		if (b->full) {
			return "it is too large unpacked";
		}
	}
	/* A damaged end, behind what matters, is common: the reader of the content finds out. */
	return r == ARCHIVE_EOF || b->n > begin ? NULL : "the packed file is damaged";
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

/* The files in it, one behind the other; that which counts is `n` bytes at `at`. */
struct unpacking {
	struct archive *archive;
	struct buffer files;
	size_t at, n;
	bool found; /* it may be a DMARC report */
};

/* Reads the entry that is open; what is wrong, or NULL. A page about the report may lie in front of it. */
static const char *
take_entry(struct unpacking *u, struct archive_entry *entry)
{
	const size_t begin = u->files.n;
	const char *why;

	if (archive_entry_filetype(entry) == AE_IFDIR) {
		return NULL;
	}
	if (archive_filter_count(u->archive) > FILTERS_MAX) {
		return "it is packed more than once"; /* what is small at both ends may be huge between */
	}
	why = read_entry(u->archive, &u->files);
	if (why != NULL ||
	    u->files.n == begin) { /* an empty one is no report, and nothing is allocated yet */
		return why;
	}
	u->found = intake_is_dmarc((struct text){ (const char *)u->files.p + begin, u->files.n - begin });
	if (u->n == 0 || u->found) {
		u->at = begin;
		u->n = u->files.n - begin;
	}
	return why;
}

const char *
intake_unpack(struct arena *arena, struct text packed, struct text *content)
{
	struct unpacking u = { .archive = open_packed(packed) };
	struct archive_entry *entry;
	const char *why = NULL;
	unsigned entries = 0;

	*content = (struct text){ "", 0 };
	if (u.archive == NULL) {
		return "the packed file is damaged";
	}
	buffer_init(&u.files, REPORT_BYTES_MAX);
	while (!u.found && why == NULL && entries < PACKED_FILES_MAX &&
	       archive_read_next_header(u.archive, &entry) == ARCHIVE_OK) {
		why = take_entry(&u, entry);
		entries++;
	}
	if (u.n > 0) {
		*content = (struct text){ arena_copy(arena, (const char *)u.files.p + u.at, u.n), u.n };
	} else if (why == NULL) {
		why = entries == 0 ? "the packed file is damaged" : "the packed file is empty";
	}
	buffer_free(&u.files);
	(void)archive_read_free(u.archive);
	return u.n > 0 ? NULL : why;
}
