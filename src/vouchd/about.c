#include "vouchd/about.h"

static const struct compliance_about nobody = { COMPLIANCE_NONE, COMPLIANCE_NONE, COMPLIANCE_NONE };

static uint32_t
blocklist_of(struct compliance *c, const struct registry_reporter *reporter)
{
	uint32_t id = compliance_party(c, COMPLIANCE_BLOCKLIST, reporter->id);

	if (id != COMPLIANCE_NONE) {
		compliance_weight(c, id, reporter->weight);
	}
	return id;
}

struct about
about_report(const struct registry *registry, struct compliance *compliance, struct text reporter)
{
	struct about a = { .registry = registry, .compliance = compliance, .all = nobody };
	uint32_t id = registry_find(registry, THING_REPORTER, reporter);
	struct registry_reporter r;

	if (id == REGISTRY_NONE) {
		return a;
	}
	r = registry_reporter(registry, id);
	if (r.receiver.n > 0) {
		a.all.receiver = compliance_party(compliance, COMPLIANCE_RECEIVER, r.receiver);
	}
	if (r.kind == REPORTER_TRAP_NETWORK) {
		a.all.network = compliance_party(compliance, COMPLIANCE_NETWORK, r.id);
	}
	if (r.kind == REPORTER_BLOCKLIST) {
		a.all.blocklist = blocklist_of(compliance, &r);
	}
	return a;
}

/* Receivers have an entry of their own, or report. */
static bool
is_receiver(const struct registry *registry, struct text name)
{
	uint32_t reporter;

	if (registry_find(registry, THING_RECEIVER, name) != REGISTRY_NONE) {
		return true;
	}
	reporter = registry_find(registry, THING_REPORTER, name);
	return reporter != REGISTRY_NONE && registry_reporter(registry, reporter).kind == REPORTER_MAILBOX;
}

struct compliance_about
about_observation(struct about *a, const struct observation *o)
{
	struct compliance_about of = a->all;

	for (uint32_t i = 0; i < o->attribute_count && a->all.receiver == COMPLIANCE_NONE; i++) {
		struct text value = o->attributes[i].value;

		if (!text_equal(o->attributes[i].name, TEXT("receiver")) || value.n == 0) {
			continue;
		}
		if (!text_equal(value, a->named)) {
			a->named = value;
			a->named_receiver = is_receiver(a->registry, value)
						? compliance_party(a->compliance, COMPLIANCE_RECEIVER, value)
						: COMPLIANCE_NONE;
		}
		of.receiver = a->named_receiver;
	}
	return of;
}

void
about_reporter_changed(const struct registry *registry, struct compliance *compliance, uint32_t reporter)
{
	struct registry_item item = registry_item(registry, THING_REPORTER, reporter);
	uint32_t id = compliance_party_find(compliance, COMPLIANCE_BLOCKLIST, item.name);
	struct registry_reporter r = registry_reporter(registry, reporter);

	if (id != COMPLIANCE_NONE) {
		compliance_weight(compliance, id,
				  !item.removed && r.kind == REPORTER_BLOCKLIST ? r.weight : BLOCKLIST_NONE);
	}
}
