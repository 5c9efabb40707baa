/*
 * vouchd/directory.h - who a reporter is, and an operator, for the doors: a copy of the registry's reporters and of the operators of vouch.yaml
 * that any thread may ask.
 *
 * The writer replaces the reporters when the registry changes, a reload the operators; a door asks by token (HTTP) or by recipient (LMTP).
 */
#ifndef VOUCHD_DIRECTORY_H
#define VOUCHD_DIRECTORY_H

#include "base/hash.h"
#include "base/limits.h"
#include "intake/intake.h"

struct directory_entry {
	char name[NAME_BYTES_MAX + 1];
	bool has_token;
	struct hash token_hash;
	bool is_trusted; /* its word counts in full */
	bool is_trap_network;
	enum signal trap_signal;
	size_t address_count;
	size_t domain_count;
	char **domains; /* that sign its mail, lower case */
	bool has_domains;
	char **addresses; /* recipients of LMTP that belong to this reporter, lower case */
	char *traps;      /* the class of its trap addresses (model/trap.h); NULL: none */
};

struct config;
struct directory;
struct directory *directory_new(void);
void directory_free(struct directory *d);

/* Takes the ownership of the entries (malloc) and forgets those before. */
void directory_replace(struct directory *d, struct directory_entry *entries, size_t count);

/* Copies the operators of the configuration and forgets those before. */
void directory_operators(struct directory *d, const struct config *config);
/* The operator with this token; false: nobody. Thread-safe. */
bool directory_operator(struct directory *d, struct text token, char name[NAME_BYTES_MAX + 1]);

/*
 * Each copies the entry out, without its lists; false: nobody. Thread-safe. The token is compared by its hash; an
 * address is one of `addresses`, else a trap address: of the reporter whose table names it most exactly.
 */
bool directory_by_token(struct directory *d, struct text token, struct directory_entry *entry);
bool directory_by_address(struct directory *d, struct text address, struct directory_entry *entry);
bool directory_by_name(struct directory *d, struct text name, struct directory_entry *entry);
/* Whose domain it is, or is below: the nearest one, which goes to `registered` (SOURCE_BYTES_MAX + 1 bytes). Lower case. */
bool directory_by_domain(struct directory *d, struct text domain, struct directory_entry *entry,
			 char *registered);
bool directory_has_domains(struct directory *d); /* has any reporter one? */

/*
 * What a door says of this reporter to intake: whether it is trusted, and its traps, which are copied into the arena. Who it is the door
 * says itself. Thread-safe.
 */
void directory_hint(struct directory *d, const struct directory_entry *reporter, struct arena *arena,
		    struct intake_hint *hint);

#endif
