/* vouchd/state.c - the state in memory and the published list, made from the store; snapshots. */
#include "vouchd/pipeline_int.h"

#include "base/array.h"
#include "base/counters.h"
#include "base/log.h"
#include "vouchd/audit.h"
#include "vouchd/notices.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void
open_fold(struct pipeline *p)
{
	struct fold_sink sink = apply_sink;

	sink.context = p;
	fold_close(p->fold);
	p->fold = fold_open(&(struct fold_policy){ .budget = FOLD_BUDGET_AT_FIRST }, &sink);
}

/* The newest snapshot that can be read; none is no error, the journal alone is enough. *seq is its record, or 0. */
static enum result
load_snapshot(struct pipeline *p, uint64_t *seq, struct fault *fault)
{
	struct buffer b;
	uint64_t at = 0;
	enum result r = RESULT_DAMAGED;

	buffer_init(&b, FOLD_SNAPSHOT_BYTES_MAX);
	while (r == RESULT_DAMAGED) {
		*seq = 0;
		open_fold(p);
		r = journal_get_snapshot(p->journal, at, seq, &b);
		if (r == RESULT_OK) {
			r = fold_load(p->fold, buffer_text(&b));
		}
		if (r == RESULT_DAMAGED) {
			log_event(LOG_WARN, "snapshot_unusable", "seq=%" PRIu64, *seq);
			if (*seq <= 1) {
				r = RESULT_NOT_FOUND;
			}
			at = *seq - 1;
		}
	}
	buffer_free(&b);
	if (r == RESULT_NOT_FOUND) {
		*seq = 0;
		open_fold(p);
		r = RESULT_OK;
	}
	return r == RESULT_OK ? r : fault_set(fault, r, "the snapshots cannot be read");
}

struct past {
	struct pipeline *p;
	uint64_t seq; /* of the last record that was read */
	enum result folded;
	struct fault why;
};

/* The effects of inputs are there already; only the fold itself is wanted. */
static enum result
fold_past(void *context, const struct record *record)
{
	struct past *past = context;

	past->seq = record->seq;
	if (!record_kind_effect(record->kind)) {
		past->folded = fold_apply(past->p->fold, record, &past->why);
	}
	return past->folded;
}

/* The list a source is to stand on, plus one; 0: none. Accounts have no name in DNS. */
static uint8_t
wanted_list(const struct pipeline *p, uint32_t id, const struct registry_source *s)
{
	struct decide_source_view v;

	if (s->removed || s->kind == SOURCE_ACCT) {
		return 0;
	}
	decide_source_view(fold_decide(p->fold), id, &v);
	for (size_t i = 0; i < p->config->list_count && state_listed(v.state); i++) {
		if (text_equal(s->list, text_of(p->config->lists[i].name))) {
			return (uint8_t)(i + 1);
		}
	}
	return 0;
}

/* Is the source suspended for this receiver alone? */
static bool
is_partial(const struct pipeline *p, uint32_t id, uint32_t count, const char *receiver)
{
	for (uint32_t i = 0; i < count; i++) {
		struct decide_partial_view v;

		decide_partial_view(fold_decide(p->fold), id, i, &v);
		if (text_equal(v.receiver, text_of(receiver))) {
			return true;
		}
	}
	return false;
}

/* Receivers of vouch.yaml for which alone the source is suspended do not see it on this list. Returns whether something changed. */
static bool
sync_partials(struct pipeline *p, uint32_t id, size_t list, bool listed)
{
	const struct config *c = p->asked;
	struct decide_source_view v;
	struct source_key key;
	uint32_t count;
	bool changed = false;

	decide_source_view(fold_decide(p->fold), id, &v);
	count = listed ? v.partial_count : 0;
	if (count == 0 && (p->published[id] & PUBLISHED_WITHHELD) == 0) {
		return false;
	}
	check(source_key_parse(registry_source(fold_registry(p->fold), id).key, &key, NULL) == RESULT_OK);
	p->published[id] &= (uint8_t)~PUBLISHED_WITHHELD;
	for (uint32_t i = 0; i < c->receiver_count; i++) {
		bool on = is_partial(p, id, count, c->receivers[i].id);

		changed = list_withhold(p->list, list, c->receivers[i].number, &key, on) || changed;
		p->published[id] |= on ? PUBLISHED_WITHHELD : 0;
	}
	return changed;
}

