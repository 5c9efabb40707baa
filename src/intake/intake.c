/* One document: which format, its reader, its faults, and one report per reporter. */
#include "intake/intake_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	struct text name;
	struct text types;
	size_t bytes_max;
	enum result (*read)(struct intake_reading *d);
} formats[] = {
#define FORMAT(id, name, bytes_max, types, meaning) \
	{ { #name, sizeof(#name) - 1 }, { types, sizeof(types) - 1 }, bytes_max, intake_##name##_read },
#include "intake/formats.def"
#undef FORMAT
};

const char *
intake_format_name(enum intake_format format)
{
	check(format < INTAKE_FORMAT_COUNT);
	return formats[format].name.p;
}

const char *
intake_format_names(struct arena *arena)
{
	const char *names = formats[0].name.p;

	for (enum intake_format f = 1; f < INTAKE_FORMAT_COUNT; f++) {
		names = arena_format(arena, "%s, %s", names, formats[f].name.p);
	}
	return names;
}

enum result
intake_format_parse(struct text name, enum intake_format *format)
{
	for (enum intake_format f = 0; f < INTAKE_FORMAT_COUNT; f++) {
		if (text_equal_nocase(name, formats[f].name)) {
			*format = f;
			return RESULT_OK;
		}
	}
	return RESULT_BAD_INPUT;
}

/* The format with this media type. text/plain and application/octet-stream say nothing, as does a missing one. */
static enum intake_format
format_of_type(struct text media_type)
{
	struct text rest = media_type, type;

	(void)text_cut(&rest, ';', &type);
	type = text_trim(type);
	for (enum intake_format f = 0; type.n > 0 && f < INTAKE_FORMAT_COUNT; f++) {
		struct text types = formats[f].types, one;
		bool more = true;

		while (more) {
			more = text_cut(&types, ' ', &one);
			if (text_equal_nocase(one, type)) {
				return f;
			}
		}
	}
	return INTAKE_AUTO;
}

/* "Received: ...", or the "From " line that a mailbox file has before it. */
bool
intake_looks_like_mail(struct text line)
{
	if (text_starts_nocase(line, TEXT("From "))) {
		return true;
	}
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == ':') {
			return i > 0;
		}
		if (line.p[i] <= ' ' || line.p[i] > '~') {
			return false;
		}
	}
	return false;
}

static enum intake_format
json_format(struct text raw)
{
	if (intake_is_xarf(raw)) {
		return INTAKE_XARF;
	}
	if (intake_is_postmaster(raw)) {
		return INTAKE_POSTMASTER;
	}
	return intake_is_webhook(raw) ? INTAKE_WEBHOOK : INTAKE_JSONL;
}

/* A '<' before a digit is the priority of a line of syslog. */
static bool
begins_as_xml(struct text t)
{
	return t.n > 0 && t.p[0] == '<' && !(t.n > 1 && t.p[1] >= '0' && t.p[1] <= '9');
}

static enum intake_format
format_of_looks(struct text raw, struct text header)
{
	struct text rest = raw, line;

	if (text_starts_nocase(rest, TEXT("\xef\xbb\xbf"))) {
		rest = (struct text){ rest.p + 3, rest.n - 3 };
	}
	rest = text_trim(rest);
	if (intake_is_packed(rest) || intake_is_wide_xml(raw) || begins_as_xml(rest)) {
		return INTAKE_DMARC;
	}
	(void)text_cut(&rest, '\n', &line);
	rest = line;
	(void)text_cut(&rest, '\r', &line);
	if (line.n > 0 && (line.p[0] == '{' || line.p[0] == '[')) {
		return json_format(raw);
	}
	if (header.n > 0) {
		return INTAKE_CSV;
	}
	if (intake_is_snds(line)) {
		return INTAKE_SNDS;
	}
	if (intake_is_gmail_fbl(line)) {
		return INTAKE_GMAIL_FBL;
	}
	if (intake_is_exim(line)) { /* it may name somebody at postfix.example */
		return INTAKE_EXIM;
	}
	if (intake_is_postfix(line)) {
		return INTAKE_POSTFIX;
	}
	if (intake_looks_like_mail(line)) {
		return INTAKE_ARF;
	}
	return memchr(line.p, intake_separator(line), line.n) != NULL ? INTAKE_CSV : INTAKE_AUTO;
}

