/* milter/authres.c - reads and writes Authentication-Results by the grammar of RFC 8601 section 2.2. */
#include "milter/authres.h"

#include <string.h>

#define TOKEN_ENDS "<>@,:\\/[]?=" /* RFC 2045; blanks, comments, ';' and quotes end every value */

struct reader {
	struct text left;
	char *unquoted; /* room for all quoted strings of the value together */
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
step(struct reader *r, size_t n)
{
	n = n < r->left.n ? n : r->left.n;
	r->left.p += n;
	r->left.n -= n;
}

/* A comment with those inside of it; one that does not end takes the rest. */
static void
skip_comment(struct reader *r)
{
	size_t depth = 0;

	do {
		char c = r->left.p[0];

		if (c == '\\') {
			step(r, 1);
		} else if (c == '(') {
			depth++;
		} else if (c == ')') {
			depth--;
		}
		step(r, 1);
	} while (r->left.n > 0 && depth > 0);
}

static void
skip_blanks(struct reader *r)
{
	while (r->left.n > 0 && (is_space(r->left.p[0]) || r->left.p[0] == '(')) {
		if (r->left.p[0] == '(') {
			skip_comment(r);
		} else {
			step(r, 1);
		}
	}
}

static bool
take(struct reader *r, char wanted)
{
	skip_blanks(r);
	if (r->left.n == 0 || r->left.p[0] != wanted) {
		return false;
	}
	step(r, 1);
	return true;
}

/* What stands between the quotes, without backslashes. */
static struct text
take_quoted(struct reader *r)
{
	char *out = r->unquoted;
	size_t n = 0;

	step(r, 1);
	while (r->left.n > 0 && r->left.p[0] != '"') {
		if (r->left.p[0] == '\\' && r->left.n > 1) {
			step(r, 1);
		}
		out[n++] = r->left.p[0];
		step(r, 1);
	}
	step(r, 1);
	r->unquoted += n;
	return (struct text){ out, n };
}

/* A value: a quoted string, or what goes on to a blank, a comment or one of `ends`. */
static struct text
take_value(struct reader *r, const char *ends)
{
	struct text out;

	skip_blanks(r);
	out = (struct text){ r->left.p, 0 };
	if (r->left.n > 0 && r->left.p[0] == '"') {
		return take_quoted(r);
	}
	while (r->left.n > 0 && !is_space(r->left.p[0]) && r->left.p[0] != '(' && r->left.p[0] != ';' &&
	       r->left.p[0] != '"' && (r->left.p[0] == '\0' || strchr(ends, r->left.p[0]) == NULL)) {
		step(r, 1);
		out.n++;
	}
	return out;
}

static struct text
domain_of(struct text identity)
{
	struct text local, rest = identity;

	return text_cut(&rest, '@', &local) ? rest : identity;
}

static void
add_domain(struct authres *result, struct text domain)
{
	if (domain.n > 0 && result->domain_count < AUTHRES_DOMAINS_MAX) {
		result->domains[result->domain_count++] = domain;
	}
}

/* method[/version]=result, then properties; up to the semicolon. */
static void
read_result(struct reader *r, struct authres *result)
{
	struct text method = take_value(r, "=/"), value = { "", 0 }, d = { "", 0 }, i = { "", 0 };

	if (take(r, '/')) {
		(void)take_value(r, "=");
	}
	if (take(r, '=')) {
		value = take_value(r, "");
	}
	result->has_dnswl = result->has_dnswl || text_equal_nocase(method, TEXT("dnswl"));
	for (;;) {
		size_t before;
		struct text type, property, word;

		skip_blanks(r);
		before = r->left.n;
		if (before == 0 || r->left.p[0] == ';') {
			break;
		}
		type = take_value(r, ".=");
		property = take(r, '.') ? take_value(r, "=") : (struct text){ "", 0 };
		word = take(r, '=') ? take_value(r, "") : (struct text){ "", 0 };
		if (text_equal_nocase(type, TEXT("header")) && text_equal_nocase(property, TEXT("d"))) {
			d = word;
		} else if (text_equal_nocase(type, TEXT("header")) &&
			   text_equal_nocase(property, TEXT("i"))) {
			i = domain_of(word);
		}
		if (r->left.n == before) { /* a character that stands nowhere in the grammar */
			step(r, 1);
		}
	}
	if (text_equal_nocase(method, TEXT("dkim")) && text_equal_nocase(value, TEXT("pass"))) {
		add_domain(result, d.n > 0 ? d : i);
	}
}

void
authres_read(struct text value, struct arena *arena, struct authres *result)
{
	struct reader r = { .left = value, .unquoted = arena_get(arena, value.n + 1) };

	*result = (struct authres){ .authserv_id = { "", 0 } };
	result->authserv_id = take_value(&r, TOKEN_ENDS);
	for (;;) {
		while (r.left.n > 0 && !take(&r, ';')) { /* the version, or what does not belong there */
			size_t before = r.left.n;

			(void)take_value(&r, "");
			if (r.left.n == before) {
				step(&r, 1);
			}
		}
		if (r.left.n == 0) {
			return;
		}
		read_result(&r, result);
	}
}

/* ---- ours */

/* A quoted string; the text comes from DNS, so it is anybody's. */
static void
put_txt(struct buffer *b, const char *txt)
{
	buffer_format(b, "\n\tpolicy.txt=\"");
	for (; *txt != '\0'; txt++) {
		if (*txt == '"' || *txt == '\\') {
			buffer_put(b, "\\", 1);
		}
		if (*txt >= ' ' && *txt <= '~') {
			buffer_put(b, txt, 1);
		}
	}
	buffer_format(b, "\"");
}

void
authres_begin(struct buffer *b, const char *id)
{
	buffer_format(b, "%s", id);
}

void
authres_listing(struct buffer *b, const struct authres_listing *l)
{
	static const char *const words[] = { "yes", "no", "na" };

	buffer_format(b, ";\n\tdnswl=pass ");
	if (l->subject != NULL) {
		buffer_format(b, "(%s) ", l->subject);
	}
	buffer_format(b, "dns.zone=%s policy.ip=%u.%u.%u.%u", l->zone, l->address[0], l->address[1],
		      l->address[2], l->address[3]);
	if (l->txt[0] != '\0') {
		put_txt(b, l->txt);
	}
	buffer_format(b, " dns.sec=%s", words[l->sec]);
}
