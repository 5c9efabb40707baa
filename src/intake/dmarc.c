/*
 * DMARC aggregate reports (RFC 7489, RFC 9990): XML, plain or packed with gzip or zip, as a document of its own or attached to a mail.
 *
 * Each record becomes up to three observations of its count: the mail that was taken (or refused), that it failed DMARC, and that it was
 * authenticated as somebody else than its From domain. expat reads from <feedback> on: what stands before it, a DOCTYPE with its
 * entities in the first place, is never seen. XML that is not well-formed is read once more with every '<' and '&' that begins nothing
 * taken for itself, and what is no character of its charset as '?'.
 */
#include "intake/content_int.h"
#include "intake/draft_int.h"

#include <expat.h>
#include <string.h>

#define DEPTH_MAX   8U /* of elements; real ones go to 5 */
#define PATH_BYTES  128U
#define VALUE_BYTES ATTRIBUTE_BYTES_MAX
#define PASSED_MAX  (OBSERVATION_KEYS_MAX - 1)
#define PREFIX_MAX  64U /* bytes of a namespace's prefix */
#define PER_RECORD  3U
#define SECONDS_MAX UINT64_C(7258118400) /* 2200 */
#define MENDED_MAX  65536U               /* bytes that mending may add */
#define HEAD_MAX    16384U /* bytes before the first record that are set aside with each bad one */

enum field {
	ORG,
	REPORT,
	BEGIN,
	END,
	POLICY_DOMAIN,
	SOURCE,
	COUNT,
	DISPOSITION,
	DKIM,
	SPF,
	OVERRIDE,
	FROM,
	MAIL_FROM,
	DKIM_DOMAIN,
	DKIM_SELECTOR,
	DKIM_RESULT,
	SPF_DOMAIN,
	SPF_RESULT,
	FIELD_COUNT
};
#define FIRST_OF_RECORD SOURCE

static const struct {
	enum field field;
	struct text path;
} elements[] = {
#define DMARC_FIELD(field, path) { field, { path, sizeof(path) - 1 } },
#include "intake/dmarc_fields.def"
#undef DMARC_FIELD
};

struct value {
	char bytes[VALUE_BYTES];
	size_t n;
};

struct dmarc {
	struct intake_reading *d;
	XML_Parser parser;
	struct text xml;
	struct text root;      /* "feedback", or "dm:feedback" */
	char path[PATH_BYTES]; /* "record/row/count", below the first element */
	size_t path_n;
	unsigned depth;
	struct value value; /* of the element that is open */
	struct value values[FIELD_COUNT];
	struct value passed[PASSED_MAX]; /* DKIM domains that passed */
	size_t passed_count;
	struct value spf_passed; /* the last domain that passed SPF */
	size_t record_at;        /* where the record begins that is open */
	size_t records_end;      /* where the part before the first record ends */
	uint64_t record_line;
	bool stopped; /* too much, or too deep */
};

static struct text
value_of(const struct dmarc *x, enum field f)
{
	return text_trim((struct text){ x->values[f].bytes, x->values[f].n });
}

static bool
is(const struct dmarc *x, enum field f, const char *word)
{
	return text_equal_nocase(value_of(x, f), text_of(word));
}

/* ---- one record */

/* A record as a document of its own, to be set aside: what stands before the first one is repeated with each, so it must be short. */
static struct text
record_document(const struct dmarc *x, size_t end)
{
	struct text head = x->records_end <= HEAD_MAX
			       ? (struct text){ x->xml.p, x->records_end }
			       : text_of(arena_format(x->d->arena, "<%.*s>", TEXT_ARG(x->root)));
	const char *text =
	    arena_format(x->d->arena, "%.*s%.*s</%.*s>", TEXT_ARG(head), (int)(end - x->record_at),
			 x->xml.p + x->record_at, TEXT_ARG(x->root));

	return text_of(text);
}

static void
bad_record(struct dmarc *x, size_t end, enum field field, const char *words)
{
	struct text value = value_of(x, field);

	if (!intake_full(x->d)) {
		intake_fault(x->d, x->record_line, field == SOURCE ? TEXT("source_ip") : TEXT("count"),
			     record_document(x, end), "'%.*s' %s", value.n > 60 ? 60 : (int)value.n, value.p,
			     words);
	}
}

