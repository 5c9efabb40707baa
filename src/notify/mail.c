/* notify/mail.c - the text of a mail; GMime folds, encodes and quotes. */
#include "notify/mail.h"

#include "base/limits.h"

#include <gmime/gmime.h>
#include <inttypes.h>
#include <string.h>

bool
mail_address_fits(struct text address)
{
	struct text local, domain = address;

	if (address.n > SOURCE_BYTES_MAX || !text_cut(&domain, '@', &local) || local.n == 0 ||
	    domain.n == 0) {
		return false;
	}
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] <= ' ' || local.p[i] > '~' || strchr("<>()[]\\,;:\"", local.p[i]) != NULL) {
			return false;
		}
	}
	for (size_t i = 0; i < domain.n; i++) {
		char c = domain.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    !((c == '-' || c == '.') && i > 0 && i + 1 < domain.n)) {
			return false;
		}
	}
	return true;
}

/* One line: what could begin another header becomes a blank. */
static const char *
one_line(struct arena *arena, struct text t)
{
	char *line = text_copy(arena, t);

	for (char *c = line; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f) {
			*c = ' ';
		}
	}
	return line;
}

static bool
is_message_id(struct text t)
{
	bool fits = t.n > 2 && t.n <= HEADER_VALUE_BYTES_MAX && t.p[0] == '<' && t.p[t.n - 1] == '>';

	for (size_t i = 1; fits && i + 1 < t.n; i++) {
		fits = t.p[i] > ' ' && t.p[i] <= '~' && t.p[i] != '<' && t.p[i] != '>';
	}
	return fits;
}

/* GMime wants the body as a part of its own. */
static GMimeObject *
part_of(struct arena *arena, struct text body)
{
	GMimeTextPart *part = g_mime_text_part_new_with_subtype("plain");

	g_mime_text_part_set_charset(part, "utf-8");
	g_mime_text_part_set_text(part, text_copy(arena, body));
	g_mime_part_set_content_encoding(GMIME_PART(part), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	return GMIME_OBJECT(part);
}

static void
set_headers(GMimeMessage *message, struct arena *arena, const struct mail *mail, const struct mail_from *from,
	    uint64_t number, struct instant at)
{
	GDateTime *date = g_date_time_new_from_unix_utc(at.ms / 1000);
	GMimeObject *object = GMIME_OBJECT(message);
	const char *name = from->name[0] == '\0' ? NULL : one_line(arena, text_of(from->name));

	g_mime_message_set_date(message, date);
	g_date_time_unref(date);
	g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, name, from->address);
	g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO, NULL, text_copy(arena, mail->to));
	g_mime_message_set_subject(message, one_line(arena, mail->subject), "utf-8");
	g_mime_message_set_message_id(message, arena_format(arena, "vouch.%" PRIu64 ".%" PRIx64 "%s", number,
							    at.ms, strchr(from->address, '@')));
	g_mime_object_set_header(object, "Auto-Submitted", mail->is_reply ? "auto-replied" : "auto-generated",
				 NULL);
	if (is_message_id(mail->answers)) {
		g_mime_object_set_header(object, "In-Reply-To", text_copy(arena, mail->answers), NULL);
		g_mime_object_set_header(object, "References", text_copy(arena, mail->answers), NULL);
	}
}

enum result
mail_write(const struct mail *mail, const struct mail_from *from, uint64_t number, struct instant at,
	   struct buffer *out)
{
	struct arena arena = { 0 };
	GMimeFormatOptions *options;
	GMimeMessage *message;
	GMimeObject *part;
	char *text;

	if (!mail_address_fits(mail->to) || !mail_address_fits(text_of(from->address))) {
		return RESULT_BAD_INPUT;
	}
	message = g_mime_message_new(TRUE);
	set_headers(message, &arena, mail, from, number, at);
	part = part_of(&arena, mail->body);
	g_mime_message_set_mime_part(message, part);
	options = g_mime_format_options_new();
	g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
	text = g_mime_object_to_string(GMIME_OBJECT(message), options);
	buffer_put_text(out, text_of(text));
	g_free(text);
	g_mime_format_options_free(options);
	g_object_unref(part);
	g_object_unref(message);
	arena_clear(&arena);
	return RESULT_OK;
}
