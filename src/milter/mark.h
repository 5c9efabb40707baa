/*
 * milter/mark.h - one mail: which fields of its header claim to be ours, what its domains are, and where they are listed. Without libmilter.
 */
#ifndef MILTER_MARK_H
#define MILTER_MARK_H

#include "milter/lookup.h"

#define MARK_DOMAINS_MAX 3U /* with the address as many as an observation names (model/report.h) */

/* What is taken out of the header: the index-th field of that name, from 1. */
struct mark_removal {
	const char *name;
	int index;
};

struct mark {
	const struct settings *settings;
	const char *authserv_id;
	struct arena arena;
	struct buffer removals; /* of struct mark_removal, in the order of the header */
	int results_seen;       /* fields Authentication-Results so far */
	int tags_seen;
	int tickets_seen;
	/* Signed, by the word of who is trusted; lower case, each once */
	const char *domains[MARK_DOMAINS_MAX];
	size_t domain_count;
	struct prefix client;
	struct lookup_question *questions; /* all that were asked */
	size_t question_count;
	const struct lookup_question *reject; /* what the client's mail is refused for; NULL: nothing */
};

void mark_begin(struct mark *m, const struct settings *settings, const char *authserv_id);
void mark_end(struct mark *m); /* gives everything back; also after mark_begin alone */

/* One field of the header as it came, in their order. */
void mark_field(struct mark *m, struct text name, struct text value);

/* Asks for the client and the domains; the header has been seen. Waits at most settings.timeout. */
void mark_look_up(struct mark *m, const struct prefix *client, struct lookup *lookup);
bool mark_is_listed(const struct mark *m);

/* The value of our field; of a mail that is listed. */
void mark_write(const struct mark *m, struct buffer *b);
/* The sources that are listed, as keys with commas between, the address first (model/source.h). Empty: none. */
void mark_write_sources(const struct mark *m, struct buffer *b);
/* The zones it is listed in, with blanks between: the value of the tag. */
void mark_write_tag(const struct mark *m, struct buffer *b);

#endif
