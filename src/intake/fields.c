/* Header fields (RFC 5322 2.2), and what is read out of Received, From and DKIM-Signature. */
#include "base/limits.h"
#include "intake/mail_int.h"

#include <string.h>

/* One line: each line end and the blanks behind it become one blank. */
static struct text
unfold(struct arena *arena, struct text value)
{
	char *copy = arena_get(arena, value.n);
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] != '\n' && value.p[i] != '\r') {
			copy[n++] = value.p[i];
			continue;
		}
		while (i + 1 < value.n && strchr(" \t\r\n", value.p[i + 1]) != NULL &&
		       value.p[i + 1] != '\0') {
			i++;
		}
		copy[n++] = ' ';
	}
	return (struct text){ copy, n };
}

void
fields_add(struct fields *f, struct text name, struct text value, struct arena *arena)
{
	if (f->count == MAIL_HEADERS_MAX) {
		return;
	}
	if (f->item == NULL) {
		f->item = arena_get_array(arena, MAIL_HEADERS_MAX, sizeof *f->item);
	}
	value.n = value.n > HEADER_VALUE_BYTES_MAX ? HEADER_VALUE_BYTES_MAX : value.n;
	value = text_trim(value);
	f->item[f->count].name = name;
	f->item[f->count].value = value;
	/* The common value is not folded and stays where it is. */
	if (value.n > 0 && memchr(value.p, '\n', value.n) != NULL) {
		f->item[f->count].value = unfold(arena, value);
	}
	f->count++;
}

static bool
is_name(struct text t)
{
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] <= ' ' || t.p[i] > '~') {
			return false;
		}
	}
	return t.n > 0;
}

void
fields_read(struct fields *f, struct text block, bool all, struct arena *arena)
{
	while (block.n > 0 && f->count < MAIL_HEADERS_MAX) {
		struct text value, name, line;

		(void)text_cut(&block, '\n', &line);
		if (text_trim(line).n == 0) {
			if (!all && f->count > 0) {
				break;
			}
			continue;
		}
		/* Lines that start with a blank belong to this one. */
		while (block.n > 0 && (block.p[0] == ' ' || block.p[0] == '\t')) {
			struct text more;

			(void)text_cut(&block, '\n', &more);
			if (all && text_trim(more).n == 0) {
				break;
			}
			line.n = (size_t)(more.p + more.n - line.p);
		}
		value = line;
		if (text_cut(&value, ':', &name) && is_name(text_trim(name))) {
			fields_add(f, text_trim(name), value, arena);
		}
	}
}

bool
fields_next(const struct fields *f, struct text name, size_t *at, struct text *value)
{
	while (*at < f->count) {
		size_t i = (*at)++;

		if (f->item[i].value.n > 0 && text_equal_nocase(f->item[i].name, name)) {
			*value = f->item[i].value;
			return true;
		}
	}
	return false;
}

struct text
fields_first(const struct fields *f, struct text name)
{
	struct text value = { "", 0 };
	size_t at = 0;

	(void)fields_next(f, name, &at, &value);
	return value;
}

/* The words "by", "via", "with" ... outside of parentheses end the from part. */
static struct text
from_part(struct text received)
{
	size_t depth = 0;

	if (!text_starts_nocase(received, TEXT("from"))) {
		return (struct text){ "", 0 };
	}
	for (size_t i = 4; i < received.n; i++) {
		char c = received.p[i];

		if (c == '(') {
			depth++;
		} else if (c == ')' && depth > 0) {
			depth--;
		} else if (c == ';' || (c == ' ' && depth == 0 &&
					text_starts_nocase((struct text){ received.p + i, received.n - i },
							   TEXT(" by ")))) {
			return (struct text){ received.p, i };
		}
	}
	return received;
}

static bool
is_address_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' ||
	       c == ':';
}

