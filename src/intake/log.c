/* What the logs of mail servers have in common. */
#include "intake/log_int.h"

#include "base/hash.h"

#include <string.h>

#define MINUTE_MS     60000
#define ID_LINE_BYTES 32U /* of a line that names a message; hardly any is shorter, and none than 20 */

/* The size of a table of the messages in a log, a power of two that they never fill: lines without a message, empty ones above all, have no place. */
static size_t
table_size(struct text document)
{
	uint64_t lines = intake_lines(document), most = document.n / ID_LINE_BYTES;
	size_t size = 64;

	while (size < 2 * (lines < most ? lines : most)) {
		size *= 2;
	}
	return size;
}

void
log_open(struct log *l, struct intake_reading *d)
{
	size_t size = table_size(d->raw);

	*l = (struct log){ .d = d,
			   .clock = { .latest = d->latest },
			   .seen = text_starts_nocase(d->raw, TEXT(LOG_PART_MARK)) };
	intake_rows_open(d, intake_lines(d->raw));
	l->messages = arena_get_array(d->arena, size, sizeof *l->messages);
	l->mask = size - 1;
	size = 64;
	while (size < 2 * (size_t)d->max) {
		size *= 2;
	}
	l->slots = arena_get_array(d->arena, size, sizeof *l->slots);
	l->slots_mask = size - 1;
}

struct log_message *
log_message(struct log *l, struct text host, struct text id)
{
	struct log_message *m;
	size_t at;

	if (id.n == 0) {
		return NULL;
	}
	at = (hash_fast(id.p, id.n) ^ hash_fast(host.p, host.n)) & l->mask;
	while ((m = &l->messages[at])->id.n > 0 && !(text_equal(m->id, id) && text_equal(m->host, host))) {
		at = (at + 1) & l->mask;
	}
	m->id = id;
	m->host = host;
	return m;
}

static bool
is_same(const struct observation *o, enum signal signal, struct text key, struct text domain,
	struct instant at)
{
	return o->signal == signal && o->at.ms == at.ms && text_equal(o->keys[0], key) &&
	       (o->attribute_count > 0 ? text_equal(o->attributes[0].value, domain) : domain.n == 0);
}

/* The canonical key of a client, or of the sender's domain; empty: nobody's. */
static struct text
key_of(struct text client, struct text sender, struct source_key *key)
{
	if (client.n > 0 && source_key_parse(client, key, NULL) == RESULT_OK && key->kind == SOURCE_IP &&
	    prefix_is_public(&key->prefix)) {
		return source_key_text(key);
	}
	if (source_key_parse(mail_domain(sender), key, NULL) == RESULT_OK && key->kind == SOURCE_DOMAIN) {
		return source_key_text(key);
	}
	return (struct text){ "", 0 };
}

static void
add_count(struct log *l, enum signal signal, struct text key, struct text domain, struct instant at)
{
	struct draft t;

	draft_open(&t, l->d, signal);
	t.o->at = at;
	t.o->keys[t.o->key_count++] = (struct text){ text_copy(l->d->arena, key), key.n };
	if (domain.n > 0) {
		struct attribute *a = arena_get(l->d->arena, sizeof *a);

		*a = (struct attribute){ .name = TEXT("recipient_domain"),
					 .value = intake_clean(l->d->arena, domain, ATTRIBUTE_BYTES_MAX) };
		t.o->attributes = a;
		t.o->attribute_count = 1;
	}
	draft_keep(&t);
}

void
log_count(struct log *l, enum signal signal, struct text client, struct text sender, struct text recipient,
	  struct instant at)
{
	struct intake_reading *d = l->d;
	struct source_key source;
	struct text key = key_of(client, sender, &source), domain = mail_domain(recipient);
	uint64_t hash;
	size_t slot;

	if (key.n == 0 || at.ms > d->latest.ms) {
		return;
	}
	at.ms -= at.ms % MINUTE_MS;
	domain.p = text_lower(d->arena, domain);
	hash = hash_fast(key.p, key.n) ^ ((uint64_t)at.ms * 31 + signal) ^
	       (domain.n > 0 ? hash_fast(domain.p, domain.n) : 0);
	for (slot = hash & l->slots_mask; l->slots[slot] != 0; slot = (slot + 1) & l->slots_mask) {
		struct observation *o = &d->observations[l->slots[slot] - 1];

		if (is_same(o, signal, key, domain, at)) {
			o->count += o->count < UINT32_MAX;
			return;
		}
	}
	if (d->count < d->max) {
		add_count(l, signal, key, domain, at);
		l->slots[slot] = d->count;
	}
}

void
log_refused(struct log *l, struct text status, struct text said, struct text client, struct text sender,
	    struct text recipient, struct instant at)
{
	struct bounce_code given = { 0, 0, 0 }, code;

	(void)bounce_code_parse(status, &given);
	if (given.class_ == 4 || (said.n > 3 && said.p[0] == '4' && said.p[1] >= '0' && said.p[1] <= '9')) {
		return;
	}
	log_count(l, bounce_signal(&given, said, l->d->arena, &code), client, sender, recipient, at);
}

