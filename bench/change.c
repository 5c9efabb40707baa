/*
 * bench_change FOLDER [SOURCES]: from a decision to the changed answer, through the whole daemon with 1,000,000 certified sources.
 *
 * The store, the pipeline and the DNS threads are those of vouchd, in one process on the first core; the asker is on
 * the last. An operator suspends one source after the other: the command is recorded, folded, committed to disk, the list
 * published; measured is the time until the first changed answer, asked every 100 us, from the command and from the commit. The
 * peer is rbldnsd with the same entries: its file has the change already, it gets SIGHUP (left to itself it looks once a
 * minute). Then how long a restart takes, and what the daemon holds in memory.
 */
#include "base/histogram.h"
#include "base/log.h"
#include "common/server.h"
#include "list/list.h"
#include "serve/dns.h"
#include "vouchd/command.h"
#include "vouchd/directory.h"
#include "vouchd/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOURCES        1000000U
#define SYSTEM_SOURCES 1000U
#define MEMBER_SOURCES 20000U
#define SOURCES_MIN    200000U
#define CHANGES        1000U /* so that ten lie behind the 99th of 100 */
#define PEER_CHANGES   15U

static const char *folder;

/* The daemon without its doors. */
struct served {
	struct arena arena;
	struct config config;
	struct list *list;
	struct directory *directory;
	struct pipeline *pipeline;
};

/* A record of an input, handed to the writer. */
struct input {
	struct job job;
	enum record_kind kind;
	struct text payload;
	const struct pipeline *pipeline;
	uint64_t published_ns; /* what changes took before */
	int reports;           /* where the time of the commit is written; -1 */
};

static void
stop(const char *doing, const struct fault *fault)
{
	(void)fprintf(stderr, "bench_change: %s: %s\n", doing, fault->text);
	exit(1);
}

static void
open_daemon(struct served *d)
{
	struct fault fault = { { 0 } };
	struct list_options options = { 0 };
	char yaml[4200];

	(void)snprintf(yaml, sizeof yaml,
		       "data: %s\nlists:\n  - name: certified\n    zone: " SERVER_ZONE
		       "\n    code: 127.0.0.2\n",
		       folder);
	if (config_read(text_of(yaml), "bench", &d->arena, &d->config, &fault) != RESULT_OK) {
		stop("configuration", &fault);
	}
	options = (struct list_options){ .zone = d->config.lists[0].zone,
					 .code = d->config.lists[0].code,
					 .txt = d->config.lists[0].txt,
					 .ttl = 60,
					 .negative_ttl = 60 };
	d->directory = directory_new();
	if (list_open(&options, 1, &d->list, &fault) != RESULT_OK ||
	    pipeline_open(&d->config, d->list, d->directory, &d->pipeline, &fault) != RESULT_OK) {
		stop("opening", &fault);
	}
}

static void
close_daemon(struct served *d)
{
	pipeline_close(d->pipeline);
	directory_free(d->directory);
	list_close(d->list);
	arena_clear(&d->arena);
	*d = (struct served){ 0 };
}

/* ---- inputs */

static void
run_input(struct job *job, struct pipeline *p)
{
	struct input *i = (struct input *)job;
	uint64_t seq;

	i->pipeline = p;
	i->published_ns = pipeline_changes(p)->sum_ns;
	job->result = pipeline_append(p, i->kind, i->payload, &seq, &job->fault);
}

/* On the writer's thread, right after the list was published. */
static void
report_commit(struct job *job)
{
	struct input *i = (struct input *)job;
	int64_t took = (int64_t)(pipeline_changes(i->pipeline)->sum_ns - i->published_ns);
	int64_t committed = instant_monotonic_ns() - took;

	check(job->result == RESULT_OK);
	check(write(i->reports, &committed, sizeof committed) == sizeof committed);
}

static void
append(struct served *d, enum record_kind kind, const struct buffer *payload)
{
	struct input i = { .job = { .run = run_input, .writes = true },
			   .kind = kind,
			   .payload = buffer_text(payload) };

	if (payload->full || pipeline_call(d->pipeline, &i.job) != RESULT_OK) {
		stop("an input", &i.job.fault);
	}
}

