/* vouchd/outbox.c - rows of the outbox: how they are queued, and what a try makes of them. */
#include "vouchd/outbox_int.h"

#include "base/counters.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_WAIT_MS INT64_C(30000)
#define DOUBLINGS_MAX 7 /* 30 s * 2^7 is more than: */
#define WAIT_MS_MAX   INT64_C(3600000)
#define FOUND         RESULT_CONFLICT /* ends a scan */

static const char *
name_of(enum outbox_state state)
{
	static const char *const names[] = {
#define OUTBOX_STATE(id, name, meaning) name,
#include "vouchd/outbox_states.def"
#undef OUTBOX_STATE
	};

	check(state < OUTBOX_STATE_COUNT);
	return names[state];
}

static bool
is_in(const struct journal_outbox *row, enum outbox_state state)
{
	return text_equal(row->status, text_of(name_of(state)));
}

/* ---- reading */

struct finding {
	uint64_t id;
	journal_visit_outbox *visit;
	void *context;
	enum result result;
};

static enum result
visit_if(void *context, const struct journal_outbox *row)
{
	struct finding *f = context;

	if (row->id == f->id) {
		f->result = f->visit(f->context, row);
	}
	return FOUND;
}

enum result
outbox_row(struct journal *j, uint64_t id, journal_visit_outbox *visit, void *context)
{
	struct finding f = { id, visit, context, RESULT_NOT_FOUND };
	enum result r = journal_scan_outbox(j, id, visit_if, &f);

	return r == RESULT_OK || r == FOUND ? f.result : r;
}

static enum result
count_row(void *context, const struct journal_outbox *row)
{
	(void)row;
	++*(uint64_t *)context;
	return RESULT_OK;
}

void
outbox_count(struct journal *j)
{
	uint64_t waiting = 0;

	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		if (journal_scan_waiting(j, text_of(channel_name(c)), count_row, &waiting) != RESULT_OK) {
			return;
		}
	}
	counter_set(COUNTER_OUTBOX_WAITING, waiting);
}

/* ---- queueing */

static enum result
put_row(struct pipeline *p, struct journal_outbox *row, struct fault *fault)
{
	struct journal_tx *tx = pipeline_tx(p);

	row->due = row->created;
	row->status = text_of(name_of(OUTBOX_WAITING));
	row->seq = tx->head.seq;
	journal_put_outbox(tx, row);
	if (tx->result != RESULT_OK) {
		return fault_set(fault, tx->result, "the store failed: %s", tx->fault.text);
	}
	counter_add(COUNTER_OUTBOX_WAITING, 1);
	outbox_wake(pipeline_outbox(p)); /* who wakes asks the writer, and that is after this batch */
	return RESULT_OK;
}

enum result
outbox_put_mail(struct pipeline *p, struct text kind, struct text about, const struct mail *mail,
		uint64_t *id, struct fault *fault)
{
	const struct outbox *o = pipeline_outbox(p);
	struct journal_outbox row = { .created = pipeline_now(p),
				      .channel = text_of(channel_name(CHANNEL_MAIL)),
				      .kind = kind,
				      .about = about,
				      .recipient = mail->to,
				      .subject = mail->subject };
	struct buffer message;
	enum result r;

	*id = 0;
	if (o == NULL || !o->sends[CHANNEL_MAIL]) {
		return fault_set(fault, RESULT_NOT_ALLOWED, "notice_mail names no server");
	}
	r = journal_last_outbox(pipeline_journal(p), &row.id);
	if (r != RESULT_OK) {
		return fault_set(fault, r, "the outbox cannot be read");
	}
	row.id++;
	buffer_init(&message, MAIL_BYTES_MAX);
	r = mail_write(mail, &(struct mail_from){ o->config->notice_from, o->config->notice_name }, row.id,
		       row.created, &message);
	if (r != RESULT_OK) {
		r = fault_set(fault, r, "the address cannot be written to");
	} else if (message.full) {
		r = fault_set(fault, RESULT_TOO_LARGE, "more than %d bytes", MAIL_BYTES_MAX);
	} else {
		row.content = buffer_text(&message);
		r = put_row(p, &row, fault);
	}
	buffer_free(&message);
	*id = r == RESULT_OK ? row.id : 0;
	return r;
}

