/*
 * serve/dns_meter_int.h - buckets that fill at a steady rate, for a receiver or for any number of clients in a table of fixed size.
 *
 * A bucket is one number: when it will be full again (the generic cell rate algorithm, ITU-T I.371: the same as a token bucket). So it is
 * read and charged by one atomic exchange, and an idle client is the same as one that was never seen.
 */
#ifndef SERVE_DNS_METER_INT_H
#define SERVE_DNS_METER_INT_H

#include "base/address.h"

#include <stdatomic.h>

struct dns_rate {
	uint32_t per_second; /* 0: without a limit */
	uint32_t seconds;    /* that a full bucket is worth, from 1 on */
};

typedef _Atomic int64_t dns_meter; /* monotonic ns; 0: full */

/* Takes one off; false: there was none, and nothing is charged. */
bool dns_meter_take(dns_meter *meter, struct dns_rate rate, int64_t now_ns);
/* How much of it is used, in percent; above 99: the next is refused. */
unsigned dns_meter_used(const dns_meter *meter, struct dns_rate rate, int64_t now_ns);

/* The buckets of `clients` clients (a power of two from 4 on); of more, those that are fullest are forgotten. */
struct dns_meters;
struct dns_meters *dns_meters_open(size_t clients);
void dns_meters_close(struct dns_meters *meters); /* NULL is fine */
dns_meter *dns_meters_of(struct dns_meters *meters, const struct prefix *client, int64_t now_ns);

/* What is one client: an IPv4 address or prefix as it is, of IPv6 the first `bits6` bits, of IPv4 the first `bits4`. */
struct prefix dns_client_cut(const struct prefix *address, uint8_t bits4, uint8_t bits6);

#endif
