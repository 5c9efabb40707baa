/* Who signed a mail. The one file that knows libopendkim. */
#include "intake/signed.h"

#include "base/limits.h"
#include "intake/mail_int.h"
#include "model/source.h"

#include <pthread.h>
#include <string.h>

#include <dkim.h>

#define KEY_NAME_BYTES 512

/* ---- header fields as they stand, with their line ends inside */

/* Takes the next field off; false: the header is over. *mail is then the body. */
static bool
field_cut(struct text *mail, struct text *field)
{
	const char *end = mail->p + mail->n, *at = mail->p;

	*field = (struct text){ mail->p, 0 };
	while (at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at));
		bool empty = at == mail->p && (*at == '\n' || (*at == '\r' && line == at + 1));

		at = line == NULL ? end : line + 1;
		if (empty || at == end || (*at != ' ' && *at != '\t')) {
			break; /* a blank at the begin of the body carries on no field */
		}
	}
	field->n = (size_t)(at - mail->p);
	*mail = (struct text){ at, (size_t)(end - at) };
	while (field->n > 0 && (field->p[field->n - 1] == '\n' || field->p[field->n - 1] == '\r')) {
		field->n--;
	}
	return field->n > 0;
}

static bool
field_is(struct text field, struct text name, struct text *value)
{
	struct text head;

	*value = field;
	return text_cut(value, ':', &head) && text_equal_nocase(text_trim(head), name);
}

/* How many fields of this name there are; *value is the first. */
static size_t
count_fields(struct text mail, struct text name, struct text *value)
{
	struct text field, found;
	size_t n = 0;

	while (field_cut(&mail, &field)) {
		if (field_is(field, name, &found)) {
			*value = n++ == 0 ? found : *value;
		}
	}
	return n;
}

/* A domain name in lower case; false: it is none. */
static bool
domain_put(struct text t, char out[SIGNED_DOMAIN_BYTES])
{
	struct source_key key;
	struct text domain;

	if (source_key_parse(text_trim(t), &key, NULL) != RESULT_OK || key.kind != SOURCE_DOMAIN) {
		return false;
	}
	domain = source_key_text(&key);
	check(domain.n < SIGNED_DOMAIN_BYTES);
	memcpy(out, domain.p, domain.n);
	out[domain.n] = '\0';
	return true;
}

bool
signed_from(struct text mail, char domain[SIGNED_DOMAIN_BYTES])
{
	struct text value = { "", 0 };

	return count_fields(mail, TEXT("From"), &value) == 1 && memchr(value.p, ',', value.n) == NULL &&
	       domain_put(mail_domain(value), domain);
}

bool
signed_within(struct text domain, struct text registered)
{
	size_t more = domain.n - registered.n;

	if (registered.n == 0 || domain.n < registered.n) {
		return false;
	}
	return memcmp(domain.p + more, registered.p, registered.n) == 0 &&
	       (more == 0 || domain.p[more - 1] == '.');
}

/* ---- our own check */

struct checking {
	struct text registered;
	const struct signed_keys *keys;
	bool later;
};

/* d= of a signature, if it is one that counts here. */
static bool
is_wanted(const struct checking *c, DKIM_SIGINFO *sig, char signer[SIGNED_DOMAIN_BYTES])
{
	const char *d = (const char *)dkim_sig_getdomain(sig);

	return d != NULL && domain_put(text_of(d), signer) && signed_within(text_of(signer), c->registered);
}

/* Whoever writes a mail chooses whose keys are asked for; so only those of the domain that is at stake are. */
static DKIM_CBSTAT
prescreen(DKIM *dkim, DKIM_SIGINFO **signatures, int count)
{
	const struct checking *c = dkim_get_user_context(dkim);
	char signer[SIGNED_DOMAIN_BYTES];

	for (int i = 0; i < count; i++) {
		if (!is_wanted(c, signatures[i], signer)) {
			dkim_sig_ignore(signatures[i]);
		}
	}
	return DKIM_CBSTAT_CONTINUE;
}

