/* Where a link leads, as browsers read it (WHATWG URL, 4.4), and what stands inside of it. */
#include "intake/content_int.h"

#include <idn2.h>
#include <libpsl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const psl_ctx_t *suffixes;
static pthread_once_t suffixes_once = PTHREAD_ONCE_INIT;

/* The list of the system when it is newer than the one that libpsl was built with. */
static void
load_suffixes(void)
{
	suffixes = psl_latest(NULL);
	if (suffixes == NULL) {
		suffixes = psl_builtin();
	}
}

static struct text
after(struct text t, size_t n)
{
	return n < t.n ? (struct text){ t.p + n, t.n - n } : (struct text){ t.p + t.n, 0 };
}

static bool
is_slash(char c)
{
	return c == '/' || c == '\\';
}

static int
hex_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* "%2e" is ".". The result is never longer. */
static struct text
unescape(struct text t, char escape, struct arena *arena)
{
	char *out;
	size_t n = 0;

	if (t.n == 0 || memchr(t.p, escape, t.n) == NULL) {
		return t;
	}
	out = arena_get(arena, t.n);
	for (size_t i = 0; i < t.n; i++) {
		bool is_escape =
		    t.p[i] == escape && i + 2 < t.n && hex_of(t.p[i + 1]) >= 0 && hex_of(t.p[i + 2]) >= 0;

		out[n++] = t.p[i];
		if (is_escape) {
			out[n - 1] = (char)((unsigned)hex_of(t.p[i + 1]) << 4 | (unsigned)hex_of(t.p[i + 2]));
			i += 2;
		}
	}
	return (struct text){ out, n };
}

/* Without blanks and controls at both ends, and without tabs and line ends anywhere. */
static struct text
without_blanks(struct text url, struct arena *arena)
{
	char *out;
	size_t n = 0;

	while (url.n > 0 && (unsigned char)url.p[0] <= ' ') {
		url = after(url, 1);
	}
	while (url.n > 0 && (unsigned char)url.p[url.n - 1] <= ' ') {
		url.n--;
	}
	url.n = url.n > CONTENT_URL_BYTES_MAX ? CONTENT_URL_BYTES_MAX : url.n;
	if (url.n == 0 || (memchr(url.p, '\n', url.n) == NULL && memchr(url.p, '\r', url.n) == NULL &&
			   memchr(url.p, '\t', url.n) == NULL)) {
		return url;
	}
	out = arena_get(arena, url.n);
	for (size_t i = 0; i < url.n; i++) {
		if (url.p[i] != '\n' && url.p[i] != '\r' && url.p[i] != '\t') {
			out[n++] = url.p[i];
		}
	}
	return (struct text){ out, n };
}

/* One number of an address: "10", "012", "0xa". */
static bool
read_number(struct text t, uint64_t *value)
{
	uint64_t base = 10;

	if (t.n > 1 && t.p[0] == '0') {
		bool hex = t.p[1] == 'x' || t.p[1] == 'X';

		base = hex ? 16 : 8;
		t = after(t, hex ? 2 : 1);
	}
	*value = 0;
	for (size_t i = 0; i < t.n; i++) {
		int digit = hex_of(t.p[i]);

		if (digit < 0 || (uint64_t)digit >= base || *value > UINT32_MAX) {
			return false;
		}
		*value = *value * base + (uint64_t)digit;
	}
	return *value <= UINT32_MAX;
}

/* "3221225994", "0300.0.2.10", "0xc0000200a": an address whose last part fills what is left. */
static bool
read_address(struct host *host)
{
	struct text rest = { host->text, host->n }, part;
	uint64_t value = 0, address = 0;
	unsigned parts = 0;
	bool more = true;

	while (more) {
		more = text_cut(&rest, '.', &part);
		if (part.n == 0 || parts == 4 || !read_number(part, &value) || (more && value > 255)) {
			return false;
		}
		parts++;
		address |= more ? value << (8 * (4 - parts)) : 0;
	}
	if (value >> (8 * (5 - parts)) != 0) {
		return false;
	}
	address |= value;
	host->n = (size_t)snprintf(host->text, sizeof host->text, "%u.%u.%u.%u",
				   (unsigned)(address >> 24 & 255), (unsigned)(address >> 16 & 255),
				   (unsigned)(address >> 8 & 255), (unsigned)(address & 255));
	return true;
}

/* Letters as they are registered. What IDNA does not allow stays as it is written: it is a name all the same. */
static bool
put_name(struct host *host, struct text name, struct arena *arena)
{
	bool ascii = true;

	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 0x7f ||
		    strchr("<>^|#%/?\\@\"", name.p[i]) != NULL) {
			return false;
		}
		ascii = ascii && (unsigned char)name.p[i] < 0x80;
	}
	if (!ascii) {
		uint8_t *looked_up = NULL;

		if (idn2_lookup_u8((const uint8_t *)text_copy(arena, name), &looked_up,
				   IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK) {
			name = text_of((const char *)looked_up);
			name.p = text_copy(arena, name);
		}
		idn2_free(looked_up);
	}
	while (name.n > 0 && name.p[name.n - 1] == '.') {
		name.n--;
	}
	if (name.n == 0 || name.n >= HOST_BYTES) {
		return false;
	}
	memcpy(host->text, text_lower(arena, name), name.n);
	host->n = name.n;
	return true;
}