struct text
log_value(struct text line, struct text name)
{
	const char *found = line.p, *end = line.p + line.n;
	struct text value = { "", 0 };

	while ((found = memmem(found, (size_t)(end - found), name.p, name.n)) != NULL) {
		if (found == line.p || found[-1] == ' ') {
			break;
		}
		found++;
	}
	if (found == NULL) {
		return value;
	}
	value = (struct text){ found + name.n, 0 };
	if (value.p < end && *value.p == '<') {
		const char *close = memchr(value.p, '>', (size_t)(end - value.p));

		return close == NULL ? (struct text){ "", 0 }
				     : (struct text){ value.p + 1, (size_t)(close - value.p) - 1 };
	}
	while (value.p + value.n < end && strchr(", )", value.p[value.n]) == NULL) {
		value.n++;
	}
	return value;
}

struct text
log_bracketed(struct text t)
{
	size_t depth = 0;

	for (size_t i = 0; i < t.n; i++) {
		struct text inside = { t.p + i + 1, 0 };
		const char *close;
		struct prefix address;

		depth += t.p[i] == '(';
		depth -= t.p[i] == ')' && depth > 0;
		if (t.p[i] != '[' || depth > 0) {
			continue;
		}
		close = memchr(t.p + i, ']', t.n - i);
		if (close == NULL) {
			break;
		}
		inside.n = (size_t)(close - inside.p);
		if (text_starts_nocase(inside, TEXT("IPv6:"))) {
			inside = (struct text){ inside.p + 5, inside.n - 5 };
		}
		if (prefix_parse(inside, &address, NULL) == RESULT_OK && prefix_is_address(&address)) {
			return inside;
		}
		i = (size_t)(close - t.p);
	}
	return (struct text){ "", 0 };
}

/* A message while it is looked for what must be carried on. Texts are whole lines. */
struct carried {
	struct text host, id, client, sender;
	bool closed;
};

static struct carried *
carried_message(struct carried *table, size_t mask, struct text host, struct text id)
{
	size_t at = (hash_fast(id.p, id.n) ^ hash_fast(host.p, host.n)) & mask;

	while (table[at].id.n > 0 && !(text_equal(table[at].id, id) && text_equal(table[at].host, host))) {
		at = (at + 1) & mask;
	}
	table[at].host = host;
	table[at].id = id;
	return &table[at];
}

static enum log_mark
mark_of(enum intake_format format, struct syslog_clock *clock, struct text line, struct text *host,
	struct text *id)
{
	return format == INTAKE_POSTFIX ? postfix_mark(clock, line, host, id)
					: exim_mark(clock, line, host, id);
}

static void
mark_lines(enum intake_format format, struct text document, struct carried *table, size_t mask)
{
	struct syslog_clock clock = { .latest = LOG_ANY_YEAR };
	struct text line;

	while (document.n > 0) {
		struct text host = { "", 0 }, id = { "", 0 };
		enum log_mark mark;
		struct carried *m;

		(void)text_cut(&document, '\n', &line);
		mark = mark_of(format, &clock, line, &host, &id);
		if (mark == LOG_OTHER || id.n == 0) {
			continue;
		}
		m = carried_message(table, mask, host, id);
		m->client = mark == LOG_CLIENT ? line : m->client;
		m->sender = mark == LOG_SENDER ? line : m->sender;
		m->closed = mark == LOG_CLOSED;
	}
}

void
log_carry(enum intake_format format, struct text document, struct buffer *carried)
{
	struct arena arena = { 0 };
	struct carried *table;
	struct syslog_clock clock = { .latest = LOG_ANY_YEAR };
	struct text rest = document, line, refused;
	size_t size = table_size(document), room = carried->max, bytes = 0;

	table = arena_get_array(&arena, size, sizeof *table);
	refused = format == INTAKE_EXIM ? exim_last_refusal(document) : (struct text){ "", 0 };
	room -= refused.n > 0 ? sizeof LOG_REFUSED_MARK + refused.n : 0;
	mark_lines(format, document, table, size - 1);
	for (size_t i = 0; i < size; i++) {
		bytes += table[i].closed ? 0 : table[i].client.n + table[i].sender.n + 2;
	}
	/* In their order; when there is no room for all, the oldest are left out. */
	while (rest.n > 0) {
		struct text host = { "", 0 }, id = { "", 0 };
		enum log_mark mark;
		const struct carried *m;

		(void)text_cut(&rest, '\n', &line);
		mark = mark_of(format, &clock, line, &host, &id);
		if ((mark != LOG_CLIENT && mark != LOG_SENDER) || id.n == 0) {
			continue;
		}
		m = carried_message(table, size - 1, host, id);
		if (m->closed || (line.p != m->client.p && line.p != m->sender.p)) {
			continue;
		}
		if (bytes <= room) {
			buffer_put_text(carried, line);
			buffer_put_text(carried, TEXT("\n"));
		}
		bytes -= bytes <= room ? 0 : line.n + 1;
	}
	if (refused.n > 0) {
		buffer_put_text(carried, TEXT(LOG_REFUSED_MARK));
		buffer_put_text(carried, refused);
		buffer_put_text(carried, TEXT("\n"));
	}
	arena_clear(&arena);
}

enum result
log_close(struct log *l, const char *what)
{
	if (!l->seen) {
		intake_fault(l->d, 0, (struct text){ 0 }, l->d->raw, "no line of a log of %s", what);
		return RESULT_BAD_INPUT;
	}
	draft_report(l->d);
	return RESULT_OK;
}