bool
intake_full(const struct intake_reading *d)
{
	return d->fault_count >= INTAKE_FAULTS_MAX;
}

static struct intake_fault *
next_fault(struct intake_reading *d)
{
	if (d->faults == NULL) {
		d->faults = arena_get_array(d->arena, INTAKE_FAULTS_MAX + 1, sizeof *d->faults);
	}
	return &d->faults[d->fault_count++];
}

uint64_t
intake_lines(struct text t)
{
	struct text line;
	uint64_t lines = t.n > 0 && t.p[t.n - 1] != '\n' ? 1 : 0;

	while (text_cut(&t, '\n', &line)) {
		lines++;
	}
	return lines;
}

/* What is set aside of a document with rows: a document again. */
static struct text
with_prefix(struct intake_reading *d, struct text bytes)
{
	struct text prefix = d->row_prefix;
	char *p;

	if (prefix.n == 0) {
		return bytes;
	}
	p = arena_get(d->arena, prefix.n + bytes.n + 2);
	memcpy(p, prefix.p, prefix.n);
	p[prefix.n] = '\n';
	memcpy(p + prefix.n + 1, bytes.p, bytes.n);
	p[prefix.n + 1 + bytes.n] = '\n';
	return (struct text){ p, prefix.n + bytes.n + 2 };
}

void
intake_fault(struct intake_reading *d, uint64_t line, struct text field, struct text bytes,
	     const char *format, ...)
{
	char words[FAULT_BYTES_MAX];
	struct intake_fault *f;
	struct text said;
	va_list args;

	if (intake_full(d)) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(words, sizeof words, format, args);
	va_end(args);
	said = text_of(words);
	said.p = text_copy(d->arena, said);
	f = next_fault(d);
	*f = (struct intake_fault){ .line = line,
				    .field = intake_clean(d->arena, field, NAME_BYTES_MAX),
				    .words = intake_clean(d->arena, said, said.n),
				    .bytes = with_prefix(d, bytes),
				    .rows = 1 };
}

void
intake_fault_rest(struct intake_reading *d, uint64_t line, struct text bytes)
{
	const char *why =
	    intake_full(d) ? arena_format(d->arena, "more than %d bad lines; the rest is set aside unread",
					  INTAKE_FAULTS_MAX)
			   : arena_format(d->arena, "more than %d observations; the rest is set aside unread",
					  OBSERVATIONS_MAX);

	*next_fault(d) = (struct intake_fault){ .line = line,
						.words = text_of(why),
						.bytes = with_prefix(d, bytes),
						.rows = intake_lines(bytes) };
}

/* The document is one fault as a whole. */
static enum result
refuse(struct intake_reading *d, struct intake_result *result, enum result r)
{
	if (d->fault_count == 0) {
		intake_fault(d, 0, (struct text){ 0 }, d->raw, "%s", result_sentence(r));
	}
	d->faults[0].bytes = d->raw;
	*result = (struct intake_result){ .format = d->format, .fault_count = 1, .faults = d->faults };
	return r;
}

/*
 * Rows are the same when their bytes, their columns and their reporter are. Of a mail the content alone decides, so that it counts once
 * whatever the door; but a copy that came before from somebody whose word does not count must not stand in for it.
 */
static struct hash
report_id(const struct intake_reading *d, struct text reporter)
{
	const struct text parts[] = {
		formats[d->format].name,
		TEXT("\n"),
		d->by_content && !d->hint->is_trusted ? TEXT("?") : TEXT(""),
		d->by_content && d->hint->is_trusted ? TEXT("") : reporter,
		TEXT("\n"),
		d->by_content ? TEXT("") : d->hint->header,
		TEXT("\n"),
		{ (const char *)d->content.bytes, HASH_BYTES },
	};

	return hash_of_parts(parts, countof(parts));
}

