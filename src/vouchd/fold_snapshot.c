/* vouchd/fold_snapshot.c - the fold as bytes: the rooms, and which unit is whose; the rest follows from the registry. */
#include "vouchd/fold_int.h"

#define SNAPSHOT_FORM 6U

void
fold_save(const struct fold *f, struct buffer *b)
{
	wire_put_u64(b, SNAPSHOT_FORM);
	wire_put_f64(b, f->policy.budget);
	threshold_policy_write(&f->thresholds, b);
	registry_save(f->registry, b);
	detect_save(f->detect, b);
	decide_save(f->decide, b);
	compliance_save(f->compliance, b);
	wire_put_u64(b, f->unit_count);
	for (uint32_t i = 0; i < f->unit_count; i++) {
		wire_put_u8(b, (uint8_t)f->units[i].kind);
		wire_put_u64(b, f->units[i].id);
	}
	fold_terms_save(f, b);
}

/* That of a member comes behind its second system. */
static bool
load_member(struct fold *f, uint32_t id)
{
	if (id >= f->member_count || f->members[id].systems != 2 || f->members[id].unit != FOLD_NO_UNIT) {
		return false;
	}
	f->members[id].unit = f->unit_count++;
	return true;
}

/* The units in their order give sources and systems in theirs: both count their ids from 0. */
static bool
load_unit(struct fold *f, enum unit_kind kind, uint32_t id)
{
	f->units = array_room(f->units, f->unit_count, &f->unit_size, sizeof(*f->units));
	f->units[f->unit_count] = (struct fold_unit){ kind, id };
	if (kind == UNIT_SYSTEM && id == f->system_count) {
		f->systems = array_room(f->systems, f->system_count, &f->system_size, sizeof(*f->systems));
		f->systems[f->system_count++] = (struct fold_system){ .unit = f->unit_count++ };
		if (id >= registry_count(f->registry, THING_SYSTEM)) {
			return false;
		}
		fold_member_of_system(f, id)->systems++;
		return true;
	}
	if (kind == UNIT_MEMBER) {
		return load_member(f, id);
	}
	if (kind == UNIT_SOURCE && id == f->source_count && id < registry_count(f->registry, THING_SOURCE)) {
		struct registry_source s = registry_source(f->registry, id);

		if (s.system >= f->system_count) {
			return false;
		}
		f->sources = array_room(f->sources, f->source_count, &f->source_size, sizeof(*f->sources));
		f->sources[f->source_count++] = (struct fold_source){
			.unit = f->unit_count++,
			.system = s.system,
			.member = s.member,
			.family = fold_family(s.kind),
		};
		f->systems[s.system].families[fold_family(s.kind)] += !s.removed;
		return true;
	}
	return false;
}

enum result
fold_load(struct fold *f, struct text bytes)
{
	struct wire w = wire_of(bytes.p, bytes.n);
	struct threshold_policy thresholds;
	double budget;
	uint64_t units;

	if (wire_u64(&w) != SNAPSHOT_FORM) {
		return RESULT_DAMAGED;
	}
	budget = wire_f64(&w);
	if (!(budget > 0 && budget <= 1000)) {
		return RESULT_DAMAGED;
	}
	if (!f->policy.fixed) {
		fold_set_budget(f, budget);
	}
	threshold_policy_read(&w, &thresholds);
	if (w.bad) {
		return RESULT_DAMAGED;
	}
	fold_set_thresholds(f, &thresholds);
	if (registry_load(f->registry, &w) != RESULT_OK || detect_load(f->detect, &w) != RESULT_OK ||
	    decide_load(f->decide, &w) != RESULT_OK || compliance_load(f->compliance, &w) != RESULT_OK) {
		return RESULT_DAMAGED;
	}
	units = wire_u64(&w);
	if (units != detect_unit_count(f->detect)) {
		return RESULT_DAMAGED;
	}
	for (uint64_t i = 0; i < units; i++) {
		uint8_t kind = wire_u8(&w);
		uint64_t id = wire_u64(&w);

		if (kind >= UNIT_KIND_COUNT || id > UINT32_MAX ||
		    !load_unit(f, (enum unit_kind)kind, (uint32_t)id)) {
			return RESULT_DAMAGED;
		}
	}
	fold_terms_load(f, &w);
	return wire_done(&w) && f->source_count == registry_count(f->registry, THING_SOURCE) &&
		       f->system_count == registry_count(f->registry, THING_SYSTEM)
		   ? RESULT_OK
		   : RESULT_DAMAGED;
}
