/* vouchd/receivers.c - from the receivers of vouch.yaml to the gate of DNS. */
#include "vouchd/receivers.h"

#include <stdlib.h>
#include <string.h>

static struct dns_receiver
receiver_of(const struct config_receiver *c)
{
	return (struct dns_receiver){ .id = c->id,
				      .networks = c->networks.items,
				      .network_count = c->networks.count,
				      .key = c->key,
				      .limit = (uint32_t)c->limit,
				      .number = c->number };
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

/* Opens the gate, or changes it when there is one. */
static enum result
set_gate(const struct config *config, struct dns_gate **gate, struct fault *fault)
{
	size_t count = config->receiver_count;
	struct dns_receiver *receivers = calloc(count + 1, sizeof(*receivers));
	struct dns_gate_options options = { .receivers = receivers,
					    .receiver_count = count,
					    .closed = !config->public,
					    .public_limit = (uint32_t)config->public_limit,
					    .answers_limit = (uint32_t)config->answers_limit,
					    .stale_after = config->stale_after };
	struct dns_cookie_secrets secrets;
	struct fault why = { { 0 } };
	enum result r;

	check(receivers != NULL);
	options.secrets = secrets_of(config, &secrets);
	for (size_t i = 0; i < count; i++) {
		receivers[i] = receiver_of(&config->receivers[i]);
	}
	r = *gate == NULL ? dns_gate_open(&options, gate, &why) : dns_gate_change(*gate, &options, &why);
	free(receivers);
	return r == RESULT_OK ? r : fault_set(fault, r, "%s: %s", config->file, why.text);
}

enum result
receivers_open(const struct config *config, struct dns_gate **gate, struct fault *fault)
{
	*gate = NULL;
	return set_gate(config, gate, fault);
}

enum result
receivers_change(const struct config *config, struct dns_gate *gate, struct fault *fault)
{
	return set_gate(config, &gate, fault);
}

/* The number that a receiver has already; 0: it is new. */
static uint32_t
known_number(const struct config *now, const char *id)
{
	for (size_t i = 0; i < now->receiver_count; i++) {
		if (strcmp(now->receivers[i].id, id) == 0) {
			return now->receivers[i].number;
		}
	}
	return 0;
}

enum result
receivers_number(const struct config *now, struct config *next, uint32_t *last, struct fault *fault)
{
	for (size_t i = 0; i < next->receiver_count; i++) {
		struct config_receiver *r = &next->receivers[i];

		r->number = now == NULL ? 0 : known_number(now, r->id);
		if (r->number == 0 && *last == DNS_RECEIVERS_MAX) {
			return fault_set(fault, RESULT_BAD_INPUT,
					 "%s:%zu: receiver %s: more than %d in all since the start",
					 next->file, r->line, r->id, DNS_RECEIVERS_MAX);
		}
		if (r->number == 0) {
			r->number = ++*last;
		}
	}
	return RESULT_OK;
}
