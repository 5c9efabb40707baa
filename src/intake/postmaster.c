/*
 * Google Postmaster Tools as JSON. API v1, trafficStats: one object per domain and day, alone, in an array, in the "trafficStats" of an answer, or one per
 * line. API v2, domainStats: one object per domain, day and metric, in the "domainStats" of an answer or of each answer in "results"; and complianceStatus.
 * They are shares without numbers of messages, so each day becomes a rating: kept for people, it counts nothing.
 */
#include "intake/objects_int.h"

#include <stdio.h>
#include <string.h>

#define HALF_DAY_MS 43200000
#define PAIRS_MAX   16U

bool
intake_is_postmaster(struct text t)
{
	static const struct text marks[] = { { "/trafficStats/", 14 },
					     { "\"trafficStats\"", 14 },
					     { "/domainStats/", 13 },
					     { "\"domainStats\"", 13 },
					     { "/complianceStatus\"", 18 } };

	t = text_trim(t);
	if (t.n == 0 || (t.p[0] != '{' && t.p[0] != '[')) {
		return false;
	}
	for (size_t i = 0; i < countof(marks); i++) {
		if (memmem(t.p, t.n, marks[i].p, marks[i].n) != NULL) {
			return true;
		}
	}
	return false;
}

/* The middle of a day; false: it is none, or lies behind today. */
static bool
parse_day(const struct intake_reading *d, struct text year, struct text month, struct text day,
	  struct instant *at)
{
	char iso[32];
	uint64_t y, m, n;

	if (!text_u64(year, &y) || !text_u64(month, &m) || !text_u64(day, &n) || y > 9999 || m > 12 ||
	    n > 31) {
		return false;
	}
	(void)snprintf(iso, sizeof iso, "%04u-%02u-%02uT12:00:00Z", (unsigned)y, (unsigned)m, (unsigned)n);
	if (instant_parse(text_of(iso), at) != RESULT_OK || at->ms > d->latest.ms + HALF_DAY_MS) {
		return false;
	}
	at->ms = at->ms > d->latest.ms ? d->latest.ms : at->ms;
	return true;
}

/* ---- API v1 */

