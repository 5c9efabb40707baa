#include "detect/detect_int.h"

/*
 * What messages look like. A template that is new to a system is evidence once, however many copies are seen:
 *
 *     e = 3/4 q1(traits) / q0(traits) + 1/4,
 *
 * with q0 the chance of its traits among honest new templates, q1 among those of takeovers, each trait given that the link is new or not.
 * q0 is what the fleet shows, shrunk to the stated chances, so E[e] <= 1 for an honest sender whose templates are like the fleet's; the quarter
 * bounds what an ordinary template can take away. A member that has declared its domains is judged by what declared members show: there an
 * undeclared new link is so rare that one message of it is nearly enough.
 *
 * Nothing can be new to a system that is not known yet: for its first days only its declaration speaks.
 */

static const struct {
	double honest[2], attack; /* honest: without and with a declaration */
} traits[TRAIT_COUNT] = {
#define TRAIT(id, name, honest, declared, attack, meaning) { { honest, declared }, attack },
#include "model/traits.def"
#undef TRAIT
};

static bool
has(uint32_t set, int trait)
{
	return (set >> trait & 1) != 0;
}

static bool
is_fleet_known(const struct detect *d, int64_t at_ms)
{
	return (double)(at_ms - d->first_look_ms) > CONTENT_YOUNG * 24 * HOUR_MS;
}

/*
 * Some traits are only judged where the link is new, or where it is not: they come together in honest mail too. Nothing is young to a fleet that
 * is not known for longer.
 */
static bool
applies(const struct detect *d, uint32_t set, int trait, int64_t at_ms)
{
	bool linked = has(set, TRAIT_LINK_NEW);

	if (trait == TRAIT_LINK_YOUNG) {
		return linked && is_fleet_known(d, at_ms);
	}
	return trait == TRAIT_FROM_NEW ? !linked : linked || trait != TRAIT_LURE;
}

static bool
is_known_well(const struct novelty *n, int64_t at_ms)
{
	return n->first_ms != NEVER && (double)(at_ms - n->first_ms) > CONTENT_DAYS * 24 * HOUR_MS &&
	       n->templates >= CONTENT_TEMPLATES;
}

/* A name that the system has not had: undeclared, and new to what is known of it. */
static bool
is_new(const struct novelty *n, uint64_t name, bool declares, bool declared, int64_t at_ms)
{
	return name != 0 && !declared && (declares || is_known_well(n, at_ms)) &&
	       !detect_novelty_seen(n, name);
}

/* Of several links the first that is new: a stranger's page may stand among links that the sender always has. */
static uint64_t
telling_link(const struct novelty *n, const struct detect_look *l)
{
	bool declares = (l->flags & LOOK_DECLARES) != 0, declared = (l->flags & LOOK_LINK_DECLARED) != 0;
	uint64_t link = l->link != 0 ? detect_novelty_name(l->link, 2) : 0;

	if (is_new(n, link, declares, declared, l->at.ms)) {
		return link;
	}
	for (uint32_t i = 0; i < LOOK_MORE && l->more[i] != 0; i++) {
		uint64_t other = detect_novelty_name(l->more[i], 2);

		if (is_new(n, other, declares, declared, l->at.ms)) {
			return other;
		}
	}
	return link;
}

/*
 * The sender's own text with another link: a template of its own, of a member that has declared where its links lead. What others link to
 * changes with each issue, so of them it would be no news.
 */
static bool
leads_elsewhere(const struct novelty *n, const struct detect_look *l, uint64_t link)
{
	return (l->flags & LOOK_DECLARES) != 0 &&
	       is_new(n, link, true, (l->flags & LOOK_LINK_DECLARED) != 0, l->at.ms);
}

