/* serve/dns_gate.c - receivers by network and key; the verdict about a query. */
#include "serve/dns_gate.h"

#include "base/limits.h"
#include "serve/dns_meter_int.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define NO_NETWORK      UINT32_MAX
#define CLIENT_BITS_4   32
#define CLIENT_BITS_6   64 /* what one subscriber has; within it addresses cost nothing */
#define NETWORK_BITS_4  24
#define NETWORK_BITS_6  56
#define ANSWERS_SECONDS 1 /* at once: what is reflected comes in bursts */
#define PUBLIC_WORDS    "of the public"

/* A network, in order of address, then the wider first; so the last one that begins before an address is the first to look at. */
struct network {
	struct prefix prefix;
	uint32_t receiver;
	uint32_t around; /* the narrowest one that this one lies in; NO_NETWORK */
};

struct key {
	uint8_t label[1 + DNS_KEY_BYTES_MAX]; /* with its length, in lower case */
	uint32_t receiver;
};

struct receiver {
	char id[NAME_BYTES_MAX + 1]; /* "": nobody has this number */
	struct dns_rate rate;
};

struct dns_usages {
	struct dns_usages *next;
	_Atomic uint64_t counts[][DNS_USAGE_COUNT]; /* by receiver; written by one thread */
};

/* What dns_gate_change replaces as a whole; a DNS thread reads it until it sleeps. */
struct rules {
	bool closed;
	struct dns_rate public_rate, answers_rate;
	int64_t stale_ns; /* 0: never */
	size_t network_count, key_count;
	uint64_t key_lengths; /* bit n: some key has n bytes */
	struct network *networks;
	struct key *keys; /* sorted */
	struct dns_cookie_secrets secrets;
	uint32_t last;               /* number in use */
	struct receiver receivers[]; /* by number; [0] is the public */
};

/* What stays. */
struct dns_gate {
	_Atomic(struct rules *) rules;
	pthread_mutex_t lock;                           /* of whoever reads the rules and is no DNS thread */
	struct dns_meters *clients, *networks_answered; /* from the first limit on */
	_Atomic uint32_t slips;
	_Atomic(struct dns_usages *) usages; /* only ever longer */
	dns_meter meters[DNS_RECEIVERS_MAX + 1];
};

static const struct rules *
rules_of(const struct dns_gate *g)
{
	return atomic_load_explicit(&g->rules, memory_order_acquire);
}

static const char *const usage_names[] = {
#define USAGE(id, name, meaning) name,
#include "serve/dns_usage.def"
#undef USAGE
};

const char *
dns_usage_name(enum dns_usage usage)
{
	check(usage < DNS_USAGE_COUNT);
	return usage_names[usage];
}

/* ---- networks */

