/*
 * model/report.h - one document as received, and the observations read from it; also their form in the journal.
 *
 * A report is what a door hands on: where it came from, the hash of its raw bytes, and its observations in the order of the
 * document. Observations are stored beside the raw bytes, so that a later parser never changes what was decided on.
 */
#ifndef MODEL_REPORT_H
#define MODEL_REPORT_H

#include "base/hash.h"
#include "base/instant.h"
#include "base/wire.h"
#include "model/signal.h"

/* A named detail kept for people and later rooms: "from_domain" = "shop.example". */
struct attribute {
	struct text name;  /* 1..ATTRIBUTE_BYTES_MAX bytes */
	struct text value; /* 0..ATTRIBUTE_BYTES_MAX bytes */
};

#define OBSERVATION_KEYS_MAX 4U

/* One fact: so many of a signal, for a source, at a time. The keys name the same mail (its address, its DKIM domains). */
struct observation {
	struct instant at; /* when it happened: a complaint was made, mail was delivered */
	enum signal signal;
	uint32_t count;           /* >= 1 */
	uint32_t key_count;       /* 1..OBSERVATION_KEYS_MAX */
	uint32_t attribute_count; /* 0..ATTRIBUTES_MAX */
	/* canonical source keys (model/source.h), the address first if known */
	struct text keys[OBSERVATION_KEYS_MAX];
	const struct attribute *attributes;
};

struct report {
	struct hash id;       /* same content, same id, whatever the door: a resend is harmless */
	struct hash raw;      /* SHA-256 of the bytes as received */
	struct text door;     /* "lmtp", "http", "ingest", "maildir" */
	struct text format;   /* "arf", "csv", "jsonl" */
	struct text reporter; /* id of a registered reporter; empty = unauthenticated */
	/* how the door knew the reporter: "token", "address", "folder", "dkim reports.example", "results reports.example"; may be empty */
	struct text proof;
	uint32_t observation_count; /* 0..OBSERVATIONS_MAX */
	struct observation *observations;
};

/* Appends the journal form. Times are stored as differences to the one before. Cost: O(bytes), no allocation but b's. */
void report_write(struct buffer *b, const struct report *report);

/*
 * Reads the journal form; texts point into `bytes`, arrays come from the arena. Errors: RESULT_DAMAGED for anything that
 * report_write cannot have written (torn, over a limit, unknown signal); *report is then empty.
 */
enum result report_read(struct text bytes, struct arena *arena, struct report *report) MUST_USE;

#endif