/* Does "helo=", "HELO " or "EHLO " stand before this place? Then the client said it. */
static bool
is_claimed(struct text before)
{
	static const struct text words[] = { { "helo=", 5 },  { "helo=[", 6 }, { "helo ", 5 },
					     { "helo [", 6 }, { "ehlo ", 5 },  { "ehlo [", 6 } };

	for (size_t i = 0; i < countof(words); i++) {
		if (before.n >= words[i].n &&
		    text_equal_nocase((struct text){ before.p + before.n - words[i].n, words[i].n },
				      words[i])) {
			return true;
		}
	}
	return false;
}

/* Part of a name, like the digits of "ip-192.0.2.1.example"? */
static bool
is_name_byte(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_' ||
	       c == '.';
}

/* How far the place of an address is to be trusted: 0 it is none, 1 said by the client, then bare, "(a)", "([a])". */
static unsigned
address_rank(struct text from, struct text word, size_t depth)
{
	size_t at = (size_t)(word.p - from.p);

	if (word.n < 3 || (at > 0 && is_name_byte(from.p[at - 1])) ||
	    (at + word.n < from.n && is_name_byte(from.p[at + word.n]))) {
		return 0;
	}
	if (is_claimed((struct text){ from.p, at })) {
		return 1;
	}
	return depth == 0 ? 2 : from.p[at - 1] == '[' || from.p[at - 1] == ':' ? 4 : 3;
}

bool
mail_received_address(struct text received, struct prefix *address)
{
	struct text from = from_part(received);
	unsigned best = 0;
	size_t depth = 0;

	for (size_t i = 0; i < from.n; i++) {
		struct text word = { from.p + i, 0 };
		struct prefix found;
		unsigned rank;

		if (text_starts_nocase((struct text){ from.p + i, from.n - i }, TEXT("IPv6:"))) {
			i += 4;
			continue;
		}
		while (i + word.n < from.n && is_address_byte(from.p[i + word.n])) {
			word.n++;
		}
		if (word.n == 0) {
			depth += from.p[i] == '(';
			depth -= from.p[i] == ')' && depth > 0;
			continue;
		}
		i += word.n - 1;
		rank = address_rank(from, word, depth);
		if (rank > best && prefix_parse(word, &found, NULL) == RESULT_OK) {
			best = rank;
			*address = found;
		}
	}
	return best > 0;
}

bool
mail_received_time(struct text received, struct instant *at)
{
	const char *end = received.n == 0 ? NULL : memrchr(received.p, ';', received.n);

	if (end == NULL) {
		return false;
	}
	end++;
	return instant_parse_mail((struct text){ end, (size_t)(received.p + received.n - end) }, at) ==
	       RESULT_OK;
}

struct text
mail_domain(struct text address)
{
	const char *open, *end, *at;
	struct text domain = { "", 0 };

	if (address.n == 0) {
		return domain;
	}
	open = memrchr(address.p, '<', address.n);
	end = address.p + address.n;
	if (open != NULL) {
		const char *close = memchr(open, '>', (size_t)(end - open));

		address = (struct text){ open + 1, (size_t)((close == NULL ? end : close) - open - 1) };
	}
	at = address.n == 0 ? NULL : memrchr(address.p, '@', address.n);
	if (at != NULL) {
		domain.p = at + 1;
		end = address.p + address.n;
		while (domain.p + domain.n < end && domain.p[domain.n] > ' ' && domain.p[domain.n] != '>' &&
		       domain.p[domain.n] != ',' && domain.p[domain.n] != '(') {
			domain.n++;
		}
	}
	return domain;
}

struct text
mail_tag(struct text list, struct text tag)
{
	bool more = true;

	while (more) {
		struct text value, name;

		more = text_cut(&list, ';', &value);
		if (text_cut(&value, '=', &name) && text_equal_nocase(text_trim(name), tag)) {
			return text_trim(value);
		}
	}
	return (struct text){ "", 0 };
}
