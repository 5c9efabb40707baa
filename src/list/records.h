/*
 * list/records.h - a zone as records with owner names, for who cannot ask one name at a time: transfers. And images that
 * stay, for who cannot be done within one batch of queries.
 *
 * A prefix becomes names by what a wildcard can say (RFC 4592): 198.51.100.0/24 is *.100.51.198.<zone>, a /22 is four of them,
 * a /30 four addresses, and in IPv6 a nibble takes the place of the octet. A wildcard ends at an existing name, so below
 * a covering prefix every name that exists gets a wildcard of its own that says the same. One trap is left: *.6.2.<zone>,
 * meant as 2.6.0.0/16, would also be the name of every IPv6 address in 2600::/8. Where all labels could be labels of
 * the other family no wildcard stands, but its 256 or 16 children do, or the addresses themselves: 28306 names for a /8.
 *
 * So for each name of an address (4 octets, 32 nibbles) and each domain the records say what list_find says, TTL and text
 * included; tests/unit/list_records_test.c asks a second reading of RFC 4592. What is no name of an address (foo.100.51.198) is
 * NXDOMAIN here and may match a wildcard there.
 */
#ifndef LIST_RECORDS_H
#define LIST_RECORDS_H

#include "list/list.h"

/* The records of one owner name. Copied freely; `domain` points into the image, or to who made it. */
struct list_record {
	uint8_t list;
	bool domains;        /* in the domain zone of the list, else in the zone of addresses */
	bool vouch;          /* below _vouch: TXT alone; else A and TXT */
	uint8_t source_bits; /* of the entry that answers; it covers `name` */
	uint8_t domain_bytes;
	uint32_t ttl;          /* seconds */
	struct prefix name;    /* family 0: a domain. Shorter than an address: the wildcard "*." before it */
	const uint8_t *domain; /* labels with their lengths, without the root */
};

/* Entries of one list in an image. Cost: O(1). */
uint64_t list_image_count(const struct list_image *image, size_t index);
/* The zones as they are served, in the order of the lists. They stay as long as the list is open. */
const struct list_zone *list_zones(const struct list *list, size_t *count);
/* The owner name on the wire, with its zone and root. Returns its bytes; 0 for a domain too long to have a name in this zone. */
size_t list_record_name(const struct list *list, const struct list_record *r,
			uint8_t out[LIST_NAME_BYTES_MAX]);
/* The words of its TXT record. */
size_t list_record_text(const struct list *list, const struct list_record *r, char out[LIST_TEXT_BYTES_MAX]);

typedef bool list_record_take(void *context, const struct list_record *r); /* false: no more */

/*
 * Every record of a zone, each owner once. Cost: a few lookups per name; no lock. RESULT_NOT_ALLOWED, before the first
 * record, when an entry needs more than LIST_ENTRY_NAMES_MAX names; the fault names it. RESULT_BUSY when `take` said no.
 */
enum result list_records(const struct list_image *image, const struct list_zone *zone, list_record_take *take,
			 void *context, struct fault *fault) MUST_USE;

/*
 * An image that stays until it is released, on any thread, for any time. Readers and the writer do not wait for it: what
 * the writer replaces meanwhile is freed with it. So a hold costs at most the list once more. At most LIST_HOLDS_MAX at a time: check().
 * `again` holds an image that is held already.
 */
const struct list_image *list_hold(struct list *list);
const struct list_image *list_hold_again(struct list *list, const struct list_image *held);
void list_release(struct list *list, const struct list_image *image);

/*
 * From now on changed keys are kept for list_follow_next, at most LIST_FOLLOW_KEYS_MAX, and `published` is called on the
 * writer's thread after each publish; it must be short. One follower. Both calls only while nobody writes.
 */
void list_follow(struct list *list, void (*published)(void *context), void *context);
void list_unfollow(struct list *list);

/* What one published change, or several together, did to the zones. */
struct list_step {
	uint64_t from, to; /* serials of the images */
	size_t deleted, added;
	struct list_record *records; /* the deleted, then the added, each grouped by zone */
};

/*
 * Holds the newest image, releases *image, and says how one becomes the other. Without a change *step is NULL. When too much
 * changed to be told (LIST_FOLLOW_KEYS_MAX keys, LIST_STEP_NAMES_MAX names), *step is NULL and *lost is set.
 * *image is NULL the first time. Cost: for each changed key the names it touches, on the caller's thread.
 */
void list_follow_next(struct list *list, const struct list_image **image, struct list_step **step,
		      bool *lost);
void list_step_free(struct list_step *step); /* NULL is fine */

#endif
