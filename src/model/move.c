#include "model/move.h"

#include "base/limits.h"

static const char *const suspension_names[] = {
#define SUSPENSION(id, name, meaning) name,
#include "model/suspensions.def"
#undef SUSPENSION
};
static const struct {
	const char *name;
	bool open;
} case_statuses[] = {
#define CASE_STATUS(id, name, open, meaning) { name, open },
#include "model/case_statuses.def"
#undef CASE_STATUS
};

const char *
suspension_name(enum suspension kind)
{
	check(kind < SUSPENSION_COUNT);
	return suspension_names[kind];
}

const char *
case_status_name(enum case_status status)
{
	check(status < CASE_STATUS_COUNT);
	return case_statuses[status].name;
}

bool
case_status_open(enum case_status status)
{
	check(status < CASE_STATUS_COUNT);
	return case_statuses[status].open;
}

static void
ground_write(struct buffer *b, const struct ground *g)
{
	check(g->actor.n > 0 && g->actor.n <= WORDS_BYTES_MAX);
	check(g->reason.n > 0 && g->reason.n <= WORDS_BYTES_MAX);
	check(g->evidence_count <= EVIDENCE_SEQS_MAX);
	wire_put_i64(b, g->at.ms);
	wire_put_u64(b, g->seq);
	wire_put_u8(b, (uint8_t)g->role);
	wire_put_text(b, g->actor);
	wire_put_text(b, g->reason);
	wire_put_u64(b, g->evidence_count);
	for (uint32_t i = 0; i < g->evidence_count; i++) {
		wire_put_u64(b, g->evidence[i]);
	}
}

void
move_write(struct buffer *b, const struct move *move)
{
	wire_put_u64(b, move->source);
	wire_put_u8(b, (uint8_t)move->event);
	wire_put_u8(b, (uint8_t)move->from);
	wire_put_u8(b, (uint8_t)move->to);
	wire_put_u8(b, (uint8_t)move->kind);
	wire_put_u64(b, move->case_number);
	ground_write(b, &move->ground);
	if (move->receiver.n > 0) {
		check(text_is_name(move->receiver));
		wire_put_text(b, move->receiver);
	}
}

void
case_change_write(struct buffer *b, const struct case_change *change)
{
	wire_put_u64(b, change->number);
	wire_put_u64(b, change->system);
	wire_put_u8(b, (uint8_t)change->status);
	wire_put_i64(b, change->opened.ms);
	wire_put_i64(b, change->deadline.ms);
	wire_put_u64(b, change->source_count);
	wire_put_u64(b, change->delivered_before);
	wire_put_u64(b, change->delivered_after);
	ground_write(b, &change->ground);
}

static struct text
read_words(struct wire *w)
{
	struct text t = wire_text(w);

	if (t.n == 0 || t.n > WORDS_BYTES_MAX) {
		w->bad = true;
	}
	return t;
}

static void
ground_read(struct wire *w, struct ground *g)
{
	g->at.ms = wire_i64(w);
	g->seq = wire_u64(w);
	g->role = (enum actor)wire_choice(w, ACTOR_COUNT);
	g->actor = read_words(w);
	g->reason = read_words(w);
	g->evidence_count = (uint32_t)wire_up_to(w, EVIDENCE_SEQS_MAX);
	for (uint32_t i = 0; i < g->evidence_count; i++) {
		g->evidence[i] = wire_u64(w);
	}
}

enum result
move_read(struct text bytes, struct move *move)
{
	struct wire w = wire_of(bytes.p, bytes.n);

	*move = (struct move){ .source = wire_u32(&w) };
	move->event = (enum event)wire_choice(&w, EVENT_COUNT);
	move->from = (enum state)wire_choice(&w, STATE_COUNT);
	move->to = (enum state)wire_choice(&w, STATE_COUNT);
	move->kind = (enum suspension)wire_choice(&w, SUSPENSION_COUNT);
	move->case_number = wire_u32(&w);
	ground_read(&w, &move->ground);
	if (!w.bad && w.p != w.end) {
		move->receiver = wire_text(&w);
		w.bad = w.bad || !text_is_name(move->receiver);
	}
	if (!wire_done(&w)) {
		*move = (struct move){ 0 };
		return RESULT_DAMAGED;
	}
	return RESULT_OK;
}

enum result
case_change_read(struct text bytes, struct case_change *change)
{
	struct wire w = wire_of(bytes.p, bytes.n);

	*change = (struct case_change){ .number = wire_u32(&w) };
	change->system = wire_u32(&w);
	change->status = (enum case_status)wire_choice(&w, CASE_STATUS_COUNT);
	change->opened.ms = wire_i64(&w);
	change->deadline.ms = wire_i64(&w);
	change->source_count = wire_u32(&w);
	change->delivered_before = wire_u64(&w);
	change->delivered_after = wire_u64(&w);
	ground_read(&w, &change->ground);
	if (change->number == 0) {
		w.bad = true;
	}
	if (!wire_done(&w)) {
		*change = (struct case_change){ 0 };
		return RESULT_DAMAGED;
	}
	return RESULT_OK;
}
