/* The domains that a mail leads to, each once, and their order. */
#include "intake/content_int.h"

#include <string.h>

#define NESTING_MAX 4 /* links in links in links */

enum role { COMMON, WRAPPER, HOSTED };

static const struct link_host {
	struct text domain;
	enum role role;
} link_hosts[] = {
#define LINK_HOST(domain, role, what) { { domain, sizeof(domain) - 1 }, role },
#include "intake/link_hosts.def"
#undef LINK_HOST
};

/* Is `host` that domain, or below it? */
static bool
is_below(struct text host, struct text domain)
{
	return host.n >= domain.n &&
	       text_equal((struct text){ host.p + host.n - domain.n, domain.n }, domain) &&
	       (host.n == domain.n || host.p[host.n - domain.n - 1] == '.');
}

static bool
has_role(struct text host, enum role role)
{
	for (size_t i = 0; i < countof(link_hosts); i++) {
		if (link_hosts[i].role == role && is_below(host, link_hosts[i].domain)) {
			return true;
		}
	}
	return false;
}

static void
put_host(struct links *l, struct text host)
{
	struct text domain = has_role(host, HOSTED) ? host : link_domain(host);

	if (has_role(host, COMMON) && !has_role(host, HOSTED)) {
		return;
	}
	for (size_t i = 0; i < l->count; i++) {
		if (text_equal(l->domains[i], domain)) {
			return;
		}
	}
	if (l->count < CONTENT_LINKS_MAX) {
		l->domains[l->count++] = (struct text){ text_copy(l->arena, domain), domain.n };
	}
}

/* Some filters keep the link to themselves and say its domain: "https://protect-eu.mimecast.com/s/abc?domain=shop.example". */
static bool
named_domain(struct text behind, struct text *url, struct arena *arena)
{
	static const struct text names[] = {
		{ "?domain=", 8 }, { "&domain=", 8 }, { "?d=", 3 }, { "&d=", 3 }
	};

	for (size_t i = 0; i < countof(names); i++) {
		const char *at = behind.n > 0 ? memmem(behind.p, behind.n, names[i].p, names[i].n) : NULL;
		struct text rest, value;

		if (at == NULL) {
			continue;
		}
		rest = (struct text){ at + names[i].n, (size_t)(behind.p + behind.n - at) - names[i].n };
		(void)text_cut(&rest, '&', &value);
		if (value.n > 0 && memchr(value.p, '.', value.n) != NULL) {
			*url = text_of(arena_format(arena, "http://%.*s", TEXT_ARG(value)));
			return true;
		}
	}
	return false;
}

/* A link, and those inside of it: the innermost is where a reader ends. */
void
links_take(struct links *l, struct text url)
{
	struct text behind, inner;
	struct host host;

	for (int depth = 0; depth < NESTING_MAX && l->urls < CONTENT_URLS_MAX; depth++) {
		bool nested, wraps;

		l->urls++;
		if (!link_host(url, &host, &behind, l->arena)) {
			return;
		}
		wraps = has_role((struct text){ host.text, host.n }, WRAPPER);
		nested = link_inside(behind, &inner, l->arena) ||
			 (wraps && named_domain(behind, &inner, l->arena));
		if (!wraps) {
			put_host(l, (struct text){ host.text, host.n });
		}
		if (!nested) {
			return;
		}
		url = inner;
	}
}

static bool
ends_link(char c)
{
	return (unsigned char)c <= ' ' || c == '<' || c == '>' || c == '"' || c == '\x7f';
}

void
links_take_plain(struct links *l, struct text text)
{
	for (size_t i = 0; i < text.n;) {
		struct text token = { text.p + i, 0 }, url;
		char before = i > 0 ? text.p[i - 1] : ' ';
		bool alone =
		    (unsigned char)before < 0x80 && !((before | 0x20) >= 'a' && (before | 0x20) <= 'z');
		struct text rest = { text.p + i, text.n - i };

		if (!alone || (!text_starts_nocase(rest, TEXT("http://")) &&
			       !text_starts_nocase(rest, TEXT("https://")) &&
			       !text_starts_nocase(rest, TEXT("www.")))) {
			i++;
			continue;
		}
		while (token.n < rest.n && !ends_link(rest.p[token.n])) {
			token.n++;
		}
		i += token.n;
		url = token;
		if (text_starts_nocase(token, TEXT("www."))) {
			url = text_of(arena_format(l->arena, "http://%.*s", TEXT_ARG(token)));
		}
		links_take(l, url);
	}
}

/* Is it one of the sender's? */
static bool
is_own(struct text domain, const struct text *own, size_t own_count)
{
	for (size_t i = 0; i < own_count; i++) {
		if (text_equal(domain, link_domain(own[i]))) {
			return true;
		}
	}
	return false;
}

struct text
links_text(const struct links *l, const struct text *own, size_t own_count)
{
	char *out = arena_get(l->arena, ATTRIBUTE_BYTES_MAX);
	size_t n = 0;

	for (int turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < l->count; i++) {
			struct text domain = l->domains[i];

			if (is_own(domain, own, own_count) != (turn == 1) ||
			    n + (n > 0) + domain.n > ATTRIBUTE_BYTES_MAX) {
				continue;
			}
			if (n > 0) {
				out[n++] = ' ';
			}
			memcpy(out + n, domain.p, domain.n);
			n += domain.n;
		}
	}
	return (struct text){ out, n };
}