/* Seconds since 1970, or any other form of a time. */
static bool
parse_time(struct text t, struct instant *at)
{
	uint64_t seconds;

	if (text_u64(t, &seconds) && seconds < SECONDS_MAX) {
		*at = (struct instant){ (int64_t)seconds * 1000 };
		return true;
	}
	return instant_parse(t, at) == RESULT_OK;
}

/* The middle of the time that the report is about; the mail came at any time in it. */
static struct instant
time_of(const struct dmarc *x)
{
	struct instant begin, end, at = x->d->hint->received;

	if (!parse_time(value_of(x, BEGIN), &begin)) {
		return at;
	}
	if (parse_time(value_of(x, END), &end) && end.ms > begin.ms) {
		begin.ms += (end.ms - begin.ms) / 2;
	}
	return begin.ms <= x->d->latest.ms ? begin : at;
}

static void
add(struct dmarc *x, enum signal signal, const struct prefix *source, uint32_t count)
{
	struct text from = value_of(x, FROM), org = value_of(x, ORG);
	struct source_key key;
	struct draft t;

	draft_open(&t, x->d, signal);
	t.o->count = count;
	t.o->at = time_of(x);
	(void)draft_key_address(&t, source);
	for (size_t i = 0; i < x->passed_count; i++) {
		(void)draft_key(&t, (struct text){ x->passed[i].bytes, x->passed[i].n });
	}
	if (source_key_parse(from, &key, NULL) == RESULT_OK && key.kind == SOURCE_DOMAIN) {
		from.p = text_copy(x->d->arena, source_key_text(&key));
		draft_attribute(&t, "from_domain", (struct text){ from.p, strlen(from.p) });
	}
	org.p = text_lower(x->d->arena, org);
	draft_attribute(&t, "receiver", org);
	for (enum field f = REPORT; f < FIELD_COUNT; f++) {
		static const char *const names[FIELD_COUNT] = {
			[REPORT] = "report",
			[BEGIN] = "begin",
			[END] = "end",
			[POLICY_DOMAIN] = "policy_domain",
			[DISPOSITION] = "disposition",
			[DKIM] = "dkim",
			[SPF] = "spf",
			[OVERRIDE] = "override",
			[MAIL_FROM] = "mail_from",
			[SPF_DOMAIN] = "spf_domain",
		};
		struct text value = value_of(x, f);

		value.p = names[f] == NULL ? NULL : text_copy(x->d->arena, value);
		if (names[f] != NULL) {
			draft_attribute(&t, names[f], value);
		}
	}
	draft_keep(&t);
}

/* Is one of them the other, or below it? */
static bool
is_related(struct text a, struct text b)
{
	struct text longer = a.n > b.n ? a : b, other = a.n > b.n ? b : a;
	struct text end = { longer.p + longer.n - other.n, other.n };

	return text_equal_nocase(end, other) &&
	       (longer.n == other.n || longer.p[longer.n - other.n - 1] == '.');
}

/* Was the mail authenticated, but as nobody near its From domain? */
static bool
is_another(const struct dmarc *x)
{
	struct text from = value_of(x, FROM), spf = { x->spf_passed.bytes, x->spf_passed.n };

	if (from.n == 0 || (spf.n > 0 && is_related(spf, from))) {
		return false;
	}
	for (size_t i = 0; i < x->passed_count; i++) {
		if (is_related((struct text){ x->passed[i].bytes, x->passed[i].n }, from)) {
			return false;
		}
	}
	return spf.n > 0 || x->passed_count > 0;
}

static void
take_record(struct dmarc *x, size_t end)
{
	struct prefix source;
	uint64_t count;
	bool fails;

	if (prefix_parse(value_of(x, SOURCE), &source, NULL) != RESULT_OK || !prefix_is_address(&source)) {
		bad_record(x, end, SOURCE, "is no address");
		return;
	}
	if (!text_u64(value_of(x, COUNT), &count) || count > UINT32_MAX) {
		bad_record(x, end, COUNT, "is no number of messages");
		return;
	}
	if (count == 0 || x->d->count + PER_RECORD > x->d->max) {
		return;
	}
	fails = !is(x, DKIM, "pass") && !is(x, SPF, "pass");
	add(x, is(x, DISPOSITION, "reject") ? SIGNAL_POLICY_BLOCK : SIGNAL_DELIVERED, &source,
	    (uint32_t)count);
	if (fails) {
		add(x, SIGNAL_AUTH_FAIL, &source, (uint32_t)count);
	}
	if (fails && is_another(x)) {
		add(x, SIGNAL_FOREIGN_FROM, &source, (uint32_t)count);
	}
}