static int
order_address(const struct prefix *a, const struct prefix *b)
{
	return a->family != b->family ? (int)a->family - b->family
				      : memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

static int
order_networks(const void *a, const void *b)
{
	const struct network *x = a, *y = b;
	int order = order_address(&x->prefix, &y->prefix);

	return order != 0 ? order : (int)x->prefix.bits - y->prefix.bits;
}

static enum result
link_networks(struct rules *g, struct fault *fault)
{
	qsort(g->networks, g->network_count, sizeof *g->networks, order_networks);
	for (uint32_t i = 0; i < g->network_count; i++) {
		struct network *n = &g->networks[i];
		uint32_t around = i == 0 ? NO_NETWORK : i - 1;

		while (around != NO_NETWORK && !prefix_contains(&g->networks[around].prefix, &n->prefix)) {
			around = g->networks[around].around;
		}
		n->around = around;
		if (around != NO_NETWORK && prefix_equal(&g->networks[around].prefix, &n->prefix)) {
			char text[PREFIX_TEXT_BYTES];

			return fault_set(fault, RESULT_BAD_INPUT, "receivers %s and %s have the network %s",
					 g->receivers[g->networks[around].receiver].id,
					 g->receivers[n->receiver].id, prefix_format(&n->prefix, text));
		}
	}
	return RESULT_OK;
}

uint32_t
dns_gate_network(const struct dns_gate *gate, const struct prefix *client)
{
	const struct rules *g = rules_of(gate);
	size_t low = 0, high = g->network_count;
	uint32_t at;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order_address(&g->networks[middle].prefix, client) <= 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	at = low == 0 ? NO_NETWORK : (uint32_t)low - 1;
	while (at != NO_NETWORK && !prefix_contains(&g->networks[at].prefix, client)) {
		at = g->networks[at].around;
	}
	return at == NO_NETWORK ? DNS_PUBLIC : g->networks[at].receiver;
}

/* ---- keys */

static uint8_t
lower(uint8_t c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static int
order_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	return memcmp(x->label, y->label, sizeof x->label);
}

bool
dns_key_good(struct text key)
{
	for (size_t i = 0; i < key.n; i++) {
		uint8_t c = lower((uint8_t)key.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') {
			return false;
		}
	}
	return key.n >= DNS_KEY_BYTES_MIN && key.n <= DNS_KEY_BYTES_MAX;
}

static void
key_put(struct rules *g, uint32_t receiver, struct text key)
{
	struct key *k = &g->keys[g->key_count++];

	*k = (struct key){ .label = { (uint8_t)key.n }, .receiver = receiver };
	for (size_t i = 0; i < key.n; i++) {
		k->label[i + 1] = lower((uint8_t)key.p[i]);
	}
	g->key_lengths |= UINT64_C(1) << key.n;
}

static enum result
sort_keys(struct rules *g, struct fault *fault)
{
	qsort(g->keys, g->key_count, sizeof *g->keys, order_keys);
	for (size_t i = 1; i < g->key_count; i++) {
		if (order_keys(&g->keys[i - 1], &g->keys[i]) == 0) {
			return fault_set(fault, RESULT_BAD_INPUT, "receivers %s and %s have the same key",
					 g->receivers[g->keys[i - 1].receiver].id,
					 g->receivers[g->keys[i].receiver].id);
		}
	}
	return RESULT_OK;
}

/* The receiver whose key this label is; DNS_PUBLIC: nobody's. */
static uint32_t
key_find(const struct rules *g, const uint8_t *label)
{
	struct key wanted = { .label = { label[0] } };
	const struct key *found;

	if ((g->key_lengths >> label[0] & 1) == 0) {
		return DNS_PUBLIC;
	}
	for (size_t i = 1; i <= label[0]; i++) {
		wanted.label[i] = lower(label[i]);
	}
	found = bsearch(&wanted, g->keys, g->key_count, sizeof *g->keys, order_keys);
	return found == NULL ? DNS_PUBLIC : found->receiver;
}

/* ---- opening */

static enum result
put_receiver(struct rules *g, uint32_t number, const struct dns_receiver *r, struct fault *fault)
{
	struct receiver *to = &g->receivers[number];

	if (strlen(r->id) > NAME_BYTES_MAX || r->limit > DNS_LIMIT_MAX) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "receiver %.64s: its id is too long, or its limit too high", r->id);
	}
	memcpy(to->id, r->id, strlen(r->id));
	to->rate = (struct dns_rate){ r->limit, DNS_BURST_SECONDS };
	for (size_t i = 0; i < r->network_count; i++) {
		g->networks[g->network_count++] = (struct network){ r->networks[i], number, NO_NETWORK };
	}
	if (r->key == NULL || r->key[0] == '\0') {
		return RESULT_OK;
	}
	if (!dns_key_good(text_of(r->key))) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "receiver %s: a key has %u to %u letters, digits and '-'", r->id,
				 DNS_KEY_BYTES_MIN, DNS_KEY_BYTES_MAX);
	}
	key_put(g, number, text_of(r->key));
	return RESULT_OK;
}

