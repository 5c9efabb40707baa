/* model/signature.c - one form to write and to read; what is signed names its purpose. */
#include "model/signature.h"

#include <string.h>

#define SCHEME "Vouch-HMAC-SHA256 "

static struct hash
mac_of(struct text reporter, const struct hash *body, const struct hash *key)
{
	char hex[HASH_HEX_BYTES];
	const struct text parts[] = { TEXT("vouch-report\n"), reporter, TEXT("\n"),
				      text_of(hash_hex(body, hex)), TEXT("\n") };
	uint8_t mac[HASH_MAC_BYTES_MAX];
	struct hash out;

	(void)hash_mac(HASH_MAC_SHA256, (struct text){ (const char *)key->bytes, HASH_BYTES }, parts,
		       countof(parts), mac);
	memcpy(out.bytes, mac, HASH_BYTES);
	return out;
}

void
signature_write(struct text reporter, const struct hash *key, struct text body, struct buffer *b)
{
	struct hash h = hash_of(body.p, body.n), mac = mac_of(reporter, &h, key);
	char hex[HASH_HEX_BYTES], mac_hex[HASH_HEX_BYTES];

	buffer_format(b, SCHEME "reporter=%.*s, body=%s, mac=%s", TEXT_ARG(reporter), hash_hex(&h, hex),
		      hash_hex(&mac, mac_hex));
}

/* What stands behind "name=", up to the comma. */
static bool
take(struct text *rest, struct text name, struct text *value)
{
	struct text one;

	(void)text_cut(rest, ',', &one);
	one = text_trim(one);
	if (!text_starts_nocase(one, name)) {
		return false;
	}
	*value = (struct text){ one.p + name.n, one.n - name.n };
	return true;
}

bool
signature_read(struct text value, struct signature *s)
{
	struct text rest = value, body, mac;

	if (!text_starts_nocase(value, TEXT(SCHEME))) {
		return false;
	}
	rest.p += sizeof SCHEME - 1;
	rest.n -= sizeof SCHEME - 1;
	return take(&rest, TEXT("reporter="), &s->reporter) && take(&rest, TEXT("body="), &body) &&
	       take(&rest, TEXT("mac="), &mac) && rest.n == 0 && text_is_name(s->reporter) &&
	       hash_from_hex(body, &s->body) && hash_from_hex(mac, &s->mac);
}

bool
signature_fits(const struct signature *s, const struct hash *key)
{
	struct hash mac = mac_of(s->reporter, &s->body, key);

	return hash_equal(&mac, &s->mac);
}