/* ---- the elements */

/* Without a namespace prefix. */
static struct text
local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return text_of(colon == NULL ? name : colon + 1);
}

static bool
at_path(const struct dmarc *x, struct text path)
{
	return text_equal((struct text){ x->path, x->path_n }, path);
}

static void
forget(struct dmarc *x, enum field from)
{
	for (enum field f = from; f < FIELD_COUNT; f++) {
		x->values[f].n = 0;
	}
}

static void
on_start(void *context, const char *name, const char **attributes)
{
	struct dmarc *x = context;
	struct text local = local_name(name);

	(void)attributes;
	x->value.n = 0;
	if (x->depth++ == 0) {
		return;
	}
	if (x->depth > DEPTH_MAX || x->path_n + local.n + 1 > PATH_BYTES) {
		x->stopped = true;
		(void)XML_StopParser(x->parser, XML_FALSE);
		return;
	}
	if (x->path_n > 0) {
		x->path[x->path_n++] = '/';
	}
	memcpy(x->path + x->path_n, local.p, local.n);
	x->path_n += local.n;
	if (at_path(x, TEXT("record"))) {
		x->record_at = (size_t)XML_GetCurrentByteIndex(x->parser);
		x->record_line = XML_GetCurrentLineNumber(x->parser);
		x->records_end = x->records_end == 0 ? x->record_at : x->records_end;
		x->passed_count = 0;
		x->spf_passed.n = 0;
		forget(x, FIRST_OF_RECORD);
	} else if (at_path(x, TEXT("record/auth_results/dkim"))) {
		x->values[DKIM_DOMAIN].n = x->values[DKIM_RESULT].n = 0;
	} else if (at_path(x, TEXT("record/auth_results/spf"))) {
		x->values[SPF_DOMAIN].n = x->values[SPF_RESULT].n = 0;
	}
}

static void
on_text(void *context, const char *bytes, int n)
{
	struct dmarc *x = context;
	size_t room = VALUE_BYTES - x->value.n, more = (size_t)n < room ? (size_t)n : room;

	memcpy(x->value.bytes + x->value.n, bytes, more);
	x->value.n += more;
}

/* The first value of a field stands; those of DKIM and SPF results are of the result that is open. */
static void
keep_value(struct dmarc *x)
{
	for (size_t i = 0; i < countof(elements); i++) {
		struct value *v = &x->values[elements[i].field];

		if (v->n == 0 && at_path(x, elements[i].path)) {
			*v = x->value;
		}
	}
}

static void
set_value(struct value *v, struct text t)
{
	memcpy(v->bytes, t.p, t.n);
	v->n = t.n;
}

static void
keep_passed(struct dmarc *x)
{
	struct text domain = value_of(x, DKIM_DOMAIN);

	if (is(x, DKIM_RESULT, "pass") && domain.n > 0 && x->passed_count < PASSED_MAX) {
		set_value(&x->passed[x->passed_count++], domain);
	}
}

static void
on_end(void *context, const char *name)
{
	struct dmarc *x = context;
	size_t end = (size_t)XML_GetCurrentByteIndex(x->parser) + (size_t)XML_GetCurrentByteCount(x->parser);
	const char *slash = memrchr(x->path, '/', x->path_n);

	(void)name;
	keep_value(x);
	x->value.n = 0;
	if (at_path(x, TEXT("record/auth_results/dkim"))) {
		keep_passed(x);
	} else if (at_path(x, TEXT("record/auth_results/spf"))) {
		if (is(x, SPF_RESULT, "pass")) {
			set_value(&x->spf_passed, value_of(x, SPF_DOMAIN));
		}
	} else if (at_path(x, TEXT("record"))) {
		take_record(x, end);
	}
	x->path_n = slash == NULL ? 0 : (size_t)(slash - x->path);
	x->depth--;
}

/* ---- the document */

/* Where `word` begins; t.n: nowhere. */
static size_t
find(struct text t, const char *word)
{
	const char *p = t.n == 0 ? NULL : memmem(t.p, t.n, word, strlen(word));

	return p == NULL ? t.n : (size_t)(p - t.p);
}

