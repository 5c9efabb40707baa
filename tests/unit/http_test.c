/* serve/http.h over real sockets: rights, routes, bounds, and clients that misbehave. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "serve/http.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define REPLY_BYTES 65536

struct world {
	char folder[64];
	char control[96];
	struct http *http;
	atomic_int calls;
};

/* Says back what it was told, so that a test reads what a handler sees. */
static void
echo(void *context, const struct http_request *q, struct http_reply *reply)
{
	struct world *w = context;

	w->calls++;
	http_reply_json(reply, json_pack("{s:i,s:s%,s:s%,s:s%,s:s%,s:i}", "right", q->right, "key", q->key.p,
					 q->key.n, "actor", q->actor.n > 0 ? q->actor.p : "", q->actor.n,
					 "reporter", q->reporter.n > 0 ? q->reporter.p : "", q->reporter.n,
					 "subject", http_parameter(q, "subject").p,
					 http_parameter(q, "subject").n, "bytes", (int)q->body.n));
}

static void
plain(void *context, const struct http_request *q, struct http_reply *reply)
{
	(void)context;
	(void)q;
	reply->type = "text/plain";
	buffer_put_text(&reply->body, TEXT("hello\n"));
}

static void
fails(void *context, const struct http_request *q, struct http_reply *reply)
{
	(void)context;
	(void)q;
	http_reply_fault_at(reply, RESULT_BAD_INPUT, TEXT("not a \xff number"), 7, TEXT("count"));
}

static enum http_right
authorise(void *context, struct text token, char name[NAME_BYTES_MAX + 1])
{
	(void)context;
	if (text_equal(token, TEXT("reporter-token"))) {
		(void)snprintf(name, NAME_BYTES_MAX + 1, "bigmail");
		return HTTP_RIGHT_REPORTER;
	}
	if (text_equal(token, TEXT("operator-token"))) {
		(void)snprintf(name, NAME_BYTES_MAX + 1, "ana");
		return HTTP_RIGHT_OPERATOR;
	}
	return HTTP_RIGHT_ANY;
}

static enum result
open_world(struct world *w, struct span complete, struct fault *fault)
{
	const char *addresses[] = { "127.0.0.1:0" };
	struct http_options o = {
		.addresses = addresses,
		.address_count = 1,
		.control = w->control,
		.handlers = { [HTTP_HEALTH] = plain,
			      [HTTP_REPORTS] = echo,
			      [HTTP_SOURCE] = echo,
			      [HTTP_STATUS] = echo,
			      [HTTP_RETRY] = echo,
			      [HTTP_CASES] = fails },
		.authorise = authorise,
		.context = w,
		.complete = complete,
	};

	return http_open(&o, &w->http, fault);
}