/* Brings the list in line with the state of one source. Returns whether something changed. */
static bool
sync_source(struct pipeline *p, uint32_t id)
{
	struct registry_source s = registry_source(fold_registry(p->fold), id);
	uint8_t wanted = wanted_list(p, id, &s), level = (uint8_t)watch_level(p, id), was, was_level;
	struct source_key key;
	struct fault fault = { { 0 } };
	bool changed = false;

	p->published = array_reach(p->published, id, &p->published_size, sizeof *p->published);
	was = p->published[id] & PUBLISHED_LIST;
	was_level = (uint8_t)((p->published[id] & PUBLISHED_LEVEL) >> PUBLISHED_SHIFT);
	if (was == wanted && (was == 0 || was_level == level)) {
		return was != 0 && sync_partials(p, id, was - 1U, true);
	}
	check(source_key_parse(s.key, &key, NULL) == RESULT_OK);
	if (was != 0 && was != wanted) {
		(void)sync_partials(p, id, was - 1U, false);
		check(list_remove(p->list, was - 1U, &key) == RESULT_OK);
		changed = true;
	}
	if (wanted != 0 && list_put(p->list, wanted - 1U, &key,
				    watch_ttl(&p->config->lists[wanted - 1U], (enum detect_watch)level),
				    &fault) != RESULT_OK) {
		char quoted[LOG_QUOTE_BYTES];

		log_event(LOG_WARN, "not_publishable", "source=%s why=%s", key.text,
			  log_quote(text_of(fault.text), quoted));
		wanted = 0;
	}
	p->published[id] = (uint8_t)((was == wanted ? p->published[id] & PUBLISHED_WITHHELD : 0) |
				     (wanted == 0 ? 0U : (unsigned)level << PUBLISHED_SHIFT) | wanted);
	if (wanted != 0) {
		(void)sync_partials(p, id, wanted - 1U, true);
	}
	return changed || wanted != 0;
}

static void
count_state(struct pipeline *p)
{
	const struct decide *d = fold_decide(p->fold);
	uint64_t open = 0, overdue = 0;

	for (uint32_t i = 1; i <= decide_case_count(d); i++) {
		struct decide_case_view v;

		decide_case_view(d, i, &v);
		open += case_status_open(v.status);
		overdue += v.status == CASE_OVERDUE;
	}
	counter_set(COUNTER_SOURCES, registry_present(fold_registry(p->fold), THING_SOURCE));
	counter_set(COUNTER_CASES_OPEN, open);
	counter_set(COUNTER_CASES_OVERDUE, overdue);
	audit_count(p->fold);
}

/* For whoever reads the log at night: a case was opened, joined, is overdue or closed; told when it is committed. */
static void
log_cases(struct pipeline *p)
{
	const struct registry *registry = fold_registry(p->fold);

	for (size_t i = 0; i < p->cases.count; i++) {
		uint32_t number = p->cases.items[i];
		char why[LOG_QUOTE_BYTES];
		struct decide_case_view v;

		decide_case_view(fold_decide(p->fold), number, &v);
		log_event(case_status_open(v.status) ? LOG_WARN : LOG_INFO, "case",
			  "case=%" PRIu32 " status=%s member=%s system=%s suspended=%" PRIu32 " why=%s",
			  number, case_status_name(v.status),
			  registry_item(registry, THING_MEMBER, v.member).name.p,
			  registry_item(registry, THING_SYSTEM, v.system).name.p, v.suspended,
			  log_quote(v.verdict.n > 0 ? v.verdict : v.reason, why));
	}
}

/* The recipients of a reporter, one blank between them in the registry. */
static void
copy_list(struct text list, char ***texts, size_t *count)
{
	struct text one;

	while (list.n > 0) {
		(void)text_cut(&list, ' ', &one);
		*texts = reallocarray(*texts, *count + 1, sizeof(char *));
		check(*texts != NULL);
		(*texts)[*count] = strndup(one.p, one.n);
		check((*texts)[(*count)++] != NULL);
	}
}

/* The directory of the doors, made anew from the registry. */
static void
publish_reporters(struct pipeline *p)
{
	const struct registry *registry = fold_registry(p->fold);
	uint32_t all = registry_count(registry, THING_REPORTER);
	struct directory_entry *entries = calloc(all + 1U, sizeof(*entries));
	size_t n = 0;

	check(entries != NULL);
	for (uint32_t i = 0; i < all; i++) {
		struct registry_reporter r;

		if (registry_item(registry, THING_REPORTER, i).removed) {
			continue;
		}
		r = registry_reporter(registry, i);
		check(r.id.n <= NAME_BYTES_MAX);
		memcpy(entries[n].name, r.id.p, r.id.n);
		entries[n].has_token = r.has_token;
		entries[n].token_hash = r.token;
		entries[n].is_trusted = r.trust == TRUST_FULL;
		entries[n].is_trap_network = r.kind == REPORTER_TRAP_NETWORK;
		entries[n].trap_signal = r.trap_signal;
		copy_list(registry_value(registry, i, FIELD_REPORTER_ADDRESSES), &entries[n].addresses,
			  &entries[n].address_count);
		copy_list(registry_value(registry, i, FIELD_REPORTER_DOMAINS), &entries[n].domains,
			  &entries[n].domain_count);
		entries[n].has_domains = entries[n].domain_count > 0;
		if (r.kind == REPORTER_TRAP_NETWORK && r.traps.n > 0) {
			entries[n].traps = strndup(r.traps.p, r.traps.n);
			check(entries[n].traps != NULL);
		}
		n++;
	}
	directory_replace(p->directory, entries, n);
}

