/* The LMTP session: what a line means in which state, and where a message ends. */
#include "intake/lmtp.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

#define OUTPUT_BYTES_MAX  65536U
#define OUTPUT_BYTES_STOP 16384U /* more unsent than this: the client is not read until it has read */

enum state { GREETED, READY, MAIL, RCPT, DATA, WAITING, CLOSED };

/* Where in a message the reader stands. START: at the start of a line; DOT, DOT_CR: "." or ".\r" stands there. */
enum place { START, DOT, DOT_CR, WITHIN, CR };

struct lmtp {
	struct lmtp_rules rules;
	enum state state;
	struct buffer line; /* the command so far */
	unsigned errors;
	struct buffer output;
	struct arena session; /* the client's name */
	struct text client;
	struct arena envelope; /* sender and recipients */
	struct text sender;
	struct text *recipients;
	size_t recipient_count;
	enum place place;
	struct buffer content;
};

struct command {
	struct text name;
	unsigned states; /* a bit per state in which it is allowed */
	void (*run)(struct lmtp *s, struct text argument);
};

#define IN(state) (1U << (state))
#define ANY       (IN(GREETED) | IN(READY) | IN(MAIL) | IN(RCPT))

/* The reply code of a result. What may be better later is 451: the client keeps the message and comes again. */
static const char *
reply_code(enum result r)
{
	int http = result_http(r);

	if (r == RESULT_OK) {
		return "250 2.6.0";
	}
	if (r == RESULT_NOT_FOUND) {
		return "550 5.1.1";
	}
	if (r == RESULT_TOO_LARGE) {
		return "552 5.3.4";
	}
	return http >= 500 ? "451 4.3.0" : http == 400 ? "554 5.6.0" : "550 5.7.1";
}

static void
reply(struct lmtp *s, const char *line)
{
	buffer_format(&s->output, "%s\r\n", line);
}

/* A reply to a mistake of the client; too many end the session. */
static void
reply_error(struct lmtp *s, const char *line)
{
	reply(s, line);
	if (++s->errors > LMTP_ERRORS_MAX) {
		lmtp_end(s, "too many errors");
	}
}

static void
reset(struct lmtp *s)
{
	arena_clear(&s->envelope);
	buffer_free(&s->content);
	s->sender = (struct text){ "", 0 };
	s->recipients = NULL;
	s->recipient_count = 0;
	s->state = s->state == GREETED ? GREETED : READY;
}

/*
 * "FROM:<a@b.example> SIZE=1" with `keyword` "FROM:": the path without "<>" and what follows it. Blanks after the colon
 * are taken, as Postfix and others do. False: no path, or a control character in it.
 */
static bool
cut_path(struct text argument, struct text keyword, struct text *path, struct text *rest)
{
	bool quoted = false;
	size_t i;

	if (!text_starts_nocase(argument, keyword)) {
		return false;
	}
	argument = text_trim((struct text){ argument.p + keyword.n, argument.n - keyword.n });
	if (argument.n < 2 || argument.p[0] != '<') {
		return false;
	}
	for (i = 1; i < argument.n && (quoted || argument.p[i] != '>'); i++) {
		if ((unsigned char)argument.p[i] < 32 || argument.p[i] == 127) {
			return false;
		}
		quoted ^= argument.p[i] == '"';
		i += quoted && argument.p[i] == '\\';
	}
	if (i >= argument.n) {
		return false;
	}
	*path = (struct text){ argument.p + 1, i - 1 };
	*rest = text_trim((struct text){ argument.p + i + 1, argument.n - i - 1 });
	return true;
}

static void
run_lhlo(struct lmtp *s, struct text argument)
{
	if (argument.n == 0) {
		reply_error(s, "501 5.5.4 LHLO needs a name");
		return;
	}
	arena_clear(&s->session);
	s->client = (struct text){ text_copy(&s->session, argument), argument.n };
	s->state = READY;
	reset(s);
	buffer_format(&s->output,
		      "250-%.*s\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-"
		      "ENHANCEDSTATUSCODES\r\n250 SIZE "
		      "%d\r\n",
		      TEXT_ARG(s->rules.hostname), MAIL_BYTES_MAX);
}

/* The parameters of MAIL; the refusal, or NULL. */
static const char *
read_parameters(struct text rest)
{
	struct text one;
	bool more = rest.n > 0;

	while (more) {
		uint64_t size;

		more = text_cut(&rest, ' ', &one);
		if (text_starts_nocase(one, TEXT("SIZE="))) {
			if (!text_u64((struct text){ one.p + 5, one.n - 5 }, &size)) {
				return "501 5.5.4 SIZE is not a number";
			}
			if (size > MAIL_BYTES_MAX) {
				return "552 5.3.4 message too large";
			}
		} else if (one.n > 0 && !text_equal_nocase(one, TEXT("BODY=8BITMIME")) &&
			   !text_equal_nocase(one, TEXT("BODY=7BIT")) &&
			   !text_equal_nocase(one, TEXT("SMTPUTF8"))) {
			return "555 5.5.4 parameter not known";
		}
	}
	return NULL;
}

