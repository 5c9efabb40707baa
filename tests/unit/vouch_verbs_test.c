/* The verbs against a daemon that answers what the test says, over the real control socket. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "journal/journal.h"
#include "serve/http.h"
#include "vouch/chunk.h"
#include "vouch/vouch.h"
#include "vouchd/fold.h"

#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUTPUT_BYTES 65536
#define ROWS         60000

struct world {
	char folder[64];
	char control[96];
	char out[OUTPUT_BYTES];
	char err[OUTPUT_BYTES];
	struct http *http;
	/* What the last request was, and what has come up by POST /v1/reports. */
	char parameters[1024];
	char body[1024];
	char actor[NAME_BYTES_MAX + 1];
	struct buffer reports;
	char heads[4096]; /* "line:header;" of each chunk */
	int requests;
	/* What to answer. */
	const char *answer;
	enum result refuse; /* RESULT_OK: do not */
	int busy;           /* so many times */
};

static void
answer(void *context, const struct http_request *q, struct http_reply *reply)
{
	struct world *w = context;
	const struct fault fault = { .text = "so it is" };

	w->requests++;
	w->parameters[0] = '\0';
	for (size_t i = 0; i < q->parameter_count; i++) {
		size_t n = strlen(w->parameters);

		(void)snprintf(w->parameters + n, sizeof w->parameters - n, "%.*s=%.*s ",
			       TEXT_ARG(q->parameters[i].name), TEXT_ARG(q->parameters[i].value));
	}
	(void)snprintf(w->body, sizeof w->body, "%.*s", q->body.n < 1000 ? (int)q->body.n : 0,
		       q->body.n == 0 ? "" : q->body.p);
	(void)snprintf(w->actor, sizeof w->actor, "%.*s", TEXT_ARG(q->actor));
	if (w->busy > 0) {
		w->busy--;
		http_reply_fault(reply, RESULT_BUSY, NULL);
	} else if (w->refuse != RESULT_OK) {
		http_reply_fault(reply, w->refuse, &fault);
	} else if (w->answer[0] == '{') {
		http_reply_json(reply, json_loads(w->answer, 0, NULL));
	} else {
		buffer_put_text(&reply->body, text_of(w->answer));
	}
}

static void
reports(void *context, const struct http_request *q, struct http_reply *reply)
{
	struct world *w = context;
	size_t n = strlen(w->heads);
	struct text header = http_parameter(q, "header");

	answer(context, q, reply);
	buffer_put_text(&w->reports, q->body);
	(void)snprintf(w->heads + n, sizeof w->heads - n, "%.*s:%.*s;", TEXT_ARG(http_parameter(q, "line")),
		       TEXT_ARG(header));
}

