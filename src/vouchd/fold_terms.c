/*
 * vouchd/fold_terms.c - under which terms what was told was counted. A correction takes back what an earlier record told; how that was counted followed from
 * the programme of that time. Kept is since when each thing is as it is now: what was told before is left as it is, since nobody knows any more how it counted.
 */
#include "vouchd/fold_int.h"

static uint64_t
name_of(struct text name)
{
	return name.n > 0 ? hash_fast(name.p, name.n) | 1 : 0;
}

void
fold_terms_receivers(struct fold *f)
{
	f->receivers_since = f->now.seq;
}

/* A mailbox operator's name is that of a receiver. */
void
fold_terms_reporter(struct fold *f, uint32_t reporter)
{
	bool is_gone = registry_item(f->registry, THING_REPORTER, reporter).removed;
	struct registry_reporter r = registry_reporter(f->registry, reporter);
	struct fold_terms now = { .receiver = name_of(r.receiver),
				  .kind = is_gone ? REPORTER_KIND_COUNT : (uint8_t)r.kind,
				  .trust = (uint8_t)r.trust };
	struct fold_terms *was;

	while (f->terms_count <= reporter) {
		f->terms = array_room(f->terms, f->terms_count, &f->terms_size, sizeof *f->terms);
		f->terms[f->terms_count++] = (struct fold_terms){ .kind = REPORTER_KIND_COUNT };
	}
	was = &f->terms[reporter];
	if ((was->kind == REPORTER_MAILBOX) != (now.kind == REPORTER_MAILBOX)) {
		fold_terms_receivers(f);
	}
	if (was->kind != now.kind || was->trust != now.trust || was->receiver != now.receiver) {
		*was = now;
		was->since = f->now.seq;
	}
}

/* What named an address of it leads to the prefix around it now, if there is one. */
void
fold_terms_removed(struct fold *f, uint32_t source)
{
	uint32_t around = registry_lookup(f->registry, registry_item(f->registry, THING_SOURCE, source).name);

	if (around != REGISTRY_NONE) {
		f->sources[around].since = f->now.seq;
	}
}

void
fold_terms_family(struct fold *f, uint32_t system, enum family before)
{
	if (fold_system_family(&f->systems[system]) != before) {
		f->systems[system].since = f->now.seq;
	}
}

static bool
names_a_receiver(const struct observation *o)
{
	for (uint32_t i = 0; i < o->attribute_count; i++) {
		if (text_equal(o->attributes[i].name, TEXT("receiver"))) {
			return true;
		}
	}
	return false;
}

bool
fold_terms_hold(const struct fold *f, struct text reporter, const struct observation *o, const uint32_t *ids,
		size_t n, uint64_t of)
{
	uint32_t id = registry_find(f->registry, THING_REPORTER, reporter);
	bool is_known = id != REGISTRY_NONE;

	if ((is_known && f->terms[id].since > of) ||
	    (f->receivers_since > of && names_a_receiver(o) && (!is_known || f->terms[id].receiver == 0))) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (f->sources[ids[i]].since > of) {
			return false;
		}
	}
	return true;
}

/* ---- as bytes */

void
fold_terms_save(const struct fold *f, struct buffer *b)
{
	wire_put_u64(b, f->receivers_since);
	for (uint32_t i = 0; i < f->source_count; i++) {
		wire_put_u64(b, f->sources[i].since);
		wire_put_u64(b, f->sources[i].counted);
	}
	for (uint32_t i = 0; i < f->system_count; i++) {
		wire_put_u64(b, f->systems[i].since);
	}
	for (uint32_t i = 0; i < f->member_count; i++) {
		wire_put_u64(b, f->members[i].since);
	}
	for (uint32_t i = 0; i < f->terms_count; i++) {
		const struct fold_terms *t = &f->terms[i];

		wire_put_u64(b, t->since);
		wire_put_u64(b, t->receiver);
		wire_put_u8(b, t->kind);
		wire_put_u8(b, t->trust);
	}
}

void
fold_terms_load(struct fold *f, struct wire *w)
{
	uint32_t reporters = registry_count(f->registry, THING_REPORTER);

	f->receivers_since = wire_u64(w);
	for (uint32_t i = 0; i < f->source_count; i++) {
		f->sources[i].since = wire_u64(w);
		f->sources[i].counted = wire_u64(w);
	}
	for (uint32_t i = 0; i < f->system_count; i++) {
		f->systems[i].since = wire_u64(w);
	}
	for (uint32_t i = 0; i < f->member_count; i++) {
		f->members[i].since = wire_u64(w);
	}
	while (f->terms_count < reporters) {
		struct fold_terms *t;

		f->terms = array_room(f->terms, f->terms_count, &f->terms_size, sizeof *f->terms);
		t = &f->terms[f->terms_count++];
		t->since = wire_u64(w);
		t->receiver = wire_u64(w);
		t->kind = wire_u8(w);
		t->trust = wire_u8(w);
	}
}
