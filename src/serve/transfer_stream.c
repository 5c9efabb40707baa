/* serve/transfer_stream.c - one zone, or what changed in it, as signed messages of at most TRANSFER_MESSAGE_BYTES. */
#include "serve/transfer_int.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FLAGS_ANSWER     0x8400U /* QR, AA */
#define STRING_BYTES_MAX 255U
#define TXT_BYTES_MAX    (LIST_TEXT_BYTES_MAX + LIST_TEXT_BYTES_MAX / STRING_BYTES_MAX + 1)

struct stream {
	struct transfer_job *job;
	const struct list_image *image;
	const struct list_zone *zone;
	int fd;
	int64_t deadline_ms;
	bool failed; /* sticks */
	uint64_t records, bytes;
	size_t n, owner_at; /* of the message; where its last owner stands, 0: none yet */
	uint16_t count;
	size_t soa_bytes;
	uint8_t soa[DNS_ANSWER_BYTES_MAX]; /* behind its owner */
	uint8_t message[DNS_LENGTH_BYTES + TRANSFER_MESSAGE_BYTES + TSIG_BYTES_MAX];
};

static uint8_t *
body(struct stream *s)
{
	return s->message + DNS_LENGTH_BYTES;
}

static void
begin(struct stream *s)
{
	const struct transfer_job *job = s->job;

	memcpy(body(s), job->question, job->question_bytes);
	set16(body(s) + 2, FLAGS_ANSWER);
	memset(body(s) + 6, 0, 6);
	s->n = job->question_bytes;
	s->count = 0;
	s->owner_at = 0;
}

/* Signs and sends the message. */
static void
flush(struct stream *s)
{
	if (s->failed || s->count == 0) {
		return;
	}
	set16(body(s) + 6, s->count);
	s->n = tsig_sign(&s->job->tsig, body(s), s->n, transfer_seconds(s->job->t));
	set16(s->message, (unsigned)s->n);
	s->failed = !transfer_write(s->fd, s->message, DNS_LENGTH_BYTES + s->n, s->deadline_ms);
	s->bytes += DNS_LENGTH_BYTES + s->n;
	begin(s);
}

/* One record: its owner is `labels` before the zone, or the owner of the record before; `rest` is type, class, ttl, length, data. */
static void
put(struct stream *s, struct text labels, bool same, const uint8_t *rest, size_t n)
{
	uint8_t *to;

	if (s->n + labels.n + 2 + n > TRANSFER_MESSAGE_BYTES || s->count == UINT16_MAX) {
		flush(s);
	}
	if (s->failed) {
		return;
	}
	to = body(s) + s->n;
	if (same && s->owner_at > 0) {
		set16(to, POINTER | (unsigned)s->owner_at);
		to += 2;
	} else {
		s->owner_at = labels.n > 0 ? s->n : HEADER_BYTES;
		memcpy(to, labels.p, labels.n);
		set16(to + labels.n, POINTER | HEADER_BYTES);
		to += labels.n + 2;
	}
	memcpy(to, rest, n);
	s->n = (size_t)(to + n - body(s));
	s->count++;
	s->records++;
}

static void
put_soa(struct stream *s, uint32_t serial)
{
	set32(s->soa + s->soa_bytes - SOA_SERIAL_BEFORE_END, serial);
	put(s, TEXT(""), false, s->soa, s->soa_bytes);
}

static void
put_data(struct stream *s, struct text owner, bool same, unsigned type, uint32_t ttl, const uint8_t *data,
	 size_t n)
{
	uint8_t rest[FIXED_BYTES + TXT_BYTES_MAX];

	check(n <= TXT_BYTES_MAX);
	set16(rest, type);
	set16(rest + 2, CLASS_IN);
	set32(rest + 4, ttl);
	set16(rest + 8, (unsigned)n);
	memcpy(rest + FIXED_BYTES, data, n);
	put(s, owner, same, rest, FIXED_BYTES + n);
}

