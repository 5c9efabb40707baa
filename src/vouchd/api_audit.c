/* vouchd/api_audit.c - the budget beside what the fleet shows: limits, excursions of evidence, and what they say of the next year. */
#include "vouchd/api_int.h"

#include "detect/audit.h"
#include "vouchd/audit.h"

static const char *const how_names[] = {
	[DETECT_AUDIT_SHORT] = "not enough history",
	[DETECT_AUDIT_MEASURED] = "measured",
	[DETECT_AUDIT_EXTRAPOLATED] = "extrapolated",
};

static json_t *
levels_of(const struct detect_audit *a, enum unit_kind kind, enum voice voice)
{
	json_t *levels = json_array();

	for (uint32_t i = 0; i < DETECT_AUDIT_LEVELS; i++) {
		double above = audit_years(i);

		json_array_append_new(
		    levels, json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:b}", "unit", unit_kind_name(kind),
				      "voice", voice_name(voice), "above_years", above, "promised",
				      a->years / above, "measured", a->excursions[i], "upper",
				      a->upper_excursions[i], "whole", (double)i <= a->limit_nats));
	}
	return levels;
}

static json_t *
row_of(const struct detect_audit *a, enum unit_kind kind, enum voice voice)
{
	bool is_short = a->how == DETECT_AUDIT_SHORT;

	return json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:o, s:o, s:s, s:o}", "unit", unit_kind_name(kind),
			 "voice", voice_name(voice), "unit_years", a->years, "share", a->share, "limit_years",
			 audit_years(a->limit_nats), "limit_nats", a->limit_nats, "calibrated_years",
			 is_short ? json_null() : json_real(audit_years(a->calibrated_nats)),
			 "calibrated_nats", is_short ? json_null() : json_real(a->calibrated_nats), "how",
			 how_names[a->how], "unit_years_wanted",
			 is_short ? json_real(a->years_wanted) : json_null());
}

static void
add_mean(json_t *means, enum voice voice, size_t burst, const char *signal, struct detect_audit_mean m)
{
	static const char *const mail[] = { "between campaigns", "campaigns" };

	json_array_append_new(means, json_pack("{s:s, s:s, s:s, s:f, s:o}", "voice", voice_name(voice),
					       "mail", mail[burst], "signal", signal, "cohorts", m.cohorts,
					       "mean", m.cohorts > 0 ? json_real(m.mean) : json_null()));
}

static json_t *
means_of(const struct detect *d)
{
	json_t *means = json_array();

	for (size_t burst = 0; burst < 2; burst++) {
		for (enum voice v = 0; v < VOICE_COUNT; v++) {
			add_mean(means, v, burst, "all counts", detect_audit_mean(d, v, burst != 0));
		}
		for (uint32_t s = 0; s < DETECT_AUDIT_SIGNALS; s++) {
			const char *name =
			    s == DETECT_AUDIT_CONTENT ? "content" : evidence_name((enum evidence)s);

			add_mean(means, VOICE_BAYES, burst, name, detect_audit_mean_alone(d, s, burst != 0));
		}
	}
	return means;
}

/* How many alarms people found wrong, of those that went to review; with 90 % chance the share is below wrong_upper. */
static json_t *
shadow_of(const struct decide *d)
{
	struct decide_reviews r = decide_reviews(d);
	double judged = (double)r.right + r.wrong;
	double upper = judged > 0 ? detect_audit_upper(r.wrong) / judged : 1;

	return json_pack("{s:I, s:I, s:I, s:I, s:o, s:o}", "percent", (json_int_t)r.percent, "open",
			 (json_int_t)r.open, "right", (json_int_t)r.right, "wrong", (json_int_t)r.wrong,
			 "wrong_share", judged > 0 ? json_real(r.wrong / judged) : json_null(), "wrong_upper",
			 judged > 0 ? json_real(upper < 1 ? upper : 1) : json_null());
}

/* Reporters whose clock is wrong, as their reports show; what they state is read by it. */
static json_t *
clocks_of(const struct fold *f)
{
	const struct registry *r = fold_registry(f);
	json_t *clocks = json_array();

	for (uint32_t i = 0; i < registry_count(r, THING_REPORTER); i++) {
		int32_t behind = detect_feed_behind(fold_detect(f), i + 1);
		struct text id = registry_reporter(r, i).id;

		if (behind != 0 && !registry_item(r, THING_REPORTER, i).removed) {
			json_array_append_new(clocks, json_pack("{s:s%, s:i}", "reporter", id.p, id.n,
								"behind_minutes", (int)behind));
		}
	}
	return clocks;
}

/*
 * The answer: does what was promised hold, for sources and systems and all voices? Members are left out: their evidence suspends only where two of
 * their systems show something themselves, so how often it rises is not how often somebody falls.
 */
struct answer {
	bool is_short; /* of some there is not enough history */
	double excess; /* nats by which A* lies above A, the most of all; 0: nowhere */
};

static void
note(struct answer *answer, const struct detect_audit *a)
{
	double excess = a->calibrated_nats - a->limit_nats;

	if (a->how == DETECT_AUDIT_SHORT) {
		answer->is_short = true;
	} else if (excess > answer->excess) {
		answer->excess = excess;
	}
}

static json_t *
holds_of(const struct answer *answer)
{
	if (answer->excess > 0) {
		return json_false();
	}
	return answer->is_short ? json_null() : json_true();
}

static void
audit_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	const struct fold *f = pipeline_fold(p);
	json_t *rows = json_array(), *levels = json_array();
	struct answer answer = { 0 };

	for (enum unit_kind kind = 0; kind < UNIT_KIND_COUNT; kind++) {
		for (enum voice v = 0; v < VOICE_COUNT; v++) {
			struct detect_audit a;
			json_t *some;

			detect_audit(fold_detect(f), kind, v, &a);
			if (kind != UNIT_MEMBER) {
				note(&answer, &a);
			}
			json_array_append_new(rows, row_of(&a, kind, v));
			some = levels_of(&a, kind, v);
			check(json_array_extend(levels, some) == 0);
			json_decref(some);
		}
	}
	http_reply_json(c->reply,
			json_pack("{s:f, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "budget", fold_budget(f),
				  "confidence", 0.9, "holds", holds_of(&answer), "budget_that_holds",
				  answer.excess > 0 ? json_real(fold_budget(f) / audit_years(answer.excess))
						    : json_null(),
				  "limits", rows, "levels", levels, "means", means_of(fold_detect(f)),
				  "shadow", shadow_of(fold_decide(f)), "clocks", clocks_of(f)));
}

void
api_audit(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, audit_run);
}
