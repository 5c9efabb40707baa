/* vouchd/proof.c - the From names a reporter, a signature proves it. */
#include "vouchd/proof.h"

#include "base/counters.h"
#include "intake/signed.h"
#include "vouchd/keys.h"

#include <stdio.h>
#include <string.h>

static enum result
get_key(void *context, const char *name, char *record, size_t size)
{
	return keys_get(context, name, record, size);
}

/* The reporter that the From names, and which of its domains that is. */
static bool
named(struct directory *directory, struct text mail, struct directory_entry *reporter,
      char domain[SIGNED_DOMAIN_BYTES])
{
	char from[SIGNED_DOMAIN_BYTES];

	return signed_from(mail, from) && directory_by_domain(directory, text_of(from), reporter, domain);
}

bool
proof_is_wanted(struct directory *directory, struct text mail)
{
	struct directory_entry reporter;
	char domain[SIGNED_DOMAIN_BYTES];

	return directory_has_domains(directory) && named(directory, mail, &reporter, domain);
}

static void
prove(struct proof *proof, const struct directory_entry *reporter, const char *how, const char *signer)
{
	proof->reporter = *reporter;
	proof->known = true;
	(void)snprintf(proof->words, sizeof(proof->words), "%s %s", how, signer);
	counter_add(COUNTER_MAILS_PROVEN, 1);
}

/* Below one reporter's domain another may have its own: a signature of that one speaks for that one alone. */
static bool
is_of(struct directory *directory, const char *signer, const struct directory_entry *reporter)
{
	struct directory_entry other;
	char domain[SIGNED_DOMAIN_BYTES];

	return directory_by_domain(directory, text_of(signer), &other, domain) &&
	       strcmp(other.name, reporter->name) == 0;
}

enum result
proof_find(const struct config *config, struct directory *directory, struct text mail, const char *place,
	   struct proof *proof)
{
	struct signed_keys keys = { get_key, (void *)(uintptr_t)config };
	struct text server = text_of(config->authserv_id);
	char domain[SIGNED_DOMAIN_BYTES], signer[SIGNED_DOMAIN_BYTES];
	enum signed_verdict verdict = SIGNED_NOT;
	struct directory_entry reporter;

	if (directory_has_domains(directory) && named(directory, mail, &reporter, domain)) {
		if (server.n > 0 && signed_results(mail, text_of(domain), server, signer) &&
		    is_of(directory, signer, &reporter)) {
			prove(proof, &reporter, "results", signer);
			return RESULT_OK;
		}
		verdict = signed_check(mail, text_of(domain), &keys, signer);
		if (verdict == SIGNED_YES && is_of(directory, signer, &reporter)) {
			prove(proof, &reporter, "dkim", signer);
			return RESULT_OK;
		}
		counter_add(verdict == SIGNED_LATER ? COUNTER_MAILS_KEY_LATER : COUNTER_MAILS_UNPROVEN, 1);
	}
	proof->known = proof->known && !proof->reporter.has_domains;
	(void)snprintf(proof->words, sizeof(proof->words), "%s", proof->known ? place : "");
	return verdict == SIGNED_LATER ? RESULT_BUSY : RESULT_OK;
}
