/* What a reader of a page sees and can follow: its text, and where its links lead. */
#include "intake/content_int.h"
#include "intake/html.h"

#include <string.h>

struct page {
	struct links *links;
	struct text base; /* of <base href>; n == 0: none, or told */
	bool has_base;
	struct text hider; /* the name of an element that hides what is in it; n == 0: none */
	size_t hidden;     /* how many of that name are open */
	bool in_link;      /* what is written in a link is not where it leads */
	char *out;
	size_t n;
	struct arena *arena;
};

/* Elements that begin a new line; within a line tags do not end a word ("pay<b>ment</b>"). */
static const struct text blocks[] = {
	{ "p", 1 },       { "br", 2 },      { "td", 2 },          { "th", 2 },     { "tr", 2 },
	{ "li", 2 },      { "hr", 2 },      { "h1", 2 },          { "h2", 2 },     { "h3", 2 },
	{ "h4", 2 },      { "dd", 2 },      { "dt", 2 },          { "ul", 2 },     { "ol", 2 },
	{ "div", 3 },     { "pre", 3 },     { "img", 3 },         { "body", 4 },   { "form", 4 },
	{ "table", 5 },   { "tbody", 5 },   { "aside", 5 },       { "input", 5 },  { "center", 6 },
	{ "footer", 6 },  { "header", 6 },  { "button", 6 },      { "option", 6 }, { "section", 7 },
	{ "article", 7 }, { "address", 7 }, { "blockquote", 10 },
};

/* Elements without an end. They hide nothing. */
static const struct text voids[] = { { "br", 2 },   { "hr", 2 },    { "img", 3 },  { "input", 5 },
				     { "meta", 4 }, { "link", 4 },  { "base", 4 }, { "area", 4 },
				     { "col", 3 },  { "embed", 5 }, { "wbr", 3 },  { "source", 6 } };

static const struct {
	struct text tag, attribute; /* an empty tag: any */
} followed[] = {
	{ { "a", 1 }, { "href", 4 } },       { { "area", 4 }, { "href", 4 } },
	{ { "form", 4 }, { "action", 6 } },  { { "", 0 }, { "formaction", 10 } },
	{ { "", 0 }, { "xlink:href", 10 } }, { { "iframe", 6 }, { "src", 3 } },
	{ { "frame", 5 }, { "src", 3 } },
};

static bool
is_among(struct text name, const struct text *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (text_equal_nocase(name, names[i])) {
			return true;
		}
	}
	return false;
}

static bool
is_followed(struct text tag, struct text attribute)
{
	for (size_t i = 0; i < countof(followed); i++) {
		if (text_equal_nocase(attribute, followed[i].attribute) &&
		    (followed[i].tag.n == 0 || text_equal_nocase(tag, followed[i].tag))) {
			return true;
		}
	}
	return false;
}

static struct text
decoded(struct page *p, struct text value)
{
	char *out;

	if (value.n == 0 || memchr(value.p, '&', value.n) == NULL) {
		return value;
	}
	out = arena_get(p->arena, value.n);
	return (struct text){ out, html_decode(value, true, out) };
}

/* Has it neither a scheme nor a host? Then it leads to the base. */
static bool
is_relative(struct text url)
{
	if (url.n == 0 || url.p[0] == '#') {
		return false;
	}
	for (size_t i = 0; i < url.n; i++) {
		if (url.p[i] == ':') {
			return false;
		}
		if (url.p[i] == '/' || url.p[i] == '\\' || url.p[i] == '?' || url.p[i] == '#') {
			return i > 0 || url.n < 2 || (url.p[1] != '/' && url.p[1] != '\\');
		}
	}
	return true;
}

static void
follow(struct page *p, struct text url)
{
	url = text_trim(decoded(p, url));
	if (text_starts_nocase(url, TEXT("www."))) { /* mail readers are kind */
		links_take_plain(p->links, url);
	} else if (!is_relative(url)) {
		links_take(p->links, url);
	} else if (p->base.n > 0) {
		links_take(p->links, p->base);
		p->base.n = 0;
	}
}

/* Where `what` begins, any case of ASCII letters; t.n: nowhere. */
static size_t
find(struct text t, struct text what)
{
	for (size_t i = 0; i + what.n <= t.n; i++) {
		if (text_starts_nocase((struct text){ t.p + i, t.n - i }, what)) {
			return i;
		}
	}
	return t.n;
}