static DKIM_CBSTAT
key_lookup(DKIM *dkim, DKIM_SIGINFO *sig, unsigned char *record, size_t size)
{
	struct checking *c = dkim_get_user_context(dkim);
	const char *selector = (const char *)dkim_sig_getselector(sig);
	const char *domain = (const char *)dkim_sig_getdomain(sig);
	char name[KEY_NAME_BYTES];
	struct buffer b;
	enum result r;

	buffer_init(&b, sizeof(name) - 1);
	buffer_format(&b, "%s._domainkey.%s", selector == NULL ? "" : selector, domain == NULL ? "" : domain);
	memcpy(name, b.p, b.n);
	name[b.n] = '\0';
	r = b.full ? RESULT_NOT_FOUND : c->keys->get(c->keys->context, name, (char *)record, size);
	buffer_free(&b);
	if (r == RESULT_OK || r == RESULT_NOT_FOUND) {
		return r == RESULT_OK ? DKIM_CBSTAT_CONTINUE : DKIM_CBSTAT_NOTFOUND;
	}
	c->later = true;
	return DKIM_CBSTAT_TRYAGAIN;
}

static DKIM_LIB *library;
static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void
open_library(void)
{
	unsigned int flags = DKIM_LIBFLAGS_DELAYSIGPROC;

	library = dkim_init(NULL, NULL);
	check(library != NULL);
	check(dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof(flags)) == DKIM_STAT_OK);
	check(dkim_set_prescreen(library, prescreen) == DKIM_STAT_OK);
	check(dkim_set_key_lookup(library, key_lookup) == DKIM_STAT_OK);
}

/* A mail out of a folder has LF for CRLF; what was signed had CRLF. */
static struct text
with_crlf(struct text mail, struct arena *arena)
{
	const char *first = memchr(mail.p, '\n', mail.n);
	char *out;
	size_t n = 0;

	if (first == NULL || (first > mail.p && first[-1] == '\r')) {
		return mail;
	}
	out = arena_get(arena, 2 * mail.n);
	for (size_t i = 0; i < mail.n; i++) {
		if (mail.p[i] == '\n' && (i == 0 || mail.p[i - 1] != '\r')) {
			out[n++] = '\r';
		}
		out[n++] = mail.p[i];
	}
	return (struct text){ out, n };
}

/* The header and the body; false: the library does not want them. */
static bool
feed(DKIM *dkim, struct text mail)
{
	struct text field;
	DKIM_STAT s = DKIM_STAT_OK;

	for (size_t n = 0; s == DKIM_STAT_OK && field_cut(&mail, &field); n++) {
		if (n == MAIL_HEADERS_MAX || memchr(field.p, '\0', field.n) != NULL) {
			return false;
		}
		if (memchr(field.p, ':', field.n) != NULL) { /* else a line that is no field */
			s = dkim_header(dkim, (u_char *)(uintptr_t)field.p, field.n);
		}
	}
	s = s == DKIM_STAT_OK ? dkim_eoh(dkim) : s;
	if (s == DKIM_STAT_OK && mail.n > 0) {
		s = dkim_body(dkim, (u_char *)(uintptr_t)mail.p, mail.n);
	}
	return s == DKIM_STAT_OK;
}

static bool
holds(const struct checking *c, DKIM *dkim, DKIM_SIGINFO *sig, char signer[SIGNED_DOMAIN_BYTES])
{
	const unsigned int flags = dkim_sig_getflags(sig);
	dkim_alg_t algorithm = DKIM_SIGN_UNKNOWN;
	ssize_t limit = 0;

	return (flags & DKIM_SIGFLAG_IGNORE) == 0 && (flags & DKIM_SIGFLAG_TESTKEY) == 0 &&
	       dkim_sig_process(dkim, sig) == DKIM_STAT_OK && DKIM_SIG_CHECK(sig) &&
	       dkim_sig_geterror(sig) == DKIM_SIGERROR_OK &&
	       dkim_sig_hdrsigned(sig, (u_char *)(uintptr_t) "from") &&
	       dkim_sig_getsignalg(sig, &algorithm) == DKIM_STAT_OK && algorithm != DKIM_SIGN_RSASHA1 &&
	       dkim_sig_getcanonlen(dkim, sig, NULL, NULL, &limit) == DKIM_STAT_OK && limit == -1 &&
	       (dkim_sig_getflags(sig) & DKIM_SIGFLAG_TESTKEY) == 0 && is_wanted(c, sig, signer);
}