/* One report per reporter, observations in the order of the document. */
static void
make_reports(struct intake_reading *d, struct intake_result *result)
{
	uint32_t counts[INTAKE_REPORTERS_MAX] = { 0 };

	result->reports = arena_get_array(d->arena, d->reporter_count, sizeof *result->reports);
	result->report_count = d->reporter_count;
	for (uint32_t i = 0; i < d->count; i++) {
		counts[d->reporter_of[i]]++;
	}
	for (uint32_t i = 0; i < d->reporter_count; i++) {
		result->reports[i] = (struct report){ .id = report_id(d, d->reporters[i]),
						      .raw = d->raw_hash,
						      .door = d->hint->door,
						      .format = formats[d->format].name,
						      .reporter = d->reporters[i],
						      .proof = d->hint->proof };
	}
	if (d->reporter_count == 1) {
		result->reports[0].observations = d->observations;
		result->reports[0].observation_count = d->count;
		return;
	}
	for (uint32_t i = 0; i < d->reporter_count; i++) {
		result->reports[i].observations =
		    arena_get_array(d->arena, counts[i], sizeof(struct observation));
	}
	for (uint32_t i = 0; i < d->count; i++) {
		struct report *report = &result->reports[d->reporter_of[i]];

		report->observations[report->observation_count++] = d->observations[i];
	}
}

enum result
intake_read(struct text raw, const struct intake_hint *hint, struct arena *arena,
	    struct intake_result *result)
{
	struct intake_reading d = { .hint = hint,
				    .raw = raw,
				    .arena = arena,
				    .format = hint->format,
				    .latest = instant_add(hint->received, (struct span){ FUTURE_MS_MAX }) };
	size_t bytes_max;
	enum result r;
	bool guessed;

	if (raw.n == 0) {
		d.raw = raw = TEXT("");
	}
	if (intake_is_wide(raw) && raw.n <= REPORT_BYTES_MAX && !intake_is_wide_xml(raw)) {
		d.raw = intake_narrow(raw, arena); /* a table or JSON as a spreadsheet or a shell saves it */
	}
	if (d.format == INTAKE_AUTO) {
		d.format = format_of_type(hint->media_type);
	}
	if (d.format == INTAKE_AUTO && raw.n > 0) {
		d.format = format_of_looks(d.raw, hint->header);
	}
	guessed = hint->format == INTAKE_AUTO && d.format == INTAKE_ARF;
	bytes_max = d.format == INTAKE_AUTO ? REPORT_BYTES_MAX : formats[d.format].bytes_max;
	if (raw.n > bytes_max) {
		intake_fault(&d, 0, (struct text){ 0 }, raw, "%zu bytes; at most %zu are read", raw.n,
			     bytes_max);
		return refuse(&d, result, RESULT_TOO_LARGE);
	}
	if (d.format == INTAKE_AUTO) {
		intake_fault(&d, 0, (struct text){ 0 }, raw,
			     "none of the formats that are read: no mail, no table, no JSON");
		return refuse(&d, result, RESULT_BAD_INPUT);
	}
	d.raw_hash = hash_of(raw.p, raw.n);
	d.content = d.raw_hash;
	if (guessed) {
		d.format = intake_mail_format(&d);
	}
	r = formats[d.format].read(&d);
	if (r != RESULT_OK) {
		return refuse(&d, result, r);
	}
	*result = (struct intake_result){ .format = d.format,
					  .recipients = d.recipients,
					  .recipient_count = d.recipient_count };
	make_reports(&d, result);
	result->faults = d.faults;
	result->fault_count = d.fault_count;
	return RESULT_OK;
}

const char *
intake_fault_format(const struct intake_fault *fault, char out[INTAKE_FAULT_BYTES])
{
	char place[NAME_BYTES_MAX + 64] = "";
	int n = 0;

	if (fault->line > 0) {
		n = snprintf(place, sizeof place, "line %llu%s", (unsigned long long)fault->line,
			     fault->field.n > 0 ? ", " : ": ");
	}
	if (fault->field.n > 0) {
		(void)snprintf(place + n, sizeof place - (size_t)n, "%.*s: ", TEXT_ARG(fault->field));
	}
	(void)snprintf(out, INTAKE_FAULT_BYTES, "%s%.*s", place, TEXT_ARG(fault->words));
	return out;
}