void
state_publish(struct pipeline *p)
{
	int64_t committed = instant_monotonic_ns();
	bool changed = false;

	watch_some(p);
	for (size_t i = 0; i < p->changed.count; i++) {
		changed = sync_source(p, p->changed.items[i]) || changed;
		notices_changed(atomic_load(&p->notices), p->changed.items[i]);
	}
	notices_wake(atomic_load(&p->notices));
	if (changed) {
		list_publish(p->list, p->tx.head.seq);
		histogram_add(&p->changes, (uint64_t)(instant_monotonic_ns() - committed), 1);
		counter_set(COUNTER_SNAPSHOT_TIME, (uint64_t)instant_now().ms / 1000);
	}
	if (p->registry_changed) {
		publish_reporters(p);
	}
	if (changed || p->registry_changed || p->counts.moves > 0 || p->cases.count > 0) {
		count_state(p);
	}
	log_cases(p);
	p->changed.count = p->cases.count = 0;
	p->registry_changed = false;
}

void
state_receivers(struct pipeline *p)
{
	struct journal_head head;
	bool changed = false;

	for (uint32_t i = 0; i < registry_count(fold_registry(p->fold), THING_SOURCE); i++) {
		uint8_t list = i < p->published_size ? p->published[i] & PUBLISHED_LIST : 0;

		changed = (list != 0 && sync_partials(p, i, list - 1U, true)) || changed;
	}
	if (changed && journal_head(p->journal, &head) == RESULT_OK) {
		list_publish(p->list, head.seq);
	}
}

enum result
state_read(struct pipeline *p, struct fault *fault)
{
	struct past past = { .p = p };
	struct journal_head head;
	enum result r = load_snapshot(p, &past.seq, fault);

	if (r == RESULT_OK) {
		p->folding_past = true;
		p->snapshot_seq = past.seq;
		r = journal_scan(p->journal, &(struct journal_range){ .from = past.seq + 1 }, fold_past,
				 &past);
		p->folding_past = false;
		if (past.folded != RESULT_OK) {
			r = fault_set(fault, RESULT_DAMAGED, "journal.db: record %" PRIu64 ": %s", past.seq,
				      past.why.text);
		} else if (r != RESULT_OK) {
			r = fault_set(fault, r,
				      "journal.db: record %" PRIu64 " cannot be read; see vouch verify",
				      past.seq + 1);
		}
	}
	if (r == RESULT_OK) {
		r = journal_head(p->journal, &head);
	}
	if (r != RESULT_OK) {
		return r;
	}
	atomic_store(&p->manual_ms, head.time.ms);
	list_clear(p->list);
	if (p->published_size > 0) {
		memset(p->published, 0, p->published_size);
	}
	watch_all(p);
	for (uint32_t i = 0; i < registry_count(fold_registry(p->fold), THING_SOURCE); i++) {
		(void)sync_source(p, i);
	}
	list_publish(p->list, head.seq);
	counter_set(COUNTER_SNAPSHOT_TIME, (uint64_t)instant_now().ms / 1000);
	publish_reporters(p);
	count_state(p);
	p->changed.count = p->cases.count = 0;
	p->registry_changed = p->broken = false;
	notices_all(atomic_load(&p->notices));
	return RESULT_OK;
}

void
state_snapshot(struct pipeline *p)
{
	struct journal_head head;
	struct journal_tx tx;
	struct buffer b;

	if (p->broken || journal_head(p->journal, &head) != RESULT_OK || head.seq == p->snapshot_seq) {
		return;
	}
	buffer_init(&b, FOLD_SNAPSHOT_BYTES_MAX);
	fold_save(p->fold, &b);
	audit_count(p->fold);
	tx = journal_begin(p->journal);
	journal_put_snapshot(&tx, head.seq, buffer_text(&b));
	if (!b.full && journal_commit(&tx) == RESULT_OK) {
		log_event(LOG_INFO, "snapshot", "seq=%" PRIu64 " bytes=%zu", head.seq, b.n);
	} else {
		journal_rollback(&tx);
		log_event(LOG_WARN, "snapshot_failed", "seq=%" PRIu64, head.seq);
	}
	p->snapshot_seq = head.seq; /* not again at once when the disk is full */
	buffer_free(&b);
}