enum signed_verdict
signed_check(struct text mail, struct text registered, const struct signed_keys *keys,
	     char signer[SIGNED_DOMAIN_BYTES])
{
	struct checking c = { .registered = registered, .keys = keys };
	struct text value;
	size_t written = count_fields(mail, TEXT("DKIM-Signature"), &value);
	DKIM_SIGINFO **signatures = NULL;
	DKIM_STAT status;
	struct arena arena = { 0 };
	DKIM *dkim;
	int count = 0;
	bool yes = false, test;

	if (written == 0 || written > DKIM_SIGNATURES_MAX) {
		return SIGNED_NOT;
	}
	check(pthread_once(&library_once, open_library) == 0);
	dkim = dkim_verify(library, (const unsigned char *)"mail", NULL, &status);
	check(dkim != NULL);
	check(dkim_set_user_context(dkim, &c) == DKIM_STAT_OK);
	if (feed(dkim, with_crlf(mail, &arena))) {
		(void)dkim_eom(
		    dkim,
		    &test); /* stops at the first that holds, for whatever reason; so each is asked below */
		if (dkim_getsiglist(dkim, &signatures, &count) != DKIM_STAT_OK) {
			count = 0;
		}
	}
	for (int i = 0; i < count && !yes; i++) {
		yes = holds(&c, dkim, signatures[i], signer);
	}
	(void)dkim_free(dkim);
	arena_clear(&arena);
	return yes ? SIGNED_YES : (c.later ? SIGNED_LATER : SIGNED_NOT);
}

/* ---- what the server in front says */

/* Without comments (in parentheses, nested) and quotes, line ends as blanks; what would end a word or a result within quotes is '_'. */
static struct text
without_comments(struct text value, struct arena *arena)
{
	char *out = arena_get(arena, value.n + 1);
	size_t n = 0, depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		bool blank = c == '\r' || c == '\n' || c == '\t';

		if (c == '\\' && (quoted || depth > 0)) {
			i++; /* no domain and no result has one */
		} else if (c == '"' && depth == 0) {
			quoted = !quoted;
		} else if (c == '(' && !quoted) {
			depth++;
		} else if (c == ')' && depth > 0) {
			depth--;
		} else if (depth == 0) {
			out[n++] = blank ? ' ' : (quoted && (c == ';' || c == ' ') ? '_' : c);
		}
	}
	return (struct text){ out, n };
}

/* One "method=result property=value ..."; does it say that a signature of the domain holds? */
static bool
result_says(struct text one, struct text registered, char signer[SIGNED_DOMAIN_BYTES])
{
	struct text word, value;
	bool first = true, found = false;

	one = text_trim(one);
	while (one.n > 0) {
		(void)text_cut(&one, ' ', &word);
		one = text_trim(one);
		value = word;
		if (!text_cut(&value, '=', &word)) {
			return false; /* also a version: "dkim/1" has none in use */
		}
		if (first &&
		    !(text_equal_nocase(word, TEXT("dkim")) && text_equal_nocase(value, TEXT("pass")))) {
			return false;
		}
		if (!first && text_equal_nocase(word, TEXT("header.d"))) {
			if (found || !domain_put(value, signer)) {
				return false;
			}
			found = true;
		}
		first = false;
	}
	return found && signed_within(text_of(signer), registered);
}

bool
signed_results(struct text mail, struct text registered, struct text authserv_id,
	       char signer[SIGNED_DOMAIN_BYTES])
{
	struct text field, value, words, id, one;
	struct arena arena = { 0 };
	bool yes = false, ours = false;

	while (!ours && field_cut(&mail, &field)) {
		if (!field_is(field, TEXT("Authentication-Results"), &value)) {
			continue;
		}
		value = without_comments(value, &arena);
		(void)text_cut(&value, ';', &words);
		words = text_trim(words);
		(void)text_cut(&words, ' ', &id); /* a version may follow */
		ours = text_equal_nocase(id, authserv_id);
	}
	while (ours && !yes && value.n > 0) {
		(void)text_cut(&value, ';', &one);
		yes = result_says(one, registered, signer);
	}
	arena_clear(&arena);
	return yes;
}
