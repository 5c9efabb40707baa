/* notify/channel.h - the ways to reach people, and how a try to do so ends. */
#ifndef NOTIFY_CHANNEL_H
#define NOTIFY_CHANNEL_H

#include "base/text.h"

enum channel {
#define CHANNEL(id, name, workers, meaning) CHANNEL_##id,
#include "notify/channels.def"
#undef CHANNEL
	CHANNEL_COUNT
};

const char *channel_name(enum channel channel);
/* Threads that send on it: so many receivers that hang hold up none of the others. */
unsigned channel_workers(enum channel channel);
bool channel_parse(struct text name, enum channel *channel); /* false: there is none of this name */

enum delivery_outcome {
	DELIVERY_DONE,
	DELIVERY_LATER,  /* no answer, or one that says so: worth another try */
	DELIVERY_REFUSED /* another try would end the same */
};

/* How one try ended. */
struct delivery {
	enum delivery_outcome outcome;
	long code;         /* of SMTP or HTTP; 0: there was no answer */
	const char *words; /* why it is not done; names nobody. Lives on */
};

/* Called now and then while a try waits; true: give it up, it ends as DELIVERY_LATER. */
typedef bool delivery_stop_fn(void *context);

/* Before the first thread that sends, and after the last. */
void channel_start(void);
void channel_end(void);

#endif