static void
command_of(struct buffer *b, enum event event, enum decide_subject subject, uint32_t id)
{
	const struct command c = { .decide = { .event = event,
					       .subject = subject,
					       .id = id,
					       .role = ACTOR_OPERATOR,
					       .actor = TEXT("bench"),
					       .reason = TEXT("measured") } };

	buffer_clear(b);
	command_write(b, &c);
}

/* Flow style: a programme of a million sources fits the bound of a file. */
static void
write_programme(struct buffer *b, uint32_t sources)
{
	buffer_format(b, "members:\n");
	for (uint32_t i = 0; i < sources; i++) {
		uint32_t a = set_ipv4(i);

		if (i % MEMBER_SOURCES == 0) {
			buffer_format(b, "- {id: m%u, name: M, systems: [\n", i / MEMBER_SOURCES);
		}
		if (i % SYSTEM_SOURCES == 0) {
			buffer_format(b, "{id: s%u, sources: [", i / SYSTEM_SOURCES);
		}
		buffer_format(b, "%u.%u.%u.%u,", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
		if ((i + 1) % SYSTEM_SOURCES == 0 || i + 1 == sources) {
			buffer_format(b, "]},\n");
		}
		if ((i + 1) % MEMBER_SOURCES == 0 || i + 1 == sources) {
			buffer_format(b, "]}\n");
		}
	}
	check(!b->full);
}

static void
fill(struct served *d, uint32_t sources)
{
	struct registry *empty = registry_open();
	struct registry_plan plan;
	struct arena arena = { 0 };
	struct fault fault = { { 0 } };
	struct buffer yaml, b;

	buffer_init(&yaml, PROGRAMME_BYTES_MAX);
	buffer_init(&b, RECORD_BYTES_MAX);
	write_programme(&yaml, sources);
	if (registry_plan(empty, buffer_text(&yaml), "bench.yaml", &arena, &plan, &fault) != RESULT_OK) {
		stop("the programme", &fault);
	}
	registry_plan_write(&plan, TEXT("bench"), &b);
	append(d, RECORD_REGISTRY, &b);
	for (uint32_t m = 0; m * MEMBER_SOURCES < sources; m++) {
		command_of(&b, EVENT_ACCEPT, DECIDE_MEMBER, m);
		append(d, RECORD_COMMAND, &b);
	}
	buffer_free(&yaml);
	buffer_free(&b);
	arena_clear(&arena);
	registry_close(empty);
}

/* In a process of its own: what the filling leaves behind in the heap is not the daemon's. */
static void
fill_apart(uint32_t sources)
{
	struct served d = { 0 };
	int status;
	pid_t child = fork();

	check(child >= 0);
	if (child == 0) {
		open_daemon(&d);
		fill(&d, sources);
		close_daemon(&d);
		_exit(0);
	}
	check(waitpid(child, &status, 0) == child && status == 0);
}

/* ---- the server */

/* One source of each system in turn, then the next of each. */
static uint32_t
victim(uint32_t next, uint32_t sources)
{
	uint32_t systems = sources / SYSTEM_SOURCES;

	return next % systems * SYSTEM_SOURCES + next / systems;
}

static void
run_daemon(const struct server_ends *ends, enum set_id set, uint32_t sources)
{
	static const char *const addresses[] = { "127.0.0.1:0" };
	struct served d = { 0 };
	struct fault fault = { { 0 } };
	struct buffer b;
	struct dns *dns;
	int64_t began;
	uint16_t port;
	char byte;

	(void)set; /* single addresses */
	fill_apart(sources);
	began = instant_monotonic_ns();
	open_daemon(&d);
	printf("{\"bench\":\"change\",\"what\":\"restart to the published list, ms\",\"value\":%.0f,"
	       "\"sources\":%u}\n",
	       (double)(instant_monotonic_ns() - began) / 1e6, sources);
	(void)fflush(stdout);
	if (dns_open(
		&(struct dns_options){
		    .addresses = addresses, .address_count = 1, .list = d.list, .workers = 1 },
		&dns, &fault) != RESULT_OK) {
		stop("DNS", &fault);
	}
	port = dns_port(dns, 0);
	check(write(ends->port, &port, sizeof port) == sizeof port);
	buffer_init(&b, WORDS_BYTES_MAX + 1024);
	for (uint32_t next = 0; read(ends->commands, &byte, 1) == 1; next++) {
		static struct input i;

		command_of(&b, EVENT_SUSPEND, DECIDE_SOURCE, victim(next, sources));
		i = (struct input){ .job = { .run = run_input, .done = report_commit, .writes = true },
				    .kind = RECORD_COMMAND,
				    .payload = buffer_text(&b),
				    .reports = ends->reports };
		check(pipeline_submit(d.pipeline, &i.job) == RESULT_OK);
	}
}

/* ---- measuring */

struct changes {
	double command_ms[CHANGES], commit_ms[CHANGES];
	int64_t silence_ns;
};

static void
measure(struct server *s, struct changes *c, uint32_t count, bool listed)
{
	int fd = server_dial(s);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t entry = listed ? s->entries + i : victim(i, s->entries);
		int64_t commit_ns, ns = server_change(s, fd, entry, listed, i, &c->silence_ns, &commit_ns);

		c->command_ms[i] = (double)ns / 1e6;
		c->commit_ms[i] = (double)commit_ns / 1e6;
	}
	(void)close(fd);
}