/* "shop.example" and "20260105" of "domains/shop.example/trafficStats/20260105". */
static bool
parse_name(const struct intake_reading *d, struct text name, struct text *domain, struct instant *at)
{
	struct text word;
	bool more =
	    text_cut(&name, '/', &word) && text_cut(&name, '/', domain) && text_cut(&name, '/', &word);

	return more && text_equal(word, TEXT("trafficStats")) && name.n == 8 &&
	       parse_day(d, (struct text){ name.p, 4 }, (struct text){ name.p + 4, 2 },
			 (struct text){ name.p + 6, 2 }, at);
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
	if (!parse_name(d, object_text(d, day, "name"), &domain, &t.o->at) || !draft_key(&t, domain)) {
		(void)fault_set(why, RESULT_BAD_INPUT,
				"its name is not domains/DOMAIN/trafficStats/YYYYMMDD");
		return false;
	}
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

static bool
add_days(struct intake_reading *d, const json_t *list, struct fault *why)
{
	json_t *day;
	size_t i;

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

/* ---- API v2, statistics */

/*
 * Who asks gives each metric a name of its own; these are read, in any case. Behind the name of a list stands what its value is of:
 * "feedback_loop_spam_rate__c1".
 */
static const struct {
	const char *attribute;
	struct text names;
	bool is_list;
} metrics[] = {
#define NAMES(names)                     \
	{                                \
		names, sizeof(names) - 1 \
	}
	{ "spam_rate", NAMES("spam_rate user_reported_spam_ratio"), false },
	{ "spf_rate", NAMES("spf_rate spf_success_rate spf_success_ratio auth_success_rate_spf"), false },
	{ "dkim_rate", NAMES("dkim_rate dkim_success_rate dkim_success_ratio auth_success_rate_dkim"),
	  false },
	{ "dmarc_rate", NAMES("dmarc_rate dmarc_success_rate dmarc_success_ratio auth_success_rate_dmarc"),
	  false },
	{ "tls_in_rate", NAMES("tls_in_rate inbound_encryption_ratio tls_encryption_rate_inbound"), false },
	{ "tls_out_rate", NAMES("tls_out_rate outbound_encryption_ratio tls_encryption_rate_outbound"),
	  false },
	{ "feedback_loops", NAMES("feedback_loop_spam_rate"), true },
	{ "errors", NAMES("delivery_error_rate"), true },
#undef NAMES
};

/* What is told of a domain and a day. */
struct day {
	struct text domain;
	struct instant at;
	struct text values[countof(metrics)];
	unsigned pairs[countof(metrics)];
};

struct days {
	struct day *days; /* OBJECT_OBSERVATIONS of them */
	size_t count;
};

/* Its number among the metrics, and what follows the name of a list; countof(metrics): it is not read. */
static size_t
find_metric(struct text metric, struct text *of)
{
	for (size_t i = 0; i < countof(metrics); i++) {
		struct text names = metrics[i].names, name;
		bool more = true;

		while (more) {
			more = text_cut(&names, ' ', &name);
			*of = (struct text){ metric.p + name.n, metric.n - name.n };
			if (metrics[i].is_list ? text_starts_nocase(metric, name)
					       : text_equal_nocase(metric, name)) {
				while (of->n > 0 && strchr("_:/.- ", of->p[0]) != NULL) {
					*of = (struct text){ of->p + 1, of->n - 1 };
				}
				return i;
			}
		}
	}
	return countof(metrics);
}

/* "shop.example" of "domains/shop.example/domainStats/x". */
static bool
parse_domain(struct text name, struct text *domain)
{
	struct source_key key;
	struct text word;

	return text_cut(&name, '/', &word) && text_cut(&name, '/', domain) &&
	       source_key_parse(*domain, &key, NULL) == RESULT_OK && key.kind == SOURCE_DOMAIN;
}

/* The share in "value", whatever its type; false: it is no number from 0 to 1. */
static bool
share_of(struct intake_reading *d, const json_t *stat, struct text *share)
{
	static const char *const paths[] = { "value.floatValue", "value.doubleValue", "value.intValue" };

	for (size_t i = 0; i < countof(paths); i++) {
		const json_t *value = object_at(stat, paths[i]);

		*share = object_text(d, stat, paths[i]);
		if (json_is_number(value)) {
			return json_number_value(value) >= 0 && json_number_value(value) <= 1;
		}
		if (value != NULL) { /* whole numbers are written as text */
			return text_equal(*share, TEXT("0")) || text_equal(*share, TEXT("1"));
		}
	}
	return false;
}

/* NULL: the object cannot hold more days. */
static struct day *
day_of(struct days *days, struct text domain, struct instant at)
{
	for (size_t i = 0; i < days->count; i++) {
		if (days->days[i].at.ms == at.ms && text_equal_nocase(days->days[i].domain, domain)) {
			return &days->days[i];
		}
	}
	if (days->count == OBJECT_OBSERVATIONS) {
		return NULL;
	}
	days->days[days->count] = (struct day){ .domain = domain, .at = at };
	return &days->days[days->count++];
}

static void
put_value(struct intake_reading *d, struct day *day, size_t metric, struct text of, struct text value)
{
	struct text *have = &day->values[metric];

	if (!metrics[metric].is_list) {
		*have = value;
		return;
	}
	of = of.n > 0 ? of : TEXT("ALL");
	if (day->pairs[metric]++ < PAIRS_MAX) {
		*have = text_of(arena_format(d->arena, "%.*s%s%.*s=%.*s", TEXT_ARG(*have),
					     have->n > 0 ? " " : "", TEXT_ARG(of), TEXT_ARG(value)));
	}
}

/* The member of a statistic that is wrong, in words; NULL: none, and it is put to its day. */
static const char *
put_stat(struct intake_reading *d, struct days *days, const json_t *stat)
{
	struct text domain, of, value;
	size_t metric = find_metric(object_text(d, stat, "metric"), &of);
	struct instant at;
	struct day *day;

	if (!parse_domain(object_text(d, stat, "name"), &domain)) {
		return "name is not domains/DOMAIN/domainStats/ID";
	}
	if (object_at(stat, "date") == NULL) {
		return "date is missing: ask for DAILY";
	}
	if (!parse_day(d, object_text(d, stat, "date.year"), object_text(d, stat, "date.month"),
		       object_text(d, stat, "date.day"), &at)) {
		return "date is no day up to today";
	}
	day = day_of(days, domain, at);
	if (day == NULL) {
		return "date is one day more than an answer may have";
	}
	if (metric == countof(metrics) || object_at(stat, "value") == NULL) {
		return NULL;
	}
	if (!share_of(d, stat, &value)) {
		return "value is no number from 0 to 1";
	}
	put_value(d, day, metric, of, value);
	return NULL;
}

static bool
put_stats(struct intake_reading *d, struct days *days, const json_t *list, struct fault *why)
{
	json_t *stat;
	size_t i;

	json_array_foreach((json_t *)list, i, stat)
	{
		const char *wrong = put_stat(d, days, stat);

		if (wrong != NULL) {
			(void)fault_set(why, RESULT_BAD_INPUT, "domainStats[%zu].%s", i, wrong);
			return false;
		}
	}
	return true;
}

static void
keep_days(struct intake_reading *d, const struct days *days)
{
	for (size_t i = 0; i < days->count; i++) {
		const struct day *day = &days->days[i];
		struct draft t;

		draft_open(&t, d, SIGNAL_RATING);
		t.o->at = day->at;
		(void)draft_key(&t, day->domain);
		for (size_t k = 0; k < countof(metrics); k++) {
			draft_attribute(&t, metrics[k].attribute, day->values[k]);
		}
		draft_keep(&t);
	}
	if (days->count == 0) {
		draft_report(d);
	}
}

/* One list, or one per answer of a batch. Nothing of it is kept when one statistic is bad. An answer that is an error has none; all of them: a fault. */
static bool
take_stats(struct intake_reading *d, const json_t *list, const json_t *results, struct fault *why)
{
	struct days days = { arena_get_array(d->arena, OBJECT_OBSERVATIONS, sizeof(struct day)), 0 };
	struct text error = { "", 0 };
	json_t *one;
	size_t i;

	if (!put_stats(d, &days, list, why)) {
		return false;
	}
	json_array_foreach((json_t *)results, i, one)
	{
		if (!put_stats(d, &days, object_at(one, "response.domainStats"), why)) {
			return false;
		}
		error = error.n > 0 ? error : object_text(d, one, "error.message");
	}
	if (days.count == 0 && error.n > 0) {
		(void)fault_set(why, RESULT_BAD_INPUT, "results[].error: %.*s", TEXT_ARG(error));
		return false;
	}
	keep_days(d, &days);
	return true;
}

/* ---- API v2, compliance */

/* Adds a requirement to those that are kept or to those that need work, with the reason if there is one. */
static void
put_verdict(struct intake_reading *d, const json_t *verdict, struct text name, struct text *kept,
	    struct text *failed)
{
	struct text status = object_text(d, verdict, "status.status");
	struct text reason = object_text(d, verdict, "reason");
	bool is_kept = text_equal(status, TEXT("COMPLIANT"));
	struct text *list = is_kept ? kept : failed;

	if (name.n == 0 || (!is_kept && !text_equal(status, TEXT("NEEDS_WORK"))) ||
	    list->n > ATTRIBUTE_BYTES_MAX) {
		return;
	}
	*list = text_of(arena_format(d->arena, "%.*s%s%.*s%s%.*s", TEXT_ARG(*list), list->n > 0 ? " " : "",
				     TEXT_ARG(name), reason.n > 0 ? "=" : "", TEXT_ARG(reason)));
}

/* What Gmail asks of bulk senders, as it holds when the document comes. */
static bool
add_compliance(struct intake_reading *d, const json_t *data, struct fault *why)
{
	struct text kept = { "", 0 }, failed = { "", 0 };
	json_t *row;
	struct draft t;
	size_t i;

	draft_open(&t, d, SIGNAL_RATING);
	t.o->at = d->hint->received;
	if (!draft_key(&t, object_text(d, data, "domainId"))) {
		(void)fault_set(why, RESULT_BAD_INPUT, "domainId is no domain");
		return false;
	}
	json_array_foreach(object_at(data, "rowData"), i, row)
	{
		put_verdict(d, row, object_text(d, row, "requirement"), &kept, &failed);
	}
	put_verdict(d, object_at(data, "oneClickUnsubscribeVerdict"), TEXT("ONE_CLICK_UNSUBSCRIBE"), &kept,
		    &failed);
	put_verdict(d, object_at(data, "honorUnsubscribeVerdict"), TEXT("HONOR_UNSUBSCRIBE"), &kept, &failed);
	draft_attribute(&t, "compliant", kept);
	draft_attribute(&t, "needs_work", failed);
	draft_keep(&t);
	return true;
}

static bool
take_compliance(struct intake_reading *d, const json_t *object, struct fault *why)
{
	const json_t *part = object_at(object, "subdomainComplianceData");

	return add_compliance(d, object_at(object, "complianceData"), why) &&
	       (!json_is_object(part) || add_compliance(d, part, why));
}

static bool
take_answer(struct intake_reading *d, const json_t *object, struct fault *why)
{
	const json_t *days = object_at(object, "trafficStats"), *stats = object_at(object, "domainStats");
	const json_t *results = object_at(object, "results");

	if (json_is_array(days)) {
		return add_days(d, days, why);
	}
	if (json_is_array(stats) || json_is_array(results)) {
		return take_stats(d, stats, results, why);
	}
	if (object_at(object, "complianceData") != NULL) {
		return take_compliance(d, object, why);
	}
	return add_day(d, object, why);
}

enum result
intake_postmaster_read(struct intake_reading *d)
{
	return objects_read(d, text_trim(d->raw), take_answer);
}