static void
run_mail(struct lmtp *s, struct text argument)
{
	struct text path, rest;
	const char *wrong;

	if (!cut_path(argument, TEXT("FROM:"), &path, &rest)) {
		reply_error(s, "501 5.5.4 syntax: MAIL FROM:<address>");
		return;
	}
	wrong = read_parameters(rest);
	if (wrong != NULL) {
		reply_error(s, wrong);
		return;
	}
	s->sender = (struct text){ text_copy(&s->envelope, path), path.n };
	s->state = MAIL;
	reply(s, "250 2.1.0 sender ok");
}

static void
run_rcpt(struct lmtp *s, struct text argument)
{
	struct text path, rest;
	enum result r = RESULT_OK;

	if (!cut_path(argument, TEXT("TO:"), &path, &rest) || path.n == 0) {
		reply_error(s, "501 5.5.4 syntax: RCPT TO:<address>");
		return;
	}
	if (rest.n > 0) {
		reply_error(s, "555 5.5.4 parameter not known");
		return;
	}
	if (s->recipient_count == LMTP_RECIPIENTS_MAX) {
		reply_error(s, "452 4.5.3 too many recipients");
		return;
	}
	if (s->rules.recipient != NULL) {
		r = s->rules.recipient(s->rules.context, path);
	}
	if (r != RESULT_OK) {
		buffer_format(&s->output, "%s %s\r\n", reply_code(r), result_sentence(r));
		return;
	}
	if (s->recipients == NULL) {
		s->recipients = arena_get_array(&s->envelope, LMTP_RECIPIENTS_MAX, sizeof *s->recipients);
	}
	s->recipients[s->recipient_count++] = (struct text){ text_copy(&s->envelope, path), path.n };
	s->state = RCPT;
	reply(s, "250 2.1.5 recipient ok");
}

static void
run_data(struct lmtp *s, struct text argument)
{
	(void)argument;
	s->state = DATA;
	s->place = START;
	buffer_init(&s->content, MAIL_BYTES_MAX);
	reply(s, "354 end with <CRLF>.<CRLF>");
}

static void
run_rset(struct lmtp *s, struct text argument)
{
	(void)argument;
	reset(s);
	reply(s, "250 2.0.0 forgotten");
}

static void
run_noop(struct lmtp *s, struct text argument)
{
	(void)argument;
	reply(s, "250 2.0.0 ok");
}

static void
run_vrfy(struct lmtp *s, struct text argument)
{
	(void)argument;
	reply(s, "252 2.5.2 send mail and see");
}

static void
run_quit(struct lmtp *s, struct text argument)
{
	(void)argument;
	reply(s, "221 2.0.0 bye");
	s->state = CLOSED;
}

static void
run_helo(struct lmtp *s, struct text argument)
{
	(void)argument;
	reply_error(s, "500 5.5.1 this is LMTP, say LHLO");
}

static const struct command commands[] = {
	{ { "LHLO", 4 }, ANY, run_lhlo },
	{ { "MAIL", 4 }, IN(READY), run_mail },
	{ { "RCPT", 4 }, IN(MAIL) | IN(RCPT), run_rcpt },
	{ { "DATA", 4 }, IN(RCPT), run_data },
	{ { "RSET", 4 }, ANY, run_rset },
	{ { "NOOP", 4 }, ANY, run_noop },
	{ { "VRFY", 4 }, ANY, run_vrfy },
	{ { "QUIT", 4 }, ANY, run_quit },
	{ { "HELO", 4 }, ANY, run_helo },
	{ { "EHLO", 4 }, ANY, run_helo },
};

static void
run_line(struct lmtp *s, struct text line)
{
	struct text rest = text_trim(line), name;

	(void)text_cut(&rest, ' ', &name);
	for (size_t i = 0; i < countof(commands); i++) {
		if (!text_equal_nocase(name, commands[i].name)) {
			continue;
		}
		if ((commands[i].states & IN(s->state)) == 0) {
			/* RFC 2033 4.2: DATA without an accepted recipient is refused like any other bad order. */
			reply_error(s, "503 5.5.1 not now");
		} else {
			commands[i].run(s, text_trim(rest));
		}
		return;
	}
	reply_error(s, "500 5.5.1 command not known");
}

