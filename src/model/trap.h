/*
 * model/trap.h - tables of trap addresses: which class a hit on an address is of. Pure.
 *
 * A table is entries with a blank between them, each CLASS=PATTERN with a class of traps.def. A pattern is an address
 * ("anna@old.example"), the beginning of addresses ("spider-*@seed.example"), or a domain with all below it ("gmial.example").
 * Letter case does not matter. Of several entries the most exact one holds. CLASS:MEMBER=PATTERN names a canary too: addresses that
 * stand in the lists of this member alone.
 */
#ifndef MODEL_TRAP_H
#define MODEL_TRAP_H

#include "base/wire.h"
#include "model/signal.h"

/* Reads a class, "pristine", into its signal. Errors: RESULT_BAD_INPUT; *signal is then unchanged. */
enum result trap_class_parse(struct text name, enum signal *signal) MUST_USE;

/* Appends the canonical form of one entry; false: it is none, and nothing is appended. */
bool trap_entry_put(struct text in, struct buffer *out) MUST_USE;
/* The pattern of a canonical entry. */
struct text trap_entry_pattern(struct text entry);

/*
 * The class of an address by a canonical table, and how exact the entry is: a larger number is more exact, also across
 * tables; 0: it is in none, *signal is then unchanged. Cost: O(table).
 */
uint32_t trap_find(struct text table, struct text address, enum signal *signal) MUST_USE;
/* The same, of the member in whose lists alone the address stands; *member is empty when the entry names none. */
uint32_t trap_member(struct text table, struct text address, struct text *member) MUST_USE;

#endif
