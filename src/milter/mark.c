/* milter/mark.c - RFC 8601 section 5: what claims to be ours and came from outside is taken out; then ours is true. */
#include "milter/mark.h"

#include "milter/authres.h"
#include "milter/ticket.h"
#include "model/source.h"

#include <string.h>

#define REMOVALS_BYTES_MAX \
	(1U << 24) /* a mail of a million such fields; they have 24 bytes each on the wire */
#define RESULTS "Authentication-Results"

void
mark_begin(struct mark *m, const struct settings *settings, const char *authserv_id)
{
	*m = (struct mark){ .settings = settings, .authserv_id = authserv_id };
	buffer_init(&m->removals, REMOVALS_BYTES_MAX);
}

void
mark_end(struct mark *m)
{
	buffer_free(&m->removals);
	arena_clear(&m->arena);
	*m = (struct mark){ 0 };
}

static void
remove_field(struct mark *m, const char *name, int index)
{
	struct mark_removal removal = { name, index };

	buffer_put(&m->removals, &removal, sizeof removal);
}

/* A name with the dot of the root behind it is the same name. */
static bool
is_name(struct text id, const char *name)
{
	struct text other = text_of(name);

	id.n -= id.n > 0 && id.p[id.n - 1] == '.';
	other.n -= other.n > 0 && other.p[other.n - 1] == '.';
	return text_equal_nocase(id, other);
}

static bool
is_trusted(const struct settings *settings, struct text id)
{
	for (size_t i = 0; i < settings->trusted.count; i++) {
		if (text_equal_nocase(id, text_of(settings->trusted.items[i]))) {
			return true;
		}
	}
	return false;
}

static void
add_domain(struct mark *m, struct text domain)
{
	struct source_key key;

	if (m->domain_count == MARK_DOMAINS_MAX || source_key_parse(domain, &key, NULL) != RESULT_OK ||
	    key.kind != SOURCE_DOMAIN) {
		return;
	}
	for (size_t i = 0; i < m->domain_count; i++) {
		if (text_equal(text_of(m->domains[i]), source_key_text(&key))) {
			return;
		}
	}
	m->domains[m->domain_count++] = text_copy(&m->arena, source_key_text(&key));
}

/*
 * Ours are those of our name. When who checks DKIM here goes by the same name, of these only a result that nobody but we write
 * is forged. A field without a name is nobody's, and may be read as anybody's.
 */
static void
take_results(struct mark *m, struct text value)
{
	struct authres r;
	struct arena arena = { 0 };
	bool ours, trusted;

	m->results_seen++;
	authres_read(value, &arena, &r);
	ours = is_name(r.authserv_id, m->authserv_id);
	trusted = r.authserv_id.n > 0 && is_trusted(m->settings, r.authserv_id);
	if (r.authserv_id.n == 0 || (ours && (!trusted || r.has_dnswl))) {
		remove_field(m, RESULTS, m->results_seen);
	} else if (trusted) {
		for (size_t i = 0; i < r.domain_count; i++) {
			add_domain(m, r.domains[i]);
		}
	}
	arena_clear(&arena);
}

void
mark_field(struct mark *m, struct text name, struct text value)
{
	name =
	    text_trim(name); /* who reads the mail may take "Name :" for it, and who takes it out counts it */
	if (text_equal_nocase(name, TEXT(RESULTS))) {
		take_results(m, value);
	} else if (text_equal_nocase(name, TEXT(TICKET_FIELD))) {
		remove_field(m, TICKET_FIELD, ++m->tickets_seen);
	} else if (m->settings->tag[0] != '\0' && text_equal_nocase(name, text_of(m->settings->tag))) {
		remove_field(m, m->settings->tag, ++m->tags_seen);
	}
}

static void
ask_address(struct mark *m, const struct settings_zones *zones, const struct prefix *client)
{
	for (size_t i = 0; i < zones->count; i++) {
		struct lookup_question *q = &m->questions[m->question_count++];

		q->zone = &zones->items[i];
		lookup_name_address(q, client);
	}
}

