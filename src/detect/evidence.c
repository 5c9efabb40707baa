#include "detect/detect_int.h"

/*
 * The e-process. For a takeover k that begins with cohort s, the evidence is the product over the cohorts from s on of
 *
 *     (likelihood under k) / (likelihood of the honest story),
 *
 * and over all beginnings:   M_k = ((old_k f_1 + p_k w_1) e_1 f_2 + p_k w_2) e_2 ...   with w start weights, f <= 1 fading.
 *
 * Each product is a likelihood ratio of all that was observed so far, so M - sum w is a supermartingale while the unit is
 * honest, and with a reset at each alarm the expected number of alarms is at most (sum of w) / limit, whatever depends on what
 * (Shiryaev-Roberts; J. Shin, A. Ramdas, A. Rinaldo, "E-detectors", New England J. Stat. Data Sci. 2 (2024) 229-260).
 * M depends on totals only: it may be looked at as often or as rarely as wanted.
 */

#define NATS_MAX 600.0
#define M_MAX    1e30
#define M_LEAST  1e-30

static double
bounded(double m)
{
	return m < M_LEAST ? 0 : m > M_MAX ? M_MAX : m;
}

/* What earlier evidence is worth when cohort `i` begins. */
static double
fade(const struct unit *u, uint32_t i)
{
	int64_t before_ms = i == 0 ? u->times[RETIRED] : detect_cohort_at(u, i - 1)->start_ms;
	double hours = (double)(detect_cohort_at(u, i)->start_ms - before_ms) / HOUR_MS;

	return hours > 0 ? number_exp(-hours / EVIDENCE_FADE) : 1;
}

static void
multiply(const struct cohort *c, const struct story *s, enum voice voice, double kept, double weight,
	 double m[PROFILE_COUNT])
{
	for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
		double nats = detect_usual_nats(c, k, s->attack[k] - s->honest[voice]);

		m[k] = bounded((m[k] * kept + detect_profiles[k].prior * weight) *
			       number_exp(nats < NATS_MAX ? nats : NATS_MAX) * (double)c->n.look);
	}
}

void
detect_evidence_retire(struct unit *u, struct outlook *o)
{
	const struct cohort *c = detect_cohort_at(u, 0);
	struct story s;

	detect_story(c, o, &s);
	for (int v = 0; v < VOICE_COUNT; v++) {
		double m[PROFILE_COUNT];

		for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
			m[k] = (double)u->n.old[v][k];
		}
		multiply(c, &s, (enum voice)v, fade(u, 0), (double)c->n.weight, m);
		for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
			u->n.old[v][k] = (float)m[k];
		}
	}
	u->n.bad_list = (float)detect_story_bad_list(c, o);
}

static void
each_takeover(const struct unit *u, const struct outlook o[COHORTS], double m[VOICE_COUNT][PROFILE_COUNT])
{
	for (int v = 0; v < VOICE_COUNT; v++) {
		for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
			m[v][k] = (double)u->n.old[v][k];
		}
	}
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		const struct cohort *c = detect_cohort_at(u, i);
		double kept = fade(u, i);
		struct story s;

		detect_story(c, &o[i], &s);
		for (int v = 0; v < VOICE_COUNT; v++) {
			multiply(c, &s, (enum voice)v, kept, (double)c->n.weight, m[v]);
		}
	}
}

double
detect_evidence_begun(const struct unit *u, const struct outlook o[COHORTS], enum voice voice, uint32_t start)
{
	double m[PROFILE_COUNT] = { 0 }, sum = 0;

	for (uint32_t k = 0; k < PROFILE_COUNT && start == COHORTS; k++) {
		m[k] = (double)u->n.old[voice][k];
	}
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		const struct cohort *c = detect_cohort_at(u, i);
		struct story s;

		detect_story(c, &o[i], &s);
		multiply(c, &s, voice, fade(u, i), i == start ? (double)c->n.weight : 0, m);
	}
	for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
		sum += m[k];
	}
	return sum;
}

void
detect_evidence(const struct unit *u, const struct outlook o[COHORTS], double evidence[VOICE_COUNT])
{
	double m[VOICE_COUNT][PROFILE_COUNT];

	each_takeover(u, o, m);
	for (int v = 0; v < VOICE_COUNT; v++) {
		evidence[v] = 0;
		for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
			evidence[v] += m[v][k];
		}
	}
}

