/*
 * list/list.h - which names of the lists' DNS zones exist and what they say: a frozen image that readers never wait for.
 *
 * One thread writes (puts, removes, publishes), any number read. What is published is never changed: a change copies the
 * small part (shard) it lies in, and publishing swaps one pointer; the old parts are freed when every reader has moved on
 * (urcu-qsbr). So a change costs nearly the same at ten entries and at four million, and a reader is never stopped by it.
 *
 * Names of an address zone (RFC 5782): 10.2.0.192.<zone>, and 32 nibbles for IPv6; the most specific entry that covers
 * the address answers. Names of a domain zone: mail.example.<domain zone>, exactly. Beside them <domain>._vouch.<zone>
 * (RFC 5518), TXT only. Test entries are always there: 127.0.0.2, ::FFFF:7F00:2 and TEST are listed, 127.0.0.1,
 * ::FFFF:7F00:1 and INVALID never are. A name with listed names below it exists and is empty (RFC 8020).
 *
 * Cost: a lookup is one search per prefix length present (IPv4: in its /16; IPv6: one, and one more per prefix around it), no
 * allocation, no lock. A change copies the /16 it lies in (IPv4), a page and its branch of at most 6 and 4 KiB (IPv6), or as many shards as the
 * domain has labels; publishing copies 64 KiB of pointers and 2 KiB per list; of a list whose IPv6 changed, 16 bytes for each branch.
 * Memory: 8 bytes per IPv4 address or prefix longer than /16, and 40 for each /16 that has one; 24 to 31 per IPv6 prefix; 16
 * for each other name, listed or between, at a fill of about 0.6.
 * Test: tests/unit/list_test.c, a naive twin on random changes; list_readers_test.c, many threads.
 */
#ifndef LIST_LIST_H
#define LIST_LIST_H

#include "model/source.h"

#define LIST_NAME_BYTES_MAX 255U /* of a DNS name on the wire, with the root (RFC 1035 3.1) */
#define LIST_NS_MAX         16U
#define LIST_TXT_BYTES_MAX  255U  /* template of the TXT record */
#define LIST_TEXT_BYTES_MAX 1024U /* the TXT with its keys put in; what is longer is cut */

/* A DNS name on the wire: labels with their lengths, ASCII letters in lower case, ends in the root. */
struct list_name {
	uint8_t n;
	uint8_t bytes[LIST_NAME_BYTES_MAX];
};

/* What one list looks like in DNS; the keys of vouch.yaml. Texts are copied. NULL and "" are the same. */
struct list_options {
	const char *zone;        /* of addresses; must be there */
	const char *domain_zone; /* of domains; "": none */
	/* A record of a listed source, in 127.0.0.0/8, neither 127.0.0.1 nor 127.255.255.0/24 */
	const char *code;
	const char *txt;       /* "$" stands for the source */
	const char *const *ns; /* names of the name servers, at most LIST_NS_MAX; none: "ns." and the zone */
	size_t ns_count;
	const char *contact;   /* SOA contact, a domain name; "": "hostmaster." and the zone */
	uint32_t ttl;          /* seconds, of a positive answer; 1..604800 */
	uint32_t negative_ttl; /* seconds, of a negative answer; 1..604800 (RFC 2308) */
};

/* One zone as it is served; the same as long as the list is open. */
struct list_zone {
	struct list_name name;
	uint8_t labels;   /* of the name, without the root */
	uint8_t list;     /* index of its list */
	bool domains;     /* a domain zone */
	uint8_t code[4];  /* A record */
	uint8_t ns_count; /* at least one */
	uint32_t negative_ttl;
	struct list_name ns[LIST_NS_MAX]; /* ns[0] is the SOA's primary name server */
	struct list_name contact;
};

struct list;
struct list_image;
struct list_cell;
struct list_six;
struct list_page6;
struct list_block;

/*
 * Opens `count` lists (1..LISTS_MAX), each with its test entries, and publishes them with serial 0.
 * Errors: RESULT_BAD_INPUT for a name, code or time that cannot be, or a zone given twice; the fault names it.
 */
enum result list_open(const struct list_options *options, size_t count, struct list **list,
		      struct fault *fault) MUST_USE;
void list_close(struct list *list); /* no reader may be left; NULL is fine */

/*
 * Makes `key` listed on the list with this index, or changes its ttl (seconds; 0: that of the list). Seen by readers
 * from the next list_publish on. Errors: RESULT_BAD_INPUT for what can have no name in DNS (an account) or would list a
 * name that must never be (127.0.0.1, ::FFFF:7F00:1); RESULT_CONFLICT for a test entry itself.
 */
enum result list_put(struct list *list, size_t index, const struct source_key *key, uint32_t ttl,
		     struct fault *fault) MUST_USE;
