/*
 * Google Postmaster Tools, traffic statistics as JSON (API v1, trafficStats): one object per domain and day, alone, in an array, in the "trafficStats" of
 * an answer, or one per line. They are shares without numbers of messages, so each becomes a rating: kept for people, it counts nothing.
 */
#include "intake/objects_int.h"

#include <stdio.h>
#include <string.h>

#define HALF_DAY_MS 43200000
#define PAIRS_MAX   16U

bool
intake_is_postmaster(struct text t)
{
	t = text_trim(t);
	return t.n > 0 && (t.p[0] == '{' || t.p[0] == '[') &&
	       (memmem(t.p, t.n, "/trafficStats/", 14) != NULL ||
		memmem(t.p, t.n, "\"trafficStats\"", 14) != NULL);
}

/* "shop.example" and "20260105" of "domains/shop.example/trafficStats/20260105". */
static bool
parse_name(struct text name, struct text *domain, struct instant *at)
{
	char iso[32];
	struct text word;
	bool more =
	    text_cut(&name, '/', &word) && text_cut(&name, '/', domain) && text_cut(&name, '/', &word);

	if (!more || !text_equal(word, TEXT("trafficStats")) || name.n != 8) {
		return false;
	}
	/* The middle of the day. */
	(void)snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT12:00:00Z", name.p, name.p + 4, name.p + 6);
	return instant_parse(text_of(iso), at) == RESULT_OK;
}

/* "SUSPECTED_SPAM=0.01 OTHER=0.2" of deliveryErrors, and the like. */
static struct text
pairs(struct intake_reading *d, const json_t *list, const char *name, const char *share)
{
	const char *text = "";
	json_t *one;
	size_t i;

	json_array_foreach((json_t *)list, i, one)
	{
		if (i == PAIRS_MAX) {
			break;
		}
		text =
		    arena_format(d->arena, "%s%s%.*s=%.*s", text, i == 0 ? "" : " ",
				 TEXT_ARG(object_text(d, one, name)), TEXT_ARG(object_text(d, one, share)));
	}
	return text_of(text);
}

static bool
add_day(struct intake_reading *d, const json_t *day, struct fault *why)
{
	static const char *const shares[][2] = {
		{ "userReportedSpamRatio", "spam_rate" },
		{ "domainReputation", "domain_reputation" },
		{ "spfSuccessRatio", "spf_rate" },
		{ "dkimSuccessRatio", "dkim_rate" },
		{ "dmarcSuccessRatio", "dmarc_rate" },
		{ "inboundEncryptionRatio", "tls_in_rate" },
		{ "outboundEncryptionRatio", "tls_out_rate" },
	};
	struct text domain;
	struct draft t;

	draft_open(&t, d, SIGNAL_RATING);
	if (!parse_name(object_text(d, day, "name"), &domain, &t.o->at) ||
	    t.o->at.ms > d->latest.ms + HALF_DAY_MS || !draft_key(&t, domain)) {
		(void)fault_set(why, RESULT_BAD_INPUT,
				"its name is not domains/DOMAIN/trafficStats/YYYYMMDD");
		return false;
	}
	t.o->at.ms = t.o->at.ms > d->latest.ms ? d->latest.ms : t.o->at.ms;
	for (size_t i = 0; i < countof(shares); i++) {
		draft_attribute(&t, shares[i][1], object_text(d, day, shares[i][0]));
	}
	draft_attribute(&t, "ip_reputations",
			pairs(d, object_at(day, "ipReputations"), "reputation", "ipCount"));
	draft_attribute(&t, "feedback_loops",
			pairs(d, object_at(day, "spammyFeedbackLoops"), "id", "spamRatio"));
	draft_attribute(&t, "errors", pairs(d, object_at(day, "deliveryErrors"), "errorType", "errorRatio"));
	draft_keep(&t);
	return true;
}

/* A day, or an answer that lists days. */
static bool
take_answer(struct intake_reading *d, const json_t *object, struct fault *why)
{
	const json_t *list = object_at(object, "trafficStats");
	json_t *day;
	size_t i;

	if (!json_is_array(list)) {
		return add_day(d, object, why);
	}
	if (json_array_size(list) > OBJECT_OBSERVATIONS) {
		(void)fault_set(why, RESULT_BAD_INPUT, "more than %u days in one answer",
				OBJECT_OBSERVATIONS);
		return false;
	}
	json_array_foreach((json_t *)list, i, day)
	{
		if (!add_day(d, day, why)) {
			return false;
		}
	}
	if (i == 0) {
		draft_report(d);
	}
	return true;
}

enum result
intake_postmaster_read(struct intake_reading *d)
{
	return objects_read(d, text_trim(d->raw), take_answer);
}
