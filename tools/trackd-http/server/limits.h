/* SPDX-License-Identifier: MIT */
/* Token buckets of requests, and counts of streams, by address and by owner. Bounded memory. */
#ifndef TRACKD_HTTP_SERVER_LIMITS_H
#define TRACKD_HTTP_SERVER_LIMITS_H

#include "tools/trackd-http/config/config.h"

struct limits;

int limits_new(const struct config *config, struct limits **ret_limits);
void limits_free(struct limits *limits);

/* One more request. 0 admitted, else the seconds after which to try again. owner NULL: none yet. */
unsigned limits_request(struct limits *limits, const char *address, const char *owner,
			uint64_t now_ns);

/* The accounts that a stream is charged to; {0}: none. */
struct limits_charge {
	struct account *address, *owner;
};

/* One more stream; false: too many. What was charged is given back by the charge alone, whatever has
 * become of the limits meanwhile. */
bool limits_stream_enter(struct limits *limits, const char *address, const char *owner,
			 struct limits_charge *ret_charge);
void limits_stream_leave(struct limits_charge *charge);

/* Under which name an address is counted: the peer, or behind a trusted proxy the last address in
 * X-Forwarded-For (all lines of it as one list) that is not trusted itself. An IPv6 address counts with
 * its /64, as "2001:db8::/64", ::ffff:a.b.c.d as a.b.c.d. */
void limits_address(const struct limits *limits, const char *peer, const char *forwarded,
		    char ret_address[64]);

#endif
