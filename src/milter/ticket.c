/* milter/ticket.c - written and read in one form; the MAC covers all that stands before it. */
#include "milter/ticket.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAC_BYTES 16U

static void
mac_of(struct text signed_part, const struct hash *key, char out[2 * MAC_BYTES + 1])
{
	uint8_t mac[HASH_MAC_BYTES_MAX];
	struct text secret = { (const char *)key->bytes, HASH_BYTES };

	(void)hash_mac(HASH_MAC_SHA256, secret, &signed_part, 1, mac);
	for (size_t i = 0; i < MAC_BYTES; i++) {
		(void)snprintf(out + 2 * i, 3, "%02x", mac[i]);
	}
}

void
ticket_write(const struct ticket *ticket, const struct hash *key, struct buffer *b)
{
	size_t start = b->n;
	char mac[2 * MAC_BYTES + 1];

	buffer_format(b, "1 %" PRId64 " %016" PRIx64 " %s ", ticket->came.ms / 1000, ticket->id,
		      ticket->sources);
	mac_of((struct text){ (const char *)b->p + start, b->n - start }, key, mac);
	buffer_format(b, "%s", mac);
}

static bool
read_id(struct text hex, uint64_t *id)
{
	*id = 0;
	for (size_t i = 0; i < hex.n; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *d = memchr(digits, hex.p[i], 16);

		if (d == NULL) {
			return false;
		}
		*id = *id << 4 | (uint64_t)(d - digits);
	}
	return hex.n == 16;
}

bool
ticket_read(struct text text, const struct hash *key, struct ticket *ticket)
{
	struct text rest = text_trim(text), version, came, id, sources;
	struct ticket t = { 0 };
	char mac[2 * MAC_BYTES + 1];
	uint64_t seconds;

	if (rest.n <= 2 * MAC_BYTES || rest.n > TICKET_BYTES_MAX) {
		return false;
	}
	mac_of((struct text){ rest.p, rest.n - 2 * MAC_BYTES }, key, mac);
	if (!hash_mac_equal((const uint8_t *)mac, (const uint8_t *)rest.p + rest.n - 2 * MAC_BYTES,
			    2 * MAC_BYTES)) {
		return false;
	}
	if (!text_cut(&rest, ' ', &version) || !text_cut(&rest, ' ', &came) || !text_cut(&rest, ' ', &id) ||
	    !text_cut(&rest, ' ', &sources) || !text_equal(version, TEXT("1")) || !text_u64(came, &seconds) ||
	    seconds > INT64_MAX / 1000 || !read_id(id, &t.id) || sources.n >= sizeof t.sources) {
		return false;
	}
	t.came.ms = (int64_t)seconds * 1000;
	memcpy(t.sources, sources.p, sources.n);
	*ticket = t;
	return true;
}
