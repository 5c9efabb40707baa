/*
 * serve/transfer_peers.c - the secondaries as a roster that is replaced as a whole while transfers run.
 *
 * DNS threads read the roster as they read an image: what is replaced is freed when all of them have slept. A secondary that stays as it is
 * keeps its place and its transfers; one that is gone, or may have less, is cut off, and freed with its last connection.
 */
#include "serve/transfer_int.h"

#include <stdlib.h>
#include <string.h>

static enum result
open_zones(struct transfers *t, struct peer *peer, const struct transfer_peer *o, struct fault *fault)
{
	size_t zone_count;
	const struct list_zone *zones = list_zones(t->list, &zone_count);

	for (size_t i = 0; i < zone_count; i++) {
		peer->zones[i] = o->zone_count == 0;
	}
	for (size_t i = 0; i < o->zone_count; i++) {
		struct list_name name;
		enum result r = list_name_parse(text_of(o->zones[i]), &name, fault);
		size_t k = 0;

		if (r != RESULT_OK) {
			return r;
		}
		while (k < zone_count && !transfer_is_zone(&zones[k], name.bytes, name.n)) {
			k++;
		}
		if (k == zone_count) {
			return fault_set(fault, RESULT_BAD_INPUT, "%s is no zone of a list", o->zones[i]);
		}
		peer->zones[k] = true;
	}
	return RESULT_OK;
}

void
peer_free(struct peer *peer)
{
	explicit_bzero(&peer->key, sizeof peer->key);
	free(peer->networks);
	free(peer);
}

static bool
same_name(const struct tsig_key *a, const struct tsig_key *b)
{
	return a->name.n == b->name.n && memcmp(a->name.bytes, b->name.bytes, a->name.n) == 0;
}

static bool
same_peer(const struct peer *a, const struct peer *b)
{
	bool same = same_name(&a->key, &b->key) && a->key.algorithm == b->key.algorithm &&
		    a->key.secret_bytes == b->key.secret_bytes &&
		    memcmp(a->key.secret, b->key.secret, a->key.secret_bytes) == 0 &&
		    memcmp(a->zones, b->zones, sizeof a->zones) == 0 && a->network_count == b->network_count;

	for (size_t i = 0; same && i < a->network_count; i++) {
		same = prefix_equal(&a->networks[i], &b->networks[i]);
	}
	return same;
}

static bool
has_peer(const struct roster *r, const struct peer *peer)
{
	for (size_t i = 0; r != NULL && i < r->count; i++) {
		if (r->peers[i] == peer) {
			return true;
		}
	}
	return false;
}

/* The one that there is already and is the same, instead of this one. */
static struct peer *
known_peer(const struct roster *now, struct peer *peer)
{
	for (size_t i = 0; now != NULL && i < now->count; i++) {
		if (same_peer(now->peers[i], peer)) {
			peer_free(peer);
			return now->peers[i];
		}
	}
	return peer;
}

static enum result
add_peer(struct transfers *t, struct roster *r, const struct transfer_peer *o, struct fault *fault)
{
	struct peer *peer = calloc(1, sizeof *peer);
	enum result result;

	check(peer != NULL);
	result = open_zones(t, peer, o, fault);
	check(o->key.secret_bytes >= TSIG_SECRET_BYTES_MIN && o->key.secret_bytes <= TSIG_SECRET_BYTES_MAX);
	for (size_t i = 0; i < r->count && result == RESULT_OK; i++) {
		if (same_name(r->keys[i], &o->key)) {
			result = fault_set(fault, RESULT_BAD_INPUT, "this key is given twice");
		}
	}
	if (result != RESULT_OK) {
		peer_free(peer);
		return result;
	}
	peer->key = o->key;
	peer->networks = calloc(o->network_count + 1, sizeof *peer->networks);
	check(peer->networks != NULL);
	if (o->network_count > 0) {
		memcpy(peer->networks, o->networks, o->network_count * sizeof *peer->networks);
	}
	peer->network_count = o->network_count;
	peer = known_peer(atomic_load_explicit(&t->roster, memory_order_relaxed), peer);
	r->peers[r->count] = peer;
	r->keys[r->count++] = &peer->key;
	return RESULT_OK;
}

/* Without its peers. */
static void
roster_free(struct roster *r)
{
	if (r != NULL) {
		free(r->peers);
		free(r->keys);
		free(r);
	}
}

/* One that nobody has seen, and those of its peers that are in no other. */
static void
roster_drop(struct roster *r, const struct roster *other)
{
	for (size_t i = 0; r != NULL && i < r->count; i++) {
		if (!has_peer(other, r->peers[i])) {
			peer_free(r->peers[i]);
		}
	}
	roster_free(r);
}

enum result
roster_open(struct transfers *t, const struct transfer_options *options, struct roster **roster,
	    struct fault *fault)
{
	struct roster *r;
	enum result result = RESULT_OK;

	check(options->peer_count <= TRANSFER_PEERS_MAX);
	*roster = NULL;
	if (options->peer_count == 0) {
		return RESULT_OK;
	}
	r = calloc(1, sizeof *r);
	check(r != NULL);
	r->peers = calloc(options->peer_count, sizeof(struct peer *));
	r->keys = calloc(options->peer_count, sizeof(struct tsig_key *));
	check(r->peers != NULL && r->keys != NULL);
	for (size_t i = 0; i < options->peer_count && result == RESULT_OK; i++) {
		result = add_peer(t, r, &options->peers[i], fault);
	}
	if (result != RESULT_OK) {
		roster_drop(r, atomic_load_explicit(&t->roster, memory_order_relaxed));
		return result;
	}
	*roster = r;
	return RESULT_OK;
}

void
roster_close(struct roster *r)
{
	roster_drop(r, NULL);
}

struct peer *
roster_peer(const struct roster *r, const struct tsig_key *key)
{
	size_t i = 0;

	while (i < r->count && r->keys[i] != key) {
		i++;
	}
	check(i < r->count);
	return r->peers[i];
}

static bool
same_roster(const struct roster *a, const struct roster *b)
{
	size_t count = a == NULL ? 0 : a->count;

	if (count != (b == NULL ? 0 : b->count)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (a->peers[i] != b->peers[i]) {
			return false;
		}
	}
	return true;
}

enum result
transfer_change(struct transfers *t, const struct transfer_options *options, struct fault *fault)
{
	struct roster *was = atomic_load_explicit(&t->roster, memory_order_relaxed), *next;
	struct targets targets = { 0 };
	enum result r = roster_open(t, options, &next, fault);

	if (r == RESULT_OK) {
		r = targets_open(t, options, next, &targets, fault);
	}
	if (r == RESULT_OK && same_roster(was, next) && targets_equal(&t->notifier.targets, &targets)) {
		roster_free(next);
		free(targets.items);
		return RESULT_OK;
	}
	if (r == RESULT_OK && next != NULL) {
		r = notifier_start(t, fault);
	}
	if (r != RESULT_OK) {
		roster_drop(next, was);
		free(targets.items);
		return r;
	}
	notifier_change(t, &targets);
	atomic_store_explicit(&t->roster, next, memory_order_release);
	list_wait_for_readers();
	for (size_t i = 0; was != NULL && i < was->count; i++) {
		if (!has_peer(next, was->peers[i]) && workers_cut(t, was->peers[i])) {
			peer_free(was->peers[i]);
		}
	}
	roster_free(was);
	return RESULT_OK;
}
