/* SPDX-License-Identifier: MIT */
/* Token buckets for requests, and counts of streams, per address and per owner, in bounded
 * memory. */
#ifndef TRACKD_HTTP_SERVER_LIMITS_H
#define TRACKD_HTTP_SERVER_LIMITS_H

#include "tools/trackd-http/config/config.h"

struct limits;

int limits_new(const struct config *config, struct limits **ret_limits);
void limits_free(struct limits *limits);

/* Count one request. 0: admitted; otherwise the seconds until a retry. owner NULL: not known
 * yet. */
unsigned limits_request(struct limits *limits, const char *address, const char *owner,
			uint64_t now_ns);

/* The accounts that a stream is charged to; {0}: none. */
struct limits_charge {
	struct account *address, *owner;
};

/* Count one stream; false: there are too many. limits_stream_leave() needs only the charge to undo
 * it, even if the limits have changed meanwhile. */
bool limits_stream_enter(struct limits *limits, const char *address, const char *owner,
			 struct limits_charge *ret_charge);
void limits_stream_leave(struct limits_charge *charge);

/* The name under which an address is counted: the peer, or behind a trusted proxy the last address
 * in X-Forwarded-For (all its lines as one list) that is not trusted itself. An IPv6 address counts
 * as its /64, "2001:db8::/64", and ::ffff:a.b.c.d as a.b.c.d. */
void limits_address(const struct limits *limits, const char *peer, const char *forwarded,
		    char ret_address[64]);

#endif
