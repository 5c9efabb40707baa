/*
 * intake/html.h - HTML cut into tags and text, as a browser would cut it.
 *
 * In:   bytes of UTF-8 or any superset of ASCII that anybody may have written. Out: one piece after the other; all are slices of the input.
 * Only the tokens of the HTML standard (WHATWG, 13.2.5), no tree: what a link is does not depend on the tree. So an end tag that
 * closes nothing costs nothing, and no input takes more than two looks at each byte. Pure, no allocation.
 */
#ifndef INTAKE_HTML_H
#define INTAKE_HTML_H

#include "base/text.h"

enum html_kind { HTML_TEXT, HTML_OPEN, HTML_CLOSE };

struct html_piece {
	enum html_kind kind;
	struct text text; /* HTML_TEXT: with its character references; else the name of the tag, any case */
	struct text attributes; /* HTML_OPEN: what stands behind the name, for html_attribute_next */
	bool hidden;            /* HTML_TEXT: of an element that shows none: script, style, title ... */
};

struct html {
	struct text rest;
	struct text raw; /* name of the open element in which tags are text; n == 0: none */
};

void html_open(struct html *h, struct text bytes);
bool html_next(struct html *h, struct html_piece *piece); /* false: the end */

/* The next attribute of a tag; the value is without quotes and with its character references. False: no more. */
bool html_attribute_next(struct text *attributes, struct text *name, struct text *value);

/*
 * Writes `raw` without its character references ("&amp;", "&#x2e;", "&period;") and returns the bytes written, raw.n at most. Known are the
 * names of HTML 4 and those that stand for ASCII. In an attribute "&copy=1" is no reference.
 */
size_t html_decode(struct text raw, bool is_attribute, char *out);

#endif
