/* notify/channel.c - the table of channels, and the libraries that they share. */
#include "notify/channel.h"

#include <curl/curl.h>
#include <gmime/gmime.h>

static const struct {
	const char *name;
	unsigned workers;
} channels[] = {
#define CHANNEL(id, name, workers, meaning) { name, workers },
#include "notify/channels.def"
#undef CHANNEL
};

const char *
channel_name(enum channel channel)
{
	check(channel < CHANNEL_COUNT);
	return channels[channel].name;
}

unsigned
channel_workers(enum channel channel)
{
	check(channel < CHANNEL_COUNT);
	return channels[channel].workers;
}

bool
channel_parse(struct text name, enum channel *channel)
{
	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		if (text_equal(name, text_of(channels[c].name))) {
			*channel = c;
			return true;
		}
	}
	return false;
}

void
channel_start(void)
{
	check(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	g_mime_init();
}

void
channel_end(void)
{
	g_mime_shutdown();
	curl_global_cleanup();
}
