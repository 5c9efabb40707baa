/* The parts of a mail (GMime). Nobody vouches for its form: what cannot be read is not there. */
#include "base/limits.h"
#include "intake/mail_int.h"

#include <gmime/gmime.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#define MAIL_TYPE    "message/rfc822"
#define MAIL_AS_TEXT "text/rfc822   " /* as long */
_Static_assert(sizeof MAIL_TYPE == sizeof MAIL_AS_TEXT, "one takes the place of the other");

struct walk {
	struct mail_parts *parts;
	struct arena *arena;
	size_t seen;
};

static struct text
keep(const char *string, struct arena *arena)
{
	struct text t = text_of(string);

	t.n = t.n > HEADER_VALUE_BYTES_MAX ? HEADER_VALUE_BYTES_MAX : t.n;
	return (struct text){ text_copy(arena, t), t.n };
}

struct text
mail_part_bytes(GMimePart *part, struct arena *arena)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	struct text text = { "", 0 };
	GMimeStream *stream;
	GByteArray *bytes;

	if (content == NULL) {
		return text;
	}
	stream = g_mime_stream_mem_new();
	if (g_mime_data_wrapper_write_to_stream(content, stream) > 0) {
		bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
		text = (struct text){ arena_copy(arena, (const char *)bytes->data, bytes->len), bytes->len };
	}
	g_object_unref(stream);
	return text;
}

static void
take_part(struct walk *w, GMimePart *part)
{
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
	GMimeContentDisposition *how = g_mime_object_get_content_disposition(GMIME_OBJECT(part));
	struct mail_part *p = &w->parts->item[w->parts->count++];
	char *name = type != NULL ? g_mime_content_type_get_mime_type(type) : NULL;

	*p = (struct mail_part){ .type = keep(name != NULL ? name : "text/plain", w->arena),
				 .name = keep(g_mime_part_get_filename(part), w->arena),
				 .bytes = mail_part_bytes(part, w->arena) };
	p->type.p = text_lower(w->arena, p->type);
	if (type != NULL) {
		p->charset = keep(g_mime_content_type_get_parameter(type, "charset"), w->arena);
	}
	p->attached = p->name.n > 0 || (how != NULL && g_mime_content_disposition_is_attachment(how));
	g_free(name);
}

/* Recursion is bounded by MIME_DEPTH_MAX. */
static void
walk(struct walk *w, GMimeObject *object, unsigned depth)
{
	if (object == NULL || depth > MIME_DEPTH_MAX || ++w->seen > MIME_PARTS_MAX ||
	    w->parts->count == MIME_PARTS_MAX) {
		return;
	}
	if (GMIME_IS_MULTIPART(object)) {
		int count = g_mime_multipart_get_count(GMIME_MULTIPART(object));

		for (int i = 0; i < count && w->seen <= MIME_PARTS_MAX; i++) {
			walk(w, g_mime_multipart_get_part(GMIME_MULTIPART(object), i), depth + 1);
		}
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));

		walk(w, message != NULL ? g_mime_message_get_mime_part(message) : NULL, depth + 1);
	} else if (GMIME_IS_PART(object)) {
		take_part(w, GMIME_PART(object));
	}
}

void
mail_parts_take(struct mail_parts *parts, GMimeObject *object, struct arena *arena)
{
	struct walk w = { .parts = parts, .arena = arena };

	if (parts->item == NULL) {
		parts->item = arena_get_array(arena, MIME_PARTS_MAX, sizeof *parts->item);
	}
	walk(&w, object, 0);
}

static void
start_gmime(void)
{
	g_mime_init();
}

static bool
starts_nocase(const char *at, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - at) >= n && strncasecmp(at, word, n) == 0;
}

/* The type of the first part that is a mail, in the header behind a boundary; NULL: there is none. */
static char *
find_mail_type(char *at, char *end)
{
	bool in_header = false;

	for (char *next; at < end; at = next) {
		char *line_end = memchr(at, '\n', (size_t)(end - at));

		next = line_end == NULL ? end : line_end + 1;
		if (starts_nocase(at, end, "--")) {
			in_header = true;
		} else if (line_end == at) {
			in_header = false;
		} else if (in_header && starts_nocase(at, end, "content-type:")) {
			at += strlen("content-type:");
			at += at < end && *at == ' ';
			if (starts_nocase(at, next, MAIL_TYPE)) {
				return at;
			}
		}
	}
	return NULL;
}

/*
 * The reported mail as text, of which fields.c reads the header and a second parser the parts: GMime makes an object of every field of a mail, and of
 * each address in them, which costs more than all else of a report.
 */
static void
take_mail_as_text(GMimeStream *stream)
{
	GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	char *start = (char *)bytes->data, *type = find_mail_type(start, start + bytes->len);

	if (type != NULL) {
		memcpy(type, MAIL_AS_TEXT, strlen(MAIL_TYPE));
	}
}

GMimeObject *
mail_parts_parse(const struct fields *header, struct text body, bool as_text)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeObject *part;

	check(pthread_once(&once, start_gmime) == 0);
	stream = g_mime_stream_mem_new();
	for (size_t i = 0; i < header->count; i++) {
		struct text name = header->item[i].name, value = header->item[i].value;

		if (text_starts_nocase(name, TEXT("Content-"))) {
			(void)g_mime_stream_write(stream, name.p, name.n);
			(void)g_mime_stream_write(stream, ": ", 2);
			(void)g_mime_stream_write(stream, value.p, value.n);
			(void)g_mime_stream_write(stream, "\n", 1);
		}
	}
	(void)g_mime_stream_write(stream, "\n", 1);
	(void)g_mime_stream_write(stream, body.p, body.n);
	if (as_text) {
		take_mail_as_text(stream);
	}
	(void)g_mime_stream_reset(stream);
	parser = g_mime_parser_new_with_stream(stream);
	part = g_mime_parser_construct_part(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
	return part;
}

void
mail_parts_read(struct mail_parts *parts, const struct fields *header, struct text body, struct arena *arena)
{
	GMimeObject *part = text_trim(body).n > 0 ? mail_parts_parse(header, body, false) : NULL;

	if (part != NULL) {
		mail_parts_take(parts, part, arena);
		g_object_unref(part);
	}
}

struct text
mail_decoded(struct text value, struct arena *arena)
{
	char *decoded;
	struct text text;

	if (value.n == 0 || memmem(value.p, value.n, "=?", 2) == NULL) {
		return value;
	}
	decoded = g_mime_utils_header_decode_text(NULL, text_copy(arena, value));
	text = keep(decoded, arena);
	g_free(decoded);
	return text;
}
