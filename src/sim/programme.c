/*
 * The fleet as a programme file (doc/data/programme.md). Each reporter's token is "simulated-" and its id, so that a demo
 * and a test can log in; it stands in public code and is for simulated programmes alone.
 */
#include "sim/sim_int.h"

#include "base/hash.h"

static const struct reporter_row {
	const char *id, *kind, *host; /* host: sends feedback mails from there; NULL: rows */
} reporters[] = {
#define SIM_PROVIDER(id, name, host, mail, complaints, form, eol, says_source, agent) \
	{ name, "mailbox", host },
#include "sim/providers.def"
#undef SIM_PROVIDER
#define SIM_REPORTER(id, name, kind, what) { name, kind, NULL },
#include "sim/reporters.def"
#undef SIM_REPORTER
};

/* From and link domains as the member has declared them, the own domain first. */
static void
put_declared(const struct sim *sim, uint32_t system, struct buffer *b)
{
	const struct sim_system *s = &sim->systems[system];
	const char *domain = sim->members[s->member].domain;
	uint32_t links[LINKS_MAX];
	char text[SIM_DOMAIN_BYTES];

	look_declared(sim, system, links);
	buffer_format(b, "        declared:\n          from: [%s]\n          links: [%s", domain, domain);
	for (uint32_t i = 0; i < LINKS_MAX; i++) {
		buffer_format(b, ", %s", sim_domain(sim, links[i], text));
	}
	buffer_format(b, "]\n          mail: [%s]\n",
		      s->campaigns ? "transactional, newsletter" : "transactional");
}

static void
put_system(const struct sim *sim, uint32_t system, struct buffer *b)
{
	const struct sim_system *s = &sim->systems[system];

	buffer_format(b, "      - id: %s\n", s->id);
	if (sim->members[s->member].declares) {
		put_declared(sim, system, b);
	}
	buffer_put_text(b, TEXT("        sources:\n"));
	for (uint32_t i = 0; i < s->source_count; i++) {
		buffer_format(b, "          - \"%s\"\n", sim->sources[s->first_source + i].key);
	}
}

/* Each member's list has addresses below a domain of its own. */
static void
put_canaries(const struct sim *sim, struct buffer *b)
{
	buffer_put_text(b, TEXT("    traps:\n"));
	for (uint32_t m = 0; m < sim->params.members; m++) {
		const char *id = sim->members[m].id;

		buffer_format(b, "      - \"pristine:%s=%s.%s\"\n", id, id, CANARY_HOST);
	}
}

void
sim_write_programme(const struct sim *sim, struct buffer *b)
{
	buffer_put_text(b,
			TEXT("# A simulated programme: addresses and names set aside for documentation, no "
			     "real organisations.\nmembers:\n"));
	for (uint32_t m = 0; m < sim->params.members; m++) {
		const struct sim_member *member = &sim->members[m];

		buffer_format(b, "  - id: %s\n    name: %s\n    contact: postmaster@%s\n    systems:\n",
			      member->id, member->name, member->domain);
		for (uint32_t i = 0; i < member->system_count; i++) {
			put_system(sim, member->first_system + i, b);
		}
	}
	buffer_put_text(b, TEXT("reporters:\n"));
	for (size_t i = 0; i < countof(reporters); i++) {
		char hex[HASH_HEX_BYTES];
		struct text parts[] = { TEXT("simulated-"), text_of(reporters[i].id) };
		struct hash token = hash_of_parts(parts, countof(parts));

		if (reporters[i].kind[0] == '\0') {
			continue;
		}
		buffer_format(b, "  - id: %s\n    kind: %s\n    trust: full\n    token_sha256: %s\n",
			      reporters[i].id, reporters[i].kind, hash_hex(&token, hex));
		if (reporters[i].host != NULL) {
			buffer_format(b, "    addresses: [%s@reports.vouch.example]\n", reporters[i].id);
		}
		if (i == SIM_FEED_CANARIES) {
			put_canaries(sim, b);
		}
	}
}
