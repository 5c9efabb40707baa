/* vouchd/command.c - the JSON of COMMAND records. */
#include "vouchd/command.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const subjects[] = {
	[DECIDE_SOURCE] = "source",
	[DECIDE_SYSTEM] = "system",
	[DECIDE_MEMBER] = "member",
	[DECIDE_CASE] = "case",
};
static const enum event verbs[] = { EVENT_APPLY,   EVENT_ACCEPT, EVENT_REFUSE,
				    EVENT_SUSPEND, EVENT_CLEAR,  EVENT_CONFIRM };
static const enum actor roles[] = { ACTOR_OPERATOR, ACTOR_ANALYST, ACTOR_MEMBER };

const char *
command_subject_name(enum decide_subject subject)
{
	return subjects[subject];
}

enum result
command_verb(struct text verb, enum event *event)
{
	for (size_t i = 0; i < countof(verbs); i++) {
		if (text_equal(verb, text_of(event_name(verbs[i])))) {
			*event = verbs[i];
			return RESULT_OK;
		}
	}
	return RESULT_BAD_INPUT;
}

static json_t *
json_of(struct text t)
{
	json_t *j = json_stringn(t.p == NULL ? "" : t.p, t.n);

	check(j != NULL); /* the API takes UTF-8 only */
	return j;
}

/* ---- the thresholds of a policy */

static struct text
member(const json_t *root, const char *name, struct arena *arena)
{
	const json_t *j = json_object_get(root, name);
	struct text t = { json_string_value(j), json_string_length(j) };

	return (struct text){ text_copy(arena, t), t.n };
}

static json_t *
json_of_limit(const char *name, const struct threshold_limit *limit)
{
	struct buffer words;
	json_t *j;

	buffer_init(&words, ATTRIBUTE_BYTES_MAX);
	threshold_limit_write(limit, &words);
	j = json_pack("{s:s, s:o}", "name", name, "limit", json_of(buffer_text(&words)));
	buffer_free(&words);
	return j;
}

json_t *
command_thresholds(const struct threshold_policy *policy)
{
	json_t *all = json_array();

	for (enum threshold t = 0; t < THRESHOLD_COUNT; t++) {
		json_t *one = json_of_limit(threshold_name(t), &policy->rules[t].limit);

		json_object_set_new(one, "days", json_integer(policy->rules[t].days));
		json_object_set_new(one, "warn", json_integer(policy->rules[t].warn));
		json_array_append_new(all, one);
	}
	for (uint32_t i = 0; i < policy->exception_count; i++) {
		const struct threshold_exception *e = &policy->exceptions[i];
		json_t *one = json_of_limit(threshold_name(e->threshold), &e->limit);

		json_object_set_new(one, "receiver", json_string(e->receiver));
		json_array_append_new(all, one);
	}
	return all;
}

static bool
read_threshold(const json_t *j, struct arena *arena, struct threshold_policy *policy)
{
	struct text receiver = member(j, "receiver", arena);
	json_int_t days = json_integer_value(json_object_get(j, "days"));
	json_int_t warn = json_integer_value(json_object_get(j, "warn"));
	struct threshold_limit limit;
	enum threshold t;

	if (threshold_parse(member(j, "name", arena), &t) != RESULT_OK ||
	    threshold_limit_parse(t, member(j, "limit", arena), &limit, NULL) != RESULT_OK) {
		return false;
	}
	if (receiver.n > 0) {
		return threshold_policy_except(policy, t, receiver, &limit, NULL) == RESULT_OK;
	}
	policy->rules[t] = (struct threshold_rule){ limit, (uint32_t)days, (uint32_t)warn };
	return days >= 1 && days <= COMPLIANCE_DAYS_MAX && warn >= 1 && warn <= 100;
}

/* What has no row is off. NULL: the record says nothing of thresholds. */
static enum result
read_thresholds(const json_t *root, struct arena *arena, const struct threshold_policy **policy)
{
	const json_t *all = json_object_get(root, "thresholds");
	json_int_t wait = json_integer_value(json_object_get(root, "wait_ms"));
	struct threshold_policy *read = arena_get(arena, sizeof *read);

	*policy = NULL;
	if (all == NULL) {
		return RESULT_OK;
	}
	threshold_policy_off(read);
	read->wait.ms = wait;
	*policy = read;
	for (size_t i = 0; i < json_array_size(all); i++) {
		if (!read_threshold(json_array_get(all, i), arena, read)) {
			return RESULT_DAMAGED;
		}
	}
	return json_is_array(all) && wait >= 0 && wait <= UINT32_MAX ? RESULT_OK : RESULT_DAMAGED;
}

