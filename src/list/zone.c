/* list/zone.c - names as text to names on the wire; the zones of each list. */
#include "list/list_int.h"

#include <stdio.h>
#include <string.h>

#define LABEL_BYTES_MAX      63U
#define TTL_SECONDS_MAX      604800U
#define REVERSE_IPV6_BYTES   64U /* 32 nibbles, each with its length */
#define NAME_TEXT_BYTES_MAX  256U
#define FAULT_TEXT_BYTES_MAX 100

static uint8_t
lower(char c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool
label_good(struct text label)
{
	for (size_t i = 0; i < label.n; i++) {
		uint8_t c = lower(label.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_') {
			return false;
		}
	}
	return label.n > 0 && label.n <= LABEL_BYTES_MAX;
}

enum result
list_name_parse(struct text text, struct list_name *name, struct fault *fault)
{
	struct list_name out = { 0 };
	struct text rest = text, label;
	bool more = true;

	if (rest.n > 0 && rest.p[rest.n - 1] == '.') {
		rest.n--;
	}
	while (more) {
		more = text_cut(&rest, '.', &label);
		if (!label_good(label) || out.n + label.n + 2 > LIST_NAME_BYTES_MAX) {
			return fault_set(fault, RESULT_BAD_INPUT, "\"%.*s\" is no domain name",
					 (int)(text.n > FAULT_TEXT_BYTES_MAX ? FAULT_TEXT_BYTES_MAX : text.n),
					 text.p);
		}
		out.bytes[out.n++] = (uint8_t)label.n;
		for (size_t i = 0; i < label.n; i++) {
			out.bytes[out.n++] = lower(label.p[i]);
		}
	}
	out.bytes[out.n++] = 0;
	*name = out;
	return RESULT_OK;
}

const char *
list_name_text(const struct list_name *name, char out[LIST_NAME_TEXT_BYTES])
{
	size_t n = 0;

	for (size_t at = 0; name->bytes[at] != 0; at += name->bytes[at] + 1U) {
		if (at > 0) {
			out[n++] = '.';
		}
		for (size_t i = 1; i <= name->bytes[at]; i++) {
			char c = (char)name->bytes[at + i];

			out[n++] = label_good((struct text){ &c, 1 }) ? c : '?';
		}
	}
	out[n] = '\0';
	return out;
}

/* `given`, or the label before the zone when nothing is given. */
static enum result
name_or(const char *given, const char *label, const char *zone, struct list_name *name, struct fault *fault)
{
	char text[NAME_TEXT_BYTES_MAX + LABEL_BYTES_MAX];

	if (given != NULL && given[0] != '\0') {
		return list_name_parse(text_of(given), name, fault);
	}
	(void)snprintf(text, sizeof text, "%s.%s", label, zone);
	return list_name_parse(text_of(text), name, fault);
}

static enum result
code_parse(const char *code, uint8_t out[4], struct fault *fault)
{
	static const struct prefix loopback = { 4, 8, { 127 } }, errors = { 4, 24, { 127, 255, 255 } };
	static const struct prefix localhost = { 4, 32, { 127, 0, 0, 1 } };
	struct prefix p;
	enum result r = prefix_parse(text_of(code), &p, fault);

	if (r != RESULT_OK) {
		return r;
	}
	if (!prefix_is_address(&p) || !prefix_contains(&loopback, &p) || prefix_contains(&errors, &p) ||
	    prefix_equal(&localhost, &p)) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "code %s: in 127.0.0.0/8, but not 127.0.0.1, and not 127.255.255.0/24, "
				 "which filters read as an error",
				 code);
	}
	memcpy(out, p.bytes, 4);
	return RESULT_OK;
}

static uint8_t
labels_of(const struct list_name *name)
{
	uint8_t count = 0;

	for (size_t at = 0; name->bytes[at] != 0; at += name->bytes[at] + 1U) {
		count++;
	}
	return count;
}

static enum result
zone_open(struct list *list, const struct list_options *o, const char *name, bool domains,
	  struct fault *fault)
{
	struct list_zone *z = &list->zones[list->zone_count];
	enum result r = list_name_parse(text_of(name), &z->name, fault);

	*z = (struct list_zone){ .name = z->name,
				 .labels = labels_of(&z->name),
				 .list = (uint8_t)list->row_count,
				 .domains = domains,
				 .ns_count = (uint8_t)(o->ns_count == 0 ? 1 : o->ns_count),
				 .negative_ttl = o->negative_ttl };
	if (r == RESULT_OK && z->name.n + REVERSE_IPV6_BYTES > LIST_NAME_BYTES_MAX) {
		r = fault_set(fault, RESULT_BAD_INPUT,
			      "zone %s: too long to hold the name of an IPv6 address", name);
	}
	for (size_t i = 0; i < list->zone_count && r == RESULT_OK; i++) {
		if (list->zones[i].name.n == z->name.n &&
		    memcmp(list->zones[i].name.bytes, z->name.bytes, z->name.n) == 0) {
			r = fault_set(fault, RESULT_BAD_INPUT, "zone %s is given twice", name);
		}
	}
	for (size_t i = 0; i < z->ns_count && r == RESULT_OK; i++) {
		r = name_or(o->ns_count == 0 ? NULL : o->ns[i], "ns", name, &z->ns[i], fault);
	}
	if (r == RESULT_OK) {
		r = name_or(o->contact, "hostmaster", name, &z->contact, fault);
	}
	if (r == RESULT_OK) {
		r = code_parse(o->code, z->code, fault);
	}
	list->zone_count += r == RESULT_OK;
	return r;
}

static bool
ttl_good(uint32_t ttl)
{
	return ttl >= 1 && ttl <= TTL_SECONDS_MAX;
}

enum result
list_zones_open(struct list *list, const struct list_options *options, size_t count, struct fault *fault)
{
	check(count >= 1 && count <= LISTS_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct list_options *o = &options[i];
		struct list_row *row = &list->rows[i];
		struct text txt = text_of(o->txt);
		enum result r;

		if (!ttl_good(o->ttl) || !ttl_good(o->negative_ttl) || txt.n > LIST_TXT_BYTES_MAX ||
		    o->ns_count > LIST_NS_MAX) {
			return fault_set(fault, RESULT_BAD_INPUT,
					 "list %zu: ttls are 1 to %u seconds, txt has at most %u bytes, "
					 "and there are at most %u name servers",
					 i + 1, TTL_SECONDS_MAX, LIST_TXT_BYTES_MAX, LIST_NS_MAX);
		}
		row->ttl = o->ttl;
		memcpy(row->txt, txt.p, txt.n);
		row->domain_zone = o->domain_zone != NULL && o->domain_zone[0] != '\0';
		r = zone_open(list, o, o->zone == NULL ? "" : o->zone, false, fault);
		if (r == RESULT_OK && row->domain_zone) {
			r = zone_open(list, o, o->domain_zone, true, fault);
		}
		if (r != RESULT_OK) {
			return r;
		}
		list->row_count++;
	}
	return RESULT_OK;
}