bool
outbox_sends(const struct outbox *o)
{
	return o != NULL && (o->sends[CHANNEL_MAIL] || o->sends[CHANNEL_WEBHOOK]);
}

enum result
outbox_webhook_key(const struct outbox *o, struct text member, struct webhook_key *key, struct fault *fault)
{
	if (o == NULL || !o->sends[CHANNEL_WEBHOOK]) {
		return fault_set(fault, RESULT_NOT_ALLOWED, "notice_webhook_key_file names no key");
	}
	*key = webhook_key_of(text_of(o->webhook_key), member);
	return RESULT_OK;
}

enum result
outbox_put_webhook(struct pipeline *p, struct text kind, struct text about, struct text url,
		   struct text subject, struct text body, uint64_t *id, struct fault *fault)
{
	struct journal_outbox row = { .created = pipeline_now(p),
				      .channel = text_of(channel_name(CHANNEL_WEBHOOK)),
				      .kind = kind,
				      .about = about,
				      .recipient = url,
				      .subject = subject,
				      .content = body };
	struct webhook_key key; /* of nobody: is there a key at all? */
	enum result r = outbox_webhook_key(pipeline_outbox(p), about, &key, fault);

	*id = 0;
	if (r == RESULT_OK && journal_last_outbox(pipeline_journal(p), &row.id) != RESULT_OK) {
		r = fault_set(fault, RESULT_IO, "the outbox cannot be read");
	}
	row.id++;
	if (r == RESULT_OK) {
		r = put_row(p, &row, fault);
	}
	*id = r == RESULT_OK ? row.id : 0;
	return r;
}

struct retrying {
	struct pipeline *p;
	struct fault *fault;
};

static enum result
retry_row(void *context, const struct journal_outbox *row)
{
	struct retrying *t = context;
	struct journal_outbox changed = *row;
	struct journal_tx *tx = pipeline_tx(t->p);

	if (is_in(row, OUTBOX_DELIVERED)) {
		return fault_set(t->fault, RESULT_NOT_ALLOWED, "it is delivered");
	}
	changed.due = pipeline_now(t->p);
	changed.status = text_of(name_of(OUTBOX_WAITING));
	journal_put_outbox(tx, &changed);
	return tx->result;
}

enum result
outbox_retry(struct pipeline *p, uint64_t id, struct fault *fault)
{
	struct retrying t = { p, fault };
	enum result r = outbox_row(pipeline_journal(p), id, retry_row, &t);

	if (r == RESULT_NOT_FOUND) {
		return fault_set(fault, r, "nothing of number %" PRIu64 " was to be sent", id);
	}
	if (r == RESULT_OK && pipeline_outbox(p) != NULL) {
		outbox_wake(pipeline_outbox(p));
	}
	return r;
}

/* ---- after a try */

static struct instant
next_try(const struct journal_outbox *row, struct instant now)
{
	int64_t wait = row->tries > DOUBLINGS_MAX ? WAIT_MS_MAX : FIRST_WAIT_MS << (row->tries - 1);

	return (struct instant){ now.ms + (wait < WAIT_MS_MAX ? wait : WAIT_MS_MAX) };
}

static void
tell(const struct journal_outbox *row, const struct delivery *d, enum outbox_state state)
{
	static const enum counter counters[CHANNEL_COUNT][3] = {
		[CHANNEL_MAIL] = { COUNTER_MAIL_DELIVERED, COUNTER_MAIL_FAILED, COUNTER_MAIL_ENDED },
		[CHANNEL_WEBHOOK] = { COUNTER_WEBHOOK_DELIVERED, COUNTER_WEBHOOK_FAILED,
				      COUNTER_WEBHOOK_ENDED },
	};
	char about[LOG_QUOTE_BYTES];
	enum channel c = CHANNEL_MAIL;
	bool ended = state == OUTBOX_REFUSED || state == OUTBOX_GIVEN_UP;

	check(channel_parse(row->channel, &c));
	counter_add(counters[c][state == OUTBOX_DELIVERED ? 0 : ended ? 2 : 1], 1);
	log_event(state == OUTBOX_DELIVERED ? LOG_INFO : LOG_WARN, "sent",
		  "id=%" PRIu64 " channel=%s kind=%.*s about=%s status=%s try=%" PRIu64
		  " code=%ld why=\"%s\"",
		  row->id, channel_name(c), TEXT_ARG(row->kind), log_quote(row->about, about), name_of(state),
		  row->tries, d->code, d->words);
	if (state != OUTBOX_WAITING) {
		counter_add(COUNTER_OUTBOX_WAITING, UINT64_MAX); /* one less */
	}
}