static bool
put_host(struct host *host, struct text name, struct arena *arena)
{
	const char *dot;
	struct text last;
	uint64_t number;

	if (name.n > 1 && name.p[0] == '[') {
		const char *end = memchr(name.p, ']', name.n);

		return end != NULL &&
		       put_name(host, (struct text){ name.p + 1, (size_t)(end - name.p) - 1 }, arena);
	}
	if (name.n > 0 && memchr(name.p, ':', name.n) != NULL) {
		(void)text_cut(&(struct text){ name.p, name.n }, ':', &name);
	}
	if (!put_name(host, unescape(name, '%', arena), arena)) {
		return false;
	}
	dot = memrchr(host->text, '.', host->n);
	last = dot == NULL ? (struct text){ host->text, host->n }
			   : (struct text){ dot + 1, (size_t)(host->text + host->n - dot) - 1 };
	return last.n == 0 || last.p[0] < '0' || last.p[0] > '9' || !read_number(last, &number) ||
	       read_address(host);
}

/* The scheme goes, with the slashes behind it, however many. */
static bool
take_scheme(struct text *url)
{
	static const struct text schemes[] = { { "https:", 6 }, { "http:", 5 }, { "ftp:", 4 } };

	for (size_t i = 0; i < countof(schemes); i++) {
		if (text_starts_nocase(*url, schemes[i])) {
			*url = after(*url, schemes[i].n);
			while (url->n > 0 && is_slash(url->p[0])) {
				*url = after(*url, 1);
			}
			return true;
		}
	}
	if (url->n > 2 && is_slash(url->p[0]) && is_slash(url->p[1])) {
		*url = after(*url, 2);
		return true;
	}
	return false;
}

bool
link_host(struct text url, struct host *host, struct text *behind, struct arena *arena)
{
	struct text name;
	const char *at;
	size_t n = 0;

	url = without_blanks(url, arena);
	if (!take_scheme(&url)) {
		return false;
	}
	while (n < url.n && !is_slash(url.p[n]) && url.p[n] != '?' && url.p[n] != '#') {
		n++;
	}
	name = (struct text){ url.p, n };
	*behind = after(url, n);
	at = n > 0 ? memrchr(url.p, '@', n) : NULL;
	if (at != NULL) {
		name = after(name, (size_t)(at - url.p) + 1);
	}
	return put_host(host, name, arena);
}

/* "http:" or "https:" with its slash somewhere in `t`. */
static bool
find_link(struct text t, struct text *url)
{
	while (t.n > 7) {
		const char *colon = memchr(t.p, ':', t.n - 1);
		size_t at = colon != NULL ? (size_t)(colon - t.p) : 0;

		if (colon == NULL) {
			return false;
		}
		for (size_t back = 4; back <= 5 && back <= at && is_slash(colon[1]); back++) {
			struct text from = after(t, at - back);

			if (text_starts_nocase(from, back == 4 ? TEXT("http:") : TEXT("https:"))) {
				*url = from;
				return true;
			}
		}
		t = after(t, at + 1);
	}
	return false;
}

static int
sextet_of(char c)
{
	return c >= 'A' && c <= 'Z'   ? c - 'A'
	       : c >= 'a' && c <= 'z' ? c - 'a' + 26
	       : c >= '0' && c <= '9' ? c - '0' + 52
	       : c == '+' || c == '-' ? 62
	       : c == '/' || c == '_' ? 63
				      : -1;
}

/* "aHR0c" is how "http" begins in base64. */
static bool
find_base64(struct text t, struct text *url, struct arena *arena)
{
	const char *at = t.n > 0 ? memmem(t.p, t.n, "aHR0c", 5) : NULL;
	uint32_t bits = 0, have = 0;
	size_t n = 0;
	char *out;

	if (at == NULL) {
		return false;
	}
	t = after(t, (size_t)(at - t.p));
	out = arena_get(arena, t.n);
	for (size_t i = 0; i < t.n && sextet_of(t.p[i]) >= 0; i++) {
		bits = bits << 6 | (uint32_t)sextet_of(t.p[i]);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have & 255);
		}
	}
	return find_link((struct text){ out, n }, url);
}

/* "https-3A__shop.example_path". */
static bool
find_defended(struct text t, struct text *url, struct arena *arena)
{
	struct text plain;
	char *out;

	if (t.n == 0 || memmem(t.p, t.n, "-3A_", 4) == NULL) {
		return false;
	}
	plain = unescape(t, '-', arena);
	out = arena_copy(arena, plain.p, plain.n);
	for (size_t i = 0; i < plain.n; i++) {
		out[i] = out[i] == '_' ? '/' : out[i];
	}
	return find_link((struct text){ out, plain.n }, url);
}

bool
link_inside(struct text behind, struct text *url, struct arena *arena)
{
	struct text once = unescape(behind, '%', arena);
	struct text twice = once.p != behind.p ? unescape(once, '%', arena) : once;
	bool found = find_link(behind, url) || (once.p != behind.p && find_link(once, url)) ||
		     (twice.p != once.p && find_link(twice, url)) || find_base64(once, url, arena) ||
		     find_defended(behind, url, arena);

	for (size_t i = 0; found && i < url->n; i++) { /* of a query it is one value */
		if (url->p[i] == '&' || (unsigned char)url->p[i] <= ' ') {
			url->n = i;
		}
	}
	return found;
}

struct text
link_domain(struct text host)
{
	char name[HOST_BYTES];
	const char *registered;

	check(pthread_once(&suffixes_once, load_suffixes) == 0);
	check(host.n < sizeof name);
	memcpy(name, host.p, host.n);
	name[host.n] = '\0';
	if (host.n == 0 || memchr(name, ':', host.n) != NULL ||
	    (name[host.n - 1] >= '0' && name[host.n - 1] <= '9')) {
		return host;
	}
	registered = psl_registrable_domain(suffixes, name);
	return registered == NULL ? host : after(host, (size_t)(registered - name));
}
