/*
 * vouchd/keys.h - the TXT record at a name, from the resolvers of vouch.yaml (c-ares), for DKIM keys.
 *
 * Waits, dkim_timeout at most: never on the loop's or the writer's thread. Thread-safe: each call has its own sockets and source
 * ports. A resolver that validates (DNSSEC) should be near: its word is taken.
 */
#ifndef VOUCHD_KEYS_H
#define VOUCHD_KEYS_H

#include "vouchd/config.h"

/*
 * The record NUL-terminated, its strings put together; of several the first. Errors: RESULT_NOT_FOUND (no such name, no TXT there,
 * or longer than `size`), RESULT_BUSY (no answer in time, or a failure of the server: ask later).
 */
enum result keys_get(const struct config *config, const char *name, char *record, size_t size) MUST_USE;

#endif
