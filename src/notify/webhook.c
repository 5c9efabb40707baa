/* notify/webhook.c - signed and sent; where it may lead is looked at before each connection. */
#include "notify/webhook.h"

#include "base/address.h"
#include "base/hash.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_SECONDS 10L
#define CALL_SECONDS    20L
#define HTTP_GONE       410

/* ---- signing */

static void
put_base64(const uint8_t bytes[WEBHOOK_KEY_BYTES], char out[45])
{
	(void)EVP_EncodeBlock((unsigned char *)out, bytes, WEBHOOK_KEY_BYTES);
}

struct webhook_key
webhook_key_of(struct text operator_key, struct text member)
{
	const struct text parts[] = { TEXT("vouch-webhook\n"), member };
	uint8_t mac[HASH_MAC_BYTES_MAX];
	struct webhook_key key;

	check(hash_mac(HASH_MAC_SHA256, operator_key, parts, countof(parts), mac) == WEBHOOK_KEY_BYTES);
	memcpy(key.bytes, mac, sizeof key.bytes);
	return key;
}

const char *
webhook_secret(const struct webhook_key *key, char out[WEBHOOK_SECRET_BYTES])
{
	memcpy(out, "whsec_", 6);
	put_base64(key->bytes, out + 6);
	return out;
}

const char *
webhook_sign(const struct webhook_key *key, struct text id, int64_t seconds, struct text body,
	     char out[WEBHOOK_SIGNATURE_BYTES])
{
	char time[32];
	int n = snprintf(time, sizeof time, ".%" PRId64 ".", seconds);
	const struct text parts[] = { id, { time, (size_t)n }, body };
	uint8_t mac[HASH_MAC_BYTES_MAX];

	(void)hash_mac(HASH_MAC_SHA256, (struct text){ (const char *)key->bytes, sizeof key->bytes }, parts,
		       countof(parts), mac);
	memcpy(out, "v1,", 3);
	put_base64(mac, out + 3);
	return out;
}

const char *
webhook_id(uint64_t number, struct instant created, char out[WEBHOOK_ID_BYTES])
{
	(void)snprintf(out, WEBHOOK_ID_BYTES, "vouch.%" PRIu64 ".%" PRIx64, number, created.ms);
	return out;
}

/* ---- calling */

struct guard {
	const struct webhook_call *call;
	delivery_stop_fn *stop;
	void *context;
	bool refused; /* it leads into a private network */
};

static bool
is_public(const struct sockaddr *address)
{
	struct prefix p = { 0 };

	if (address->sa_family == AF_INET) {
		p.family = 4;
		p.bits = 32;
		memcpy(p.bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		const struct in6_addr *in = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
		bool global = (in->s6_addr[0] & 0xe0) == 0x20; /* 2000::/3; what IPv4 hides in lies outside */

		p.family = 6;
		p.bits = 128;
		memcpy(p.bytes, in, 16);
		return global && prefix_is_public(&p);
	}
	return p.family == 4 && p.bytes[0] < 224 && prefix_is_public(&p);
}

/* The name was resolved; what is asked for here is what is connected to. */
static curl_socket_t
open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct guard *g = context;

	(void)purpose;
	if (!g->call->to_private && !is_public(&address->addr)) {
		g->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int
on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct guard *g = context;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return g->stop(g->context) ? 1 : 0;
}

static size_t
ignore(char *p, size_t size, size_t n, void *context)
{
	(void)p;
	(void)context;
	return size * n;
}

static bool
prepare(CURL *curl, const char *url, struct curl_slist *headers, struct guard *g)
{
	const struct webhook_call *c = g->call;

	return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, c->to_private ? "http,https" : "https") ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT, CALL_SECONDS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.n) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDS, c->body.p) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_USERAGENT, "vouchd/" VOUCH_VERSION) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, g) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFODATA, g) == CURLE_OK;
}

static struct curl_slist *
headers_of(const struct webhook_call *c, int64_t now, struct arena *arena)
{
	char signature[WEBHOOK_SIGNATURE_BYTES];
	const char *lines[] = {
		"Content-Type: application/json",
		"Expect:",
		arena_format(arena, "webhook-id: %.*s", TEXT_ARG(c->id)),
		arena_format(arena, "webhook-timestamp: %" PRId64, now),
		arena_format(arena, "webhook-signature: %s",
			     webhook_sign(&c->key, c->id, now, c->body, signature)),
	};
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < countof(lines); i++) {
		list = curl_slist_append(list, lines[i]);
		check(list != NULL);
	}
	return list;
}

struct delivery
webhook_send(const struct webhook_call *call, int64_t now, delivery_stop_fn *stop, void *context)
{
	struct guard g = { call, stop, context, false };
	struct arena arena = { 0 };
	struct curl_slist *headers = headers_of(call, now, &arena);
	struct delivery d = { .outcome = DELIVERY_LATER };
	CURL *curl = curl_easy_init();
	CURLcode how = CURLE_FAILED_INIT;

	if (curl != NULL && prepare(curl, text_copy(&arena, call->url), headers, &g)) {
		how = curl_easy_perform(curl);
		(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &d.code);
	}
	d.words = how == CURLE_OK ? "its server says so" : curl_easy_strerror(how);
	if (g.refused) {
		d.words = "it leads into a private network";
	} else if (how == CURLE_OK && d.code >= 200 && d.code < 300) {
		d = (struct delivery){ DELIVERY_DONE, d.code, "" };
	} else if (how == CURLE_OK && d.code == HTTP_GONE) {
		d.outcome = DELIVERY_REFUSED;
	}
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	arena_clear(&arena);
	return d;
}