/* Those without a number have their place among all. */
static uint32_t
number_of(const struct dns_gate_options *o, size_t i)
{
	return o->receivers[i].number == 0 ? (uint32_t)i + 1 : o->receivers[i].number;
}

static struct rules *
rules_new(const struct dns_gate_options *o)
{
	size_t networks = 0;
	uint32_t last = 0;
	struct rules *g;

	for (size_t i = 0; i < o->receiver_count; i++) {
		networks += o->receivers[i].network_count;
		last = number_of(o, i) > last ? number_of(o, i) : last;
	}
	g = calloc(1, sizeof *g + (last + 1) * sizeof *g->receivers);
	check(g != NULL);
	g->last = last;
	g->networks = calloc(networks + 1, sizeof *g->networks);
	g->keys = calloc(o->receiver_count + 1, sizeof *g->keys);
	check(g->networks != NULL && g->keys != NULL);
	g->closed = o->closed;
	g->public_rate = (struct dns_rate){ o->public_limit, DNS_BURST_SECONDS };
	g->answers_rate = (struct dns_rate){ o->answers_limit, ANSWERS_SECONDS };
	g->stale_ns = o->stale_after.ms * 1000000;
	memcpy(g->receivers[DNS_PUBLIC].id, "public", sizeof "public");
	return g;
}

static void
rules_free(struct rules *g)
{
	if (g != NULL) {
		free(g->networks);
		free(g->keys);
		explicit_bzero(&g->secrets, sizeof g->secrets);
		free(g);
	}
}

static enum result
rules_read(const struct dns_gate_options *o, struct rules **rules, struct fault *fault)
{
	enum result r = RESULT_OK;
	struct rules *g;

	*rules = NULL;
	for (size_t i = 0; i < o->receiver_count; i++) {
		r = number_of(o, i) > DNS_RECEIVERS_MAX ? RESULT_BAD_INPUT : r;
	}
	if (r != RESULT_OK || o->receiver_count > DNS_RECEIVERS_MAX || o->public_limit > DNS_LIMIT_MAX ||
	    o->answers_limit > DNS_LIMIT_MAX) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "at most %d receivers, and limits of at most %d queries per second",
				 DNS_RECEIVERS_MAX, DNS_LIMIT_MAX);
	}
	g = rules_new(o);
	for (size_t i = 0; i < o->receiver_count && r == RESULT_OK; i++) {
		r = put_receiver(g, number_of(o, i), &o->receivers[i], fault);
	}
	if (r == RESULT_OK) {
		r = link_networks(g, fault);
	}
	if (r == RESULT_OK) {
		r = sort_keys(g, fault);
	}
	if (r != RESULT_OK) {
		rules_free(g);
		return r;
	}
	*rules = g;
	return RESULT_OK;
}

/* The secret that was made at random stays, so that cookies stay good. */
static void
set_secrets(struct rules *g, const struct dns_gate_options *o, const struct rules *before)
{
	if (o->secrets != NULL) {
		g->secrets = *o->secrets;
	} else if (before != NULL) {
		g->secrets = before->secrets;
	} else {
		g->secrets.count = 1;
		check(getrandom(g->secrets.bytes[0], DNS_COOKIE_SECRET_BYTES, 0) == DNS_COOKIE_SECRET_BYTES);
	}
}

static void
make_meters(struct dns_gate *gate, const struct rules *g)
{
	if (g->public_rate.per_second > 0 && gate->clients == NULL) {
		gate->clients = dns_meters_open(DNS_CLIENTS_MAX);
	}
	if (g->answers_rate.per_second > 0 && gate->networks_answered == NULL) {
		gate->networks_answered = dns_meters_open(DNS_CLIENTS_MAX);
	}
}

