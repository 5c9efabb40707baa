/*
 * ingest: files to the daemon's reports door. A mail goes up whole, rows in chunks, so that a month of volumes needs neither
 * their size in memory nor one giant transaction. A chunk knows the number of its first line: errors name the line of the file.
 */
#include "base/instant.h"
#include "base/limits.h"
#include "intake/intake.h"
#include "vouch/chunk.h"
#include "vouch/file.h"
#include "vouch/table.h"
#include "vouch/vouch.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERRORS_SHOWN_MAX 20
#define PROGRESS_NS      INT64_C(250000000)

static const char *const sums[] = { "accepted", "duplicate", "quarantined", "observations", "unknown" };

struct ingest {
	struct vouch *v;
	json_t *total; /* the answer for people and programs: sums and errors */
	const char *name;
	int64_t size; /* of the file; 0: not known */
	int64_t sent;
	int64_t told_ns;
	bool progress;
};

static void
show_progress(struct ingest *in, bool done)
{
	int64_t now = instant_monotonic_ns();

	if (!in->progress || (!done && now - in->told_ns < PROGRESS_NS)) {
		return;
	}
	in->told_ns = now;
	if (done) {
		(void)fputs("\r\033[K", stderr);
	} else if (in->size > 0) {
		(void)fprintf(stderr, "\r\033[K%s %d %%", in->name, (int)(in->sent * 100 / in->size));
	} else {
		(void)fprintf(stderr, "\r\033[K%s %d MB", in->name, (int)(in->sent / 1000000));
	}
}

static void
add_answer(struct ingest *in, const json_t *answer)
{
	for (size_t i = 0; i < countof(sums); i++) {
		json_t *sum = json_object_get(in->total, sums[i]);

		check(json_integer_set(sum, json_integer_value(sum) +
						json_integer_value(json_object_get(answer, sums[i]))) == 0);
	}
	(void)json_array_extend(json_object_get(in->total, "errors"), json_object_get(answer, "errors"));
}

/* Sends one document or chunk. `header` empty: it has its own, or needs none. */
static enum result
send_part(struct ingest *in, const char *format, struct text part, uint64_t line, const char *header)
{
	struct vouch *v = in->v;
	struct fault fault = { .text = "" };
	const char *path = client_path(&v->client, &v->arena, "/v1/reports?name=", in->name, "");
	json_t *answer = NULL;
	enum result r;

	if (strcmp(format, "auto") != 0) {
		path = arena_format(&v->arena, "%s&format=%s", path, format);
	}
	path = arena_format(&v->arena, "%s&line=%llu", path, (unsigned long long)line);
	if (vouch_has(v, FLAG_reporter)) {
		path = client_path(&v->client, &v->arena, arena_format(&v->arena, "%s&reporter=", path),
				   v->args.flags[FLAG_reporter], "");
	}
	if (header[0] != '\0') {
		path = client_path(&v->client, &v->arena, arena_format(&v->arena, "%s&header=", path), header,
				   "");
	}
	r = client_ask_json(&v->client, path, &part, &answer, &fault);
	/* Of a document that was kept, but could not be read, there are sums too. */
	if (r != RESULT_OK && json_object_get(answer, sums[0]) == NULL) {
		json_decref(answer);
		return fault_set(&v->fault, r, "%s: %s", in->name, fault.text);
	}
	add_answer(in, answer);
	json_decref(answer);
	in->sent += (int64_t)part.n;
	show_progress(in, false);
	return RESULT_OK;
}

/* Rows: filled to the brim, cut at a line end, the rest moved to the front. */
static enum result
send_rows(struct ingest *in, int fd, struct buffer *b, bool end, const char *format)
{
	bool csv = strcmp(format, "csv") == 0;
	const char *header = csv ? text_copy(&in->v->arena, chunk_header(buffer_text(b))) : "", *own = "";
	uint64_t line = 1;
	enum result r = RESULT_OK;

	while (r == RESULT_OK && (b->n > 0 || !end)) {
		struct text part;

		r = end ? RESULT_OK : file_fill(fd, in->name, CHUNK_BYTES_MAX, b, &end, &in->v->fault);
		if (r != RESULT_OK || b->n == 0) {
			break;
		}
		part = (struct text){ (const char *)b->p, chunk_cut(buffer_text(b), csv, end) };
		r = send_part(in, format, part, line, own);
		line += chunk_lines(part);
		own = header;
		memmove(b->p, b->p + part.n, b->n - part.n);
		b->n -= part.n;
	}
	return r;
}

