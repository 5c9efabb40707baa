/* vouchd/export_int.h - the forms of GET /v1/export: each writes the listed sources of one list. */
#ifndef VOUCHD_EXPORT_INT_H
#define VOUCHD_EXPORT_INT_H

#include "vouchd/config.h"
#include "vouchd/fold.h"

struct exported {
	const struct fold *fold;
	const struct config_list *list;
	uint64_t seq; /* of the last record of the journal */
	struct buffer *out;
	void *context; /* of the form that is written */
};

typedef void export_entry(const struct exported *e, uint32_t source, const struct registry_source *s);

/* Each listed source of the list, in the order of the registry. */
void export_each(const struct exported *e, export_entry *entry);

/*
 * export_rbldnsd.c: rbldnsd(8), all that answer as we do: one file of the type "combined" with a set for each kind, or one file for
 * each. The test entries of RFC 5782 are in them.
 */
void export_rbldnsd(const struct exported *e);
void export_ip4trie(const struct exported *e);
void export_ip4set(const struct exported *e);
void export_ip6trie(const struct exported *e);
void export_dnset(const struct exported *e);

/* export_rpz.c: a response policy zone in which every source passes. */
void export_rpz(const struct exported *e);

#endif
