/* vouchd/api_commands.c - what people decide: commands, and on a manual clock the time. */
#include "vouchd/api_int.h"

#include "base/counters.h"
#include "journal/journal.h"
#include "vouchd/command.h"

#include <stdlib.h>
#include <string.h>

static struct text
member(const json_t *root, const char *name)
{
	const json_t *j = json_object_get(root, name);

	return json_is_string(j) ? (struct text){ json_string_value(j), json_string_length(j) }
				 : (struct text){ "", 0 };
}

/* Nobody who misspells a lesser role gets the operator's. */
static bool
read_role(const json_t *value, enum actor *role)
{
	static const enum actor roles[] = { ACTOR_OPERATOR, ACTOR_ANALYST, ACTOR_MEMBER };

	*role = ACTOR_OPERATOR;
	for (size_t i = 0; i < countof(roles) && value != NULL; i++) {
		if (json_is_string(value) && strcmp(json_string_value(value), actor_name(roles[i])) == 0) {
			*role = roles[i];
			return true;
		}
	}
	return value == NULL;
}

struct command_call {
	struct api_call call; /* first */
	json_t *body;
};

/* The record as it will be written. The actor comes from the right, not from the body, unless it is the control socket. */
static enum result
command_of(const struct command_call *c, const struct fold *f, struct command *command, struct fault *fault)
{
	struct text actor = member(c->body, "actor");
	struct api_subject subject;
	enum result r;

	command->is_threat = text_equal(member(c->body, "verb"), TEXT("threat"));
	if (command->is_threat) {
		r = threat_parse(member(c->body, "threat"), &command->threat, fault);
		if (r != RESULT_OK) {
			return r;
		}
	} else if (command_verb(member(c->body, "verb"), &command->decide.event) != RESULT_OK) {
		return fault_set(fault, RESULT_BAD_USAGE,
				 "verb: accept, refuse, apply, suspend, clear, confirm or threat");
	}
	if (!read_role(json_object_get(c->body, "role"), &command->decide.role)) {
		return fault_set(fault, RESULT_BAD_USAGE, "role: operator, analyst or member");
	}
	r = api_subject(f, member(c->body, "subject"), &subject, fault);
	if (r != RESULT_OK) {
		return r;
	}
	command->decide.subject = subject.kind;
	command->decide.id = subject.id;
	command->decide.actor = c->call.request->control && actor.n > 0 ? actor : c->call.request->actor;
	command->decide.reason = member(c->body, "reason");
	command->name = subject.name;
	return RESULT_OK;
}

struct moves {
	const struct fold *fold;
	json_t *list;
	json_t *cases; /* numbers, each once */
	uint32_t case_number;
};

static void
note_case(struct moves *m, uint32_t number)
{
	for (size_t i = 0; i < json_array_size(m->cases); i++) {
		if (json_integer_value(json_array_get(m->cases, i)) == number) {
			return;
		}
	}
	json_array_append_new(m->cases, json_integer(number));
	m->case_number = number;
}

static enum result
add_move(void *context, const struct record *record)
{
	struct moves *m = context;
	struct registry_source source;
	struct move move;

	if (record->kind != RECORD_MOVE || move_read(record->payload, &move) != RESULT_OK) {
		return RESULT_OK;
	}
	source = registry_source(fold_registry(m->fold), move.source);
	if (move.case_number != 0) {
		note_case(m, move.case_number);
	}
	json_array_append_new(m->list, json_pack("{s:o, s:o, s:s, s:s, s:o, s:I}", "source",
						 api_text(source.key), "list", api_text(source.list), "from",
						 state_name(move.from), "to", state_name(move.to), "receiver",
						 move.receiver.n == 0 ? json_null() : api_text(move.receiver),
						 "seq", (json_int_t)record->seq));
	return RESULT_OK;
}

