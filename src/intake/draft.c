/* One observation while it is put together. */
#include "intake/content.h"
#include "intake/draft_int.h"

void
draft_open(struct draft *t, struct intake_reading *d, enum signal signal)
{
	check(d->count < d->max);
	*t = (struct draft){ .d = d, .o = &d->observations[d->count] };
	*t->o = (struct observation){ .signal = signal, .count = 1 };
}

void
draft_report(struct intake_reading *d)
{
	struct fault why = { { 0 } };

	check(intake_reporter(d, (struct text){ 0 }, &(uint8_t){ 0 }, &why) == RESULT_OK);
}

void
draft_keep(struct draft *t)
{
	struct fault why = { { 0 } };

	check(t->o->key_count > 0 && t->o == &t->d->observations[t->d->count]);
	check(intake_reporter(t->d, (struct text){ 0 }, &t->d->reporter_of[t->d->count], &why) == RESULT_OK);
	t->d->count++;
}

void
draft_attribute(struct draft *t, const char *name, struct text value)
{
	if (value.n == 0 || t->o->attribute_count == ATTRIBUTES_MAX) {
		return;
	}
	if (t->attributes == NULL) {
		t->attributes = arena_get_array(t->d->arena, ATTRIBUTES_MAX, sizeof *t->attributes);
		t->o->attributes = t->attributes;
	}
	t->attributes[t->o->attribute_count++] =
	    (struct attribute){ .name = text_of(name),
				.value = intake_clean(t->d->arena, value, ATTRIBUTE_BYTES_MAX) };
}

void
draft_attribute_time(struct draft *t, const char *name, struct instant at)
{
	char text[INSTANT_BYTES];
	struct text value = text_of(instant_format(at, text));

	value.p = text_copy(t->d->arena, value);
	draft_attribute(t, name, value);
}

static bool
add_key(struct draft *t, const struct source_key *key)
{
	struct observation *o = t->o;
	struct text text = source_key_text(key);

	if (o->key_count == OBSERVATION_KEYS_MAX) {
		return false;
	}
	for (uint32_t i = 0; i < o->key_count; i++) {
		if (text_equal(o->keys[i], text)) {
			return false;
		}
	}
	text.p = text_copy(t->d->arena, text);
	o->keys[o->key_count++] = text;
	return true;
}

bool
draft_key(struct draft *t, struct text written)
{
	struct source_key key;

	if (source_key_parse(written, &key, NULL) != RESULT_OK) {
		return false;
	}
	return (key.kind == SOURCE_DOMAIN || (key.kind == SOURCE_IP && t->o->key_count == 0)) &&
	       add_key(t, &key);
}

bool
draft_key_address(struct draft *t, const struct prefix *address)
{
	char text[PREFIX_TEXT_BYTES];
	struct source_key key;

	return source_key_parse(text_of(prefix_format(address, text)), &key, NULL) == RESULT_OK &&
	       add_key(t, &key);
}

bool
draft_key_account(struct draft *t, const char *esp, struct text id)
{
	const char *text = arena_format(t->d->arena, "acct:%s:%.*s", esp, TEXT_ARG(id));
	struct source_key key;

	return id.n > 0 && source_key_parse(text_of(text), &key, NULL) == RESULT_OK && add_key(t, &key);
}

bool
draft_key_received(struct draft *t, const struct fields *header)
{
	struct text received;
	size_t at = 0;

	while (fields_next(header, TEXT("Received"), &at, &received)) {
		struct prefix address;

		if (mail_received_address(received, &address) && prefix_is_public(&address)) {
			return draft_key_address(t, &address);
		}
	}
	return false;
}

void
draft_sender(struct draft *t, const struct fields *header, struct text sender)
{
	struct text domain = mail_domain(fields_first(header, TEXT("From")));

	if (sender.n == 0) {
		sender = fields_first(header, TEXT("Return-Path"));
	}
	if (sender.n >= 2 && sender.p[0] == '<' && sender.p[sender.n - 1] == '>') {
		sender = (struct text){ sender.p + 1, sender.n - 2 };
	}
	if (domain.n == 0) {
		domain = mail_domain(sender);
	}
	domain.p = text_lower(t->d->arena, domain);
	draft_attribute(t, "from_domain", domain);
	draft_attribute(t, "mail_from", sender);
}

bool
draft_arrival(const struct fields *header, struct instant *arrival)
{
	struct text value;
	size_t at = 0;

	while (fields_next(header, TEXT("Received"), &at, &value)) {
		if (mail_received_time(value, arrival)) {
			return true;
		}
	}
	value = fields_first(header, TEXT("Date"));
	return value.n > 0 && instant_parse_mail(value, arrival) == RESULT_OK;
}

void
draft_content(struct draft *t, const struct fields *header, const struct mail_parts *parts,
	      struct text landing)
{
	struct content c;

	content_read(&c, header, parts, landing, t->d->arena);
	draft_attribute(t, "cluster", c.cluster);
	draft_attribute(t, "link_domain", c.links);
	draft_attribute(t, "lure", c.lure);
	draft_attribute(t, "attachment", c.attachment);
	draft_attribute(t, "dkim_domain", c.dkim);
	draft_attribute(t, "subject_shape", c.subject);
}
