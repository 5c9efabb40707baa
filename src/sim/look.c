/*
 * What messages look like: templates, and the domains of From and of links, as numbers.
 *
 * Numbers of one system do not depend on what other systems do: its n-th is base + n * systems + system. Those of takeovers have
 * their highest bit set and are the same at all members that the takeover has.
 */
#include "sim/sim_int.h"

#include "base/number.h"

#include <stdio.h>
#include <string.h>

#define TAKEOVER_BIT  0x80000000U
#define FOREIGN_BIT   0x40000000U
#define VARIANTS_BITS 8U

static const char *const shared[] = {
#define SIM_SHARED(domain, what) domain,
#include "sim/shared.def"
#undef SIM_SHARED
};

static const struct habit_row {
	double new_template, new_link;
} habits[] = {
#define SIM_HABIT(id, name, share, campaigns, regular, preferred, spread, season, new_template, new_link, \
		  what)                                                                                   \
	{ new_template, new_link },
#include "sim/habits.def"
#undef SIM_HABIT
};

/* The n-th number of a system, where the first of all is `base`. */
static uint32_t
own_number(const struct sim *sim, uint32_t system, uint32_t n, uint32_t base)
{
	uint64_t number = base + (uint64_t)n * sim->params.systems + system;

	check(number < TAKEOVER_BIT);
	return (uint32_t)number;
}

static uint32_t
domain_base(const struct sim *sim)
{
	return sim->params.members + (uint32_t)countof(shared) + AFFILIATES;
}

static uint32_t
new_domain(const struct sim *sim, uint32_t system)
{
	return own_number(sim, system, sim->senders[system].domains++, domain_base(sim));
}

static uint32_t
new_cluster(const struct sim *sim, uint32_t system)
{
	return own_number(sim, system, sim->senders[system].clusters++, COMMON_CLUSTERS);
}

uint32_t
look_of_takeover(uint32_t takeover)
{
	check(takeover < 1U << (30 - VARIANTS_BITS));
	return TAKEOVER_BIT | takeover << VARIANTS_BITS;
}

uint32_t
look_foreign(uint32_t takeover)
{
	return look_of_takeover(takeover) | FOREIGN_BIT;
}

/* Where the links of a new template lead. */
static uint32_t
draw_link(const struct sim *sim, uint32_t system, struct random *r)
{
	const struct sim_numbers *n = &sim->params.numbers;
	const struct sim_system *s = &sim->systems[system];
	struct sender *d = &sim->senders[system];
	double u = random_unit(r);

	if (u < (sim->members[s->member].declares ? n->link_undeclared : habits[s->habit].new_link)) {
		if (random_unit(r) < n->link_known) {
			return domain_base(sim) - 1 - random_below(r, AFFILIATES);
		}
		return new_domain(sim, system);
	}
	u = random_unit(r);
	if (u < n->link_shared) {
		return d->tracker;
	}
	if (u < n->link_shared + n->link_usual) {
		return own_number(sim, system, random_below(r, USUAL_LINKS), domain_base(sim));
	}
	return d->brand;
}

static void
draw_template(const struct sim *sim, uint32_t system, struct random *r, struct look *look)
{
	const struct sim_numbers *n = &sim->params.numbers;

	*look = (struct look){ .from = sim->senders[system].brand, .variants = 1 };
	look->cluster =
	    random_unit(r) < n->common_template ? random_below(r, COMMON_CLUSTERS) : new_cluster(sim, system);
	look->campaign = new_cluster(sim, system); /* the same row of numbers: no two mailings share one */
	look->link = draw_link(sim, system, r);
	look->lure = random_unit(r) < n->lure_honest;
	look->attachment = random_unit(r) < n->attachment_honest;
}

static void
draw_templates(const struct sim *sim, uint32_t system)
{
	struct sender *d = &sim->senders[system];

	for (size_t i = 0; i < countof(d->templates); i++) {
		draw_template(sim, system, &d->random[STREAM_LOOK], &d->templates[i]);
	}
}