/* Character strings of at most 255 bytes each; at least one. */
static size_t
strings_of(const char *text, size_t n, uint8_t out[TXT_BYTES_MAX])
{
	size_t at = 0;

	do {
		size_t length = n > STRING_BYTES_MAX ? STRING_BYTES_MAX : n;

		out[at] = (uint8_t)length;
		memcpy(out + at + 1, text, length);
		at += length + 1;
		text += length;
		n -= length;
	} while (n > 0);
	return at;
}

static bool
put_record(void *context, const struct list_record *r)
{
	struct stream *s = context;
	const struct list *list = s->job->t->list;
	uint8_t name[LIST_NAME_BYTES_MAX], data[TXT_BYTES_MAX];
	char text[LIST_TEXT_BYTES_MAX];
	size_t n = list_record_name(list, r, name);
	struct text owner = { (const char *)name, n - s->zone->name.n };

	if (n == 0) {
		return true; /* nobody can ask for a name that is too long */
	}
	if (!r->vouch) {
		put_data(s, owner, false, TYPE_A, r->ttl, s->zone->code, sizeof s->zone->code);
	}
	n = strings_of(text, list_record_text(list, r, text), data);
	put_data(s, owner, !r->vouch, TYPE_TXT, r->ttl, data, n);
	return !s->failed;
}

/* The name servers of a zone: ours, or one below that the zone leaves to its own (RFC 1034 4.2.1). */
static void
put_ns(struct stream *s, const struct list_zone *zone)
{
	uint8_t top[DNS_ANSWER_BYTES_MAX];
	size_t at, n = transfer_top(s->image, zone, TYPE_NS, top, &at);
	struct text labels = { (const char *)zone->name.bytes, (size_t)zone->name.n - s->zone->name.n };

	while (at < n) {
		size_t rest = FIXED_BYTES + ((unsigned)top[at + 10] << 8 | top[at + 11]);

		put(s, labels, false, top + at + 2, rest);
		at += 2 + rest;
	}
}

static bool
is_below(const struct list_zone *zone, const struct list_zone *above)
{
	return zone->labels > above->labels &&
	       memcmp(zone->name.bytes + zone->name.n - above->name.n, above->name.bytes, above->name.n) == 0;
}

/* Is it left to its own by this zone, and not by one between? */
static bool
is_cut(const struct list_zone *zone, const struct list_zone *above, const struct list_zone *zones,
       size_t count)
{
	if (!is_below(zone, above)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (is_below(zone, &zones[i]) && is_below(&zones[i], above)) {
			return false;
		}
	}
	return true;
}

/* Nothing of the zone is sent: it has what cannot be expressed. */
static void
refuse(struct stream *s, const struct fault *why)
{
	struct transfer_job *job = s->job;
	char quoted[LOG_QUOTE_BYTES];

	log_event(LOG_ERROR, "transfer_refused", "why=%s", log_quote(text_of(why->text), quoted));
	s->n = transfer_refuse(&job->tsig, job->question, job->question_bytes, RCODE_SERVFAIL,
			       transfer_seconds(job->t), body(s));
	set16(s->message, (unsigned)s->n);
	(void)transfer_write(s->fd, s->message, DNS_LENGTH_BYTES + s->n, s->deadline_ms);
	s->failed = true;
}

static void
send_whole(struct stream *s)
{
	uint32_t serial = (uint32_t)list_serial(s->image);
	struct fault fault = { { 0 } };
	size_t count;
	const struct list_zone *zones = list_zones(s->job->t->list, &count);
	enum result r;

	put_soa(s, serial);
	put_ns(s, s->zone);
	for (size_t i = 0; i < count; i++) {
		if (is_cut(&zones[i], s->zone, zones, count)) {
			put_ns(s, &zones[i]);
		}
	}
	r = list_records(s->image, s->zone, put_record, s, &fault);
	if (r == RESULT_NOT_ALLOWED) {
		refuse(s, &fault);
	}
	put_soa(s, serial);
}

static bool
is_of_zone(const struct list_record *r, const struct list_zone *zone)
{
	return r->list == zone->list && r->domains == zone->domains;
}

/* How many records of a step are of this zone. */
static size_t
step_records(const struct list_step *step, const struct list_zone *zone)
{
	size_t n = 0;

	for (size_t i = 0; i < step->deleted + step->added; i++) {
		n += is_of_zone(&step->records[i], zone);
	}
	return n;
}