enum result
dns_gate_open(const struct dns_gate_options *options, struct dns_gate **gate, struct fault *fault)
{
	struct rules *g;
	enum result r = rules_read(options, &g, fault);

	*gate = NULL;
	if (r != RESULT_OK) {
		return r;
	}
	*gate = calloc(1, sizeof **gate);
	check(*gate != NULL && pthread_mutex_init(&(*gate)->lock, NULL) == 0);
	set_secrets(g, options, NULL);
	make_meters(*gate, g);
	atomic_store_explicit(&(*gate)->rules, g, memory_order_release);
	return RESULT_OK;
}

enum result
dns_gate_change(struct dns_gate *gate, const struct dns_gate_options *options, struct fault *fault)
{
	struct rules *before, *g;
	enum result r = rules_read(options, &g, fault);

	if (r != RESULT_OK) {
		return r;
	}
	set_secrets(g, options, rules_of(gate));
	make_meters(gate, g);
	check(pthread_mutex_lock(&gate->lock) == 0);
	before = atomic_exchange_explicit(&gate->rules, g, memory_order_acq_rel);
	check(pthread_mutex_unlock(&gate->lock) == 0);
	list_wait_for_readers();
	rules_free(before);
	return RESULT_OK;
}

void
dns_gate_close(struct dns_gate *gate)
{
	struct dns_usages *next;

	if (gate == NULL) {
		return;
	}
	for (struct dns_usages *u = atomic_load_explicit(&gate->usages, memory_order_acquire); u != NULL;
	     u = next) {
		next = u->next;
		free(u);
	}
	dns_meters_close(gate->clients);
	dns_meters_close(gate->networks_answered);
	rules_free(atomic_load_explicit(&gate->rules, memory_order_acquire));
	check(pthread_mutex_destroy(&gate->lock) == 0);
	free(gate);
}

uint32_t
dns_gate_next(struct dns_gate *gate, uint32_t after, char id[NAME_BYTES_MAX + 1])
{
	uint32_t found = DNS_PUBLIC;

	check(pthread_mutex_lock(&gate->lock) == 0);
	for (uint32_t i = after + 1; i <= rules_of(gate)->last && found == DNS_PUBLIC; i++) {
		if (rules_of(gate)->receivers[i].id[0] != '\0') {
			memcpy(id, rules_of(gate)->receivers[i].id, NAME_BYTES_MAX + 1);
			found = i;
		}
	}
	check(pthread_mutex_unlock(&gate->lock) == 0);
	return found;
}

/* ---- the verdict */

static bool
is_standing(const uint8_t *label)
{
	static const uint8_t word[] = "\012amiblocked";

	for (size_t i = 0; i < sizeof word - 1; i++) {
		if (lower(label[i]) != word[i]) {
			return false;
		}
	}
	return true;
}

/* The name without its key, which stands just before the zone. A key alone is a name without records. */
static void
find_without(const struct dns_desk *desk, const uint8_t *name, size_t n, struct dns_pass *pass)
{
	const struct list_zone *zone = pass->found.zone;
	size_t front = pass->found.last, zone_bytes = zone->name.n;
	uint8_t rest[LIST_NAME_BYTES_MAX];
	struct list_found found;

	if (front == 0) {
		pass->found.node = LIST_EMPTY;
		return;
	}
	memcpy(rest, name, front);
	memcpy(rest + front, name + n - zone_bytes, zone_bytes);
	found = list_find(desk->image, rest, front + zone_bytes);
	if (found.zone == zone) { /* a key does not lead from one zone into another */
		pass->found = found;
	}
}

/* What is no name of the zone may be one with a key in it, or ask for the standing. */
static void
look_before_zone(const struct dns_desk *desk, const uint8_t *name, size_t n, struct dns_pass *pass)
{
	const size_t labels = pass->found.labels;
	uint32_t receiver = key_find(rules_of(desk->gate), name + pass->found.last);
	bool standing = labels <= 2 && is_standing(name);

	if (receiver != DNS_PUBLIC) {
		pass->receiver = receiver;
		pass->by_key = true;
		find_without(desk, name, n, pass);
	}
	if (standing && (labels == 1 || pass->found.node == LIST_NOTHING)) {
		pass->verdict = DNS_STANDING;
		pass->unknown_key = labels == 2 && receiver == DNS_PUBLIC;
	}
}

