#include "intake/answer.h"

#include "base/limits.h"
#include "intake/mail_int.h"

#define MESSAGE_ID_BYTES_MAX 250U

/* Senders that are machines by their name, whatever stands behind it: "bounces+17@lists.example". */
static const char *const machines[] = { "mailer-daemon", "postmaster", "bounce",       "noreply",
					"no-reply",      "donotreply", "do-not-reply", "owner-",
					"listserv",      "majordomo",  "root",         "www-data" };
static const char *const machine_ends[] = { "-request", "-owner", "-bounces", "-admin" };

static bool
ends_nocase(struct text t, struct text end)
{
	return t.n >= end.n && text_equal_nocase((struct text){ t.p + t.n - end.n, end.n }, end);
}

static bool
is_machine(struct text sender)
{
	struct text local;

	(void)text_cut(&sender, '@', &local);
	for (size_t i = 0; i < countof(machines); i++) {
		if (text_starts_nocase(local, text_of(machines[i]))) {
			return true;
		}
	}
	for (size_t i = 0; i < countof(machine_ends); i++) {
		if (ends_nocase(local, text_of(machine_ends[i]))) {
			return true;
		}
	}
	return false;
}

/* The first word of a value, without what parameters or remarks stand behind it. */
static struct text
first_word(struct text value)
{
	size_t n = 0;

	while (n < value.n && value.p[n] > ' ' && value.p[n] != ';' && value.p[n] != ',' &&
	       value.p[n] != '(') {
		n++;
	}
	return (struct text){ value.p, n };
}

static bool
is_one_of(struct text word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (text_equal_nocase(word, text_of(words[i]))) {
			return true;
		}
	}
	return false;
}

/* Does this field say that no answer is wanted? */
static bool
forbids(struct text name, struct text value)
{
	static const char *const many[] = { "bulk", "junk", "list", "auto_reply" };
	static const char *const suppressed[] = { "all", "autoreply" };

	if (text_equal_nocase(name, TEXT("Auto-Submitted"))) {
		return !text_equal_nocase(first_word(value), TEXT("no"));
	}
	if (text_equal_nocase(name, TEXT("Precedence"))) {
		return is_one_of(first_word(value), many, countof(many));
	}
	if (text_equal_nocase(name, TEXT("X-Auto-Response-Suppress"))) {
		struct text one;

		while (value.n > 0) {
			(void)text_cut(&value, ',', &one);
			if (is_one_of(text_trim(one), suppressed, countof(suppressed))) {
				return true;
			}
		}
		return false;
	}
	return text_starts_nocase(name, TEXT("List-")) || text_equal_nocase(name, TEXT("X-Loop")) ||
	       text_equal_nocase(name, TEXT("X-Autoreply")) ||
	       (text_equal_nocase(name, TEXT("Return-Path")) && text_equal(text_trim(value), TEXT("<>")));
}

/* "<1@shop.example>": one, of printing ASCII. */
static bool
is_message_id(struct text id)
{
	if (id.n < 5 || id.n > MESSAGE_ID_BYTES_MAX || id.p[0] != '<' || id.p[id.n - 1] != '>') {
		return false;
	}
	for (size_t i = 1; i + 1 < id.n; i++) {
		if (id.p[i] <= ' ' || id.p[i] > '~' || id.p[i] == '<' || id.p[i] == '>') {
			return false;
		}
	}
	return true;
}

bool
answer_fits(struct text mail, struct text sender, struct arena *arena, struct answer *answer)
{
	struct fields f = { 0 };
	struct text id;

	*answer = (struct answer){ { "", 0 } };
	if (sender.n == 0 || is_machine(sender)) {
		return false;
	}
	fields_read(&f, mail, false, arena);
	if (f.count == MAIL_HEADERS_MAX) {
		return false; /* what stands further down was not looked at */
	}
	for (size_t i = 0; i < f.count; i++) {
		if (forbids(f.item[i].name, f.item[i].value)) {
			return false;
		}
	}
	id = text_trim(fields_first(&f, TEXT("Message-ID")));
	answer->message_id = is_message_id(id) ? id : answer->message_id;
	return true;
}
