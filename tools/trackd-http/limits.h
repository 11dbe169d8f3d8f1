/* SPDX-License-Identifier: MIT */
/* Token buckets of requests, and counts of streams, by address and by owner. Bounded memory. */
#ifndef TRACKD_HTTP_LIMITS_H
#define TRACKD_HTTP_LIMITS_H

#include "config.h"

struct limits;

int limits_new(const struct config *config, struct limits **ret_limits);
void limits_free(struct limits *limits);

/* One more request. 0 admitted, else the seconds after which to try again. owner NULL: none yet. */
unsigned limits_request(struct limits *limits, const char *address, const char *owner,
			uint64_t now_ns);

/* One more stream; false: too many. Whoever was admitted leaves again. */
bool limits_stream_enter(struct limits *limits, const char *address, const char *owner);
void limits_stream_leave(struct limits *limits, const char *address, const char *owner);

/* Who is asking: the peer, or behind a trusted proxy the last address in X-Forwarded-For that is not
 * trusted itself. */
void limits_address(const struct limits *limits, const char *peer, const char *forwarded,
		    char ret_address[64]);

#endif
