/* Takes a mail apart with GMime, which only this file and mail_parts.c know. */
#include "base/limits.h"
#include "intake/mail_int.h"

#include <gmime/gmime.h>
#include <string.h>

struct walk {
	struct mail *mail;
	struct arena *arena;
	size_t parts;
};

/* The header of a part or message; raw values, since decoded words are for people and domains are not encoded. */
static void
take_headers(struct fields *f, GMimeObject *object, struct arena *arena)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(object);
	int count = g_mime_header_list_get_count(list);

	for (int i = 0; i < count && f->count < MAIL_HEADERS_MAX; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
		struct text name = text_of(g_mime_header_get_raw_name(header));
		struct text value = text_of(g_mime_header_get_raw_value(header));

		name.p = text_copy(arena, text_trim(name));
		name.n = strlen(name.p);
		value.n = value.n > HEADER_VALUE_BYTES_MAX ? HEADER_VALUE_BYTES_MAX : value.n;
		value.p = text_copy(arena, value);
		fields_add(f, name, value, arena);
	}
}

static bool
is_original(GMimeContentType *type)
{
	static const char *const types[][2] = {
		{ "message", "rfc822" }, { "text", "rfc822-headers" },    { "message", "rfc822-headers" },
		{ "message", "global" }, { "message", "global-headers" }, { "text", "rfc822-header" },
		{ "text", "rfc822" },
	};

	for (size_t i = 0; i < countof(types); i++) {
		if (g_mime_content_type_is_type(type, types[i][0], types[i][1])) {
			return true;
		}
	}
	return false;
}

static bool
is_attached(GMimeObject *object)
{
	GMimeContentDisposition *disposition = g_mime_object_get_content_disposition(object);

	return disposition != NULL && g_mime_content_disposition_is_attachment(disposition);
}

static bool
is_for_people(GMimeContentType *type)
{
	return g_mime_content_type_is_type(type, "text", "plain") ||
	       g_mime_content_type_is_type(type, "text", "html") ||
	       g_mime_content_type_is_type(type, "image", "*");
}

static struct text
keep_string(const char *string, struct arena *arena)
{
	struct text t = text_of(string);

	t.n = t.n > HEADER_VALUE_BYTES_MAX ? HEADER_VALUE_BYTES_MAX : t.n;
	return (struct text){ text_lower(arena, t), t.n };
}

static void
take_file(struct walk *w, GMimePart *part, GMimeContentType *type)
{
	struct mail *mail = w->mail;
	char *name;

	if (mail->file_count == MAIL_FILES_MAX) {
		return;
	}
	if (mail->files == NULL) {
		mail->files = arena_get_array(w->arena, MAIL_FILES_MAX, sizeof *mail->files);
	}
	name = g_mime_content_type_get_mime_type(type);
	mail->files[mail->file_count++] =
	    (struct mail_file){ .type = keep_string(name, w->arena),
				.name = keep_string(g_mime_part_get_filename(part), w->arena),
				.content = mail_part_bytes(part, w->arena) };
	g_free(name);
}

void
mail_read_written(struct fields *header, struct mail_parts *parts, struct text raw, struct arena *arena)
{
	struct text body = raw, line;

	fields_read(header, raw, false, arena);
	while (text_cut(&body, '\n', &line) && text_trim(line).n > 0) {
	}
	mail_parts_read(parts, header, body, arena);
}

static void
take_leaf(struct walk *w, GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	struct mail *mail = w->mail;

	if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));

		if (!mail->has_original && message != NULL) {
			mail->has_original = true;
			take_headers(&mail->original, GMIME_OBJECT(message), w->arena);
			mail_parts_take(&mail->parts, g_mime_message_get_mime_part(message), w->arena);
			/* The parser hands Content-* fields to the body of the message; nothing here needs them. */
		}
	} else if (!GMIME_IS_PART(object) || type == NULL) {
		return;
	} else if (g_mime_content_type_is_type(type, "message", "feedback-report")) {
		if (!mail->has_feedback) {
			mail->has_feedback = true;
			fields_read(&mail->feedback, mail_part_bytes(GMIME_PART(object), w->arena), true,
				    w->arena);
		}
	} else if (g_mime_content_type_is_type(type, "message", "delivery-status") ||
		   g_mime_content_type_is_type(type, "message", "global-delivery-status")) {
		if (!mail->is_delivery_report) {
			mail->is_delivery_report = true;
			mail->status = mail_part_bytes(GMIME_PART(object), w->arena);
		}
	} else if (is_original(type)) {
		if (!mail->has_original) {
			mail->has_original = true;
			mail_read_written(&mail->original, &mail->parts,
					  mail_part_bytes(GMIME_PART(object), w->arena), w->arena);
		}
	} else if (g_mime_content_type_is_type(type, "text", "plain") && !is_attached(object)) {
		if (mail->plain.n == 0) {
			mail->plain = mail_part_bytes(GMIME_PART(object), w->arena);
		}
	} else if (is_attached(object) || !is_for_people(type)) {
		take_file(w, GMIME_PART(object), type);
	}
}

/* Recursion is bounded by MIME_DEPTH_MAX. */
static void
walk_part(struct walk *w, GMimeObject *object, unsigned depth)
{
	int count;

	if (object == NULL || ++w->parts > MIME_PARTS_MAX) {
		return;
	}
	if (!GMIME_IS_MULTIPART(object)) {
		take_leaf(w, object);
		return;
	}
	count = g_mime_multipart_get_count(GMIME_MULTIPART(object));
	for (int i = 0; i < count && depth < MIME_DEPTH_MAX && w->parts <= MIME_PARTS_MAX; i++) {
		walk_part(w, g_mime_multipart_get_part(GMIME_MULTIPART(object), i), depth + 1);
	}
}

void
mail_read(struct mail *mail, struct text raw, struct arena *arena)
{
	struct walk w = { .mail = mail, .arena = arena };
	struct text rest = raw, line;
	GMimeObject *part;

	*mail = (struct mail){ 0 };
	while (text_cut(&rest, '\n', &line) && line.n > 0) {
	}
	mail->body = rest;
	fields_read(&mail->outer, (struct text){ raw.p, raw.n - rest.n }, false, arena);
	part = mail_parts_parse(&mail->outer, mail->body, true);
	if (part != NULL) {
		walk_part(&w, part, 0);
		g_object_unref(part);
	}
}
