/* HTML cut into tags and text (WHATWG HTML, 13.2.5 Tokenization). */
#include "intake/html.h"

#include <string.h>

/* Elements whose content is text up to their end tag. What a script writes is not followed; a mail reader runs none. */
static const struct text raw_elements[] = {
	{ "script", 6 }, { "style", 5 },    { "title", 5 },   { "textarea", 8 },
	{ "xmp", 3 },    { "noframes", 8 }, { "noembed", 7 }, { "iframe", 6 },
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool
is_letter(char c)
{
	return ((unsigned char)c | 0x20) >= 'a' && ((unsigned char)c | 0x20) <= 'z';
}

static struct text
after(struct text t, size_t n)
{
	return n < t.n ? (struct text){ t.p + n, t.n - n } : (struct text){ t.p + t.n, 0 };
}

/* Where `what` begins in `t`; t.n: nowhere. */
static size_t
find(struct text t, const char *what)
{
	const char *at = t.n > 0 ? memmem(t.p, t.n, what, strlen(what)) : NULL;

	return at != NULL ? (size_t)(at - t.p) : t.n;
}

void
html_open(struct html *h, struct text bytes)
{
	*h = (struct html){ .rest = bytes };
}

/* Behind a comment whose "<!--" is read: "-->", "--!>", and at once also ">" and "->". */
static struct text
skip_comment(struct text rest)
{
	size_t at = 0;

	if (rest.n > 0 && rest.p[0] == '>') {
		return after(rest, 1);
	}
	if (rest.n > 1 && rest.p[0] == '-' && rest.p[1] == '>') {
		return after(rest, 2);
	}
	while (at < rest.n) {
		at += find(after(rest, at), "--");
		if (at + 2 < rest.n && rest.p[at + 2] == '>') {
			return after(rest, at + 3);
		}
		if (at + 3 < rest.n && rest.p[at + 2] == '!' && rest.p[at + 3] == '>') {
			return after(rest, at + 4);
		}
		at++;
	}
	return after(rest, rest.n);
}

/* What begins with '<' and is no tag: a comment, a declaration, an instruction. */
static struct text
skip_markup(struct text rest)
{
	if (rest.n >= 4 && memcmp(rest.p, "<!--", 4) == 0) {
		return skip_comment(after(rest, 4));
	}
	return after(rest, find(rest, ">") + 1);
}

bool
html_attribute_next(struct text *attributes, struct text *name, struct text *value)
{
	struct text t = *attributes;
	size_t n = 0;
	char quote;

	while (t.n > 0 && (is_blank(t.p[0]) || t.p[0] == '/')) {
		t = after(t, 1);
	}
	while (n < t.n && !is_blank(t.p[n]) && t.p[n] != '/' && t.p[n] != '>' && (t.p[n] != '=' || n == 0)) {
		n++;
	}
	*name = (struct text){ t.p, n };
	*value = (struct text){ "", 0 };
	*attributes = t = after(t, n);
	if (n == 0) {
		return false;
	}
	while (t.n > 0 && is_blank(t.p[0])) {
		t = after(t, 1);
	}
	if (t.n == 0 || t.p[0] != '=') {
		return true;
	}
	t = after(t, 1);
	while (t.n > 0 && is_blank(t.p[0])) {
		t = after(t, 1);
	}
	quote = t.n > 0 ? t.p[0] : '\0';
	if (quote == '"' || quote == '\'') {
		(void)text_cut(&(struct text){ t.p + 1, t.n - 1 }, quote, value);
		*attributes = after(t, value->n + 2);
		return true;
	}
	for (n = 0; n < t.n && !is_blank(t.p[n]) && t.p[n] != '>';) {
		n++;
	}
	*value = (struct text){ t.p, n };
	*attributes = after(t, n);
	return true;
}

/* A tag whose name begins at rest.p[from]. One that does not end before the bytes do is none. */
static bool
take_tag(struct html *h, size_t from, struct html_piece *piece)
{
	struct text rest = after(h->rest, from), name, value;
	size_t n = 0;

	while (n < rest.n && !is_blank(rest.p[n]) && rest.p[n] != '/' && rest.p[n] != '>') {
		n++;
	}
	piece->text = (struct text){ rest.p, n };
	rest = after(rest, n);
	piece->attributes.p = rest.p;
	while (html_attribute_next(&rest, &name, &value)) {
	}
	piece->attributes.n = (size_t)(rest.p - piece->attributes.p);
	if (rest.n == 0) {
		h->rest = rest;
		return false;
	}
	h->rest = after(rest, 1); /* '>' */
	return true;
}

static struct text
raw_element(struct text name)
{
	for (size_t i = 0; i < countof(raw_elements); i++) {
		if (text_equal_nocase(name, raw_elements[i])) {
			return raw_elements[i];
		}
	}
	return (struct text){ "", 0 };
}

/* The text of a raw element, up to its end tag. */
static void
take_raw(struct html *h, struct html_piece *piece)
{
	struct text t = h->rest;
	size_t at = 0, behind;

	for (; at < t.n; at++) {
		at += find(after(t, at), "</");
		behind = at + 2 + h->raw.n;
		if (behind < t.n && text_starts_nocase(after(t, at + 2), h->raw) &&
		    (is_blank(t.p[behind]) || t.p[behind] == '/' || t.p[behind] == '>')) {
			break;
		}
	}
	at = at < t.n ? at : t.n;
	*piece = (struct html_piece){ .kind = HTML_TEXT, .text = { t.p, at }, .hidden = true };
	h->rest = after(t, at);
	h->raw.n = 0;
}

bool
html_next(struct html *h, struct html_piece *piece)
{
	if (h->raw.n > 0) {
		take_raw(h, piece);
		return true;
	}
	while (h->rest.n > 0) {
		struct text t = h->rest;
		char next = t.n > 1 ? t.p[1] : '\0';

		*piece = (struct html_piece){ .kind = HTML_TEXT };
		if (t.p[0] == '<' && is_letter(next)) {
			piece->kind = HTML_OPEN;
			if (take_tag(h, 1, piece)) {
				h->raw = raw_element(piece->text);
				return true;
			}
		} else if (t.p[0] == '<' && next == '/' && t.n > 2 && is_letter(t.p[2])) {
			piece->kind = HTML_CLOSE;
			if (take_tag(h, 2, piece)) {
				return true;
			}
		} else if (t.p[0] == '<' && (next == '!' || next == '?' || (next == '/' && t.n > 2))) {
			h->rest = skip_markup(t);
		} else {
			size_t n = 1 + find(after(t, 1), "<");

			piece->text = (struct text){ t.p, n };
			h->rest = after(t, n);
			return true;
		}
	}
	return false;
}
