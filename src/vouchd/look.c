#include "vouchd/look.h"

#include "model/alike.h"

static struct text
attribute_of(const struct observation *o, const char *name)
{
	for (uint32_t i = 0; i < o->attribute_count; i++) {
		if (text_equal(o->attributes[i].name, text_of(name))) {
			return o->attributes[i].value;
		}
	}
	return (struct text){ 0 };
}

static uint64_t
name_of(struct text value)
{
	return value.n > 0 ? hash_fast(value.p, value.n) | 1 : 0;
}

/* Is `domain` one of the list, or below one? */
static bool
is_among(struct text domain, struct text list, char between)
{
	struct text one;

	while (list.n > 0) {
		(void)text_cut(&list, between, &one);
		if (one.n > 0 && domain.n >= one.n &&
		    text_equal((struct text){ domain.p + domain.n - one.n, one.n }, one) &&
		    (domain.n == one.n || domain.p[domain.n - one.n - 1] == '.')) {
			return true;
		}
	}
	return false;
}

/* "1", "archive", "sign_in pressure": any value but those that say no. */
static bool
is_told(const struct observation *o, const char *name)
{
	struct text value = attribute_of(o, name);

	return value.n > 0 && !text_equal(value, TEXT("0")) && !text_equal(value, TEXT("false"));
}

/* Is it a link of a campaign that runs at this time and has not sent more than twice what was announced? */
static bool
is_announced(const struct look_from *from, struct text domain, struct instant at)
{
	struct text campaigns = registry_value(from->registry, from->system, FIELD_SYSTEM_DECLARED_CAMPAIGNS);
	struct registry_campaign c;

	while (registry_campaign_cut(&campaigns, &c)) {
		if (c.start.ms <= at.ms && at.ms < c.end.ms && is_among(domain, c.links, '+') &&
		    detect_mail_since(from->detect, from->unit, c.start) <= 2 * (double)c.volume) {
			return true;
		}
	}
	return false;
}

static bool
is_declared(const struct look_from *from, struct text domain, struct instant at)
{
	return is_among(domain, registry_value(from->registry, from->system, FIELD_SYSTEM_DECLARED_LINKS),
			' ') ||
	       is_announced(from, domain, at);
}

/* The links that are not declared; when all are, one of them. */
static void
take_links(struct detect_look *look, struct text links, const struct look_from *from)
{
	struct text one, first = { 0 };
	uint32_t count = 0;

	while (links.n > 0) {
		(void)text_cut(&links, ' ', &one);
		first = first.n > 0 ? first : one;
		if (one.n == 0 || count > LOOK_MORE || is_declared(from, one, look->at)) {
			continue;
		}
		if (count == 0) {
			look->link = name_of(one);
		} else {
			look->more[count - 1] = name_of(one);
		}
		count++;
	}
	if (count == 0 && first.n > 0) {
		look->link = name_of(first);
		look->flags |= LOOK_LINK_DECLARED;
	}
}

static bool
is_alike(struct text domain, struct text known)
{
	struct text one;

	while (known.n > 0) {
		(void)text_cut(&known, ' ', &one);
		if (alike(domain, one)) {
			return true;
		}
	}
	return false;
}

/* Does one of the domains look like one that the member is known by? What is declared, and the brands themselves, are what they are. */
static bool
has_alike(const struct look_from *from, struct text domains, struct instant at)
{
	const struct registry *r = from->registry;
	const struct text known[] = {
		registry_value(r, from->system, FIELD_SYSTEM_DECLARED_FROM),
		registry_value(r, from->system, FIELD_SYSTEM_DECLARED_DKIM),
		registry_value(r, from->system, FIELD_SYSTEM_DECLARED_LINKS),
		registry_value(r, registry_item(r, THING_SYSTEM, from->system).parent, FIELD_MEMBER_BRANDS),
	};

	for (uint32_t n = 0; domains.n > 0 && n <= LOOK_MORE; n++) {
		bool is_own = false, is_like = false;
		struct text one;

		(void)text_cut(&domains, ' ', &one);
		for (size_t i = 0; i < countof(known); i++) {
			is_own = is_own || is_among(one, known[i], ' ');
		}
		for (size_t i = 0; i < countof(known) && !is_own && !is_like; i++) {
			is_like = is_alike(one, known[i]);
		}
		if (is_like && !is_own && !is_announced(from, one, at)) {
			return true;
		}
	}
	return false;
}

bool
look_read(const struct look_from *at, const struct observation *o, struct detect_look *look)
{
	struct text cluster = attribute_of(o, "cluster"), from = attribute_of(o, "from_domain");
	struct text link = attribute_of(o, "link_domain");
	struct text links = registry_value(at->registry, at->system, FIELD_SYSTEM_DECLARED_LINKS);
	struct text froms = registry_value(at->registry, at->system, FIELD_SYSTEM_DECLARED_FROM);
	bool attached;

	*look = (struct detect_look){ .cluster = name_of(cluster), .from = name_of(from), .at = o->at };
	if (cluster.n == 0 && link.n == 0 && from.n == 0) {
		return false;
	}
	take_links(look, link, at);
	look->flags |= links.n > 0 && froms.n > 0 ? LOOK_DECLARES : 0;
	look->flags |= is_among(from, froms, ' ') ? LOOK_FROM_DECLARED : 0;
	look->flags |= is_told(o, "lure") ? LOOK_LURE : 0;
	attached = o->signal == SIGNAL_ATTACHMENT || is_told(o, "attachment");
	attached = attached &&
		   !text_equal(registry_value(at->registry, at->system, FIELD_SYSTEM_DECLARED_ATTACHMENTS),
			       TEXT("yes"));
	look->flags |= attached ? LOOK_ATTACHMENT : 0;
	look->flags |= o->signal == SIGNAL_BAD_URL ? LOOK_BAD_URL : 0;
	look->flags |= has_alike(at, link, o->at) || has_alike(at, from, o->at) ? LOOK_ALIKE : 0;
	look->flags |= o->signal == SIGNAL_COMPLAINT ? LOOK_COMPLAINT : 0;
	return true;
}
