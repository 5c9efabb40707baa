/* vouchd/directory.c - a mutex and a handful of rows: programmes have tens of reporters, not thousands. */
#include "vouchd/directory.h"

#include "intake/signed.h"
#include "model/trap.h"
#include "vouchd/config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct operator
{
	char name[NAME_BYTES_MAX + 1];
	struct hash token_hash;
};

struct directory {
	pthread_mutex_t lock;
	struct directory_entry *entries;
	size_t count;
	struct operator operators[OPERATORS_MAX];
	size_t operator_count;
};

struct directory *
directory_new(void)
{
	struct directory *d = calloc(1, sizeof(*d));

	check(d != NULL);
	check(pthread_mutex_init(&d->lock, NULL) == 0);
	return d;
}

static void
texts_free(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(texts[i]);
	}
	free(texts);
}

static void
entries_free(struct directory_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		texts_free(entries[i].addresses, entries[i].address_count);
		texts_free(entries[i].domains, entries[i].domain_count);
		free(entries[i].traps);
	}
	free(entries);
}

void
directory_free(struct directory *d)
{
	if (d != NULL) {
		entries_free(d->entries, d->count);
		pthread_mutex_destroy(&d->lock);
		free(d);
	}
}

void
directory_replace(struct directory *d, struct directory_entry *entries, size_t count)
{
	check(pthread_mutex_lock(&d->lock) == 0);
	struct directory_entry *old = d->entries;
	size_t old_count = d->count;

	d->entries = entries;
	d->count = count;
	check(pthread_mutex_unlock(&d->lock) == 0);
	entries_free(old, old_count);
}

void
directory_operators(struct directory *d, const struct config *config)
{
	check(config->operator_count <= OPERATORS_MAX);
	check(pthread_mutex_lock(&d->lock) == 0);
	for (size_t i = 0; i < config->operator_count; i++) {
		const struct config_operator *o = &config->operators[i];

		(void)snprintf(d->operators[i].name, sizeof d->operators[i].name, "%s", o->name);
		d->operators[i].token_hash = o->token_sha256;
	}
	d->operator_count = config->operator_count;
	check(pthread_mutex_unlock(&d->lock) == 0);
}

bool
directory_operator(struct directory *d, struct text token, char name[NAME_BYTES_MAX + 1])
{
	struct hash h = hash_of(token.p, token.n);
	bool found = false;

	check(pthread_mutex_lock(&d->lock) == 0);
	for (size_t i = 0; i < d->operator_count && !found; i++) {
		found = hash_equal(&d->operators[i].token_hash, &h);
		if (found) {
			memcpy(name, d->operators[i].name, NAME_BYTES_MAX + 1);
		}
	}
	check(pthread_mutex_unlock(&d->lock) == 0);
	return found;
}

static void
copy_out(const struct directory_entry *e, struct directory_entry *entry)
{
	*entry = *e;
	entry->addresses = entry->domains = NULL;
	entry->address_count = entry->domain_count = 0;
	entry->traps = NULL;
}

/* How well an entry fits; 0: not at all. */
typedef uint32_t entry_test(const struct directory_entry *e, const void *wanted);

static bool
find(struct directory *d, entry_test *fits, const void *wanted, struct directory_entry *entry)
{
	uint32_t best = 0;

	check(pthread_mutex_lock(&d->lock) == 0);
	for (size_t i = 0; i < d->count; i++) {
		uint32_t how = fits(&d->entries[i], wanted);

		if (how > best) {
			best = how;
			copy_out(&d->entries[i], entry);
		}
	}
	check(pthread_mutex_unlock(&d->lock) == 0);
	return best > 0;
}

static uint32_t
has_token(const struct directory_entry *e, const void *wanted)
{
	return e->has_token && hash_equal(&e->token_hash, wanted);
}

static uint32_t
has_address(const struct directory_entry *e, const void *wanted)
{
	const struct text *address = wanted;
	enum signal signal;

	for (size_t i = 0; i < e->address_count; i++) {
		if (text_equal_nocase(text_of(e->addresses[i]), *address)) {
			return UINT32_MAX;
		}
	}
	return trap_find(text_of(e->traps), *address, &signal);
}

static uint32_t
has_name(const struct directory_entry *e, const void *wanted)
{
	return text_equal(text_of(e->name), *(const struct text *)wanted);
}

bool
directory_by_token(struct directory *d, struct text token, struct directory_entry *entry)
{
	struct hash h = hash_of(token.p, token.n);

	return find(d, has_token, &h, entry);
}

bool
directory_by_address(struct directory *d, struct text address, struct directory_entry *entry)
{
	return find(d, has_address, &address, entry);
}

bool
directory_by_name(struct directory *d, struct text name, struct directory_entry *entry)
{
	return find(d, has_name, &name, entry);
}

void
directory_hint(struct directory *d, const struct directory_entry *reporter, struct arena *arena,
	       struct intake_hint *hint)
{
	hint->is_trusted = reporter->is_trusted;
	hint->is_trap_network = reporter->is_trap_network;
	hint->trap_signal = reporter->trap_signal;
	check(pthread_mutex_lock(&d->lock) == 0);
	for (size_t i = 0; i < d->count; i++) {
		if (d->entries[i].traps != NULL && strcmp(d->entries[i].name, reporter->name) == 0) {
			hint->traps = text_of(text_copy(arena, text_of(d->entries[i].traps)));
		}
	}
	check(pthread_mutex_unlock(&d->lock) == 0);
}

/* The longest of the entry's domains that this one is, or is below; NULL: none. */
static const char *
nearest(const struct directory_entry *e, struct text domain)
{
	const char *best = NULL;

	for (size_t i = 0; i < e->domain_count; i++) {
		struct text one = text_of(e->domains[i]);

		if (signed_within(domain, one) && (best == NULL || one.n > strlen(best))) {
			best = e->domains[i];
		}
	}
	return best;
}

bool
directory_by_domain(struct directory *d, struct text domain, struct directory_entry *entry, char *registered)
{
	size_t longest = 0;

	check(pthread_mutex_lock(&d->lock) == 0);
	for (size_t i = 0; i < d->count; i++) {
		const char *best = nearest(&d->entries[i], domain);

		if (best != NULL && strlen(best) > longest) {
			longest = strlen(best);
			memcpy(registered, best, longest + 1);
			copy_out(&d->entries[i], entry);
		}
	}
	check(pthread_mutex_unlock(&d->lock) == 0);
	return longest > 0;
}

static uint32_t
has_domains(const struct directory_entry *e, const void *wanted)
{
	(void)wanted;
	return e->has_domains;
}

bool
directory_has_domains(struct directory *d)
{
	struct directory_entry entry;

	return find(d, has_domains, NULL, &entry);
}