/* "0; url='https://shop.example/'" of <meta http-equiv=refresh>. */
static void
follow_refresh(struct page *p, struct text content)
{
	size_t at = find(content, TEXT("url="));

	if (at < content.n) {
		struct text url = { content.p + at + 4, content.n - at - 4 };

		if (url.n > 0 && (url.p[0] == '"' || url.p[0] == '\'')) {
			(void)text_cut(&(struct text){ url.p + 1, url.n - 1 }, url.p[0], &url);
		}
		follow(p, url);
	}
}

/* "display: none", "visibility:hidden", "font-size:0". */
static bool
style_hides(struct text style)
{
	static const struct text hiding[][2] = { { { "display", 7 }, { "none", 4 } },
						 { { "visibility", 10 }, { "hidden", 6 } } };

	for (size_t i = 0; i < countof(hiding); i++) {
		size_t at = find(style, hiding[i][0]);
		struct text rest = { style.p + at, style.n - at }, name;

		if (at < style.n && text_cut(&rest, ':', &name) &&
		    text_starts_nocase(text_trim(rest), hiding[i][1])) {
			return true;
		}
	}
	return false;
}

static void
read_attributes(struct page *p, const struct html_piece *tag)
{
	struct text rest = tag->attributes, name, value, content = { "", 0 };
	bool refresh = false, hides = false;

	while (html_attribute_next(&rest, &name, &value)) {
		if (is_followed(tag->text, name)) {
			follow(p, value);
		} else if (text_equal_nocase(name, TEXT("hidden"))) {
			hides = true;
		} else if (text_equal_nocase(name, TEXT("style"))) {
			hides = hides || style_hides(value);
		} else if (text_equal_nocase(name, TEXT("http-equiv"))) {
			refresh = text_equal_nocase(text_trim(value), TEXT("refresh"));
		} else if (text_equal_nocase(name, TEXT("content"))) {
			content = value;
		} else if (!p->has_base && text_equal_nocase(tag->text, TEXT("base")) &&
			   text_equal_nocase(name, TEXT("href"))) {
			p->base = decoded(p, value);
			p->has_base = true;
		}
	}
	if (refresh) {
		follow_refresh(p, content);
	}
	if (hides && p->hider.n == 0 && !is_among(tag->text, voids, countof(voids))) {
		p->hider = tag->text;
		p->hidden = 0;
	}
}

static void
read_tag(struct page *p, const struct html_piece *piece)
{
	if (piece->kind == HTML_OPEN) {
		read_attributes(p, piece);
	}
	if (p->hider.n > 0 && text_equal_nocase(piece->text, p->hider)) {
		p->hidden += piece->kind == HTML_OPEN ? 1 : 0;
		p->hidden -= piece->kind == HTML_CLOSE ? 1 : 0;
		if (p->hidden == 0) {
			p->hider.n = 0;
		}
	}
	if (text_equal_nocase(piece->text, TEXT("a"))) {
		p->in_link = piece->kind == HTML_OPEN;
	} else if (is_among(piece->text, blocks, countof(blocks))) {
		p->out[p->n++] = '\n';
	}
}

static void
read_text(struct page *p, struct text raw)
{
	struct text text = { p->out + p->n, html_decode(raw, false, p->out + p->n) };

	p->n += text.n;
	for (size_t i = 0; i < text.n; i++) { /* a line end of the page is a blank */
		if (text.p[i] == '\n' || text.p[i] == '\r') {
			p->out[(size_t)(text.p - p->out) + i] = ' ';
		}
	}
	if (!p->in_link) {
		links_take_plain(p->links, text);
	}
}

struct text
page_read(struct text html, struct links *links, struct arena *arena)
{
	struct page p = { .links = links, .arena = arena, .out = arena_get(arena, html.n + 1) };
	struct html_piece piece;
	struct html h;

	html_open(&h, html);
	while (html_next(&h, &piece)) {
		if (piece.kind != HTML_TEXT) {
			read_tag(&p, &piece);
		} else if (!piece.hidden && p.hider.n == 0) {
			read_text(&p, piece.text);
		}
	}
	return (struct text){ p.out, p.n };
}
