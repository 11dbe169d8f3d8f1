/* SPDX-License-Identifier: MIT */
/* IP addresses and the networks that they are in. */
#ifndef TRACKD_HTTP_CONFIG_NETWORK_H
#define TRACKD_HTTP_CONFIG_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

enum { NETWORKS_MAX = 64 };

struct networks {
	struct network {
		unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
		unsigned bits;
	} of[NETWORKS_MAX];
	size_t n;
};

/* "10.0.0.0/8 ::1 local": addresses and networks, separated by white space or commas; "local" is a
 * peer on a Unix socket. 0 or -EINVAL. */
int networks_parse(const char *text, struct networks *ret_networks);

bool networks_contain(const struct networks *networks, const char *address);

/* Whether a text is an address at all. */
bool network_is_address(const char *text);

/* What an address is counted as: IPv6 as its /64, since a host has all of one, "2001:db8::/64";
 * ::ffff:a.b.c.d as a.b.c.d; any other text as it is. */
void network_group(const char *address, char ret_group[64]);

#endif