static uint32_t
traits_of(struct detect *d, const struct novelty *n, const struct detect_look *l, uint64_t cluster,
	  uint64_t link)
{
	int64_t at_ms = l->at.ms;
	bool declares = (l->flags & LOOK_DECLARES) != 0;
	struct known before = detect_novelty_fleet(d, cluster, l->member, at_ms);
	uint32_t hour = (uint32_t)(at_ms / 3600000), set = 0;

	if (before.name != 0 && before.member != l->member &&
	    hour - before.last_hour <= CONTENT_ELSEWHERE * 24) {
		set |= 1U << TRAIT_ELSEWHERE;
	}
	if (is_new(n, link, declares, (l->flags & LOOK_LINK_DECLARED) != 0, at_ms)) {
		set |= 1U << TRAIT_LINK_NEW;
	}
	if (link != 0) {
		before = detect_novelty_fleet(d, link, l->member, at_ms);
		if (has(set, TRAIT_LINK_NEW) && is_fleet_known(d, at_ms) &&
		    (before.name == 0 || hour - before.first_hour <= CONTENT_YOUNG * 24)) {
			set |= 1U << TRAIT_LINK_YOUNG;
		}
	}
	if (is_new(n, detect_novelty_name(l->from, 3) * (l->from != 0), declares,
		   (l->flags & LOOK_FROM_DECLARED) != 0, at_ms)) {
		set |= 1U << TRAIT_FROM_NEW;
	}
	set |= (l->flags & LOOK_LURE) != 0 && has(set, TRAIT_LINK_NEW) ? 1U << TRAIT_LURE : 0;
	set |= (l->flags & LOOK_ATTACHMENT) != 0 ? 1U << TRAIT_ATTACHMENT : 0;
	set |= (l->flags & LOOK_BAD_URL) != 0 ? 1U << TRAIT_BAD_URL : 0;
	set |= (l->flags & LOOK_ALIKE) != 0 ? 1U << TRAIT_LOOKALIKE : 0;
	return set;
}

static double
weigh_traits(const struct detect *d, uint32_t set, bool declares, int64_t at_ms)
{
	const struct taught *taught = &d->taught[declares];
	double ln = 0;

	for (int t = 0; t < TRAIT_COUNT; t++) {
		double honest, attack = traits[t].attack;

		if (applies(d, set, t, at_ms)) {
			honest = (CONTENT_WEIGHT * traits[t].honest[declares] + taught->shown[t]) /
				 (CONTENT_WEIGHT + taught->seen[t]);
			ln += number_ln(has(set, t) ? attack / honest : (1 - attack) / (1 - honest));
		}
	}
	return CONTENT_TRUST * number_exp(ln < CONTENT_NATS_MAX ? ln : CONTENT_NATS_MAX) +
	       (1 - CONTENT_TRUST);
}

static void
teach(struct detect *d, uint32_t set, bool declares, int64_t at_ms)
{
	struct taught *taught = &d->taught[declares];

	for (int t = 0; t < TRAIT_COUNT; t++) {
		if (applies(d, set, t, at_ms)) {
			taught->seen[t] = taught->seen[t] * (1 - CONTENT_FADE) + 1;
			taught->shown[t] = taught->shown[t] * (1 - CONTENT_FADE) + (has(set, t) ? 1 : 0);
		}
	}
}

/*
 * A template that speaks against the sender teaches when its cohort is old, and only if no alarm ended it: a day with many takeovers must
 * not make lures look honest.
 */
void
detect_content_retire(struct detect *d, const struct unit *u, const struct cohort *c)
{
	if (u->kind == UNIT_SYSTEM && (c->traits & COHORT_UNTAUGHT) != 0 && c->n.weight > 0) {
		teach(d, c->traits & ((1U << TRAIT_COUNT) - 1), (c->traits & COHORT_DECLARES) != 0,
		      c->start_ms);
	}
}

/*
 * The cohort of a new template. One that speaks against the sender begins a cohort, with the start weight of a burst: a takeover may begin with
 * it. What else a complaint shows belongs to the cohort of its mail. NULL: that is gone.
 */
static struct cohort *
cohort_of_look(struct detect *d, struct unit *u, const struct detect_look *l, double e)
{
	if (u->cohort_count == 0 || (e > 1 && detect_cohort(u, u->cohort_count - 1U)->n.mail > 0)) {
		detect_cohort_begin(d, u, l->at.ms);
	}
	if ((l->flags & LOOK_COMPLAINT) != 0 && e <= 1) {
		return detect_cohort_of(u, l->at.ms);
	}
	return detect_cohort(u, u->cohort_count - 1U);
}

