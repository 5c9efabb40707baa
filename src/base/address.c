#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define ADDRESS_TEXT_MAX 64

static uint8_t
full_bits(uint8_t family)
{
	return family == 4 ? 32 : 128;
}

struct prefix
prefix_cut(const struct prefix *p, uint8_t bits)
{
	struct prefix cut = *p;

	check(bits <= p->bits);
	cut.bits = bits;
	for (unsigned i = 0; i < 16; i++) {
		unsigned first = i * 8;

		if (first >= bits) {
			cut.bytes[i] = 0;
		} else if (bits - first < 8) {
			cut.bytes[i] = (uint8_t)(cut.bytes[i] & (0xff00U >> (bits - first)));
		}
	}
	return cut;
}

/* ::ffff:a.b.c.d is the IPv4 address (RFC 4291 2.5.5.2). */
static void
unmap(struct prefix *p)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	if (p->family == 6 && p->bits >= 96 && memcmp(p->bytes, mapped, sizeof mapped) == 0) {
		memmove(p->bytes, p->bytes + 12, 4);
		memset(p->bytes + 4, 0, 12);
		p->family = 4;
		p->bits = (uint8_t)(p->bits - 96);
	}
}

static struct text
strip_dress(struct text t)
{
	t = text_trim(t);
	if (t.n >= 2 && t.p[0] == '[' && t.p[t.n - 1] == ']') {
		t.p++;
		t.n -= 2;
	}
	if (text_starts_nocase(t, TEXT("IPv6:"))) {
		t.p += 5;
		t.n -= 5;
	}
	return t;
}

enum result
prefix_parse(struct text text, struct prefix *p, struct fault *fault)
{
	struct text rest = strip_dress(text), head;
	struct prefix out = { 0 }, cut;
	char address[ADDRESS_TEXT_MAX];
	uint64_t bits;
	bool with_bits = text_cut(&rest, '/', &head);

	if (head.n == 0 || head.n >= sizeof address || memchr(head.p, '\0', head.n) != NULL) {
		return fault_set(fault, RESULT_BAD_INPUT, "'%.*s' is not an IP address",
				 (int)(text.n > 80 ? 80 : text.n), text.p);
	}
	memcpy(address, head.p, head.n);
	address[head.n] = '\0';
	if (inet_pton(AF_INET, address, out.bytes) == 1) {
		out.family = 4;
	} else if (inet_pton(AF_INET6, address, out.bytes) == 1) {
		out.family = 6;
	} else {
		return fault_set(fault, RESULT_BAD_INPUT, "'%s' is not an IP address", address);
	}
	out.bits = full_bits(out.family);
	if (with_bits && (!text_u64(rest, &bits) || bits > out.bits)) {
		return fault_set(fault, RESULT_BAD_INPUT, "'%s': the prefix length must be 0 to %u", address,
				 out.bits);
	}
	cut = prefix_cut(&out, with_bits ? (uint8_t)bits : out.bits);
	if (memcmp(cut.bytes, out.bytes, sizeof cut.bytes) != 0) {
		return fault_set(fault, RESULT_BAD_INPUT, "'%s/%u': bits past the prefix length are set",
				 address, cut.bits);
	}
	unmap(&cut);
	*p = cut;
	return RESULT_OK;
}

const char *
prefix_format(const struct prefix *p, char out[PREFIX_TEXT_BYTES])
{
	char address[INET6_ADDRSTRLEN];

	check(p->family == 4 || p->family == 6);
	check(inet_ntop(p->family == 4 ? AF_INET : AF_INET6, p->bytes, address, sizeof address) != NULL);
	if (prefix_is_address(p)) {
		(void)snprintf(out, PREFIX_TEXT_BYTES, "%s", address);
	} else {
		(void)snprintf(out, PREFIX_TEXT_BYTES, "%s/%u", address, p->bits);
	}
	return out;
}

bool
prefix_is_address(const struct prefix *p)
{
	return p->family != 0 && p->bits == full_bits(p->family);
}

bool
prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family && a->bits == b->bits &&
	       memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool
prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
	struct prefix cut;

	if (outer->family != inner->family || outer->bits > inner->bits) {
		return false;
	}
	cut = prefix_cut(inner, outer->bits);
	return prefix_equal(outer, &cut);
}

bool
prefix_is_public(const struct prefix *p)
{
	static const char *const ranges[] = { "0.0.0.0/8",      "10.0.0.0/8",    "127.0.0.0/8",
					      "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
					      "::/128",         "::1/128",       "fc00::/7",
					      "fe80::/10" };

	for (size_t i = 0; i < countof(ranges); i++) {
		struct prefix range;

		check(prefix_parse(text_of(ranges[i]), &range, NULL) == RESULT_OK);
		if (prefix_contains(&range, p)) {
			return false;
		}
	}
	return true;
}