static void
command_run(struct job *job, struct pipeline *p)
{
	struct command_call *c = (struct command_call *)job;
	struct moves moves = { .fold = pipeline_fold(p) };
	struct command command = { .is_policy = false };
	struct buffer b;
	uint64_t seq = 0;

	job->result = command_of(c, pipeline_fold(p), &command, &job->fault);
	if (job->result != RESULT_OK) {
		return;
	}
	buffer_init(&b, RECORD_BYTES_MAX);
	command_write(&b, &command);
	job->result = pipeline_append(p, RECORD_COMMAND, buffer_text(&b), &seq, &job->fault);
	buffer_free(&b);
	if (job->result != RESULT_OK) {
		return;
	}
	moves.list = json_array();
	moves.cases = json_array();
	job->result =
	    journal_scan(pipeline_journal(p), &(struct journal_range){ .from = seq }, add_move, &moves);
	http_reply_json(c->call.reply,
			json_pack("{s:I, s:o, s:o, s:o}", "seq", (json_int_t)seq, "moves", moves.list, "case",
				  moves.case_number == 0 ? json_null() : json_integer(moves.case_number),
				  "cases", moves.cases));
}

void
api_commands(void *context, const struct http_request *request, struct http_reply *reply)
{
	struct api *api = context;
	json_error_t error;
	struct command_call c = { .call = { .job = { .run = command_run, .writes = true, .weight = 1 },
					    .api = api,
					    .request = request,
					    .reply = reply } };

	c.body = json_loadb(request->body.p == NULL ? "" : request->body.p, request->body.n,
			    JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(c.body)) {
		json_decref(c.body);
		http_reply_fault_at(reply, RESULT_BAD_INPUT, TEXT("a JSON object is wanted"),
				    (uint64_t)(error.line > 0 ? error.line : 0), (struct text){ "", 0 });
		return;
	}
	if (pipeline_call(api->pipeline, &c.call.job) != RESULT_OK) {
		http_reply_fault(reply, c.call.job.result, &c.call.job.fault);
	}
	json_decref(c.body);
}

/* ---- the manual clock */

struct clock_call {
	struct api_call call; /* first */
	struct instant to;
	uint64_t alarms, moves; /* before */
};

static void
clock_run(struct job *job, struct pipeline *p)
{
	job->result = pipeline_tick(p, ((struct clock_call *)job)->to, &job->fault);
}

void
api_clock(void *context, const struct http_request *request, struct http_reply *reply)
{
	struct api *api = context;
	struct clock_call c = { .call = { .job = { .run = clock_run, .writes = true, .weight = 1 },
					  .api = api,
					  .request = request,
					  .reply = reply } };
	json_t *body = json_loadb(request->body.p == NULL ? "" : request->body.p, request->body.n, 0, NULL);
	struct fault fault = { { 0 } };
	enum result r = RESULT_OK;

	if (!api->config->clock_manual || !request->control) {
		r = fault_set(&fault, RESULT_DENIED,
			      "only on the control socket, and with clock: manual in vouch.yaml");
	} else if (instant_parse(member(body, "time"), &c.to) != RESULT_OK) {
		r = fault_set(&fault, RESULT_BAD_INPUT, "time: RFC 3339 is wanted, as 2026-01-05T08:00:00Z");
	}
	json_decref(body);
	if (r == RESULT_OK) {
		c.alarms = counter_get(COUNTER_ALARMS);
		c.moves = counter_get(COUNTER_MOVES);
		r = pipeline_call(api->pipeline, &c.call.job);
		fault = c.call.job.fault;
	}
	if (r != RESULT_OK) {
		http_reply_fault(reply, r, &fault);
		return;
	}
	http_reply_json(reply, json_pack("{s:I, s:I}", "alarms",
					 (json_int_t)(counter_get(COUNTER_ALARMS) - c.alarms), "moves",
					 (json_int_t)(counter_get(COUNTER_MOVES) - c.moves)));
}