static void
tell_unit(struct detect *d, uint32_t unit, const struct detect_look *l, uint64_t cluster, double e,
	  uint32_t set)
{
	struct unit *u;
	struct cohort *c;

	if (unit == DETECT_NO_UNIT) {
		return;
	}
	u = detect_unit_at(d, unit, l->at.ms);
	detect_cohort_charge(d, u, l->at.ms, e);
	c = cohort_of_look(d, u, l, e);
	if (c == NULL) {
		return;
	}
	c->n.look = (float)((double)c->n.look * e < 1e30 ? (double)c->n.look * e : 1e30);
	if (e > 1) {
		detect_unit_report(u, l->seq);
		detect_suspect_begin(u, c, cluster);
		c->traits |=
		    (uint16_t)set | COHORT_UNTAUGHT | ((l->flags & LOOK_DECLARES) != 0 ? COHORT_DECLARES : 0);
		if (c->first_bad_seq == 0) {
			c->first_bad_seq = l->seq;
		}
		detect_judge(d, unit, l->at.ms);
	}
}

/* For or against the template that the unit is suspected for. */
static void
count_unit(struct detect *d, uint32_t unit, const struct detect_look *l, uint64_t cluster)
{
	if (unit != DETECT_NO_UNIT && l->cluster != 0 &&
	    detect_suspect_count(&d->units[unit], cluster, (l->flags & LOOK_COMPLAINT) != 0, l->at.ms)) {
		detect_judge(d, unit, d->now_ms);
	}
}

/* The message is one of the sender's usual mail, or one of its suspect. Nothing speaks against a sender that is not known yet. */
static void
see(struct detect *d, const struct detect_look *l, const struct novelty *n, bool foreign)
{
	const uint32_t units[] = { l->system, l->source };

	if (!foreign && ((l->flags & LOOK_COMPLAINT) != 0 || l->cluster == 0 ||
			 ((l->flags & LOOK_DECLARES) == 0 && !is_known_well(n, l->at.ms)))) {
		return; /* a complaint was not drawn by lot */
	}
	for (size_t i = 0; i < countof(units); i++) {
		if (units[i] == DETECT_NO_UNIT) {
			continue;
		}
		if (foreign) {
			detect_usual_foreign(&d->units[units[i]], l->at.ms);
		} else {
			detect_usual_seen(&d->units[units[i]], l->at.ms);
		}
	}
}

/* By its feed's clock, but never later than now. */
static int64_t
delivered_ms(const struct detect *d, const struct detect_look *l)
{
	int64_t at_ms = l->at.ms + detect_clock_ms(d, l->feed);

	return at_ms <= d->now_ms || at_ms <= l->at.ms ? at_ms : d->now_ms > l->at.ms ? d->now_ms : l->at.ms;
}

void
detect_look(struct detect *d, const struct detect_look *look)
{
	struct detect_look by_clock = *look;
	const struct detect_look *l = &by_clock;
	struct novelty *n;
	uint64_t cluster, link, known = 0;
	uint32_t set;
	double e;

	check(l->system < d->unit_count && d->units[l->system].kind == UNIT_SYSTEM && l->at.ms > NEVER);
	by_clock.at.ms = delivered_ms(d, look);
	n = detect_novelty_of(d, &d->units[l->system]);
	cluster = detect_novelty_name(l->cluster != 0 ? l->cluster : l->from ^ l->link << 1, 1);
	link = telling_link(n, l);
	if (d->first_look_ms == NEVER) {
		d->first_look_ms = l->at.ms;
	}
	count_unit(d, l->system, l, cluster);
	count_unit(d, l->source, l, cluster);
	if (detect_novelty_seen(n, cluster)) {
		detect_novelty_note(n, cluster, l->at.ms);
		if (!leads_elsewhere(n, l, link)) {
			see(d, l, n, d->units[l->system].told == cluster);
			return;
		}
		known = detect_novelty_name(cluster ^ link, 4);
	}
	set = traits_of(d, n, l, known != 0 ? known : cluster, link);
	e = weigh_traits(d, set, (l->flags & LOOK_DECLARES) != 0, l->at.ms);
	if (e <= 1) {
		teach(d, set, (l->flags & LOOK_DECLARES) != 0, l->at.ms);
	}
	detect_novelty_note(n, cluster, l->at.ms);
	if (link != 0) {
		detect_novelty_note(n, link, l->at.ms);
	}
	if (l->from != 0) {
		detect_novelty_note(n, detect_novelty_name(l->from, 3), l->at.ms);
	}
	n->templates += n->templates < UINT32_MAX;
	tell_unit(d, l->system, l, cluster, e, set);
	tell_unit(d, l->source, l, cluster, e, set);
	see(d, l, n, e > 1);
}
