/* Any bytes as a mail: whoever did not sign it is not named, whatever the key and the server in front say; LF or CRLF alike. */
#include "intake/answer.h"
#include "intake/signed.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The record is the first line of the input; empty: there is none. */
static enum result
get_key(void *context, const char *name, char *record, size_t size)
{
	const struct text *line = context;

	check(strlen(name) > 0);
	if (line->n == 0 || line->n >= size || memchr(line->p, '\0', line->n) != NULL) {
		return line->n == 0 ? RESULT_NOT_FOUND : RESULT_BUSY;
	}
	memcpy(record, line->p, line->n);
	record[line->n] = '\0';
	return RESULT_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text mail = { (const char *)data, size }, record;
	struct signed_keys keys = { get_key, &record };
	char domain[SIGNED_DOMAIN_BYTES], signer[SIGNED_DOMAIN_BYTES];
	struct arena arena = { 0 };
	struct answer answer;

	(void)text_cut(&mail, '\n', &record);
	if (signed_from(mail, domain)) {
		check(strlen(domain) > 0 && signed_within(text_of(domain), text_of(domain)));
		if (signed_check(mail, text_of(domain), &keys, signer) == SIGNED_YES) {
			check(record.n > 0 && signed_within(text_of(signer), text_of(domain)));
		}
	}
	if (signed_results(mail, TEXT("example"), TEXT("mx.example"), signer)) {
		check(signed_within(text_of(signer), TEXT("example")));
	}
	if (answer_fits(mail, TEXT("anna@reports.example"), &arena, &answer) && answer.message_id.n > 0) {
		check(answer.message_id.p[0] == '<' &&
		      memchr(answer.message_id.p, '\n', answer.message_id.n) == NULL);
	}
	arena_clear(&arena);
	return 0;
}