static int
setup_with(void **state, struct span complete)
{
	struct world *w = calloc(1, sizeof *w);
	struct fault fault = { .text = "" };

	(void)snprintf(w->folder, sizeof w->folder, "/tmp/vouch_http_XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	(void)snprintf(w->control, sizeof w->control, "%s/control.sock", w->folder);
	if (open_world(w, complete, &fault) != RESULT_OK) {
		fail_msg("%s", fault.text);
	}
	*state = w;
	return 0;
}

static int
setup(void **state)
{
	return setup_with(state, (struct span){ 0 });
}

static int
setup_impatient(void **state)
{
	return setup_with(state, (struct span){ 300 });
}

static int
teardown(void **state)
{
	struct world *w = *state;

	http_close(w->http);
	unlink(w->control);
	rmdir(w->folder);
	free(w);
	return 0;
}

static int
dial_tcp(const struct world *w)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(http_port(w->http, 0)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static int
dial_control(const struct world *w)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(a.sun_path, sizeof a.sun_path, "%s", w->control);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static void
send_text(int fd, const char *s)
{
	assert_int_equal(send(fd, s, strlen(s), MSG_NOSIGNAL), (ssize_t)strlen(s));
}

/* All until the server closes; the status, or 0 when it says nothing. */
static int
read_reply(int fd, char reply[REPLY_BYTES])
{
	size_t n = 0;
	ssize_t got;

	while (n < REPLY_BYTES - 1 && (got = recv(fd, reply + n, REPLY_BYTES - 1 - n, 0)) > 0) {
		n += (size_t)got;
	}
	reply[n] = '\0';
	close(fd);
	return strncmp(reply, "HTTP/1.1 ", 9) == 0 ? (int)strtol(reply + 9, NULL, 10) : 0;
}

static int
ask(int fd, const char *request, char reply[REPLY_BYTES])
{
	send_text(fd, request);
	return read_reply(fd, reply);
}

#define END      "Host: vouch\r\nConnection: close\r\n\r\n"
#define REPORTER "Authorization: Bearer reporter-token\r\n"
#define OPERATOR "authorization: bearer operator-token\r\n"

static void
anybody_may_ask_for_health(void **state)
{
	char reply[REPLY_BYTES];

	assert_int_equal(ask(dial_tcp(*state), "GET /healthz HTTP/1.1\r\n" END, reply), 200);
	assert_non_null(strstr(reply, "\r\n\r\nhello\n"));
	assert_non_null(strstr(reply, "text/plain"));
}

static void
head_has_the_headers_and_no_body(void **state)
{
	char reply[REPLY_BYTES];

	assert_int_equal(ask(dial_tcp(*state), "HEAD /healthz HTTP/1.1\r\n" END, reply), 200);
	assert_non_null(strstr(reply, "Content-Length: 6\r\n"));
	assert_null(strstr(reply, "hello"));
}

static void
rights_follow_the_token(void **state)
{
	struct world *w = *state;
	char reply[REPLY_BYTES];

	assert_int_equal(ask(dial_tcp(w), "GET /v1/status HTTP/1.1\r\n" END, reply), 401);
	assert_non_null(strstr(reply, "WWW-Authenticate: Bearer"));
	assert_non_null(strstr(reply, "{\"error\":"));
	assert_int_equal(
	    ask(dial_tcp(w), "GET /v1/status HTTP/1.1\r\nAuthorization: Bearer x\r\n" END, reply), 401);
	assert_int_equal(ask(dial_tcp(w), "GET /v1/status HTTP/1.1\r\nAuthorization: Basic x\r\n" END, reply),
			 401);
	assert_int_equal(ask(dial_tcp(w), "GET /v1/status HTTP/1.1\r\n" REPORTER END, reply), 403);
	assert_int_equal(w->calls, 0);
	assert_int_equal(ask(dial_tcp(w), "GET /v1/status HTTP/1.1\r\n" OPERATOR END, reply), 200);
	assert_non_null(strstr(reply, "\"actor\":\"ana\""));
	assert_int_equal(
	    ask(dial_tcp(w), "POST /v1/reports HTTP/1.1\r\nContent-Length: 3\r\n" REPORTER END "abc", reply),
	    200);
	assert_non_null(strstr(reply, "\"reporter\":\"bigmail\""));
	assert_non_null(strstr(reply, "\"actor\":\"\""));
	assert_non_null(strstr(reply, "\"bytes\":3"));
}

static void
a_name_in_a_header_counts_on_the_control_socket_only(void **state)
{
	struct world *w = *state;
	char reply[REPLY_BYTES];

	assert_int_equal(ask(dial_control(w), "GET /v1/status HTTP/1.1\r\nX-Vouch-Actor: bob\r\n" END, reply),
			 200);
	assert_non_null(strstr(reply, "\"actor\":\"bob\""));
	assert_int_equal(ask(dial_control(w), "GET /v1/status HTTP/1.1\r\n" END, reply), 200);
	assert_non_null(strstr(reply, "\"actor\":\"operator\""));
	assert_int_equal(ask(dial_control(w), "GET /v1/status HTTP/1.1\r\nX-Vouch-Actor: a b\r\n" END, reply),
			 400);
	assert_int_equal(ask(dial_tcp(w), "GET /v1/status HTTP/1.1\r\nX-Vouch-Actor: bob\r\n" END, reply),
			 401);
	assert_int_equal(
	    ask(dial_tcp(w), "GET /v1/status HTTP/1.1\r\nX-Vouch-Actor: bob\r\n" OPERATOR END, reply), 200);
	assert_non_null(strstr(reply, "\"actor\":\"ana\""));
}

static void
paths_and_methods_are_told_apart(void **state)
{
	struct world *w = *state;
	char reply[REPLY_BYTES];

	assert_int_equal(ask(dial_control(w), "GET /nothing HTTP/1.1\r\n" END, reply), 404);
	assert_int_equal(ask(dial_control(w), "GET /healthz/ HTTP/1.1\r\n" END, reply), 404);
	assert_int_equal(ask(dial_control(w), "GET /v1/sources/ HTTP/1.1\r\n" END, reply), 404);
	assert_int_equal(ask(dial_control(w), "GET /v1/sources/a/b HTTP/1.1\r\n" END, reply), 404);
	assert_int_equal(ask(dial_control(w), "DELETE /healthz HTTP/1.1\r\n" END, reply), 405);
	assert_non_null(strstr(reply, "Allow: GET, HEAD\r\n"));
	assert_int_equal(ask(dial_control(w), "PUT /v1/programme HTTP/1.1\r\n" END, reply), 405);
	assert_non_null(strstr(reply, "Allow: GET, HEAD, POST\r\n"));
	assert_int_equal(ask(dial_control(w), "GET /v1/reports HTTP/1.1\r\n" END, reply), 405);
	assert_non_null(strstr(reply, "Allow: POST\r\n"));
	/* no handler */
	assert_int_equal(ask(dial_control(w), "GET /v1/timeline HTTP/1.1\r\n" END, reply), 404);
	assert_int_equal(w->calls, 0);
}

static void
captures_and_queries_are_decoded_once(void **state)
{
	struct world *w = *state;
	char reply[REPLY_BYTES];

	assert_int_equal(
	    ask(dial_control(w), "GET /v1/sources/192.0.2.0%2F24?subject=a%2520b+c HTTP/1.1\r\n" END, reply),
	    200);
	assert_non_null(strstr(reply, "\"key\":\"192.0.2.0/24\""));
	assert_non_null(strstr(reply, "\"subject\":\"a%20b c\""));
	assert_int_equal(
	    ask(dial_control(w), "POST /v1/quarantine/17/retry HTTP/1.1\r\nContent-Length: 0\r\n" END, reply),
	    200);
	assert_non_null(strstr(reply, "\"key\":\"17\""));
	for (size_t i = 0; i < 5; i++) {
		const char *bad[] = { "%", "%4", "%zz", "%00", "%ff" };
		char request[128];

		(void)snprintf(request, sizeof request, "GET /v1/sources/a%s HTTP/1.1\r\n" END, bad[i]);
		assert_int_equal(ask(dial_control(w), request, reply), 400);
	}
	assert_int_equal(
	    ask(dial_control(w), "GET /v1/status?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q HTTP/1.1\r\n" END, reply),
	    400);
}

static void
errors_name_their_place_and_are_json(void **state)
{
	char reply[REPLY_BYTES];

	assert_int_equal(ask(dial_control(*state), "GET /v1/cases HTTP/1.1\r\n" END, reply), 400);
	assert_non_null(strstr(
	    reply, "{\"error\":\"not a ? number\",\"result\":\"bad_input\",\"line\":7,\"field\":\"count\"}"));
}

static void
a_body_past_the_limit_is_refused_before_it_is_sent(void **state)
{
	struct world *w = *state;
	char reply[REPLY_BYTES];

	assert_int_equal(
	    ask(dial_tcp(w), "POST /v1/reports HTTP/1.1\r\nContent-Length: 16777217\r\n" REPORTER END, reply),
	    413);
	assert_int_equal(
	    ask(dial_tcp(w), "POST /v1/reports HTTP/1.1\r\nContent-Length: 16777217\r\n" END, reply), 401);
	assert_int_equal(w->calls, 0);
}

static void
chunks_past_the_limit_are_refused_too(void **state)
{
	struct world *w = *state;
	size_t chunk = 1 << 20;
	char *bytes = malloc(chunk + 2), reply[REPLY_BYTES];
	int fd = dial_control(w);

	memset(bytes, 'x', chunk);
	memcpy(bytes + chunk, "\r\n", 2);
	send_text(fd, "POST /v1/reports HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END);
	for (int i = 0; i < 17; i++) {
		send_text(fd, "100000\r\n");
		for (size_t sent = 0; sent < chunk + 2;) {
			ssize_t n = send(fd, bytes + sent, chunk + 2 - sent, MSG_NOSIGNAL);

			assert_true(n > 0);
			sent += (size_t)n;
		}
	}
	assert_int_equal(ask(fd, "0\r\n\r\n", reply), 413);
	assert_int_equal(w->calls, 0);
	free(bytes);
}

static void
malformed_requests_reach_no_handler(void **state)
{
	struct world *w = *state;
	const char *bad[] = {
		"GARBAGE\r\n\r\n",
		"GET\r\n\r\n",
		"\x16\x03\x01\x02\r\n\r\n",
		"POST /v1/reports HTTP/1.1\r\nContent-Length: -1\r\n" END,
		"POST /v1/reports HTTP/1.1\r\nContent-Length: 3x\r\n" END "abc",
		"POST /v1/reports HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n" END "abcd",
		"POST /v1/reports HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n" END
		"0\r\n\r\n",
		"POST /v1/reports HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END "zz\r\n\r\n",
	};
	char reply[REPLY_BYTES];

	for (size_t i = 0; i < countof(bad); i++) {
		int fd = dial_control(w), status;

		send_text(fd, bad[i]);
		shutdown(fd, SHUT_WR);
		status = read_reply(fd, reply);
		assert_true(status == 0 || status >= 400);
	}
	assert_int_equal(w->calls, 0);
	assert_int_equal(ask(dial_tcp(w), "GET /healthz HTTP/1.1\r\n" END, reply), 200);
}

static void
headers_without_end_are_refused(void **state)
{
	int fd = dial_tcp(*state);
	char reply[REPLY_BYTES], line[1024];

	memset(line, 'a', sizeof line);
	memcpy(line, "X-A: ", 5);
	memcpy(line + sizeof line - 2, "\r\n", 2);
	send_text(fd, "GET /healthz HTTP/1.1\r\n");
	for (int i = 0; i < 200 && send(fd, line, sizeof line, MSG_NOSIGNAL) > 0; i++) {
	}
	assert_true(read_reply(fd, reply) != 200);
}

static void
one_connection_carries_many_requests(void **state)
{
	char reply[REPLY_BYTES];
	int fd = dial_tcp(*state);

	for (int i = 0; i < 100; i++) {
		ssize_t n;

		send_text(fd, "GET /healthz HTTP/1.1\r\nHost: vouch\r\n\r\n");
		for (size_t got = 0; got < 6 || memcmp(reply + got - 6, "hello\n", 6) != 0;
		     got += (size_t)n) {
			n = recv(fd, reply + got, sizeof reply - got, 0);
			assert_true(n > 0);
		}
	}
	close(fd);
}

/* The server of this test wants a request complete within 0.3 s. */
static void
a_dripping_client_is_cut_and_others_are_served(void **state)
{
	struct world *w = *state;
	char reply[REPLY_BYTES];
	int silent = dial_tcp(w), headers = dial_tcp(w), body = dial_tcp(w);

	send_text(headers, "GET /healthz HTTP/1.1\r\nHost:");
	send_text(body, "POST /v1/reports HTTP/1.1\r\nContent-Length: 100\r\n" REPORTER END "abc");
	assert_int_equal(ask(dial_tcp(w), "GET /healthz HTTP/1.1\r\n" END, reply), 200);
	for (int i = 0; i < 20000 && send(headers, "x", 1, MSG_NOSIGNAL) == 1; i++) {
		usleep(1000); /* a drip, not a wait: never silent for long */
	}
	assert_int_equal(read_reply(silent, reply), 0);
	assert_int_not_equal(read_reply(headers, reply), 200);
	assert_int_not_equal(read_reply(body, reply), 200);
	assert_int_equal(w->calls, 0);
}

static void
the_control_socket_is_for_its_owner(void **state)
{
	struct world *w = *state, other = { 0 };
	struct fault fault = { .text = "" };
	struct stat st;

	assert_int_equal(lstat(w->control, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	(void)snprintf(other.control, sizeof other.control, "%s", w->control);
	assert_int_equal(open_world(&other, (struct span){ 0 }, &fault), RESULT_CONFLICT);
	assert_non_null(strstr(fault.text, "listens there"));
	assert_int_equal(lstat(w->control, &st), 0);
}

static void
a_stale_socket_is_replaced_and_a_file_is_not(void **state)
{
	struct world *w = *state, other = { 0 };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct fault fault = { .text = "" };
	char reply[REPLY_BYTES];
	FILE *file;
	int fd;

	(void)snprintf(other.control, sizeof other.control, "%s/stale.sock", w->folder);
	(void)snprintf(a.sun_path, sizeof a.sun_path, "%s", other.control);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	close(fd);
	assert_int_equal(open_world(&other, (struct span){ 0 }, &fault), RESULT_OK);
	assert_int_equal(ask(dial_control(&other), "GET /healthz HTTP/1.1\r\n" END, reply), 200);
	http_close(other.http);
	assert_int_equal(access(other.control, F_OK), -1);

	file = fopen(other.control, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(open_world(&other, (struct span){ 0 }, &fault), RESULT_CONFLICT);
	assert_int_equal(access(other.control, F_OK), 0);
	unlink(other.control);
}

static void
bad_addresses_are_named(void **state)
{
	const char *bad[] = { "localhost", "127.0.0.1",       "::1:80",         "127.0.0.1:",
			      "[::1]",     "host.example:80", "127.0.0.1:99999" };

	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		struct http_options o = { .addresses = &bad[i], .address_count = 1, .authorise = authorise };
		struct fault fault = { .text = "" };
		struct http *http;

		assert_int_equal(http_open(&o, &http, &fault), RESULT_BAD_INPUT);
		assert_non_null(strstr(fault.text, bad[i]));
		assert_null(http);
	}
}

int
main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		EACH(anybody_may_ask_for_health),
		EACH(head_has_the_headers_and_no_body),
		EACH(rights_follow_the_token),
		EACH(a_name_in_a_header_counts_on_the_control_socket_only),
		EACH(paths_and_methods_are_told_apart),
		EACH(captures_and_queries_are_decoded_once),
		EACH(errors_name_their_place_and_are_json),
		EACH(a_body_past_the_limit_is_refused_before_it_is_sent),
		EACH(chunks_past_the_limit_are_refused_too),
		EACH(malformed_requests_reach_no_handler),
		EACH(headers_without_end_are_refused),
		EACH(one_connection_carries_many_requests),
		cmocka_unit_test_setup_teardown(a_dripping_client_is_cut_and_others_are_served,
						setup_impatient, teardown),
		EACH(the_control_socket_is_for_its_owner),
		EACH(a_stale_socket_is_replaced_and_a_file_is_not),
		cmocka_unit_test(bad_addresses_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
