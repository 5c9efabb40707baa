/* vouchd/directory.c - a mutex and a handful of rows: programmes have tens of reporters, not thousands. */
#include "vouchd/directory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct directory {
	pthread_mutex_t lock;
	struct directory_entry *entries;
	size_t count;
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
entries_free(struct directory_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < entries[i].address_count; k++) {
			free(entries[i].addresses[k]);
		}
		free(entries[i].addresses);
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

typedef bool entry_test(const struct directory_entry *e, const void *wanted);

static bool
find(struct directory *d, entry_test *is, const void *wanted, struct directory_entry *entry)
{
	bool found = false;

	check(pthread_mutex_lock(&d->lock) == 0);
	for (size_t i = 0; i < d->count && !found; i++) {
		if (is(&d->entries[i], wanted)) {
			*entry = d->entries[i];
			entry->addresses = NULL;
			entry->address_count = 0;
			found = true;
		}
	}
	check(pthread_mutex_unlock(&d->lock) == 0);
	return found;
}

static bool
has_token(const struct directory_entry *e, const void *wanted)
{
	return e->has_token && hash_equal(&e->token_hash, wanted);
}

static bool
has_address(const struct directory_entry *e, const void *wanted)
{
	for (size_t i = 0; i < e->address_count; i++) {
		if (text_equal_nocase(text_of(e->addresses[i]), *(const struct text *)wanted)) {
			return true;
		}
	}
	return false;
}

static bool
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