static enum http_right
nobody(void *context, struct text token, char name[NAME_BYTES_MAX + 1])
{
	(void)context;
	(void)token;
	name[0] = '\0';
	return HTTP_RIGHT_ANY;
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct http_options o = { .control = w->control, .authorise = nobody, .context = w };
	struct fault fault = { .text = "" };

	(void)snprintf(w->folder, sizeof w->folder, "/tmp/vouch_verbs_XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	(void)snprintf(w->control, sizeof w->control, "%s/control.sock", w->folder);
	for (size_t i = 0; i < HTTP_ROUTE_COUNT; i++) {
		o.handlers[i] = answer;
	}
	o.handlers[HTTP_REPORTS] = reports;
	buffer_init(&w->reports, 64U << 20);
	w->answer = "{}";
	assert_int_equal(http_open(&o, &w->http, &fault), RESULT_OK);
	assert_int_equal(setenv("VOUCH_SOCKET", w->control, 1), 0);
	assert_int_equal(setenv("USER", "ana", 1), 0);
	*state = w;
	return 0;
}

static const char *
in_folder(const struct world *w, const char *name)
{
	static char path[160];

	(void)snprintf(path, sizeof path, "%s/%s", w->folder, name);
	return path;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int
teardown(void **state)
{
	struct world *w = *state;

	http_close(w->http);
	assert_int_equal(nftw(w->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	buffer_free(&w->reports);
	free(w);
	return 0;
}

static void
slurp(const struct world *w, const char *name, char text[OUTPUT_BYTES])
{
	FILE *f = fopen(in_folder(w, name), "r");

	assert_non_null(f);
	text[fread(text, 1, OUTPUT_BYTES - 1, f)] = '\0';
	fclose(f);
}

static int
redirect(const struct world *w, const char *name, int to)
{
	int saved = dup(to), fd = open(in_folder(w, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(saved >= 0 && fd >= 0 && dup2(fd, to) == to);
	close(fd);
	return saved;
}

static int
run(struct world *w, const char **words)
{
	int n = 0, out, err, code;

	while (words[n] != NULL) {
		n++;
	}
	fflush(stdout);
	out = redirect(w, "out", STDOUT_FILENO);
	err = redirect(w, "err", STDERR_FILENO);
	code = vouch_main(n, (char *const *)words);
	fflush(stdout);
	fflush(stderr);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	slurp(w, "out", w->out);
	slurp(w, "err", w->err);
	return code;
}

#define RUN(w, ...) run(w, (const char *[]){ "vouch", __VA_ARGS__, NULL })

static void
put_file(const struct world *w, const char *name, const char *text)
{
	FILE *f = fopen(in_folder(w, name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

#define ENTRY                                                                                          \
	"{\"source\":\"192.0.2.10\",\"member\":\"shop\",\"system\":\"mta\",\"list\":\"certified\","    \
	"\"state\":\"suspended\",\"kind\":\"security\",\"since\":\"2026-01-05T08:00:00Z\",\"reason\":" \
	"\"traps\",\"case\":3}"

static void
status_is_a_table_or_json_with_the_single_entry_at_the_top(void **state)
{
	struct world *w = *state;
	json_t *root;

	w->answer = "{\"sources\":[" ENTRY "]}";
	assert_int_equal(RUN(w, "status", "192.0.2.0/24"), 0);
	assert_string_equal(w->parameters, "subject=192.0.2.0/24 ");
	assert_string_equal(w->actor, "ana");
	assert_non_null(strstr(w->out, "192.0.2.10  shop    mta     certified  suspended  security"));
	assert_int_equal(RUN(w, "status", "192.0.2.10", "--json"), 0);
	root = json_loads(w->out, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(root, "state")), "suspended");
	assert_int_equal(json_array_size(json_object_get(root, "sources")), 1);
	json_decref(root);
	assert_int_equal(RUN(w, "status", "a", "b", "--json"), 0);
	root = json_loads(w->out, 0, NULL);
	assert_null(json_object_get(root, "state"));
	assert_int_equal(json_array_size(json_object_get(root, "sources")), 2);
	json_decref(root);
}

static void
status_shows_how_a_source_stands_against_the_thresholds(void **state)
{
	struct world *w = *state;

	w->answer = "{\"sources\":[{\"source\":\"192.0.2.10\",\"state\":\"certified\",\"kind\":null,"
		    "\"standing\":\"partially suspended for post\",\"metrics\":[{\"threshold\":\"complaint\","
		    "\"level\":\"over\",\"words\":\"complaints at post: too many\"}]}]}";
	assert_int_equal(RUN(w, "status", "192.0.2.10"), 0);
	assert_non_null(strstr(w->out, "certified  -     partially suspended for post"));
	assert_non_null(strstr(w->out, "192.0.2.10  complaint  over   complaints at post: too many\n"));

	/* of one source all is told, of several what is near a limit */
	w->answer = "{\"sources\":[{\"source\":\"192.0.2.10\",\"metrics\":["
		    "{\"threshold\":\"complaint\",\"level\":\"warning\",\"words\":\"nearly\"},"
		    "{\"threshold\":\"trap_network\",\"level\":\"good\",\"words\":\"few\"}]}]}";
	assert_int_equal(RUN(w, "status", "192.0.2.10"), 0);
	assert_non_null(strstr(w->out, "few\n"));
	assert_int_equal(RUN(w, "status", "a", "b"), 0);
	assert_non_null(strstr(w->out, "nearly\n"));
	assert_null(strstr(w->out, "few\n"));
	assert_non_null(strstr(w->out, "2 more counts are within their limits"));
	assert_int_equal(RUN(w, "status", "a", "b", "--all"), 0);
	assert_non_null(strstr(w->out, "few\n"));
}

static void
policy_is_a_table(void **state)
{
	struct world *w = *state;

	w->answer = "{\"budget\":10.0,\"wait_days\":7.0,\"thresholds\":[{\"name\":\"complaint\",\"limit\":"
		    "\"0.2 % from 200\",\"days\":30,\"warn\":80,\"scope\":\"receiver\",\"meaning\":\"m\"}]}";
	assert_int_equal(RUN(w, "policy"), 0);
	assert_non_null(strstr(w->out, "at least 7 days"));
	assert_non_null(strstr(w->out, "complaint  -         receiver  0.2 % from 200    30      80  m"));
	assert_int_equal(RUN(w, "policy", "--json"), 0);
	assert_non_null(strstr(w->out, "wait_days"));
}

static void
list_shows_one_list(void **state)
{
	struct world *w = *state;

	w->answer = "{\"sources\":[" ENTRY "]}";
	assert_int_equal(RUN(w, "list", "certified"), 0);
	assert_string_equal(w->parameters, "list=certified ");
	assert_non_null(strstr(w->out, "192.0.2.10"));
	assert_int_equal(RUN(w, "list"), 0);
	assert_string_equal(w->parameters, "list= ");
	w->answer = "{\"sources\":[]}";
	assert_int_equal(RUN(w, "list"), 0);
	assert_non_null(strstr(w->out, "no source yet"));
}

static void
the_daemons_refusal_gives_words_and_exit_code(void **state)
{
	struct world *w = *state;

	for (enum result r = RESULT_NOT_FOUND; r < RESULT_COUNT; r++) {
		if (r == RESULT_BUSY) {
			continue;
		}
		w->refuse = r;
		assert_int_equal(RUN(w, "why", "192.0.2.10"), result_exit(r));
		assert_string_equal(w->err, "vouch: so it is\n");
		assert_string_equal(w->out, "");
	}
}

static void
a_busy_daemon_is_asked_again(void **state)
{
	struct world *w = *state;

	w->busy = 2;
	w->answer = "{\"words\":[\"one\",\"two\\u001b\"]}";
	assert_int_equal(RUN(w, "why", "7"), 0);
	assert_int_equal(w->requests, 3);
	assert_string_equal(w->out, "one\ntwo?\n");
}

static void
no_daemon_is_said_so(void **state)
{
	struct world *w = *state;

	char nothing[160];

	(void)snprintf(nothing, sizeof nothing, "%s", in_folder(w, "nothing"));
	assert_int_equal(RUN(w, "cases", "--socket", nothing), 4);
	assert_non_null(strstr(w->err, "no daemon listens on"));
}

static void
a_verdict_carries_its_actor_and_reason(void **state)
{
	struct world *w = *state;

	w->answer = "{\"moves\":[{\"source\":\"192.0.2.10\",\"from\":\"suspended\","
		    "\"to\":\"revoked\"}],"
		    "\"case\":3,\"cases\":[3]}";
	assert_int_equal(RUN(w, "confirm", "3", "keys", "were", "stolen", "--actor", "bob"), 0);
	assert_string_equal(w->body,
			    "{\"verb\":\"confirm\",\"subject\":\"3\",\"reason\":\"keys were stolen\"}");
	assert_string_equal(w->actor, "bob");
	assert_non_null(strstr(w->out, "192.0.2.10  suspended  revoked\ncase 3\n"));
	assert_int_equal(RUN(w, "confirm", "3"), 2);
	assert_non_null(strstr(w->err, "a reason is wanted"));
	assert_int_equal(RUN(w, "confirm", "3", "a", "--reason", "b"), 2);
	assert_int_equal(RUN(w, "clear", "3", "--reason", "repaired"), 0);
	assert_non_null(strstr(w->body, "\"reason\":\"repaired\""));
	assert_int_equal(RUN(w, "clear", "3", "x", "--role", "analyst"), 0);
	assert_non_null(strstr(w->body, "\"role\":\"analyst\""));
	assert_int_equal(RUN(w, "clear", "3", "x", "--role", "king"), 2);
	assert_int_equal(RUN(w, "clear", "3", "x", "--actor", "a b"), 2);
}

#define LIMIT(unit, wanted)                                                                      \
	"{\"unit\":\"" unit                                                                      \
	"\",\"voice\":\"bayes\",\"unit_years\":17.4,\"limit_years\":205.8,\"calibrated_years\":" \
	"null,\"how\":\"not enough history\",\"unit_years_wanted\":" wanted "}"
#define LEVEL(above, measured, whole)                                     \
	"{\"unit\":\"source\",\"voice\":\"bayes\",\"above_years\":" above \
	",\"promised\":6.4,\"measured\":" measured ",\"upper\":2.3,\"whole\":" whole "}"
#define AUDIT(holds, budget, mean)                                                                          \
	"{\"budget\":10,\"holds\":" holds ",\"budget_that_holds\":" budget                                  \
	",\"limits\":[" LIMIT("source", "473.8") "," LIMIT("member", "23026.5") "],\"levels\":[" LEVEL(     \
	    "1.0", "2.0",                                                                                   \
	    "true") "," LEVEL("2.718", "1.0",                                                               \
			      "true") "," LEVEL("7.389", "0.0",                                             \
						"true") "," LEVEL("403.4", "1.0",                           \
								  "false") "],\"means\":[{\"voice\":"       \
									   "\"bayes\",\"mail\":"            \
									   "\"campaigns\","                 \
									   "\"cohorts\":2781.0,"            \
									   "\"mean\":" mean                 \
									   "}],\"shadow\":{\"percent\":0}," \
									   "\"clocks\":[]}"

static void
an_audit_says_first_whether_the_budget_holds(void **state)
{
	struct world *w = *state;

	w->answer = AUDIT("null", "null", "0.9");
	assert_int_equal(RUN(w, "audit"), 0);
	assert_non_null(strstr(w->out, "Does it hold?\nNot known yet: "));
	assert_non_null(strstr(w->out, " 23026 member-years")); /* and not 2.303e+04 */
	assert_null(strstr(w->out, "e+04"));
	assert_non_null(strstr(w->out, "there are 17."));
	assert_null(strstr(w->out, "A mean above 1"));
	/* of the levels the highest that was reached, and none that an alarm cuts short */
	assert_non_null(strstr(w->out, "2.718"));
	assert_null(strstr(w->out, "7.389"));
	assert_null(strstr(w->out, "403.4"));
	assert_int_equal(RUN(w, "audit", "--all"), 0);
	assert_non_null(strstr(w->out, "7.389"));
	assert_non_null(strstr(w->out, "403.4"));

	w->answer = AUDIT("true", "null", "1.2");
	assert_int_equal(RUN(w, "audit"), 0);
	assert_non_null(strstr(w->out, "Does it hold?\nYes: "));
	assert_non_null(strstr(w->out, "A mean above 1"));
	w->answer = AUDIT("false", "2.54", "0.9");
	assert_int_equal(RUN(w, "audit"), 0);
	assert_non_null(strstr(w->out, "Does it hold?\nNo: "));
	assert_non_null(strstr(w->out, "budget: 2.5\n"));
}

#define SUMS "\"accepted\":1,\"duplicate\":0,\"quarantined\":0,\"observations\":7,\"unknown\":0"

static void
a_long_file_goes_up_in_chunks_and_arrives_whole(void **state)
{
	struct world *w = *state;
	const char *header = "time,source,signal,count";
	FILE *f = fopen(in_folder(w, "file"), "w");
	struct buffer all;
	char file[160], line[128];

	assert_non_null(f);
	buffer_init(&all, 64U << 20);
	buffer_format(&all, "%s\n", header);
	for (int i = 0; i < ROWS; i++) {
		(void)snprintf(line, sizeof line, "2026-01-05T08:00:00Z,192.0.2.10,delivered,%05d\n", i);
		buffer_put_text(&all, text_of(line));
	}
	assert_int_equal(fwrite(all.p, 1, all.n, f), all.n);
	fclose(f);
	w->answer = "{" SUMS ",\"errors\":[]}";
	(void)snprintf(file, sizeof file, "%s", in_folder(w, "file"));
	assert_int_equal(RUN(w, "ingest", file), 0);
	assert_true(text_equal(buffer_text(&w->reports), buffer_text(&all)));
	assert_int_equal(w->requests, all.n / CHUNK_BYTES_MAX + 1);
	assert_string_equal(w->out, "3 accepted, 0 duplicate, 0 quarantined, 21 observations, 0 unknown\n");
	/* a row has 48 bytes: 21844 fit behind the header row, then 21845 */
	assert_string_equal(w->heads, "1:;21846:time,source,signal,count;43691:time,source,signal,count;");
	buffer_free(&all);
}

static void
quarantined_rows_are_named_and_end_in_a_code(void **state)
{
	struct world *w = *state;
	char file[160], nothing[160];

	put_file(w, "file", "{\"signal\":1}\n");
	(void)snprintf(nothing, sizeof nothing, "%s", in_folder(w, "nothing"));
	(void)snprintf(file, sizeof file, "%s", in_folder(w, "file"));
	w->answer =
	    "{\"accepted\":1,\"duplicate\":0,\"quarantined\":1,\"observations\":2,\"unknown\":0,"
	    "\"errors\":[{\"name\":\"f.csv\",\"line\":7,\"field\":\"count\",\"error\":\"not a number\"}]}";
	assert_int_equal(RUN(w, "ingest", file), 2);
	assert_string_equal(w->err, "f.csv:7: count: not a number\n");
	assert_non_null(strstr(w->parameters, "format=jsonl line=1"));
	assert_int_equal(RUN(w, "ingest", file, "--reporter", "big mail"), 2);
	assert_non_null(strstr(w->parameters, "reporter=big mail "));
	assert_int_equal(RUN(w, "ingest", "--json", nothing, file), 1);
	assert_non_null(strstr(w->out, "\"quarantined\": 1"));
	assert_non_null(strstr(w->err, "No such file"));
	assert_int_equal(RUN(w, "ingest", file, "--format", "xml"), 2);
}

static void
import_shows_first_and_applies_only_when_told(void **state)
{
	struct world *w = *state;
	char file[160];

	put_file(w, "file", "members: []\n");
	(void)snprintf(file, sizeof file, "%s", in_folder(w, "file"));
	w->answer = "{\"changes\":[\"+ source 192.0.2.10\"],\"applied\":true}";
	assert_int_equal(RUN(w, "import", file), 3); /* no terminal to ask */
	assert_non_null(strstr(w->parameters, "apply=0"));
	assert_int_equal(w->requests, 1);
	assert_string_equal(w->out, "+ source 192.0.2.10\n");
	assert_int_equal(RUN(w, "import", file, "--dry-run"), 0);
	assert_int_equal(w->requests, 2);
	assert_int_equal(RUN(w, "import", file, "--yes"), 0);
	assert_int_equal(w->requests, 4);
	assert_non_null(strstr(w->parameters, "apply=1"));
	assert_string_equal(w->body, "members: []\n");
	w->answer = "{\"changes\":[],\"applied\":false}";
	assert_int_equal(RUN(w, "import", file, "--yes"), 0);
	assert_string_equal(w->out, "nothing to change\n");
	assert_int_equal(w->requests, 5);
}

static void
a_change_is_shown_and_a_removal_waits_for_a_yes(void **state)
{
	struct world *w = *state;

	w->answer = "{\"changes\":[\"+ source 192.0.2.1 (a, s)\"],\"applied\":true}";
	assert_int_equal(RUN(w, "add", "source", "192.0.2.1", "system=s", "declared.from=a=b"), 0);
	assert_string_equal(w->body, "{\"op\":\"add\",\"thing\":\"source\",\"id\":\"192.0.2.1\",\"set\":"
				     "{\"system\":\"s\",\"declared.from\":\"a=b\"}}");
	assert_string_equal(w->parameters, "apply=1 ");
	assert_string_equal(w->out, "+ source 192.0.2.1 (a, s)\napplied 1 change\n");
	assert_int_equal(RUN(w, "change", "source", "192.0.2.1", "a=1", "--dry-run"), 0);
	assert_string_equal(w->parameters, "apply=0 ");
	assert_int_equal(RUN(w, "remove", "source", "192.0.2.1"), 3);
	assert_string_equal(w->parameters, "apply=0 ");
	assert_int_equal(RUN(w, "remove", "source", "192.0.2.1", "--yes", "--json"), 0);
	assert_string_equal(w->parameters, "apply=1 ");
	assert_int_equal(RUN(w, "add", "source", "192.0.2.1", "a=1", "a=2"), 2);
	assert_int_equal(RUN(w, "add", "source", "192.0.2.1", "a"), 2);
	assert_int_equal(RUN(w, "remove", "source"), 2);
	w->answer = "members:\n  - id: a\n    name: \"A B\"\n    systems: []\n";
	assert_int_equal(RUN(w, "programme"), 0);
	assert_string_equal(w->out, w->answer);
	assert_int_equal(RUN(w, "programme", "--json"), 0);
	assert_non_null(strstr(w->out, "\"name\": \"A B\",\n      \"systems\": []"));
}

static void
init_writes_once(void **state)
{
	struct world *w = *state;
	char folder[160];
	struct stat st;

	(void)snprintf(folder, sizeof folder, "%s", in_folder(w, "d"));
	assert_int_equal(RUN(w, "init", folder), 0);
	assert_int_equal(stat(in_folder(w, "d/vouch-data"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(in_folder(w, "d/vouch.yaml"), &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(RUN(w, "init", folder), 3);
	assert_non_null(strstr(w->err, "is there already"));
}

static void
quarantine_has_three_actions(void **state)
{
	struct world *w = *state;
	json_t *root;

	w->answer = "{\"quarantine\":[{\"id\":5,\"time\":\"t\",\"door\":\"http\",\"name\":\"f\",\"line\":7,"
		    "\"error\":\"e\",\"status\":\"waiting\",\"bytes\":12}]}";
	assert_int_equal(RUN(w, "quarantine", "list"), 0);
	assert_non_null(strstr(w->out, " 5  t     http  f        7  waiting     12  e\n"));
	w->answer = "raw bytes";
	assert_int_equal(RUN(w, "quarantine", "show", "5"), 0);
	assert_string_equal(w->out, "raw bytes");
	assert_int_equal(RUN(w, "quarantine", "show", "5", "--json"), 0);
	root = json_loads(w->out, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(root, "text")), "raw bytes");
	assert_string_equal(json_string_value(json_object_get(root, "base64")), "cmF3IGJ5dGVz");
	assert_int_equal(json_integer_value(json_object_get(root, "bytes")), 9);
	json_decref(root);
	w->answer = "\xff";
	assert_int_equal(RUN(w, "quarantine", "show", "5", "--json"), 0);
	assert_non_null(strstr(w->out, "\"text\": null"));
	w->answer = "{" SUMS "}";
	assert_int_equal(RUN(w, "quarantine", "retry", "5"), 0);
	assert_int_equal(RUN(w, "quarantine", "show"), 2);
	assert_int_equal(RUN(w, "quarantine", "drop", "5"), 2);
}

static void
notices_are_listed_without_addresses_and_shown_with_them(void **state)
{
	struct world *w = *state;

	w->answer =
	    "{\"notices\":[{\"id\":5,\"created\":\"t\",\"channel\":\"mail\",\"kind\":\"suspended\","
	    "\"about\":\"a/b\",\"status\":\"waiting\",\"tries\":2,\"due\":\"u\",\"error\":\"550 e\"}]}";
	assert_int_equal(RUN(w, "notices"), 0);
	assert_string_equal(w->parameters, "status=waiting ");
	assert_non_null(
	    strstr(w->out, " 5  t       mail  suspended  a/b    waiting      2  u          550 e\n"));
	assert_int_equal(RUN(w, "notices", "list", "--all"), 0);
	assert_string_equal(w->parameters, "");
	w->answer =
	    "{\"id\":5,\"recipient\":\"ops@a.example\",\"content\":\"Subject: s\\r\\n\\r\\nbody\\r\\n\"}";
	assert_int_equal(RUN(w, "notices", "show", "5"), 0);
	assert_non_null(strstr(w->out, "recipient: ops@a.example\n"));
	assert_non_null(strstr(w->out, "Subject: s\n\nbody\n"));
	w->answer = "{\"id\":6}";
	assert_int_equal(RUN(w, "notices", "test", "ops@a.example"), 0);
	assert_string_equal(w->body, "{\"to\":\"ops@a.example\"}");
	assert_string_equal(w->out, "queued: vouch notices show 6\n");
	assert_int_equal(RUN(w, "notices", "retry", "6"), 0);
	w->answer = "{\"member\":\"a\",\"secret\":\"whsec_x\"}";
	assert_int_equal(RUN(w, "notices", "secret", "a"), 0);
	assert_string_equal(w->parameters, "member=a ");
	assert_string_equal(w->out, "whsec_x\n");
	assert_int_equal(RUN(w, "notices", "show"), 2);
	assert_int_equal(RUN(w, "notices", "drop", "5"), 2);
}

/* A store with three records, made in folder d. */
static void
make_store(const struct world *w)
{
	struct fault fault = { .text = "" };
	struct journal *j;
	struct journal_tx tx;

	assert_int_equal(mkdir(in_folder(w, "d"), 0700), 0);
	assert_int_equal(journal_sqlite_open(in_folder(w, "d"), JOURNAL_WRITE, &j, &fault), RESULT_OK);
	tx = journal_begin(j);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(journal_append(&tx, RECORD_TICK, (struct instant){ i * 1000 }, TEXT("")), i);
	}
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	journal_close(j);
}

static void
verify_names_the_first_damaged_record(void **state)
{
	struct world *w = *state;
	char folder[160];
	sqlite3 *db;

	(void)snprintf(folder, sizeof folder, "%s", in_folder(w, "d"));
	assert_int_equal(RUN(w, "verify", folder), 1);
	make_store(w);
	assert_int_equal(RUN(w, "verify", folder), 0);
	assert_non_null(strstr(w->out, "3 records, the chain is whole"));
	assert_int_equal(sqlite3_open(in_folder(w, "d/journal.db"), &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "UPDATE records SET time = time + 1 WHERE seq = 2", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(RUN(w, "verify", folder), 5);
	assert_int_equal(strncmp(w->out, "records 2: ", 11), 0);
	assert_int_equal(RUN(w, "verify", folder, "--json"), 5);
	assert_non_null(strstr(w->out, "\"whole\": false"));
	assert_non_null(strstr(w->out, "\"row\": 2"));
	assert_int_equal(RUN(w, "replay", folder), 5);
	assert_non_null(strstr(w->err, "the journal cannot be read behind record 1"));
	assert_int_equal(RUN(w, "reporters", folder), 5);
	assert_non_null(strstr(w->err, "the journal cannot be read behind record 1: "));
	put_file(w, "d/journal.db", "this is no database, and it is long enough to be looked at as one");
	assert_int_equal(RUN(w, "verify", folder), 5);
	assert_int_equal(RUN(w, "verify", folder, "--json"), 5);
	assert_non_null(strstr(w->out, "\"whole\": false"));
}

/* A restart begins with the snapshot: one that the records do not give would change the list, and no record would say so. */
static void
replay_compares_the_snapshots_too(void **state)
{
	struct world *w = *state;
	struct fold_sink sink = { .context = NULL };
	struct fault fault = { .text = "" };
	struct journal *j;
	struct journal_tx tx;
	struct buffer good;
	struct fold *fold;
	char folder[160];

	(void)snprintf(folder, sizeof folder, "%s", in_folder(w, "d"));
	make_store(w);
	assert_int_equal(RUN(w, "replay", folder), 0);
	fold = fold_open(&(struct fold_policy){ .budget = FOLD_BUDGET_AT_FIRST }, &sink);
	assert_int_equal(
	    fold_apply(fold, &(struct record){ .seq = 1, .time = { 1000 }, .kind = RECORD_TICK }, &fault),
	    RESULT_OK);
	buffer_init(&good, 1 << 20);
	for (int bad = 0; bad <= 1; bad++) {
		buffer_clear(&good);
		fold_save(fold, &good);
		good.p[good.n - 1] ^= (uint8_t)bad;
		assert_int_equal(journal_sqlite_open(folder, JOURNAL_WRITE, &j, &fault), RESULT_OK);
		tx = journal_begin(j);
		journal_put_snapshot(&tx, (uint64_t)bad + 2, buffer_text(&good));
		assert_int_equal(journal_commit(&tx), RESULT_OK);
		journal_close(j);
		assert_int_equal(RUN(w, "verify", folder), 0);
		assert_int_equal(RUN(w, "replay", folder), bad ? 5 : 0);
	}
	assert_non_null(strstr(w->err, "the snapshot at record 3 is not what the journal gives there"));
	/* another past is compared with nothing */
	assert_int_equal(RUN(w, "replay", folder, "--budget", "1"), 0);
	assert_int_equal(RUN(w, "replay", folder, "--budget", "1,10"), 0);
	assert_non_null(strstr(w->out, "\nrecorded"));
	assert_int_equal(RUN(w, "replay", folder, "--budget", "1,"), 0);
	assert_string_equal(w->err, "");
	assert_int_equal(RUN(w, "replay", folder, "--budget", "1", "--progress"), 0);
	assert_string_equal(w->err, "replay 100 %\n");
	assert_int_equal(RUN(w, "verify", folder, "--progress"), 0);
	assert_non_null(strstr(w->err, "verify 100 %\n"));
	assert_int_equal(RUN(w, "replay", folder, "--budget", "1,,2"), 2);
	assert_int_equal(RUN(w, "replay", folder, "--from", "2026-01-05"), 2);
	assert_int_equal(RUN(w, "replay", folder, "--budget", "1", "--from", "yesterday"), 2);
	assert_int_equal(
	    RUN(w, "replay", folder, "--budget", "1", "--from", "2026-01-05", "--to", "2026-01-05"), 2);
	assert_int_equal(RUN(w, "replay", folder, "--policy", "/nowhere/none.yaml"), 1);
	buffer_free(&good);
	fold_close(fold);
}

static size_t
times(const char *where, const char *what)
{
	size_t n = 0;

	for (const char *at = where; (at = strstr(at, what)) != NULL; at += strlen(what)) {
		n++;
	}
	return n;
}

/* Each file with its own budget, or with each that is given; one alone is an object, several are an array. */
static void
replay_tries_every_policy_that_is_named(void **state)
{
	struct world *w = *state;
	char folder[160], files[400], many[160];

	(void)snprintf(folder, sizeof folder, "%s", in_folder(w, "d"));
	make_store(w);
	put_file(w, "mild.yaml", "budget: 50\n");
	put_file(w, "strict.yaml", "budget: 2\n");
	(void)snprintf(files, sizeof files, "%s,", in_folder(w, "mild.yaml"));
	(void)snprintf(files + strlen(files), sizeof files - strlen(files), "%s",
		       in_folder(w, "strict.yaml"));
	assert_int_equal(RUN(w, "replay", folder, "--json", "--policy", files), 0);
	assert_int_equal(w->out[0], '[');
	assert_int_equal(times(w->out, "\"policy\": "), 2);
	assert_int_equal(times(w->out, "\"budget\": 50.0"), 1);
	assert_int_equal(times(w->out, "\"budget\": 2.0"), 1);
	assert_true(strstr(w->out, "mild.yaml") < strstr(w->out, "strict.yaml"));
	assert_int_equal(RUN(w, "replay", folder, "--json", "--policy", files, "--budget", "1,3,9"), 0);
	assert_int_equal(times(w->out, "\"policy\": "), 6);
	assert_int_equal(times(w->out, "\"budget\": 3.0"), 2);
	assert_int_equal(times(w->out, "\"budget\": 50.0"), 0);
	assert_int_equal(RUN(w, "replay", folder, "--policy", files), 0);
	assert_int_equal(times(w->out, ".yaml"), 2);
	assert_int_equal(RUN(w, "replay", folder, "--json", "--policy", in_folder(w, "mild.yaml")), 0);
	assert_int_equal(w->out[0], '{');
	for (int i = 0; i < 64; i++) { /* and 65 are too many */
		(void)snprintf(many + 2 * i, sizeof many - 2U * (size_t)i, "1,");
	}
	assert_int_equal(RUN(w, "replay", folder, "--budget", many), 0);
	(void)snprintf(many + 128, sizeof many - 128, "1");
	assert_int_equal(RUN(w, "replay", folder, "--budget", many), 2);
	(void)snprintf(files + strlen(files), sizeof files - strlen(files), ",%s", in_folder(w, "none.yaml"));
	assert_int_equal(RUN(w, "replay", folder, "--policy", files), 1);
}

static void
help_and_completion_know_every_verb(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < VERB_COUNT; i++) {
		assert_int_equal(RUN(w, "help"), 0);
		assert_non_null(strstr(w->out, args_verb_name((enum verb)i)));
		assert_int_equal(RUN(w, "completion", "bash"), 0);
		assert_non_null(strstr(w->out, args_verb_name((enum verb)i)));
		assert_int_equal(RUN(w, args_verb_name((enum verb)i), "--help"), 0);
		assert_non_null(strstr(w->out, args_verb_help((enum verb)i)));
	}
	assert_int_equal(w->requests, 0);
}

int
main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		EACH(status_is_a_table_or_json_with_the_single_entry_at_the_top),
		EACH(status_shows_how_a_source_stands_against_the_thresholds),
		EACH(policy_is_a_table),
		EACH(list_shows_one_list),
		EACH(the_daemons_refusal_gives_words_and_exit_code),
		EACH(a_busy_daemon_is_asked_again),
		EACH(no_daemon_is_said_so),
		EACH(a_verdict_carries_its_actor_and_reason),
		EACH(an_audit_says_first_whether_the_budget_holds),
		EACH(a_long_file_goes_up_in_chunks_and_arrives_whole),
		EACH(quarantined_rows_are_named_and_end_in_a_code),
		EACH(import_shows_first_and_applies_only_when_told),
		EACH(a_change_is_shown_and_a_removal_waits_for_a_yes),
		EACH(init_writes_once),
		EACH(quarantine_has_three_actions),
		EACH(notices_are_listed_without_addresses_and_shown_with_them),
		EACH(verify_names_the_first_damaged_record),
		EACH(replay_compares_the_snapshots_too),
		EACH(replay_tries_every_policy_that_is_named),
		EACH(help_and_completion_know_every_verb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
