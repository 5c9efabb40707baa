/* Any text as a field Authentication-Results that came with a mail, and as the TXT record that we write into ours. */
#include "milter/authres.h"
#include "milter/mark.h"

#include <string.h>

#define OURS "mx.example.test"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nobody but us says dnswl in our name, or anything with the dot of the root behind it; and what is believed of a domain is a domain. */
static void
it_is_believed_or_taken_out(struct text value)
{
	static const struct settings settings = { .tag = "", .trusted = { 1, { OURS } } };
	struct arena arena = { 0 };
	struct authres r;
	struct mark m;
	bool is_out, is_ours, is_rooted;

	authres_read(value, &arena, &r);
	mark_begin(&m, &settings, OURS);
	mark_field(&m, TEXT("authentication-results"), value);
	is_out = m.removals.n > 0;
	is_ours = text_equal_nocase(r.authserv_id, TEXT(OURS));
	is_rooted = text_equal_nocase(r.authserv_id, TEXT(OURS "."));
	check(is_out == (r.authserv_id.n == 0 || is_rooted || (is_ours && r.has_dnswl)));
	check(!is_out || m.domain_count == 0);
	for (size_t i = 0; i < m.domain_count; i++) {
		check(strlen(m.domains[i]) <= 255 && strpbrk(m.domains[i], " \t\r\n\"();") == NULL);
	}
	mark_end(&m);
	arena_clear(&arena);
}

/* A text from DNS stays within its quotes. */
static void
it_stays_in_its_quotes(struct text txt)
{
	struct arena arena = { 0 };
	struct authres_listing l = { .zone = "list.example",
				     .subject = "news.example",
				     .address = { 127, 0, 0, 10 } };
	struct authres r;
	struct buffer b;

	l.txt = text_copy(&arena, txt);
	buffer_init(&b, 3 * txt.n + 1024);
	authres_begin(&b, OURS);
	authres_listing(&b, &l);
	authres_read(buffer_text(&b), &arena, &r);
	check(!b.full && text_equal(r.authserv_id, TEXT(OURS)) && r.has_dnswl && r.domain_count == 0);
	for (size_t i = 0; i < b.n; i++) {
		check((b.p[i] >= ' ' && b.p[i] <= '~') || b.p[i] == '\n' || b.p[i] == '\t');
	}
	buffer_free(&b);
	arena_clear(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text t = { (const char *)data, size };

	it_is_believed_or_taken_out(t);
	it_stays_in_its_quotes(t);
	return 0;
}
