/* DNS queries as bytes, over UDP and TCP: no crash, no answer to an answer, no answer longer than its transport allows. */
#include "list/list.h"
#include "serve/dns_packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct list *
open_list(void)
{
	static const struct list_options options = { .zone = "list.example",
						     .domain_zone = "dom.example",
						     .code = "127.0.0.10",
						     .txt = "$ is certified",
						     .ttl = 60,
						     .negative_ttl = 60 };
	static const char *const keys[] = { "192.0.2.10", "198.51.100.0/24", "2001:db8::/32",
					    "mail.example" };
	struct list *l;

	check(list_open(&options, 1, &l, NULL) == RESULT_OK);
	for (size_t i = 0; i < countof(keys); i++) {
		struct source_key key;

		check(source_key_parse(text_of(keys[i]), &key, NULL) == RESULT_OK);
		check(list_put(l, 0, &key, 0, NULL) == RESULT_OK);
	}
	list_publish(l, 1);
	return l;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct list *list;
	static uint8_t answer[DNS_ANSWER_BYTES_MAX];

	if (list == NULL) {
		list = open_list();
	}
	for (int udp = 0; udp <= 1; udp++) {
		enum counter outcome;
		size_t n = dns_answer(list_read(list), data, size, udp == 1, answer, &outcome);

		check(n <= (udp == 1 ? DNS_UDP_BYTES_MAX : DNS_ANSWER_BYTES_MAX));
		check((n == 0) == (outcome == COUNTER_DNS_DROPPED));
		check(n == 0 || (n >= 12 && memcmp(answer, data, 2) == 0 && (answer[2] & 0x80) != 0));
		check(n == 0 || (data[2] & 0x80) == 0);
	}
	return 0;
}