static void
ask_domain(struct mark *m, const struct settings_zones *zones, const char *domain)
{
	for (size_t i = 0; i < zones->count; i++) {
		struct lookup_question *q = &m->questions[m->question_count++];

		q->zone = &zones->items[i];
		q->subject = domain;
		lookup_name_domain(q, text_of(domain));
	}
}

static bool
is_of(const struct lookup_question *q, const struct settings_zones *zones)
{
	return q->zone >= zones->items && q->zone < zones->items + zones->count;
}

void
mark_look_up(struct mark *m, const struct prefix *client, struct lookup *lookup)
{
	const struct settings *s = m->settings;

	m->questions = arena_get_array(&m->arena,
				       s->address_zones.count + s->reject_zones.count +
					   s->domain_zones.count * m->domain_count + 1,
				       sizeof *m->questions);
	m->question_count = 0;
	m->client = *client;
	ask_address(m, &s->address_zones, client);
	ask_address(m, &s->reject_zones, client);
	for (size_t i = 0; i < m->domain_count; i++) {
		ask_domain(m, &s->domain_zones, m->domains[i]);
	}
	lookup_ask(lookup, m->questions, m->question_count);
	for (size_t i = 0; i < m->question_count && m->reject == NULL; i++) {
		if (m->questions[i].answer == LOOKUP_LISTED && is_of(&m->questions[i], &s->reject_zones)) {
			m->reject = &m->questions[i];
		}
	}
}

/* The next question from *at on whose answer certifies the mail; NULL: no more. */
static const struct lookup_question *
next_listing(const struct mark *m, size_t *at)
{
	while (*at < m->question_count) {
		const struct lookup_question *q = &m->questions[(*at)++];

		if (q->answer == LOOKUP_LISTED && !is_of(q, &m->settings->reject_zones)) {
			return q;
		}
	}
	return NULL;
}

bool
mark_is_listed(const struct mark *m)
{
	size_t at = 0;

	return next_listing(m, &at) != NULL;
}

void
mark_write(const struct mark *m, struct buffer *b)
{
	const struct lookup_question *q;
	size_t at = 0;

	authres_begin(b, m->authserv_id);
	while ((q = next_listing(m, &at)) != NULL) {
		struct authres_listing l = {
			.zone = q->zone->name, .subject = q->subject, .txt = q->txt, .sec = AUTHRES_SEC_NA
		};

		if (m->settings->dnssec) {
			l.sec = q->validated ? AUTHRES_SEC_YES : AUTHRES_SEC_NO;
		}
		memcpy(l.address, q->address, sizeof l.address);
		authres_listing(b, &l);
	}
}

void
mark_write_tag(const struct mark *m, struct buffer *b)
{
	const struct lookup_question *q;
	size_t at = 0;

	for (const char *before = ""; (q = next_listing(m, &at)) != NULL; before = " ") {
		buffer_format(b, "%s%s", before, q->zone->name);
	}
}

/* Several zones may list the same source: it is written at the first. */
static bool
is_written(const struct mark *m, size_t before, const char *subject)
{
	const struct lookup_question *q;

	for (size_t at = 0; (q = next_listing(m, &at)) != NULL && at < before;) {
		if (q->subject == subject) {
			return true;
		}
	}
	return false;
}

void
mark_write_sources(const struct mark *m, struct buffer *b)
{
	const struct lookup_question *q;
	const char *before = "";
	char client[PREFIX_TEXT_BYTES];

	for (size_t at = 0; (q = next_listing(m, &at)) != NULL;) {
		if (!is_written(m, at, q->subject)) {
			buffer_format(b, "%s%s", before,
				      q->subject == NULL ? prefix_format(&m->client, client) : q->subject);
			before = ",";
		}
	}
}
