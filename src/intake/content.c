/* What a mail looks like, put together from its pieces. */
#include "intake/content.h"

#include "intake/content_int.h"
#include "intake/mail_int.h"
#include "intake/mail_parts_int.h"

#include <string.h>

#define OWN_MAX 8U /* domains of the sender: From, envelope, signatures */

struct look {
	struct arena *arena;
	struct links links;
	struct text own[OWN_MAX];
	size_t own_count;
	struct text page, plain; /* what a reader sees of the first text/html and text/plain */
	size_t left;             /* bytes of text that may still be read */
};

/* The worst first. */
static const struct text kinds[] = { { "executable", 10 }, { "script", 6 }, { "archive", 7 }, { "html", 4 } };

/* Each once, from the own[start] on. */
static void
put_own(struct look *k, struct text domain, size_t start)
{
	domain = text_trim(domain);
	if (domain.n == 0 || domain.n >= HOST_BYTES || k->own_count == OWN_MAX) {
		return;
	}
	for (size_t i = start; i < k->own_count; i++) {
		if (text_equal_nocase(k->own[i], domain)) {
			return;
		}
	}
	k->own[k->own_count++] = (struct text){ text_lower(k->arena, domain), domain.n };
}

/* d= of each signature, with blanks between. */
static struct text
read_signatures(struct look *k, const struct fields *header)
{
	struct text value, out = { "", 0 };
	size_t at = 0, start = k->own_count;

	while (fields_next(header, TEXT("DKIM-Signature"), &at, &value) && k->own_count < OWN_MAX) {
		struct text domain = { "", 0 };
		size_t before = k->own_count;

		put_own(k, mail_tag(value, TEXT("d")), start);
		if (k->own_count > before) {
			domain = k->own[before];
		}
		if (domain.n > 0 && out.n + 1 + domain.n <= ATTRIBUTE_BYTES_MAX) {
			out = text_of(arena_format(k->arena, "%.*s%s%.*s", TEXT_ARG(out),
						   out.n > 0 ? " " : "", TEXT_ARG(domain)));
		}
	}
	return out;
}

/* What may still be read of a text, in UTF-8. */
static struct text
take_text(struct look *k, const struct mail_part *part)
{
	struct text bytes = part->bytes;

	bytes.n = bytes.n < k->left ? bytes.n : k->left;
	k->left -= bytes.n;
	return charset_text(bytes, part->charset, k->arena);
}

static void
read_part(struct look *k, const struct mail_part *part)
{
	struct text text;

	if (text_equal(part->type, TEXT("text/html")) ||
	    (part->attached && text_equal(file_kind(part->name, part->bytes), TEXT("html")))) {
		text = page_read(take_text(k, part), &k->links, k->arena);
		if (!part->attached && k->page.n == 0) {
			k->page = text;
		}
	} else if (text_starts_nocase(part->type, TEXT("text/"))) {
		text = take_text(k, part);
		links_take_plain(&k->links, text);
		if (!part->attached && k->plain.n == 0) {
			k->plain = text;
		}
	}
}

static struct text
worst_of(const struct mail_parts *parts)
{
	size_t worst = countof(kinds);

	for (size_t i = 0; i < parts->count; i++) {
		const struct mail_part *part = &parts->item[i];
		struct text kind = { "", 0 };

		if (part->attached || !text_starts_nocase(part->type, TEXT("text/"))) {
			kind = file_kind(part->name, part->bytes);
		}
		for (size_t k = 0; k < worst; k++) {
			if (text_equal(kind, kinds[k])) {
				worst = k;
			}
		}
	}
	return worst < countof(kinds) ? kinds[worst] : (struct text){ "", 0 };
}

/* The page is what most readers see; its plain twin is often empty, or a sentence that points to the page. */
static void
read_words(const struct look *k, struct text subject, struct content *content)
{
	struct words page, plain, title;

	words_read(&title, subject, k->arena);
	words_read(&page, k->page, k->arena);
	words_read(&plain, k->plain, k->arena);
	content->subject = text_trim((struct text){ title.text, title.n });
	content->cluster = words_cluster(&page, k->arena);
	if (content->cluster.n == 0) {
		content->cluster = words_cluster(&plain, k->arena);
	}
	if (content->cluster.n == 0 && k->page.n + k->plain.n > 0) { /* headers alone name no template */
		content->cluster = words_cluster(&title, k->arena);
	}
	content->lure = lure_read((const struct words *[]){ &title, &page, &plain }, 3, k->arena);
}

struct text
content_registered(struct text host)
{
	return link_domain(host);
}

void
content_read(struct content *content, const struct fields *header, const struct mail_parts *parts,
	     struct text landing, struct arena *arena)
{
	struct look k = { .arena = arena, .left = CONTENT_TEXT_BYTES_MAX };
	struct text path = fields_first(header, TEXT("Return-Path"));

	*content = (struct content){ 0 };
	k.links.arena = arena;
	put_own(&k, mail_domain(fields_first(header, TEXT("From"))), 0);
	if (path.n > 2 && path.p[0] == '<' && path.p[path.n - 1] == '>') {
		path = (struct text){ path.p + 1, path.n - 2 };
	}
	put_own(&k, mail_domain(path), 0);
	content->dkim = read_signatures(&k, header);
	links_take(&k.links, landing);
	for (size_t i = 0; i < parts->count; i++) {
		read_part(&k, &parts->item[i]);
	}
	content->links = links_text(&k.links, k.own, k.own_count);
	content->attachment = worst_of(parts);
	read_words(&k, mail_decoded(fields_first(header, TEXT("Subject")), arena), content);
}

void
content_read_mail(struct content *content, struct text *from_domain, struct text header, struct text body,
		  struct arena *arena)
{
	struct fields fields = { 0 };
	struct mail_parts parts = { 0 };

	fields_read(&fields, header, false, arena);
	mail_parts_read(&parts, &fields, body, arena);
	content_read(content, &fields, &parts, (struct text){ "", 0 }, arena);
	*from_domain = mail_domain(fields_first(&fields, TEXT("From")));
}
