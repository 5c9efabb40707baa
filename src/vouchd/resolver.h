/*
 * vouchd/resolver.h - addresses of names, asked on the event loop (c-ares) without waiting for them.
 */
#ifndef VOUCHD_RESOLVER_H
#define VOUCHD_RESOLVER_H

#include "vouchd/config.h"

#include <uv.h>

#define RESOLVER_ADDRESSES_MAX 16U

enum resolver_status {
	RESOLVER_FOUND,
	RESOLVER_NONE,  /* no such name, or no address at it */
	RESOLVER_FAILED /* no answer in time; or each server fails or refuses */
};

struct resolver_answer {
	enum resolver_status status;
	size_t count; /* with RESOLVER_FOUND: 1..RESOLVER_ADDRESSES_MAX IPv4 addresses; more are left out */
	uint8_t addresses[RESOLVER_ADDRESSES_MAX][4];
};
/* May be called before resolver_ask returns. */
typedef void resolver_fn(void *context, const struct resolver_answer *answer);

struct resolver;

/* `servers` empty: those of the system. Errors: RESULT_BAD_INPUT. */
enum result resolver_open(uv_loop_t *loop, const struct options_texts *servers, struct resolver **r,
			  struct fault *fault) MUST_USE;
void resolver_ask(struct resolver *r, const char *name, resolver_fn *done, void *context);
void resolver_close(struct resolver *r); /* what was asked ends as RESOLVER_FAILED; NULL is fine */
void resolver_free(struct resolver *r);  /* after the loop has ended */

#endif
