/*
 * journal/rows.h - the rows beside the chain that people read with sqlite3 (and rooms, the quarantine). Part of journal/journal.h.
 *
 * Plain words and numbers; times in ms since 1970. `seq` is the record that made the row so. They follow from the chain and
 * can be made again from it, but for usage, outbox and told; none is ever read back to decide something.
 */
#ifndef JOURNAL_ROWS_H
#define JOURNAL_ROWS_H

#include "base/hash.h"
#include "base/instant.h"
#include "model/state.h"

struct journal_source { /* key: id, list */
	uint32_t id;
	struct text key, member, system, list;
	enum state state;
	struct text kind; /* of a suspension: security, compliance, disuse; else empty */
	struct instant since;
	struct text reason;
	uint64_t seq;
};
struct journal_move { /* key: seq, source */
	uint64_t seq;
	struct instant time;
	uint32_t source;
	struct text key, list;
	enum state from;
	enum event event;
	enum state to;
	struct text receiver; /* for this one only; empty: for all */
	enum actor role;
	struct text actor, reason;
};
struct journal_case { /* key: number */
	uint64_t number;
	struct text status, system, member, kind, reason;
	struct text sources; /* keys, one blank between */
	struct instant opened, deadline;
	uint64_t delivered_before, delivered_after; /* messages */
	uint64_t seq;
};
struct journal_quarantine { /* key: id */
	uint64_t id;
	uint64_t seq;
	struct instant time;
	struct text door, name;
	uint64_t line; /* 0: none */
	struct text error, status;
	struct hash raw;
	uint64_t bytes; /* of the raw document */
};
struct journal_usage {        /* key: day, receiver; DNS queries. It does not follow from the chain. */
	struct text day;      /* "2026-01-05", UTC */
	struct text receiver; /* of vouch.yaml; "public": all others */
	uint64_t listed, not_listed, other, refused, limited; /* serve/dns_usage.def */
};
/* key: id; something to be sent. It does not follow from the chain: nothing is sent because a journal is read. */
struct journal_outbox {
	uint64_t id; /* from 1 on, in the order of queueing */
	struct instant created;
	struct instant due;    /* of the next try; of one that ended: when it did */
	uint64_t tries;        /* so far */
	struct text status;    /* vouchd/outbox_states.def */
	struct text channel;   /* notify/channels.def */
	struct text kind;      /* of a notice, or of another letter: "suspended" */
	struct text about;     /* "harbour-bank/harbour-news", or what else its caller says */
	struct text recipient; /* a mail address or a URL; goes to no log and to no public answer */
	struct text subject;   /* one line for people */
	struct text content;   /* as it is sent */
	struct text error;     /* why the last try failed; empty: it did not */
	uint64_t seq;          /* the last record of the journal when it was queued; 0: there was none */
};
struct journal_told { /* key: topic, unit; what a member was last told. It does not follow from the chain. */
	struct text topic;
	uint64_t unit; /* registry id of a source or system, as the topic says */
	struct text said;
	struct instant time;
};
#endif