/* Errors: RESULT_NOT_FOUND when it is not listed there. */
enum result list_remove(struct list *list, size_t index, const struct source_key *key) MUST_USE;
/*
 * Withholds a source of this list from one receiver (a number of the caller's, up to 65535): list_found_withheld says so, list_find does
 * not change. `on` false: no longer. A removed source is not forgotten here by itself. Returns whether something changed; an account never does.
 */
bool list_withhold(struct list *list, size_t index, uint32_t receiver, const struct source_key *key, bool on);
/* Removes all but the test entries, on every list, and withholds nothing. Cost: O(entries). */
void list_clear(struct list *list);
/* Entries of one list as the writer sees it, without test entries. Cost: O(1). */
uint64_t list_count(const struct list *list, size_t index);

/*
 * Readers see all changes from now on; the zones' serial is the lower 32 bits of `serial` (the journal's seq, which
 * never goes back). Returns when the last reader of the old image is done: less than one batch of queries.
 */
void list_publish(struct list *list, uint64_t serial);

/*
 * What is published is what the store holds, as of this monotonic time (instant_monotonic_ns); list_publish alone does not say so.
 * From any thread. A list that nobody confirms any more has lost the brake that it is for.
 */
void list_confirm(struct list *list, int64_t now_ns);
int64_t list_confirmed(const struct list *list); /* the last time; that of list_open at first */

/*
 * A reading thread starts awake. An image is good until the thread sleeps: do so before every call that may block, or
 * list_publish waits; wake before the next image. Cost: a memory barrier each.
 */
void list_reader_start(void);
void list_reader_sleep(void);
void list_reader_wake(void);
void list_reader_end(void);
/* Returns when each reader that is awake now has slept, so that nobody reads what was there before. Not from a reader that is awake. */
void list_wait_for_readers(void);
const struct list_image *list_read(const struct list *list);
uint64_t list_serial(const struct list_image *image);

enum list_node {
	LIST_ELSEWHERE, /* in none of the zones */
	LIST_NOTHING,   /* no such name: not listed */
	LIST_EMPTY,     /* the name exists without records: listed names lie below it */
	LIST_APEX,      /* the zone itself: SOA and NS */
	LIST_ENTRY,     /* listed: A and TXT */
	LIST_VOUCH      /* listed domain below _vouch: TXT */
};

struct list_found {
	enum list_node node;
	const struct list_zone *zone; /* NULL only for LIST_ELSEWHERE */
	uint32_t ttl;                 /* LIST_ENTRY, LIST_VOUCH: seconds */
	const struct list_image *image;
	uint8_t labels, last; /* before the zone: how many, and where in the name the last of them begins */
	/* private: where it stands; good as long as the image */
	const struct list_cell *cell;
	const struct list_six *six; /* both NULL: at this IPv4 prefix */
	uint32_t ipv4;              /* in host order */
	uint8_t ipv4_bits;
};

/*
 * What the name is: `name` is on the wire without compression, n bytes, with its root; well formed, letters in any case.
 */
struct list_found list_find(const struct list_image *image, const uint8_t *name, size_t n);

/*
 * Of n bytes that a name begins with: how many labels of one byte it begins with, counted in fours. An IPv6 name has 32, and walking from each
 * to the next takes longer than all the rest of a query.
 */
size_t list_digit_labels(const uint8_t *name, size_t n);

/* Is what was found withheld from this receiver? Cost: nothing while nothing is withheld, else one lookup. */
bool list_found_withheld(const struct list_found *found, uint32_t receiver);

/*
 * Names that are asked for soon, of at most n bytes each and not looked at yet: what they would be found by is fetched into the cache. The
 * first call fetches what the second looks at, so a batch makes all first calls, then all second ones, then looks up. Changes nothing and
 * may be wrong.
 */
struct list_hope { /* private */
	const struct list_page6 *page;
	const struct list_block *const *block;
	uint64_t high;
};
struct list_hope list_expect(const struct list_image *image, const uint8_t *name, size_t n);
void list_expect_more(const struct list_hope *hope);

/* The words of the TXT record of a LIST_ENTRY or LIST_VOUCH ("all": it vouches for every type of mail). */
size_t list_found_text(const struct list_found *found, char out[LIST_TEXT_BYTES_MAX]);

/* Reads "list.example", "List.Example." Errors: RESULT_BAD_INPUT; *name is then unchanged. */
enum result list_name_parse(struct text text, struct list_name *name, struct fault *fault) MUST_USE;
#define LIST_NAME_TEXT_BYTES LIST_NAME_BYTES_MAX
/* "list.example", for people; what is no letter, digit, '-' or '_' is a '?'. Returns `out`. */
const char *list_name_text(const struct list_name *name, char out[LIST_NAME_TEXT_BYTES]);

#endif