/* "iso-8859-1" of <?xml encoding="iso-8859-1"?>; NULL: none is named. */
static const char *
encoding_of(struct arena *arena, struct text prolog)
{
	size_t at = find(prolog, "encoding=");
	struct text rest = { prolog.p + at, prolog.n - at }, name;
	char quote;

	if (rest.n < 11 || (rest.p[9] != '"' && rest.p[9] != '\'')) {
		return NULL;
	}
	quote = rest.p[9];
	rest = (struct text){ rest.p + 10, rest.n - 10 };
	return text_cut(&rest, quote, &name) && name.n < 32 ? text_copy(arena, name) : NULL;
}

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '-' || c == '.' || c == ':';
}

/* Where `mark` ("<" or "</") begins the tag of the first element, with or without a namespace's prefix; t.n: nowhere. */
static size_t
find_root(struct text t, struct text mark, struct text *name)
{
	static const struct text feedback = { "feedback", 8 };

	for (size_t at = 0; at < t.n; at += feedback.n) {
		size_t begin;

		at += find((struct text){ t.p + at, t.n - at }, feedback.p);
		begin = at;
		while (begin > 0 && at - begin <= PREFIX_MAX && is_name_byte(t.p[begin - 1])) {
			begin--;
		}
		if (at + feedback.n < t.n && !is_name_byte(t.p[at + feedback.n]) &&
		    (begin == at || t.p[at - 1] == ':') && begin >= mark.n &&
		    memcmp(t.p + begin - mark.n, mark.p, mark.n) == 0) {
			*name = (struct text){ t.p + begin, at + feedback.n - begin };
			return begin - mark.n;
		}
	}
	return t.n;
}

/* From the first tag to its end tag; what stands behind it is not read. */
static struct text
root_element(struct text content, size_t from, struct text root)
{
	struct text xml = { content.p + from, content.n - from }, name;
	size_t end = find_root(xml, TEXT("</"), &name);

	if (end < xml.n && text_equal(name, root)) {
		const char *last = memchr(xml.p + end, '>', xml.n - end);

		xml.n = last == NULL ? xml.n : (size_t)(last - xml.p) + 1;
	}
	return xml;
}

/* Does a tag begin with this '<', such as <row>, </row>, <np/> or <feedback xmlns="...">? */
static bool
begins_tag(struct text t)
{
	size_t name = t.n > 1 && t.p[1] == '/' ? 2 : 1, n = name;

	while (n < t.n && is_name_byte(t.p[n])) {
		n++;
	}
	if (n == name || n == t.n) {
		return false;
	}
	if (t.p[n] == ' ' || t.p[n] == '\n' || t.p[n] == '\r' || t.p[n] == '\t') {
		while (n < t.n && t.p[n] != '<' && t.p[n] != '>') {
			n++;
		}
	}
	return n < t.n && (t.p[n] == '>' || (t.p[n] == '/' && n + 1 < t.n && t.p[n + 1] == '>'));
}

static bool
begins_reference(struct text t)
{
	static const struct text known[] = { { "&amp;", 5 },  { "&lt;", 4 },   { "&gt;", 4 },
					     { "&quot;", 6 }, { "&apos;", 6 }, { "&#", 2 } };

	for (size_t i = 0; i < countof(known); i++) {
		if (t.n >= known[i].n && memcmp(t.p, known[i].p, known[i].n) == 0) {
			return true;
		}
	}
	return false;
}

/* Each '<' and '&' that begins nothing is written as itself; as it was when there are too many. What is no character is '?', lines stay. */
static struct text
mended(struct arena *arena, struct text xml)
{
	struct text clean = intake_clean(arena, xml, xml.n); /* as long */
	struct buffer b;
	struct text out;

	buffer_init(&b, xml.n + MENDED_MAX);
	for (size_t i = 0; i < xml.n; i++) {
		struct text rest = { xml.p + i, xml.n - i };

		if (xml.p[i] == '<' && !begins_tag(rest)) {
			buffer_put_text(&b, TEXT("&lt;"));
		} else if (xml.p[i] == '&' && !begins_reference(rest)) {
			buffer_put_text(&b, TEXT("&amp;"));
		} else {
			buffer_put(&b, xml.p[i] == '\n' ? &xml.p[i] : &clean.p[i], 1);
		}
	}
	out = b.full ? xml : (struct text){ arena_copy(arena, (const char *)b.p, b.n), b.n };
	buffer_free(&b);
	return out;
}

static uint64_t
count_records(struct text xml)
{
	uint64_t n = 0;

	for (size_t i = 0; i + 6 <= xml.n; i++) {
		n += xml.p[i] == 'r' && memcmp(xml.p + i, "record", 6) == 0;
	}
	return n / 2 + 1;
}

