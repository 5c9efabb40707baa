#include "model/source.h"

#include <string.h>

#define DOMAIN_BYTES_MAX 253
#define LABEL_BYTES_MAX  63

struct text
source_key_text(const struct source_key *key)
{
	return (struct text){ key->text, key->n };
}

static void
key_set_text(struct source_key *key, struct text t)
{
	check(t.n <= SOURCE_BYTES_MAX);
	memcpy(key->text, t.p, t.n);
	key->text[t.n] = '\0';
	key->n = (uint8_t)t.n;
}

static bool
label_is_plain(struct text label)
{
	if (label.n == 0 || label.n > LABEL_BYTES_MAX || label.p[0] == '-' || label.p[label.n - 1] == '-') {
		return false;
	}
	for (size_t i = 0; i < label.n; i++) {
		char c = label.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_')) {
			return false;
		}
	}
	return true;
}

static enum result
parse_domain(struct text text, struct source_key *key, struct fault *fault)
{
	struct text rest, label;
	size_t labels = 0;
	bool more = true;

	if (text.n > 0 && text.p[text.n - 1] == '.') {
		text.n--;
	}
	if (text.n == 0 || text.n > DOMAIN_BYTES_MAX) {
		return fault_set(fault, RESULT_BAD_INPUT, "a domain has 1 to %d bytes", DOMAIN_BYTES_MAX);
	}
	for (rest = text; more; labels++) {
		more = text_cut(&rest, '.', &label);
		if (!label_is_plain(label)) {
			return fault_set(fault, RESULT_BAD_INPUT,
					 "'%.*s' is no source: not an address, and no domain name",
					 (int)(text.n > 100 ? 100 : text.n), text.p);
		}
	}
	if (labels < 2) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "'%.*s' is no source: a domain has at least two labels", TEXT_ARG(text));
	}
	key->kind = SOURCE_DOMAIN;
	key_set_text(key, text);
	for (size_t i = 0; i < key->n; i++) {
		char c = key->text[i];

		key->text[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	}
	return RESULT_OK;
}

static enum result
parse_acct(struct text text, struct source_key *key, struct fault *fault)
{
	struct text rest = text, scheme, esp;

	(void)text_cut(&rest, ':', &scheme);
	if (!text_cut(&rest, ':', &esp) || !text_is_name(esp) || rest.n == 0 || text.n > SOURCE_BYTES_MAX) {
		return fault_set(fault, RESULT_BAD_INPUT, "an account source reads acct:<esp>:<customer-id>");
	}
	for (size_t i = 0; i < rest.n; i++) {
		if (rest.p[i] <= ' ' || rest.p[i] > '~') {
			return fault_set(fault, RESULT_BAD_INPUT,
					 "acct: blanks and control characters are not allowed");
		}
	}
	key->kind = SOURCE_ACCT;
	key_set_text(key, text);
	return RESULT_OK;
}

static bool
looks_like_address(struct text t)
{
	bool digits_only = t.n > 0;

	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] == ':' || t.p[i] == '/' || t.p[i] == '[') {
			return true;
		}
		if (t.p[i] != '.' && (t.p[i] < '0' || t.p[i] > '9')) {
			digits_only = false;
		}
	}
	return digits_only;
}

enum result
source_key_parse(struct text text, struct source_key *key, struct fault *fault)
{
	struct source_key out = { 0 };
	char canonical[PREFIX_TEXT_BYTES];
	enum result r;

	text = text_trim(text);
	if (text_starts_nocase(text, TEXT("acct:"))) {
		r = parse_acct(text, &out, fault);
	} else if (looks_like_address(text)) {
		r = prefix_parse(text, &out.prefix, fault);
		if (r == RESULT_OK) {
			out.kind = prefix_is_address(&out.prefix) ? SOURCE_IP : SOURCE_PREFIX;
			key_set_text(&out, text_of(prefix_format(&out.prefix, canonical)));
		}
	} else {
		r = parse_domain(text, &out, fault);
	}
	if (r == RESULT_OK) {
		*key = out;
	}
	return r;
}