static void
send_step(struct stream *s, const struct list_step *step, uint32_t from, uint32_t to)
{
	put_soa(s, from);
	for (size_t i = 0; i < step->deleted + step->added; i++) {
		if (i == step->deleted) {
			put_soa(s, to);
		}
		if (is_of_zone(&step->records[i], s->zone)) {
			(void)put_record(s, &step->records[i]);
		}
	}
	if (step->added == 0) {
		put_soa(s, to);
	}
}

/* From the serial that the secondary has to ours; steps that are about other zones are left out (RFC 1995 4). */
static void
send_changes(struct stream *s, const struct journal_way *way)
{
	uint32_t newest = (uint32_t)list_serial(s->image), from = s->job->serial;
	size_t last = way->count;

	for (size_t i = 0; i < way->count; i++) {
		last = step_records(way->steps[i]->step, s->zone) > 0 ? i : last;
	}
	put_soa(s, newest);
	for (size_t i = 0; i < way->count && i <= last; i++) {
		const struct list_step *step = way->steps[i]->step;
		uint32_t to = i == last ? newest : (uint32_t)step->to;

		if (step_records(step, s->zone) > 0) {
			send_step(s, step, from, to);
			from = to;
		}
	}
	if (last == way->count) { /* none is about this zone: its SOA alone changed */
		put_soa(s, from);
		put_soa(s, newest);
	}
	put_soa(s, newest);
}

/* Are the changes fewer than the zone itself? A name has as a rule one entry; of a change two are sent. */
static bool
is_shorter(const struct stream *s, const struct journal_way *way)
{
	size_t changes = 0;

	for (size_t i = 0; i < way->count; i++) {
		changes += step_records(way->steps[i]->step, s->zone);
	}
	return changes < 1024 || changes < list_image_count(s->image, s->zone->list);
}

static void
send_zone(struct stream *s, const struct journal_way *way)
{
	struct transfer_job *job = s->job;
	size_t first;
	uint8_t *top = s->soa;
	size_t n = transfer_top(s->image, s->zone, TYPE_SOA, top, &first);
	bool changes = job->incremental && way->known && is_shorter(s, way);
	int64_t began = instant_monotonic_ns();
	char name[LIST_NAME_TEXT_BYTES], key[LIST_NAME_TEXT_BYTES];

	s->soa_bytes = n - first - 2;
	memmove(s->soa, top + first + 2, s->soa_bytes);
	begin(s);
	if (changes && way->from == list_serial(s->image)) {
		put_soa(s, (uint32_t)way->from); /* it is not behind */
	} else if (changes) {
		send_changes(s, way);
	} else {
		send_whole(s);
	}
	flush(s);
	counter_add(s->failed ? COUNTER_TRANSFERS_BROKEN
		    : changes ? COUNTER_TRANSFERS_CHANGES
			      : COUNTER_TRANSFERS_WHOLE,
		    1);
	log_event(s->failed ? LOG_WARN : LOG_INFO, s->failed ? "transfer_broken" : "transfer",
		  "zone=%s key=%s kind=%s serial=%" PRIu32 " records=%" PRIu64 " bytes=%" PRIu64
		  " ms=%" PRId64,
		  list_name_text(&s->zone->name, name), list_name_text(&job->tsig.name, key),
		  changes ? "ixfr" : "axfr", (uint32_t)list_serial(s->image), s->records, s->bytes,
		  (instant_monotonic_ns() - began) / 1000000);
}

bool
transfer_send(struct transfer_job *job, int fd)
{
	struct transfers *t = job->t;
	struct stream *s = calloc(1, sizeof *s);
	struct journal_way way;
	size_t zone_count;
	bool good;

	check(s != NULL);
	journal_look(&t->journal, t->list, job->serial, &way);
	s->job = job;
	s->image = way.image;
	s->zone = &list_zones(t->list, &zone_count)[job->zone];
	s->fd = fd;
	s->deadline_ms = instant_monotonic_ns() / 1000000 + TRANSFER_MS_MAX;
	send_zone(s, &way);
	good = !s->failed;
	journal_done(&t->journal, t->list, &way);
	free(s);
	return good;
}
