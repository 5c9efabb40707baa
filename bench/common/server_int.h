/* bench/common/server_int.h - the peers of peers.def; private to bench/common. */
#ifndef BENCH_COMMON_SERVER_INT_H
#define BENCH_COMMON_SERVER_INT_H

#include "common/server.h"

bool peer_reloads(const struct server *s);
/* Changes with the next entries: what may be done before the clock runs, and the command itself. */
void peer_prepare(const struct server *s, uint32_t next, uint32_t count);
void peer_change(const struct server *s, uint32_t next, uint32_t count);
void peer_forget(const struct server *s); /* removes its folder */

#endif
