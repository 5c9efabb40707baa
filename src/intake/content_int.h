/*
 * intake/content_int.h - the pieces that content.c is made of. Private to src/intake. All are pure, and linear in the bytes they are given.
 */
#ifndef INTAKE_CONTENT_INT_H
#define INTAKE_CONTENT_INT_H

#include "base/limits.h"
#include "base/text.h"

#define HOST_BYTES 256 /* a name has at most 253 */

/* A host as browsers come to read it: lower case, IDNA, an address in its usual form. */
struct host {
	char text[HOST_BYTES];
	size_t n;
};

/*
 * The host that a link leads to, and what stands behind it. False: no link into the web (mailto, javascript, data ...), one without a host, or a
 * broken one. As browsers do: blanks and line ends go, "\" is "/", what stands before "@" is no host, "0x7f.1" is an address.
 */
bool link_host(struct text url, struct host *host, struct text *behind, struct arena *arena);
/* A link inside of a link: in plain, percent-encoded up to twice, in base64, or the way that "urldefense" writes it. */
bool link_inside(struct text behind, struct text *url, struct arena *arena);
/* The name that somebody registered: one label below the public suffix. Of an address, or a suffix itself: all of it. Points into `host`. */
struct text link_domain(struct text host);

/* Domains that a mail leads to, each once. */
struct links {
	struct arena *arena;
	size_t urls; /* looked at; CONTENT_URLS_MAX at most */
	size_t count;
	struct text domains[CONTENT_LINKS_MAX];
};

void links_take(struct links *l, struct text url);
void links_take_plain(struct links *l, struct text text); /* those written out: "https://...", "www...." */
/* The domains with blanks between, those foreign to the sender first, then in the order of the mail; as many as an attribute holds. */
struct text links_text(const struct links *l, const struct text *own, size_t own_count);

/*
 * The text of a page as a reader sees it, a line end where a block begins or ends; where its links lead goes into `links`. Not read are scripts,
 * styles, and what is hidden by an attribute (mail readers load no style sheet).
 */
struct text page_read(struct text html, struct links *links, struct arena *arena);

/* Words of a text: lower case, without digits, links and addresses, one blank between. */
#define SKETCH_WORDS 4U
struct sketch {
	uint64_t least[SKETCH_WORDS];
	size_t words;
};
struct words {
	char *text; /* begins and ends with a blank */
	size_t n, size;
	struct sketch lower, all; /* of the words that begin small; of all */
};
/* Reads words of UTF-8. The text and the sketches lie in the arena or in *w. */
void words_read(struct words *w, struct text utf8, struct arena *arena);
/* The name of the template that a text was made from, 16 hex digits; empty: too few words. */
struct text words_cluster(const struct words *w, struct arena *arena);

/* What a mail of these texts asks for: "sign_in pressure"; empty: it is no lure. */
struct text lure_read(const struct words *const *texts, size_t count, struct arena *arena);

/* What kind of file this is: "executable", "archive", "script", "html"; empty: none of them. The name counts where the content says nothing. */
struct text file_kind(struct text name, struct text bytes);

/* The text in UTF-8. An unknown charset is left as it is. */
struct text charset_text(struct text bytes, struct text charset, struct arena *arena);

#endif
