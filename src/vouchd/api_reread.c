/* vouchd/api_reread.c - kept documents are read again, a part of the journal with each call; what is corrected by it has the person and the reason of the call. */
#include "vouchd/api_int.h"
#include "vouchd/reread.h"

json_t *
api_counts_of(const struct report *report)
{
	json_t *counts = json_object();

	for (uint32_t i = 0; i < report->observation_count; i++) {
		const struct observation *o = &report->observations[i];
		const char *name = signal_name(o->signal);

		json_object_set_new(
		    counts, name,
		    json_integer(json_integer_value(json_object_get(counts, name)) + (json_int_t)o->count));
	}
	return counts;
}

static json_t *
result_of(const struct reread *r)
{
	json_t *corrected = json_array(), *skipped = json_array();

	for (uint32_t i = 0; i < r->count; i++) {
		const struct reread_report *e = &r->reports[i];

		if (e->skipped != NULL) {
			json_array_append_new(skipped, json_pack("{s:I, s:s}", "of", (json_int_t)e->told.seq,
								 "error", e->skipped));
		} else if (e->is_changed) {
			json_array_append_new(
			    corrected,
			    json_pack("{s:I, s:o, s:o, s:o}", "of", (json_int_t)e->told.seq, "number",
				      e->number > 0 ? json_integer((json_int_t)e->number) : json_null(),
				      "added", api_counts_of(&e->correction.added), "taken",
				      api_counts_of(&e->correction.taken)));
		}
	}
	return json_pack("{s:I, s:o, s:o, s:o}", "looked", (json_int_t)r->count, "corrected", corrected,
			 "skipped", skipped, "next",
			 r->next > 0 ? json_integer((json_int_t)r->next) : json_null());
}

void
api_reread(void *context, const struct http_request *request, struct http_reply *reply)
{
	struct api *api = context;
	struct text from = http_parameter(request, "from");
	bool apply = text_equal(http_parameter(request, "apply"), TEXT("1"));
	json_t *body = json_loadb(request->body.p == NULL ? "" : request->body.p, request->body.n,
				  JSON_REJECT_DUPLICATES, NULL);
	struct reread r = { .from = 1 };
	struct fault fault = { { 0 } };
	enum result result = RESULT_OK;

	if (from.n > 0 && !text_u64(from, &r.from)) {
		result = fault_set(&fault, RESULT_BAD_INPUT, "from: the number of a record is wanted");
	}
	if (result == RESULT_OK && apply) {
		result = api_person(request, body, &r.actor, &r.reason, &fault);
	}
	if (result == RESULT_OK) {
		result = reread_run(&r, api->pipeline, api->directory, apply, &fault);
	}
	if (result == RESULT_OK) {
		http_reply_json(reply, result_of(&r));
	} else {
		http_reply_fault(reply, result, &fault);
	}
	reread_clear(&r);
	json_decref(body);
}
