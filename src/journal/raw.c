#include "journal/raw_int.h"

#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION       1U
#define LEVEL         3
#define PENDING_BYTES 1048576U
#define NAME_BYTES    32

static const char magic[8] = { 'V', 'O', 'U', 'C', 'H', 'R', 'A', 'W' };

static void
put_le(uint8_t *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		p[i] = (uint8_t)(v >> (8 * i));
	}
}

static uint64_t
get_le(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++) {
		v |= (uint64_t)p[i] << (8 * i);
	}
	return v;
}

static const char *
segment_name(uint32_t segment, char name[NAME_BYTES])
{
	(void)snprintf(name, NAME_BYTES, "raw-%06u.seg", segment);
	return name;
}

static enum result
fault_errno(struct fault *fault, uint32_t segment, const char *doing)
{
	return fault_set(fault, RESULT_IO, "raw-%06u.seg: %s: %s", segment, doing, strerror(errno));
}

static enum result
read_at(int fd, uint8_t *p, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t got = pread(fd, p, n, (off_t)at);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			return got == 0 ? RESULT_DAMAGED : RESULT_IO;
		}
		p += got;
		n -= (size_t)got;
		at += (size_t)got;
	}
	return RESULT_OK;
}

static enum result
write_at(int fd, const uint8_t *p, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t put = pwrite(fd, p, n, (off_t)at);

		if (put < 0 && errno == EINTR) {
			continue;
		}
		if (put <= 0) {
			return RESULT_IO;
		}
		p += put;
		n -= (size_t)put;
		at += (size_t)put;
	}
	return RESULT_OK;
}

static void
segment_close(struct journal_raw *raw)
{
	if (raw->fd >= 0) {
		(void)close(raw->fd);
	}
	raw->fd = -1;
	raw->fd_segment = 0;
}

