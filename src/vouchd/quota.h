/*
 * vouchd/quota.h - how many reports of each reporter were taken today, so that one of them cannot fill the journal.
 *
 * In memory only: a restart begins anew, which lets a reporter have at most its quota once more. For one thread (the writer's).
 */
#ifndef VOUCHD_QUOTA_H
#define VOUCHD_QUOTA_H

#include "base/instant.h"

struct quota;

struct quota *quota_new(void);
void quota_free(struct quota *q); /* NULL is fine */

/*
 * One more report of `reporter` (any small number) at `now`: false when it has had `most` on this day (UTC) already, and nothing is then
 * counted. Cost: O(1); the first report of a reporter may allocate, a new day forgets all: O(reporters).
 */
bool quota_take(struct quota *q, uint32_t reporter, uint64_t most, struct instant now);

#endif
