/* verify: the chain of the journal and all that hangs on it, read in place; works beside a running daemon. */
#include "base/instant.h"
#include "journal/journal.h"
#include "vouch/store.h"
#include "vouch/table.h"
#include "vouch/vouch.h"

#include <inttypes.h>
#include <unistd.h>

#define FINDINGS_SHOWN_MAX 20

struct audit {
	struct vouch *v;
	json_t *findings; /* all that are shown */
	uint64_t count;
	struct store_progress progress;
};

static void
found(void *context, const struct journal_finding *finding)
{
	struct audit *a = context;

	if (a->count++ >= FINDINGS_SHOWN_MAX) {
		return;
	}
	check(json_array_append_new(a->findings,
				    json_pack("{s:s,s:I,s:s}", "table", finding->table, "row",
					      (json_int_t)finding->row, "error", finding->why.text)) == 0);
}

static void
progress(void *context, uint64_t done, uint64_t total)
{
	struct audit *a = context;

	store_progress(&a->progress, "verify", done, total);
}

static void
print_findings(const struct audit *a)
{
	for (size_t i = 0; i < json_array_size(a->findings); i++) {
		const json_t *f = json_array_get(a->findings, i);
		struct arena arena = { 0 };
		const char *line = arena_format(&arena, "%s %" JSON_INTEGER_FORMAT ": %s",
						json_string_value(json_object_get(f, "table")),
						json_integer_value(json_object_get(f, "row")),
						json_string_value(json_object_get(f, "error")));

		table_line(stdout, text_of(line));
		arena_clear(&arena);
	}
	if (a->count > FINDINGS_SHOWN_MAX) {
		(void)printf("and %" PRIu64 " more\n", a->count - FINDINGS_SHOWN_MAX);
	}
}

static void
print_audit(const struct audit *a, enum result r, const struct journal_head *head)
{
	char hex[HASH_HEX_BYTES];
	json_t *root;

	if (!vouch_has(a->v, FLAG_json)) {
		print_findings(a);
		if (r == RESULT_OK) {
			(void)printf("%" PRIu64 " records, the chain is whole; its head is %s\n", head->seq,
				     hash_hex(&head->hash, hex));
		}
		return;
	}
	root = json_pack("{s:b,s:I,s:s,s:I,s:O}", "whole", r == RESULT_OK, "records", (json_int_t)head->seq,
			 "head", hash_hex(&head->hash, hex), "finding_count", (json_int_t)a->count,
			 "findings", a->findings);
	check(root != NULL);
	vouch_print_json(root);
	json_decref(root);
}

static enum result
walk(struct audit *a, struct journal *j)
{
	const struct journal_auditor auditor = { .found = found, .progress = progress, .context = a };
	struct journal_head head = { .seq = 0 };
	enum result r = journal_verify(j, &auditor);

	store_progress(&a->progress, "verify", 0, 0);
	if (journal_head(j, &head) != RESULT_OK) {
		head = (struct journal_head){ .seq = 0 };
	}
	print_audit(a, r, &head);
	return r == RESULT_OK ? r
			      : fault_set(&a->v->fault, r, "%s",
					  r == RESULT_DAMAGED ? "the record is damaged" : result_sentence(r));
}

enum result
verb_verify(struct vouch *v)
{
	struct audit a = { .v = v, .findings = json_array(), .progress.wanted = vouch_has(v, FLAG_progress) };
	struct journal *j;
	enum result r = store_open(v, JOURNAL_AUDIT, &j);

	if (r == RESULT_OK) {
		r = walk(&a, j);
		journal_close(j);
	} else if (r == RESULT_DAMAGED && vouch_has(v, FLAG_json)) {
		/* So damaged that it cannot be walked. */
		const struct journal_finding whole = { .table = "journal.db", .why = v->fault };

		found(&a, &whole);
		print_audit(&a, r, &(struct journal_head){ .seq = 0 });
	}
	json_decref(a.findings);
	return r;
}