static void
print_row(const char *what, const struct server *own, double value, bool has_peer, double peer_value)
{
	printf("{\"bench\":\"change\",\"what\":\"%s\",\"value\":%.3f,\"sources\":%u", what, value,
	       own->entries);
	if (has_peer) {
		printf(",\"peer\":\"rbldnsd, SIGHUP\",\"peer_value\":%.3f", peer_value);
	}
	printf("}\n");
}

static void
print_all(const struct server *own, struct changes *is, bool has_peer, struct changes *other)
{
	double median = server_quantile(other->command_ms, PEER_CHANGES, 0.5),
	       longest = server_quantile(other->command_ms, PEER_CHANGES, 1);

	print_row("commit to changed answer, ms, median", own, server_quantile(is->commit_ms, CHANGES, 0.5),
		  has_peer, median);
	print_row("commit to changed answer, ms, p99", own, server_quantile(is->commit_ms, CHANGES, 0.99),
		  has_peer, longest);
	print_row("command to changed answer, ms, median", own, server_quantile(is->command_ms, CHANGES, 0.5),
		  has_peer, median);
	print_row("command to changed answer, ms, p99", own, server_quantile(is->command_ms, CHANGES, 0.99),
		  has_peer, longest);
	print_row("longest silence during the changes, ms", own, (double)is->silence_ns / 1e6, has_peer,
		  (double)other->silence_ns / 1e6);
	printf("{\"bench\":\"change\",\"what\":\"bytes resident per source, whole daemon\",\"value\":%.0f,"
	       "\"sources\":%u}\n",
	       own->resident_mib * (1 << 20) / own->entries, own->entries);
}

int
main(int argc, char **argv)
{
	uint32_t sources = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : SOURCES;
	struct server own = { .name = "vouch", .entries = sources }, peer = { .entries = sources };
	static struct changes is, other;
	bool has_peer;

	if (argc < 2 || sources < SOURCES_MIN || sources > SOURCES) {
		(void)fprintf(stderr, "usage: bench_change FOLDER [SOURCES] (%u to %u)\n", SOURCES_MIN,
			      SOURCES);
		return 2;
	}
	log_set_level(LOG_ERROR);
	folder = argv[1];
	server_pin_last();
	server_start(&own, run_daemon);
	check(server_await(&own));
	measure(&own, &is, CHANGES, false);
	server_stop(&own);
	has_peer = server_start_peer(&peer, "rbldnsd");
	if (has_peer) {
		measure(&peer, &other, PEER_CHANGES, true);
		server_stop(&peer);
	}
	print_all(&own, &is, has_peer, &other);
	return 0;
}