/* ---- records */

static json_t *
json_of_policy(const struct command *c)
{
	json_t *root = json_pack("{s:s, s:f}", "verb", "policy", "budget", c->budget);

	if (c->shadow > 0) {
		json_object_set_new(root, "shadow", json_integer(c->shadow));
	}
	if (c->policy != NULL) {
		json_object_set_new(root, "wait_ms", json_integer(c->policy->wait.ms));
		json_object_set_new(root, "thresholds", command_thresholds(c->policy));
	}
	return root;
}

void
command_write(struct buffer *b, const struct command *c)
{
	const struct decide_command *d = &c->decide;
	json_t *root = c->is_policy ? json_of_policy(c)
				    : json_pack("{s:s, s:s, s:I, s:o, s:s}", "verb",
						c->is_threat ? "threat" : event_name(d->event), "subject",
						subjects[d->subject], "id", (json_int_t)d->id, "name",
						json_of(c->name), "role", actor_name(d->role));
	char *s;

	check(root != NULL);
	if (c->is_threat) {
		check(json_object_set_new(root, "threat", json_string(threat_name(c->threat))) == 0);
	}
	check(json_object_set_new(root, "actor", json_of(d->actor)) == 0);
	check(json_object_set_new(root, "reason", json_of(d->reason)) == 0);
	s = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(17));
	check(s != NULL);
	buffer_put_text(b, text_of(s));
	free(s);
	json_decref(root);
}

static enum result
read_subject(const json_t *root, struct arena *arena, struct decide_command *d)
{
	struct text subject = member(root, "subject", arena), role = member(root, "role", arena);
	json_int_t id = json_integer_value(json_object_get(root, "id"));
	bool has_subject = false, has_role = false;

	for (size_t i = 0; i < countof(subjects); i++) {
		if (text_equal(subject, text_of(subjects[i]))) {
			d->subject = (enum decide_subject)i;
			has_subject = true;
		}
	}
	for (size_t i = 0; i < countof(roles); i++) {
		if (text_equal(role, text_of(actor_name(roles[i])))) {
			d->role = roles[i];
			has_role = true;
		}
	}
	d->id = (uint32_t)id;
	return has_subject && has_role && id >= 0 && id < UINT32_MAX ? RESULT_OK : RESULT_DAMAGED;
}

/* What the verb asks of the subject. */
static enum result
read_verb(const json_t *root, struct arena *arena, struct command *c)
{
	struct text verb = member(root, "verb", arena);

	c->is_threat = text_equal(verb, TEXT("threat"));
	if (c->is_threat ? threat_parse(member(root, "threat", arena), &c->threat, NULL) != RESULT_OK
			 : command_verb(verb, &c->decide.event) != RESULT_OK) {
		return RESULT_DAMAGED;
	}
	return read_subject(root, arena, &c->decide);
}

enum result
command_read(struct text payload, struct arena *arena, struct command *c, struct fault *fault)
{
	json_t *root =
	    json_loadb(payload.p == NULL ? "" : payload.p, payload.n, JSON_REJECT_DUPLICATES, NULL);
	enum result r = RESULT_OK;

	*c = (struct command){ .is_policy = false };
	if (!json_is_object(root)) {
		json_decref(root);
		return fault_set(fault, RESULT_DAMAGED, "a command record that is no JSON object");
	}
	c->is_policy = text_equal(member(root, "verb", arena), TEXT("policy"));
	c->name = member(root, "name", arena);
	c->decide.actor = member(root, "actor", arena);
	c->decide.reason = member(root, "reason", arena);
	if (c->is_policy) {
		json_int_t shadow = json_integer_value(json_object_get(root, "shadow"));

		c->budget = json_number_value(json_object_get(root, "budget"));
		c->shadow = (uint32_t)shadow;
		r = c->budget > 0 && c->budget <= 1000 && shadow >= 0 && shadow <= 100
			? read_thresholds(root, arena, &c->policy)
			: RESULT_DAMAGED;
	} else {
		r = read_verb(root, arena, c);
	}
	json_decref(root);
	return r == RESULT_OK ? r : fault_set(fault, r, "a command record with members that none can have");
}