static enum result
send_file(struct ingest *in, int fd)
{
	const char *format = in->v->args.flags[FLAG_format];
	struct buffer b;
	struct stat st;
	bool end = false;
	enum result r;

	in->sent = 0;
	in->size = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : 0;
	buffer_init(&b, REPORT_BYTES_MAX);
	r = file_fill(fd, in->name, CHUNK_BYTES_MAX, &b, &end, &in->v->fault);
	if (r == RESULT_OK && format == NULL) {
		format = chunk_format(in->name, buffer_text(&b));
	}
	if (r == RESULT_OK && (strcmp(format, "csv") == 0 || strcmp(format, "jsonl") == 0)) {
		r = send_rows(in, fd, &b, end, format);
	} else if (r == RESULT_OK) {
		r = end ? RESULT_OK : file_fill(fd, in->name, REPORT_BYTES_MAX, &b, &end, &in->v->fault);
		if (r == RESULT_OK && !end) {
			r = fault_set(&in->v->fault, RESULT_TOO_LARGE, "%s: a document larger than %d bytes",
				      in->name, REPORT_BYTES_MAX);
		}
		if (r == RESULT_OK) {
			r = send_part(in, format, buffer_text(&b), 1, "");
		}
	}
	buffer_free(&b);
	return r;
}

static void
print_errors(const json_t *errors)
{
	struct arena arena = { 0 };
	size_t n = json_array_size(errors);

	for (size_t i = 0; i < n && i < ERRORS_SHOWN_MAX; i++) {
		const json_t *e = json_array_get(errors, i), *line = json_object_get(e, "line"),
			     *field = json_object_get(e, "field");
		const char *name = table_cell(&arena, json_object_get(e, "name"));

		(void)fprintf(stderr, "%s", name);
		if (json_integer_value(line) > 0) {
			(void)fprintf(stderr, ":%" JSON_INTEGER_FORMAT, json_integer_value(line));
		}
		if (json_string_length(field) > 0) {
			(void)fprintf(stderr, ": %s", table_cell(&arena, field));
		}
		(void)fprintf(stderr, ": %s\n", table_cell(&arena, json_object_get(e, "error")));
	}
	if (n > ERRORS_SHOWN_MAX) {
		(void)fprintf(stderr, "and %zu more: vouch quarantine list\n", n - ERRORS_SHOWN_MAX);
	}
	arena_clear(&arena);
}

static json_int_t
total_of(const struct ingest *in, const char *name)
{
	return json_integer_value(json_object_get(in->total, name));
}

static void
print_total(const struct ingest *in)
{
	if (vouch_has(in->v, FLAG_json)) {
		vouch_print_json(in->total);
		return;
	}
	print_errors(json_object_get(in->total, "errors"));
	for (size_t i = 0; i < countof(sums); i++) {
		(void)printf("%s%" JSON_INTEGER_FORMAT " %s", i == 0 ? "" : ", ", total_of(in, sums[i]),
			     sums[i]);
	}
	(void)printf("\n");
}

/* A file that cannot be taken does not stop the others; a daemon or a disk that fails does. */
static enum result
send_all(struct ingest *in)
{
	struct vouch *v = in->v;
	enum result r = RESULT_OK;

	for (size_t i = 0; i < v->args.operand_count && r != RESULT_IO && r != RESULT_BUSY; i++) {
		bool standard = strcmp(v->args.operands[i], "-") == 0;
		enum result one;
		int fd;

		in->name = v->args.operands[i];
		if (standard) {
			in->name = vouch_has(v, FLAG_name) ? v->args.flags[FLAG_name] : "stdin";
		}
		one = file_open(v->args.operands[i], &fd, &v->fault);
		if (one == RESULT_OK) {
			one = send_file(in, fd);
			close(fd);
		}
		if (one != RESULT_OK) {
			show_progress(in, true);
			(void)fprintf(stderr, "vouch: %s\n", v->fault.text);
			v->fault.text[0] = '\0';
			r = one;
		}
	}
	show_progress(in, true);
	return r;
}

enum result
verb_ingest(struct vouch *v)
{
	struct ingest in = { .v = v, .progress = isatty(STDERR_FILENO) };
	const char *format = v->args.flags[FLAG_format];
	enum intake_format known;
	enum result r;

	if (format != NULL && intake_format_parse(text_of(format), &known) != RESULT_OK) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "--format wants one of %s, not \"%s\"",
				 intake_format_names(&v->arena), format);
	}
	r = vouch_connect(v);
	if (r != RESULT_OK) {
		return r;
	}
	in.total = json_pack("{s:i,s:i,s:i,s:i,s:i,s:[]}", sums[0], 0, sums[1], 0, sums[2], 0, sums[3], 0,
			     sums[4], 0, "errors");
	check(in.total != NULL);
	r = send_all(&in);
	print_total(&in);
	/* Also when it was all set aside before: the file is still not right. */
	if (r == RESULT_OK && json_array_size(json_object_get(in.total, "errors")) > 0) {
		r = RESULT_BAD_INPUT;
	}
	json_decref(in.total);
	return r;
}