void
look_begin(struct sim *sim, uint32_t system)
{
	struct sender *d = &sim->senders[system];
	struct random *r = &d->random[STREAM_LOOK];

	d->domains = USUAL_LINKS;
	d->brand = sim->systems[system].member;
	d->brand_declared = true;
	d->tracker = sim->params.members + random_below(r, (uint32_t)countof(shared));
	draw_templates(sim, system);
}

/* A campaign has a template of its own, or one of the system's with links that are drawn anew. */
void
look_campaign(const struct sim *sim, uint32_t system, struct random *r, struct look *look)
{
	struct sender *d = &sim->senders[system];

	if (random_unit(r) < habits[sim->systems[system].habit].new_template) {
		draw_template(sim, system, r, look);
	} else {
		*look = d->templates[TEMPLATES + random_below(r, TEMPLATES)];
		look->link = draw_link(sim, system, r);
	}
	look->campaign = new_cluster(sim, system);
}

void
look_rebrand(const struct sim *sim, uint32_t system)
{
	struct sender *d = &sim->senders[system];

	d->brand = new_domain(sim, system);
	d->brand_declared = random_unit(&d->random[STREAM_LOOK]) < sim->params.numbers.rebrand_declared;
	draw_templates(sim, system);
}

void
look_renew(const struct sim *sim, uint32_t system)
{
	struct sender *d = &sim->senders[system];
	struct random *r = &d->random[STREAM_LOOK];

	draw_template(sim, system, r, &d->templates[random_below(r, TEMPLATES)]);
}

/* What belongs to a takeover takes turns. */
static uint32_t
turn(uint32_t number, uint32_t variant)
{
	return number != SIM_NONE && number >= TAKEOVER_BIT ? number + variant : number;
}

struct sim_content
look_content(const struct look *look, uint32_t variant, bool headers_only)
{
	struct sim_content content = { .cluster = turn(look->cluster, variant),
				       .campaign = look->campaign,
				       .from = turn(look->from, variant),
				       .link = SIM_NONE,
				       .headers_only = headers_only };

	if (!headers_only) {
		content.link = turn(look->link, variant);
		content.attachment = look->attachment;
		content.lure = look->lure;
	}
	return content;
}

bool
sim_domain_is_shared(const struct sim *sim, uint32_t domain)
{
	return domain >= sim->params.members && domain - sim->params.members < countof(shared);
}

void
look_declared(const struct sim *sim, uint32_t system, uint32_t links[LINKS_MAX])
{
	for (uint32_t i = 0; i < USUAL_LINKS; i++) {
		links[i] = own_number(sim, system, i, domain_base(sim));
	}
	links[USUAL_LINKS] = sim->senders[system].tracker;
}

bool
sim_declares(const struct sim *sim, uint32_t system, uint32_t domain)
{
	const struct sim_system *s = &sim->systems[system];
	const struct sender *d = &sim->senders[system];
	uint32_t links[LINKS_MAX];

	if (!sim->members[s->member].declares) {
		return false;
	}
	look_declared(sim, system, links);
	for (uint32_t i = 0; i < LINKS_MAX; i++) {
		if (domain == links[i]) {
			return true;
		}
	}
	return domain == s->member || (domain == d->brand && d->brand_declared);
}

const char *
sim_domain(const struct sim *sim, uint32_t domain, char out[SIM_DOMAIN_BYTES])
{
	if (domain < sim->params.members) {
		snprintf(out, SIM_DOMAIN_BYTES, "%s", sim->members[domain].domain);
	} else if (sim_domain_is_shared(sim, domain)) {
		snprintf(out, SIM_DOMAIN_BYTES, "%s", shared[domain - sim->params.members]);
	} else { /* an odd factor: another number for each; it does not tell whose domain it is */
		snprintf(out, SIM_DOMAIN_BYTES, "site-%08x.example", domain * 0x9e3779b1U);
	}
	return out;
}
