/* Signatures as the specification has them; and where a call never goes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "notify/webhook.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool
never(void *context)
{
	(void)context;
	return false;
}

/* The example of the specification's libraries: secret, id, time, body and what they sign to. */
static void
a_signature_is_that_of_standard_webhooks(void **state)
{
	struct webhook_key key;
	uint8_t secret[64];
	char out[WEBHOOK_SIGNATURE_BYTES];
	size_t n;

	(void)state;
	/* Our keys have 32 bytes, the example's 24: HMAC fills both up with zeroes. */
	memset(&key, 0, sizeof key);
	assert_true(text_base64(TEXT("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), secret, sizeof secret, &n));
	assert_int_equal(n, 24);
	memcpy(key.bytes, secret, n);
	assert_string_equal(webhook_sign(&key, TEXT("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330,
					 TEXT("{\"test\": 2432232314}"), out),
			    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void
each_member_has_a_key_of_its_own(void **state)
{
	struct webhook_key a = webhook_key_of(TEXT("operator"), TEXT("harbour-bank"));
	struct webhook_key b = webhook_key_of(TEXT("operator"), TEXT("meadow-mail"));
	struct webhook_key c = webhook_key_of(TEXT("another"), TEXT("harbour-bank"));
	char secret[WEBHOOK_SECRET_BYTES];
	uint8_t bytes[64];
	size_t n;

	(void)state;
	assert_memory_not_equal(&a, &b, sizeof a);
	assert_memory_not_equal(&a, &c, sizeof a);
	assert_memory_equal(webhook_secret(&a, secret), "whsec_", 6);
	assert_true(text_base64(text_of(secret + 6), bytes, sizeof bytes, &n));
	assert_int_equal(n, sizeof a.bytes);
	assert_memory_equal(bytes, a.bytes, n);
}

static void
an_id_is_that_of_the_row(void **state)
{
	char id[WEBHOOK_ID_BYTES];

	(void)state;
	assert_string_equal(webhook_id(17, (struct instant){ 1767600000000 }, id), "vouch.17.19b8d2b8c00");
	assert_string_equal(webhook_id(UINT64_MAX, (struct instant){ INT64_MAX }, id),
			    "vouch.18446744073709551615.7fffffffffffffff");
}

/* A server that would take it listens on loopback: nobody may come. */
static void
private_networks_are_not_connected_to(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	socklen_t n = sizeof address;
	struct arena arena = { 0 };
	struct delivery d;
	struct webhook_call call = { .id = TEXT("1"), .body = TEXT("{}") };
	uint16_t port;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, n), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
	port = ntohs(address.sin_port);
	static const char *const hosts[] = { "127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433" };

	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		call.url = text_of(arena_format(&arena, "https://%s:%u/hook", hosts[i], port));
		d = webhook_send(&call, 1767600000, never, NULL);
		assert_int_equal(d.outcome, DELIVERY_LATER);
		assert_string_equal(d.words, "it leads into a private network");
		assert_int_equal(accept(fd, NULL, NULL), -1);
	}
	call.url = text_of(arena_format(&arena, "http://127.0.0.1:%u/hook", port));
	d = webhook_send(&call, 1767600000, never, NULL);
	assert_int_equal(d.outcome, DELIVERY_LATER); /* plain http is no protocol of it */
	assert_int_equal(accept(fd, NULL, NULL), -1);
	(void)close(fd);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_is_that_of_standard_webhooks),
		cmocka_unit_test(each_member_has_a_key_of_its_own),
		cmocka_unit_test(an_id_is_that_of_the_row),
		cmocka_unit_test(private_networks_are_not_connected_to),
	};
	int failed;

	channel_start();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	channel_end();
	return failed;
}