static size_t
feed_line(struct lmtp *s, struct text bytes)
{
	const char *end = memchr(bytes.p, '\n', bytes.n);
	size_t n = end == NULL ? bytes.n : (size_t)(end - bytes.p) + 1;

	buffer_put(&s->line, bytes.p, n);
	if (end == NULL) {
		return n;
	}
	if (s->line.full) {
		reply_error(s, "500 5.5.2 line too long");
		buffer_free(&s->line);
		buffer_init(&s->line, LMTP_COMMAND_BYTES_MAX);
	} else {
		run_line(s, buffer_text(&s->line));
		buffer_clear(&s->line);
	}
	return n;
}

/* The message is whole. One that was too large has no content left and is refused here, once per recipient. */
static void
end_data(struct lmtp *s)
{
	s->state = WAITING;
	if (s->content.full) {
		lmtp_answer(s, &(enum result){ RESULT_TOO_LARGE }, 1);
	}
}

/* One byte that is not inside a plain run. */
static void
feed_data_byte(struct lmtp *s, char c)
{
	if (s->place == START && c == '.') {
		s->place = DOT;
		return;
	}
	if (s->place == DOT && c == '\r') {
		s->place = DOT_CR;
		return;
	}
	if (s->place == DOT_CR) {
		if (c == '\n') {
			end_data(s);
			return;
		}
		buffer_put(&s->content, "\r", 1);
		s->place = CR;
	}
	buffer_put(&s->content, &c, 1);
	s->place = c == '\r' ? CR : s->place == CR && c == '\n' ? START : WITHIN;
}

static size_t
feed_data(struct lmtp *s, struct text bytes)
{
	const char *end = memchr(bytes.p, '\r', bytes.n);
	size_t n = end == NULL ? bytes.n : (size_t)(end - bytes.p);

	if (s->place == WITHIN && n > 0) {
		buffer_put(&s->content, bytes.p, n);
		return n;
	}
	feed_data_byte(s, bytes.p[0]);
	return 1;
}

struct lmtp *
lmtp_open(const struct lmtp_rules *rules)
{
	struct lmtp *s = calloc(1, sizeof *s);

	check(s != NULL);
	s->rules = *rules;
	buffer_init(&s->line, LMTP_COMMAND_BYTES_MAX);
	buffer_init(&s->output, OUTPUT_BYTES_MAX);
	buffer_init(&s->content, MAIL_BYTES_MAX);
	buffer_format(&s->output, "220 %.*s LMTP Vouch\r\n", TEXT_ARG(rules->hostname));
	return s;
}

void
lmtp_free(struct lmtp *s)
{
	if (s != NULL) {
		arena_clear(&s->session);
		arena_clear(&s->envelope);
		buffer_free(&s->line);
		buffer_free(&s->output);
		buffer_free(&s->content);
		free(s);
	}
}

size_t
lmtp_feed(struct lmtp *s, struct text bytes)
{
	size_t taken = 0;

	while (taken < bytes.n && s->state != WAITING && s->state != CLOSED &&
	       s->output.n <= OUTPUT_BYTES_STOP) {
		struct text rest = { bytes.p + taken, bytes.n - taken };

		taken += s->state == DATA ? feed_data(s, rest) : feed_line(s, rest);
	}
	return taken;
}

struct text
lmtp_output(const struct lmtp *s)
{
	return buffer_text(&s->output);
}

void
lmtp_sent(struct lmtp *s, size_t n)
{
	check(n <= s->output.n);
	memmove(s->output.p, s->output.p + n, s->output.n - n);
	s->output.n -= n;
}

bool
lmtp_message(struct lmtp *s, struct lmtp_message *message)
{
	if (s->state != WAITING) {
		return false;
	}
	*message = (struct lmtp_message){ .client = s->client,
					  .sender = s->sender,
					  .content = buffer_text(&s->content),
					  .recipient_count = s->recipient_count,
					  .recipients = s->recipients };
	return true;
}

void
lmtp_answer(struct lmtp *s, const enum result *results, size_t count)
{
	check(s->state == WAITING);
	check(count == 1 || count == s->recipient_count);
	for (size_t i = 0; i < s->recipient_count; i++) {
		enum result r = results[count == 1 ? 0 : i];

		buffer_format(&s->output, "%s %s\r\n", reply_code(r), result_sentence(r));
	}
	reset(s);
}

void
lmtp_end(struct lmtp *s, const char *words)
{
	if (s->state != CLOSED) {
		buffer_format(&s->output, "421 4.3.2 %s\r\n", words);
		s->state = CLOSED;
	}
}

bool
lmtp_closed(const struct lmtp *s)
{
	return s->state == CLOSED;
}