/* The limit that counts for this query and its bucket; NULL: there is none. */
static dns_meter *
meter_of(const struct dns_desk *desk, const struct prefix *client, uint32_t receiver, struct dns_rate *rate)
{
	const struct rules *g = rules_of(desk->gate);
	struct prefix cut;

	/* A number that the rules do not have any more: they were changed since it was found. */
	*rate = receiver == DNS_PUBLIC ? g->public_rate
		: receiver <= g->last  ? g->receivers[receiver].rate
				       : (struct dns_rate){ 0 };
	if (rate->per_second == 0) {
		return NULL;
	}
	if (receiver != DNS_PUBLIC) {
		return &desk->gate->meters[receiver];
	}
	cut = dns_client_cut(client, CLIENT_BITS_4, CLIENT_BITS_6);
	return dns_meters_of(desk->gate->clients, &cut, desk->now_ns);
}

bool
dns_gate_stale(const struct dns_desk *desk)
{
	int64_t stale_ns = desk->gate == NULL ? 0 : rules_of(desk->gate)->stale_ns;

	return stale_ns > 0 && desk->now_ns - desk->confirmed_ns > stale_ns;
}

static enum dns_verdict
verdict_of(const struct dns_desk *desk, const struct prefix *client, const struct dns_pass *pass)
{
	struct dns_rate rate;
	dns_meter *meter;

	if (pass->receiver == DNS_PUBLIC && rules_of(desk->gate)->closed && pass->found.node != LIST_APEX) {
		return DNS_CLOSED;
	}
	meter = meter_of(desk, client, pass->receiver, &rate);
	if (meter != NULL && !dns_meter_take(meter, rate, desk->now_ns)) {
		return DNS_OVER;
	}
	return dns_gate_stale(desk) ? DNS_STALE : DNS_MAY;
}

void
dns_gate_ask(const struct dns_desk *desk, const struct prefix *client, uint32_t by_network,
	     const uint8_t *name, size_t n, struct dns_pass *pass)
{
	*pass = (struct dns_pass){ .verdict = DNS_MAY,
				   .receiver = by_network,
				   .found = list_find(desk->image, name, n) };
	if (desk->gate == NULL || pass->found.node == LIST_ELSEWHERE) {
		return;
	}
	if (pass->found.node == LIST_NOTHING) {
		look_before_zone(desk, name, n, pass);
	}
	if (pass->verdict != DNS_STANDING) {
		pass->verdict = verdict_of(desk, client, pass);
	}
	if (pass->receiver != DNS_PUBLIC && list_found_withheld(&pass->found, pass->receiver)) {
		pass->found.node = LIST_NOTHING; /* suspended for this receiver alone */
	}
}

/* ---- answers that may go to somebody who did not ask */

bool
dns_gate_may_answer(const struct dns_desk *desk, const struct prefix *client, uint32_t by_network)
{
	struct dns_rate rate =
	    desk->gate == NULL ? (struct dns_rate){ 0 } : rules_of(desk->gate)->answers_rate;
	struct prefix network;

	if (rate.per_second == 0 || by_network != DNS_PUBLIC) {
		return true;
	}
	network = dns_client_cut(client, NETWORK_BITS_4, NETWORK_BITS_6);
	return dns_meter_take(dns_meters_of(desk->gate->networks_answered, &network, desk->now_ns), rate,
			      desk->now_ns);
}

bool
dns_gate_slips(struct dns_gate *gate)
{
	return atomic_fetch_add_explicit(&gate->slips, 1, memory_order_relaxed) % 2 == 0;
}

const struct dns_cookie_secrets *
dns_gate_secrets(const struct dns_gate *gate)
{
	return &rules_of(gate)->secrets;
}

