/*
 * vouch export: the published entries of a list, to the standard output or to a file that is replaced as a whole; with --watch
 * again whenever the lists change.
 */
#include "vouch/vouch.h"

#include "base/hash.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WATCH_MS 1000

static const char changes[] = "vouch_snapshots_published_total ";
static const char started[] = "vouch_snapshot_published_seconds ";

/* The number behind the name of a metric, as text; empty when it is not there. */
static struct text
metric(struct text page, const char *name)
{
	struct text line;

	while (page.n > 0) {
		(void)text_cut(&page, '\n', &line);
		if (text_starts_nocase(line, text_of(name))) {
			return (struct text){ line.p + strlen(name), line.n - strlen(name) };
		}
	}
	return (struct text){ "", 0 };
}

/* Words that are others after each change of the lists and each start of the daemon. */
static enum result
ask_state(struct vouch *v, struct buffer *page, char state[64])
{
	enum result r = client_ask(&v->client, "/metrics", NULL, page, &v->fault);

	if (r == RESULT_OK) {
		struct text count = metric(buffer_text(page), changes),
			    at = metric(buffer_text(page), started);

		(void)snprintf(state, 64, "%.*s at %.*s", TEXT_ARG(count), TEXT_ARG(at));
	}
	return r;
}

/* The content on disk, then the name: whoever reads the file has the old one or the new one, also after a crash. */
static enum result
replace_file(const char *name, struct text content, struct fault *fault)
{
	char temporary[4096];
	size_t written = 0;
	bool good;
	int fd, n = snprintf(temporary, sizeof temporary, "%s.XXXXXX", name);

	if (n < 0 || (size_t)n >= sizeof temporary) {
		return fault_set(fault, RESULT_BAD_USAGE, "%s: too long for a file name", name);
	}
	fd = mkstemp(temporary);
	good = fd >= 0 && fchmod(fd, 0644) == 0;
	while (good && written < content.n) {
		ssize_t one = write(fd, content.p + written, content.n - written);

		good = one > 0 || (one < 0 && errno == EINTR);
		written += one > 0 ? (size_t)one : 0;
	}
	good = good && fsync(fd) == 0;
	good = (fd < 0 || close(fd) == 0) && good && rename(temporary, name) == 0;
	if (!good) {
		int error = errno;

		if (fd >= 0) {
			(void)unlink(temporary);
		}
		return fault_set(fault, RESULT_IO, "%s: %s", name, strerror(error));
	}
	return RESULT_OK;
}

static enum result
write_out(struct vouch *v, const struct buffer *content)
{
	const char *name = v->args.flags[FLAG_output];

	if (name != NULL) {
		return replace_file(name, buffer_text(content), &v->fault);
	}
	return content->n == 0 || fwrite(content->p, 1, content->n, stdout) == content->n
		   ? RESULT_OK
		   : fault_set(&v->fault, RESULT_IO, "the output could not be written");
}

/* Writes what it is now, unless that is what was written last: who reads the file loads nothing for nothing. */
static enum result
export_changed(struct vouch *v, const char *path, struct buffer *content, uint64_t *written)
{
	enum result r = client_ask(&v->client, path, NULL, content, &v->fault);
	uint64_t hash = r == RESULT_OK ? hash_fast(content->p, content->n) | 1 : 0;

	if (r == RESULT_OK && hash != *written) {
		r = write_out(v, content);
		*written = r == RESULT_OK ? hash : 0;
	}
	return r;
}

/* Once more whenever the lists changed, until a signal. The daemon may be away for a while; the file then stays. */
static enum result
keep_watching(struct vouch *v, const char *path)
{
	struct buffer content, page;
	char seen[64] = "", now[64];
	uint64_t written = 0;
	bool told = false;
	enum result r = RESULT_OK;

	buffer_init(&content, HTTP_REPLY_BYTES_MAX);
	buffer_init(&page, HTTP_REPLY_BYTES_MAX);
	while (r == RESULT_OK || r == RESULT_IO || r == RESULT_BUSY) {
		r = ask_state(v, &page, now);
		if (r == RESULT_OK && strcmp(now, seen) != 0) {
			r = export_changed(v, path, &content, &written);
			if (r == RESULT_OK) {
				memcpy(seen, now, sizeof seen);
			}
		}
		if (r != RESULT_OK && !told) {
			(void)fprintf(stderr, "vouch: %s; trying again\n", v->fault.text);
		}
		told = r != RESULT_OK;
		v->fault = r == RESULT_IO || r == RESULT_BUSY ? (struct fault){ { 0 } } : v->fault;
		(void)poll(NULL, 0, WATCH_MS);
	}
	buffer_free(&content);
	buffer_free(&page);
	return r;
}

enum result
verb_export(struct vouch *v)
{
	const char *format = v->args.flags[FLAG_format], *path;
	struct buffer content;
	enum result r = vouch_connect(v);

	if (r != RESULT_OK) {
		return r;
	}
	if (format != NULL && vouch_has(v, FLAG_json)) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "--json and --format say the same thing");
	}
	if (vouch_has(v, FLAG_watch) && v->args.flags[FLAG_output] == NULL) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "--watch wants a file: --output FILE");
	}
	format = vouch_has(v, FLAG_json) ? "json" : format == NULL ? "text" : format;
	path = client_path(&v->client, &v->arena,
			   "/v1/export?list=", v->args.operand_count == 1 ? v->args.operands[0] : "", "");
	path = client_path(&v->client, &v->arena, arena_format(&v->arena, "%s&format=", path), format, "");
	if (vouch_has(v, FLAG_watch)) {
		return keep_watching(v, path);
	}
	buffer_init(&content, HTTP_REPLY_BYTES_MAX);
	r = client_ask(&v->client, path, NULL, &content, &v->fault);
	if (r == RESULT_OK) {
		r = write_out(v, &content);
	}
	buffer_free(&content);
	return r;
}
