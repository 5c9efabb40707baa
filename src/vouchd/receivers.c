/* vouchd/receivers.c - from the receivers of vouch.yaml to the gate of DNS. */
#include "vouchd/receivers.h"

#include <stdlib.h>

static void
describe(const struct config_receiver *c, struct prefix *networks, struct dns_receiver *r)
{
	*r = (struct dns_receiver){ .id = c->id,
				    .networks = networks,
				    .network_count = c->networks.count,
				    .key = c->key,
				    .limit = (uint32_t)c->limit };
	for (size_t i = 0; i < c->networks.count; i++) {
		check(prefix_parse(text_of(c->networks.items[i]), &networks[i], NULL) == RESULT_OK);
	}
}

/* NULL: the gate makes one. */
static const struct dns_cookie_secrets *
secrets_of(const struct config *config, struct dns_cookie_secrets *secrets)
{
	secrets->count = config->cookie_secret.count;
	for (size_t i = 0; i < secrets->count; i++) {
		check(dns_cookie_secret_parse(text_of(config->cookie_secret.items[i]), secrets->bytes[i]));
	}
	return secrets->count == 0 ? NULL : secrets;
}

enum result
receivers_open(const struct config *config, struct dns_gate **gate, struct fault *fault)
{
	size_t count = config->receiver_count;
	struct dns_receiver *receivers = calloc(count + 1, sizeof(*receivers));
	struct prefix *networks = calloc(count + 1, CONFIG_TEXTS_MAX * sizeof(*networks));
	struct dns_cookie_secrets secrets;
	struct fault why = { { 0 } };
	enum result r;

	check(receivers != NULL && networks != NULL);
	for (size_t i = 0; i < count; i++) {
		describe(&config->receivers[i], networks + i * CONFIG_TEXTS_MAX, &receivers[i]);
	}
	r = dns_gate_open(&(struct dns_gate_options){ .receivers = receivers,
						      .receiver_count = count,
						      .closed = !config->public,
						      .public_limit = (uint32_t)config->public_limit,
						      .answers_limit = (uint32_t)config->answers_limit,
						      .secrets = secrets_of(config, &secrets),
						      .stale_after = config->stale_after },
			  gate, &why);
	free(receivers);
	free(networks);
	return r == RESULT_OK ? r : fault_set(fault, r, "%s: %s", config->file, why.text);
}
