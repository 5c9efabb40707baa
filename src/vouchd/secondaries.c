/* vouchd/secondaries.c - keys and secrets of vouch.yaml; a secret never goes into a log or a fault. */
#include "vouchd/secondaries.h"

#include "vouchd/secret_file.h"

#include <stdlib.h>
#include <string.h>

static enum result
set_secret(struct text base64, struct tsig_key *key, struct fault *fault)
{
	size_t n;

	if (!text_base64(base64, key->secret, sizeof key->secret, &n) || n < TSIG_SECRET_BYTES_MIN) {
		return fault_set(fault, RESULT_BAD_INPUT, "the secret: %u to %u bytes in base64 are wanted",
				 TSIG_SECRET_BYTES_MIN, TSIG_SECRET_BYTES_MAX);
	}
	key->secret_bytes = (uint16_t)n;
	return RESULT_OK;
}

static enum result
read_secret(const char *path, struct tsig_key *key, struct fault *fault)
{
	char text[SECRET_FILE_BYTES];
	enum result r = secret_file_read(path, text, fault);

	if (r == RESULT_OK) {
		r = set_secret(text_of(text), key, fault);
	}
	explicit_bzero(text, sizeof text);
	return r;
}

static enum result
describe(const struct config_transfer *c, struct transfer_peer *peer, struct fault *fault)
{
	*peer = (struct transfer_peer){ .key.algorithm = c->algorithm,
					.zones = c->zones.items,
					.zone_count = c->zones.count,
					.networks = c->networks.items,
					.network_count = c->networks.count,
					.notify = c->notify.items,
					.notify_count = c->notify.count };
	check(list_name_parse(text_of(c->key), &peer->key.name, NULL) == RESULT_OK);
	if ((c->secret[0] == '\0') == (c->secret_file[0] == '\0')) {
		return fault_set(fault, RESULT_BAD_INPUT, "either secret or secret_file is wanted");
	}
	return c->secret[0] != '\0' ? set_secret(text_of(c->secret), &peer->key, fault)
				    : read_secret(c->secret_file, &peer->key, fault);
}

/* What is done with the keys: transfer_open, or transfer_change of *transfers. */
typedef enum result use_peers(const struct transfer_options *options, struct transfers **transfers,
			      struct fault *fault);

static enum result
change(const struct transfer_options *options, struct transfers **transfers, struct fault *fault)
{
	return transfer_change(*transfers, options, fault);
}

static enum result
with_peers(const struct config *config, struct list *list, use_peers *use, struct transfers **transfers,
	   struct fault *fault)
{
	size_t count = config->transfer_count;
	struct transfer_peer *peers = calloc(count + 1, sizeof(*peers));
	struct fault why = { { 0 } };
	enum result r = RESULT_OK;
	size_t i = 0;

	check(peers != NULL);
	while (i < count && r == RESULT_OK) {
		r = describe(&config->transfers[i], &peers[i], &why);
		i += r == RESULT_OK;
	}
	if (r != RESULT_OK) {
		r = fault_set(fault, r, "%s:%zu: transfer %s: %s", config->file, config->transfers[i].line,
			      config->transfers[i].key, why.text);
	} else {
		r = use(&(struct transfer_options){ list, peers, count, instant_now }, transfers, &why);
		r = r == RESULT_OK ? r : fault_set(fault, r, "%s: transfers: %s", config->file, why.text);
	}
	explicit_bzero(peers, count * sizeof(*peers));
	free(peers);
	return r;
}

enum result
secondaries_open(const struct config *config, struct list *list, struct transfers **transfers,
		 struct fault *fault)
{
	*transfers = NULL;
	return with_peers(config, list, transfer_open, transfers, fault);
}

enum result
secondaries_change(const struct config *config, struct list *list, struct transfers *transfers,
		   struct fault *fault)
{
	return with_peers(config, list, change, &transfers, fault);
}