/* The parser is given UTF-8: of its own it knows few charsets. */
static struct text
in_utf8(struct arena *arena, struct text xml, const char *encoding)
{
	return encoding == NULL || strcasecmp(encoding, "UTF-8") == 0 ||
		       strncasecmp(encoding, "UTF-16", 6) == 0
		   ? xml
		   : charset_text(xml, text_of(encoding), arena);
}

/* True: read to its end. *line and *words: where and why not. */
static bool
parse(struct dmarc *x, struct text xml, uint64_t *line, const char **words)
{
	bool whole;

	x->xml = xml;
	x->path_n = x->depth = 0;
	x->records_end = 0;
	forget(x, 0);
	x->parser = XML_ParserCreate("UTF-8");
	check(x->parser != NULL);
	XML_SetUserData(x->parser, x);
	XML_SetElementHandler(x->parser, on_start, on_end);
	XML_SetCharacterDataHandler(x->parser, on_text);
	whole = XML_Parse(x->parser, xml.p, (int)xml.n, 1) == XML_STATUS_OK;
	*line = XML_GetCurrentLineNumber(x->parser);
	*words = x->stopped ? "nested too deep" : XML_ErrorString(XML_GetErrorCode(x->parser));
	XML_ParserFree(x->parser);
	return whole;
}

/* The packed or plain report in the document: its own bytes, or the first attachment of a mail that may be one. */
static struct text
packed_report(struct intake_reading *d)
{
	const struct mail *mail;

	if (intake_is_packed(d->raw) || intake_is_wide_xml(d->raw) ||
	    text_starts_nocase(text_trim(d->raw), TEXT("<")) ||
	    text_starts_nocase(d->raw, TEXT("\xef\xbb\xbf<"))) {
		return d->raw;
	}
	mail = intake_mail(d);
	for (size_t i = 0; i < mail->file_count; i++) {
		if (intake_is_dmarc(mail->files[i].content)) {
			return mail->files[i].content;
		}
	}
	return (struct text){ "", 0 };
}

bool
intake_is_wide_xml(struct text t)
{
	static const char tag[] = "f\0e\0e\0d\0b\0a\0c\0k"; /* of either order */

	return t.n > 2 && (memcmp(t.p, "\xff\xfe", 2) == 0 || memcmp(t.p, "\xfe\xff", 2) == 0) &&
	       memmem(t.p, t.n < 8192 ? t.n : 8192, tag, sizeof tag - 1) != NULL;
}

bool
intake_is_dmarc(struct text t)
{
	struct text start = { t.p, t.n < 4096 ? t.n : 4096 }, name;

	return intake_is_packed(t) || intake_is_wide_xml(t) || find_root(start, TEXT("<"), &name) < start.n;
}

/* The whole document is nothing; the line is counted from <feedback>. */
static enum result
refuse(struct intake_reading *d, uint64_t line, const char *words)
{
	d->fault_count = 0;
	intake_fault(d, line, TEXT("XML"), d->raw, "%s", words);
	return RESULT_BAD_INPUT;
}

enum result
intake_dmarc_read(struct intake_reading *d)
{
	struct text content = packed_report(d), xml, prolog;
	struct dmarc *x = arena_get(d->arena, sizeof *x);
	const char *words = NULL;
	uint64_t line = 0;

	*x = (struct dmarc){ .d = d };
	if (intake_is_packed(content)) {
		words = intake_unpack(d->arena, content, &content);
	}
	if (intake_is_wide_xml(content)) {
		content = charset_text(content, TEXT("UTF-16"), d->arena);
	}
	prolog = (struct text){ content.p, find_root(content, TEXT("<"), &x->root) };
	if (words == NULL && prolog.n == content.n) {
		words = "no DMARC report: there is no <feedback>";
	}
	if (words != NULL) {
		return refuse(d, 0, words);
	}
	xml = in_utf8(d->arena, root_element(content, prolog.n, x->root), encoding_of(d->arena, prolog));
	intake_rows_open(d, count_records(xml) * PER_RECORD);
	if (!parse(x, xml, &line, &words)) {
		d->count = d->fault_count = 0;
		if (x->stopped || !parse(x, mended(d->arena, xml), &line, &words)) {
			return refuse(d, line, words);
		}
	}
	/* The same report packed otherwise, by mail or by upload, is the same report. */
	d->content = hash_of(content.p, content.n);
	d->by_content = true;
	if (d->count > 0 || d->fault_count == 0) {
		draft_report(d);
	}
	return RESULT_OK;
}