void
outbox_settle(const struct outbox *o, struct journal_outbox *row, const struct delivery *d,
	      struct instant now)
{
	enum outbox_state state = OUTBOX_WAITING;

	row->tries++;
	row->due = now;
	if (d->outcome == DELIVERY_DONE) {
		state = OUTBOX_DELIVERED;
	} else if (d->outcome == DELIVERY_REFUSED) {
		state = OUTBOX_REFUSED;
	} else if (now.ms - row->created.ms >= o->config->notice_give_up.ms) {
		state = OUTBOX_GIVEN_UP;
	} else {
		row->due = next_try(row, now);
	}
	row->status = text_of(name_of(state));
	tell(row, d, state);
}

/* ---- opening and closing */

enum result
outbox_check(const struct config *c, struct fault *fault)
{
	enum result r = RESULT_OK;

	if (c->notice_mail[0] == '\0') {
		return RESULT_OK;
	}
	r = mail_server_check(c->notice_mail, fault);
	if (r != RESULT_OK) {
		struct fault why = *fault;

		return fault_set(fault, r, "%s: notice_mail: %s", c->file, why.text);
	}
	if (!mail_address_fits(text_of(c->notice_from))) {
		return fault_set(
		    fault, RESULT_BAD_INPUT,
		    "%s: notice_from: with notice_mail the address is wanted that its mails are from",
		    c->file);
	}
	if (c->notice_bounces[0] != '\0' && !mail_address_fits(text_of(c->notice_bounces))) {
		return fault_set(fault, RESULT_BAD_INPUT, "%s: notice_bounces: an address is wanted",
				 c->file);
	}
	if ((c->notice_mail_user[0] != '\0') != (c->notice_mail_password_file[0] != '\0')) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "%s: notice_mail_user and notice_mail_password_file go together", c->file);
	}
	return RESULT_OK;
}

enum result
outbox_open(const struct config *config, struct pipeline *p, struct outbox **out, struct fault *fault)
{
	struct outbox *o = calloc(1, sizeof(*o));
	pthread_condattr_t clock;
	enum result r = outbox_check(config, fault);

	check(o != NULL);
	o->config = config;
	o->pipeline = p;
	o->sends[CHANNEL_MAIL] = config->notice_mail[0] != '\0';
	check(pthread_mutex_init(&o->lock, NULL) == 0);
	check(pthread_condattr_init(&clock) == 0);
	check(pthread_condattr_setclock(&clock, CLOCK_MONOTONIC) == 0);
	check(pthread_cond_init(&o->wake, &clock) == 0);
	(void)pthread_condattr_destroy(&clock);
	if (r == RESULT_OK && config->notice_mail_password_file[0] != '\0') {
		r = secret_file_read(config->notice_mail_password_file, o->password, fault);
	}
	if (r == RESULT_OK && config->notice_webhook_key_file[0] != '\0') {
		r = secret_file_read(config->notice_webhook_key_file, o->webhook_key, fault);
		o->sends[CHANNEL_WEBHOOK] = true;
	}
	channel_start();
	if (r == RESULT_OK) {
		pipeline_keep_outbox(p, o);
		outbox_start(o);
	} else {
		outbox_close(o);
		o = NULL;
	}
	*out = o;
	return r;
}

void
outbox_close(struct outbox *o)
{
	if (o == NULL) {
		return;
	}
	channel_end();
	explicit_bzero(o->password, sizeof o->password);
	explicit_bzero(o->webhook_key, sizeof o->webhook_key);
	(void)pthread_cond_destroy(&o->wake);
	(void)pthread_mutex_destroy(&o->lock);
	free(o);
}