/* Makes raw->fd the segment, and checks its header. */
static enum result
segment_open(struct journal_raw *raw, uint32_t segment, struct fault *fault)
{
	uint8_t header[JOURNAL_SEGMENT_BYTES];
	char name[NAME_BYTES];
	enum result r;

	if (raw->fd >= 0 && raw->fd_segment == segment) {
		return RESULT_OK;
	}
	segment_close(raw);
	raw->fd = openat(raw->dir, segment_name(segment, name),
			 (raw->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
	if (raw->fd < 0) {
		return errno == ENOENT ? fault_set(fault, RESULT_DAMAGED, "%s is gone", name)
				       : fault_errno(fault, segment, "open");
	}
	raw->fd_segment = segment;
	r = read_at(raw->fd, header, sizeof header, 0);
	if (r == RESULT_OK && (memcmp(header, magic, sizeof magic) != 0 || get_le(header + 8, 4) != VERSION ||
			       get_le(header + 12, 4) != segment)) {
		r = RESULT_DAMAGED;
	}
	if (r != RESULT_OK) {
		segment_close(raw);
		return r == RESULT_IO
			   ? fault_errno(fault, segment, "read")
			   : fault_set(fault, r, "%s is no segment of this version and number", name);
	}
	return RESULT_OK;
}

/* The next segment, empty. A file of that name is left from a transaction that never committed. */
static enum result
segment_begin(struct journal_raw *raw, uint32_t segment, struct fault *fault)
{
	uint8_t header[JOURNAL_SEGMENT_BYTES];
	char name[NAME_BYTES];

	segment_close(raw);
	raw->fd = openat(raw->dir, segment_name(segment, name),
			 O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (raw->fd < 0) {
		return fault_errno(fault, segment, "create");
	}
	raw->fd_segment = segment;
	memcpy(header, magic, sizeof magic);
	put_le(header + 8, VERSION, 4);
	put_le(header + 12, segment, 4);
	if (write_at(raw->fd, header, sizeof header, 0) != RESULT_OK || fsync(raw->dir) != 0) {
		return fault_errno(fault, segment, "write");
	}
	raw->end = (struct journal_end){ .segment = segment, .bytes = sizeof header };
	raw->dirty = true;
	return RESULT_OK;
}

/* Cuts off what was never committed: the tail of the last segment, and segments behind it. */
static enum result
repair_tail(struct journal_raw *raw, uint64_t size, struct fault *fault)
{
	char name[NAME_BYTES];
	uint32_t next = raw->end.segment + 1;

	if (raw->end.segment != 0 && size > raw->end.bytes &&
	    (ftruncate(raw->fd, (off_t)raw->end.bytes) != 0 || fsync(raw->fd) != 0)) {
		return fault_errno(fault, raw->end.segment, "cut off a torn tail");
	}
	while (unlinkat(raw->dir, segment_name(next, name), 0) == 0) {
		next++;
	}
	return errno == ENOENT ? RESULT_OK : fault_errno(fault, next, "remove");
}

enum result
journal_raw_open(struct journal_raw *raw, int dir, const struct journal_end *end, bool writable,
		 struct fault *fault)
{
	struct stat info = { 0 };
	enum result r;

	*raw = (struct journal_raw){
		.dir = dir, .fd = -1, .writable = writable, .committed = *end, .end = *end
	};
	buffer_init(&raw->pending, (size_t)4 * REPORT_BYTES_MAX);
	buffer_init(&raw->body, (size_t)2 * REPORT_BYTES_MAX);
	raw->compress = ZSTD_createCCtx();
	raw->expand = ZSTD_createDCtx();
	check(raw->compress != NULL && raw->expand != NULL);
	if (end->segment != 0) {
		r = segment_open(raw, end->segment, fault);
		if (r != RESULT_OK) {
			return r;
		}
		if (fstat(raw->fd, &info) != 0) {
			return fault_errno(fault, end->segment, "stat");
		}
		if ((uint64_t)info.st_size < end->bytes) {
			return fault_set(fault, RESULT_DAMAGED,
					 "raw-%06u.seg has %lld bytes; the store has committed %llu",
					 end->segment, (long long)info.st_size,
					 (unsigned long long)end->bytes);
		}
	}
	return writable ? repair_tail(raw, (uint64_t)info.st_size, fault) : RESULT_OK;
}

void
journal_raw_close(struct journal_raw *raw)
{
	segment_close(raw);
	buffer_free(&raw->pending);
	buffer_free(&raw->body);
	(void)ZSTD_freeCCtx(raw->compress);
	(void)ZSTD_freeDCtx(raw->expand);
}

/* Writes what is pending; it ends where raw->end says. */
static enum result
flush(struct journal_raw *raw, struct fault *fault)
{
	enum result r;

	if (raw->pending.n == 0) {
		return RESULT_OK;
	}
	r = segment_open(raw, raw->end.segment, fault);
	if (r != RESULT_OK) {
		return r;
	}
	if (write_at(raw->fd, raw->pending.p, raw->pending.n, raw->end.bytes - raw->pending.n) != RESULT_OK) {
		return fault_errno(fault, raw->end.segment, "write");
	}
	buffer_clear(&raw->pending);
	raw->dirty = true;
	return RESULT_OK;
}

enum result
journal_raw_sync(struct journal_raw *raw, struct fault *fault)
{
	enum result r = flush(raw, fault);

	if (r != RESULT_OK || !raw->dirty) {
		return r;
	}
	r = segment_open(raw, raw->end.segment, fault);
	if (r != RESULT_OK) {
		return r;
	}
	if (fdatasync(raw->fd) != 0) {
		return fault_errno(fault, raw->end.segment, "fdatasync");
	}
	raw->dirty = false;
	return RESULT_OK;
}

/* The document as one zstd frame in raw->body. */
static enum result
compress_body(struct journal_raw *raw, struct text bytes, struct fault *fault)
{
	size_t bound = ZSTD_compressBound(bytes.n), n;

	if (raw->body.size < bound) {
		uint8_t *p = realloc(raw->body.p, bound);

		if (p == NULL) {
			return fault_set(fault, RESULT_IO, "no memory to compress %zu bytes", bytes.n);
		}
		raw->body.p = p;
		raw->body.size = bound;
	}
	n = ZSTD_compressCCtx(raw->compress, raw->body.p, raw->body.size, bytes.p, bytes.n, LEVEL);
	check(!ZSTD_isError(n)); /* the bound is zstd's own */
	raw->body.n = n;
	return RESULT_OK;
}

static uint64_t
frame_sum(const uint8_t head[40], const void *body, size_t n)
{
	return hash_fast_seed(body, n, hash_fast(head, 40));
}

enum result
journal_raw_put(struct journal_raw *raw, const struct hash *hash, struct text bytes,
		struct journal_place *place, struct fault *fault)
{
	uint8_t head[JOURNAL_FRAME_BYTES];
	enum result r = compress_body(raw, bytes, fault);

	check(bytes.n <= REPORT_BYTES_MAX);
	if (r == RESULT_OK && (raw->end.segment == 0 || raw->end.bytes >= SEGMENT_BYTES_MAX)) {
		r = journal_raw_sync(raw, fault);
		if (r == RESULT_OK) {
			r = segment_begin(raw, raw->end.segment + 1, fault);
		}
	}
	if (r == RESULT_OK && raw->pending.n >= PENDING_BYTES) {
		r = flush(raw, fault);
	}
	if (r != RESULT_OK) {
		return r;
	}
	put_le(head, raw->body.n, 4);
	put_le(head + 4, bytes.n, 4);
	memcpy(head + 8, hash->bytes, HASH_BYTES);
	put_le(head + 40, frame_sum(head, raw->body.p, raw->body.n), 8);
	*place = (struct journal_place){ .segment = raw->end.segment,
					 .offset = raw->end.bytes,
					 .stored = (uint32_t)raw->body.n,
					 .bytes = (uint32_t)bytes.n };
	buffer_put(&raw->pending, head, sizeof head);
	buffer_put(&raw->pending, raw->body.p, raw->body.n);
	if (raw->pending.full) {
		return fault_set(fault, RESULT_IO, "no memory for a raw document of %zu bytes", bytes.n);
	}
	raw->end.bytes += sizeof head + raw->body.n;
	return RESULT_OK;
}

void
journal_raw_keep(struct journal_raw *raw)
{
	raw->committed = raw->end;
}

void
journal_raw_drop(struct journal_raw *raw)
{
	buffer_clear(&raw->pending);
	raw->end = raw->committed;
	/* The descriptor may be of a segment that does not count any more; it is opened again, and checked. */
	segment_close(raw);
	raw->dirty = false;
}

/* Head and body of a frame agree with each other, with the place and with the hash. */
static enum result
frame_check(const uint8_t *frame, const struct journal_place *place, const struct hash *hash,
	    struct fault *fault)
{
	if (get_le(frame, 4) != place->stored || get_le(frame + 4, 4) != place->bytes ||
	    memcmp(frame + 8, hash->bytes, HASH_BYTES) != 0) {
		return fault_set(fault, RESULT_DAMAGED, "raw-%06u.seg: another document lies at byte %llu",
				 place->segment, (unsigned long long)place->offset);
	}
	if (frame_sum(frame, frame + JOURNAL_FRAME_BYTES, place->stored) != get_le(frame + 40, 8)) {
		return fault_set(fault, RESULT_DAMAGED, "raw-%06u.seg: the frame at byte %llu is damaged",
				 place->segment, (unsigned long long)place->offset);
	}
	return RESULT_OK;
}

static enum result
frame_expand(struct journal_raw *raw, const uint8_t *frame, const struct journal_place *place,
	     const struct hash *hash, struct buffer *out, struct fault *fault)
{
	/* One byte at least: malloc(0) may answer NULL. */
	uint8_t *plain = malloc((size_t)place->bytes + 1);
	enum result r = RESULT_OK;
	struct hash got;
	size_t n;

	if (plain == NULL) {
		return fault_set(fault, RESULT_IO, "no memory for a raw document of %u bytes", place->bytes);
	}
	n = ZSTD_decompressDCtx(raw->expand, plain, place->bytes, frame + JOURNAL_FRAME_BYTES, place->stored);
	got = hash_of(plain, ZSTD_isError(n) ? 0 : n);
	if (ZSTD_isError(n) || n != place->bytes || !hash_equal(&got, hash)) {
		r = fault_set(fault, RESULT_DAMAGED,
			      "raw-%06u.seg: the document at byte %llu does not have its hash",
			      place->segment, (unsigned long long)place->offset);
	} else {
		buffer_put(out, plain, n);
		r = out->full ? RESULT_TOO_LARGE : RESULT_OK;
	}
	free(plain);
	return r;
}

enum result
journal_raw_get(struct journal_raw *raw, const struct journal_place *place, const struct hash *hash,
		struct buffer *out, struct fault *fault)
{
	uint8_t *frame;
	enum result r;

	/* Lengths come from the store, which may be damaged: bound them before memory is asked for. */
	if (place->bytes > REPORT_BYTES_MAX || place->stored > ZSTD_compressBound(REPORT_BYTES_MAX)) {
		return fault_set(fault, RESULT_DAMAGED,
				 "raw-%06u.seg: no document is as long as at byte %llu", place->segment,
				 (unsigned long long)place->offset);
	}
	r = flush(raw, fault);
	if (r == RESULT_OK) {
		r = segment_open(raw, place->segment, fault);
	}
	if (r != RESULT_OK) {
		return r;
	}
	frame = malloc(JOURNAL_FRAME_BYTES + (size_t)place->stored);
	if (frame == NULL) {
		return fault_set(fault, RESULT_IO, "no memory for a raw document of %u bytes", place->bytes);
	}
	r = read_at(raw->fd, frame, JOURNAL_FRAME_BYTES + (size_t)place->stored, place->offset);
	if (r == RESULT_IO) {
		(void)fault_errno(fault, place->segment, "read");
	} else if (r == RESULT_DAMAGED) {
		(void)fault_set(fault, r, "raw-%06u.seg ends within the frame at byte %llu", place->segment,
				(unsigned long long)place->offset);
	} else {
		r = frame_check(frame, place, hash, fault);
		if (r == RESULT_OK) {
			r = frame_expand(raw, frame, place, hash, out, fault);
		}
	}
	free(frame);
	return r;
}