/* The cohort with which takeover k most likely began. */
static uint32_t
best_start(const struct unit *u, const struct outlook o[COHORTS], enum voice voice, uint32_t k)
{
	double m = (double)u->n.old[voice][k];
	uint32_t start = 0;

	for (uint32_t i = 0; i < u->cohort_count; i++) {
		const struct cohort *c = detect_cohort_at(u, i);
		double kept = m * fade(u, i), begun = detect_profiles[k].prior * (double)c->n.weight, nats;
		struct story s;

		detect_story(c, &o[i], &s);
		nats = detect_usual_nats(c, k, s.attack[k] - s.honest[voice]);
		start = begun >= kept ? i : start;
		m = bounded((begun >= kept ? begun : kept) * number_exp(nats < NATS_MAX ? nats : NATS_MAX) *
			    (double)c->n.look);
	}
	return start;
}

static void
add_cohort(const struct cohort *c, const struct outlook *o, uint32_t k, struct alarm *alarm)
{
	double nats[EVIDENCE_COUNT], content;
	struct alarm_block *block = &alarm->blocks[alarm->block_count++];

	_Static_assert(COHORTS <= ALARM_BLOCKS_MAX, "each cohort is a block");
	*block = (struct alarm_block){ .from = { c->start_ms },
				       .delivered = (uint64_t)(double)c->n.mail,
				       .first_bad_seq = c->first_bad_seq };
	detect_story_parts(c, o, alarm->voice, k, nats);
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		alarm->evidence[e].observed += (uint64_t)((double)c->n.events[e] + 0.5);
		alarm->evidence[e].expected += o->rate[e] * o->mail[e];
		alarm->evidence[e].nats += nats[e];
		block->nats += nats[e];
	}
	content = detect_usual_nats(c, k, block->nats) - block->nats;
	content += c->n.look > 0 ? number_ln((double)c->n.look) : 0;
	alarm->content_nats += content;
	block->nats += content;
	alarm->traits |= c->traits & ((1U << TRAIT_COUNT) - 1);
	alarm->delivered += (uint64_t)(double)c->n.mail;
	if (alarm->first_bad_seq == 0 && c->first_bad_seq != 0) {
		alarm->first_bad_seq = c->first_bad_seq;
		alarm->first_bad_at.ms = c->start_ms + (int64_t)((double)c->n.first_bad_hour * HOUR_MS);
	}
}

void
detect_evidence_alarm(const struct detect *d, uint32_t id, const struct outlook o[COHORTS], enum voice voice,
		      int64_t at_ms, struct alarm *alarm)
{
	const struct unit *u = &d->units[id];
	double each[VOICE_COUNT][PROFILE_COUNT], *m = each[voice], sum = 0;
	uint32_t best = 0, first;

	each_takeover(u, o, each);
	for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
		sum += m[k];
		best = m[k] > m[best] ? k : best;
	}
	*alarm = (struct alarm){ .kind = (enum unit_kind)u->kind,
				 .unit = id,
				 .voice = voice,
				 .takeover = detect_profiles[best].takeover,
				 .at = { at_ms },
				 .first_bad_at = { at_ms },
				 .evidence_nats = number_ln(sum > M_LEAST ? sum : M_LEAST),
				 .limit_nats = number_ln(d->limit[u->kind][voice]),
				 .report_count = u->report_count };
	first = best_start(u, o, voice, best);
	if (first < u->cohort_count) { /* complaints that the cohorts share have no first one */
		alarm->first_bad_at.ms = detect_cohort_at(u, first)->start_ms;
	}
	for (uint32_t i = first; i < u->cohort_count; i++) {
		add_cohort(detect_cohort_at(u, i), &o[i], best, alarm);
	}
	detect_onset(u, o, alarm);
	for (uint32_t i = 0; i < u->report_count; i++) {
		alarm->reports[i] = u->reports[i];
	}
}

/* It was one suspension: what was evidence until now counts no more. */
void
detect_evidence_end(struct unit *u)
{
	for (int v = 0; v < VOICE_COUNT; v++) {
		for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
			u->n.old[v][k] = 0;
		}
	}
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		detect_cohort(u, i)->n.weight = 0;
	}
	u->suspect = (struct suspect){ 0 };
	u->report_count = 0;
	u->flags |= UNIT_NEW;
}