/* ---- the standing */

static const char *
why_blocked(const struct dns_desk *desk, const struct dns_pass *pass, struct dns_rate rate, unsigned used,
	    char out[DNS_STANDING_BYTES])
{
	int64_t age = (desk->now_ns - desk->confirmed_ns) / 1000000000;

	if (pass->unknown_key) {
		return "nobody has this key";
	}
	if (pass->receiver == DNS_PUBLIC && rules_of(desk->gate)->closed) {
		return "the list answers its receivers alone, and this is no network of theirs";
	}
	if (used > 99) {
		(void)snprintf(out, DNS_STANDING_BYTES, "over the limit of %" PRIu32 " queries per second",
			       rate.per_second);
		return out;
	}
	if (dns_gate_stale(desk)) {
		(void)snprintf(out, DNS_STANDING_BYTES, "the list had no news for %" PRId64 " s", age);
		return out;
	}
	return NULL;
}

size_t
dns_gate_standing(const struct dns_desk *desk, const struct prefix *client, const struct dns_pass *pass,
		  char out[DNS_STANDING_BYTES])
{
	const struct rules *rules = rules_of(desk->gate);
	const char *id = pass->receiver <= rules->last ? rules->receivers[pass->receiver].id : "";
	const char *how = pass->receiver == DNS_PUBLIC ? ""
			  : pass->by_key               ? ", by its key"
						       : ", by its network";
	char address[PREFIX_TEXT_BYTES], words[DNS_STANDING_BYTES], limit[64] = "no limit";
	struct dns_rate rate;
	const dns_meter *meter = meter_of(desk, client, pass->receiver, &rate);
	unsigned used = meter == NULL ? 0 : dns_meter_used(meter, rate, desk->now_ns);
	const char *why = why_blocked(desk, pass, rate, used, words);
	int n;

	if (meter != NULL) {
		(void)snprintf(limit, sizeof limit, "%" PRIu32 " queries per second, %u %% used",
			       rate.per_second, used);
	}
	n = snprintf(out, DNS_STANDING_BYTES, "%s: %s is %s%s%s; %s%s%s", why == NULL ? "no" : "yes",
		     prefix_format(client, address), pass->receiver == DNS_PUBLIC ? "" : "receiver ",
		     pass->receiver == DNS_PUBLIC ? PUBLIC_WORDS : id, how, limit, why == NULL ? "" : "; ",
		     why == NULL ? "" : why);
	check(n > 0);
	return n < (int)DNS_STANDING_BYTES ? (size_t)n : DNS_STANDING_BYTES - 1;
}

/* ---- usage */

struct dns_usages *
dns_gate_join(struct dns_gate *gate)
{
	/* pages that nobody touches cost nothing */
	struct dns_usages *u = calloc(1, sizeof *u + (DNS_RECEIVERS_MAX + 1) * sizeof u->counts[0]);

	check(u != NULL);
	u->next = atomic_load_explicit(&gate->usages, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&gate->usages, &u->next, u, memory_order_release,
						      memory_order_relaxed)) {
	}
	return u;
}

/* The only writer: no exchange is needed. */
void
dns_usage_count(struct dns_usages *usages, uint32_t receiver, enum dns_usage usage)
{
	_Atomic uint64_t *count = &usages->counts[receiver][usage];

	atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

void
dns_gate_usage(const struct dns_gate *gate, uint32_t receiver, uint64_t out[DNS_USAGE_COUNT])
{
	check(receiver <= DNS_RECEIVERS_MAX);
	memset(out, 0, DNS_USAGE_COUNT * sizeof *out);
	for (const struct dns_usages *u = atomic_load_explicit(&gate->usages, memory_order_acquire);
	     u != NULL; u = u->next) {
		for (size_t i = 0; i < DNS_USAGE_COUNT; i++) {
			out[i] += atomic_load_explicit(&u->counts[receiver][i], memory_order_relaxed);
		}
	}
}
