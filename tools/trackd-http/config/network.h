/* SPDX-License-Identifier: MIT */
/* IP addresses and networks. */
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

/* The group under which an address is counted: IPv6 as its /64, "2001:db8::/64", since a host
 * usually has a whole one; ::ffff:a.b.c.d as a.b.c.d; any other text unchanged. */
void network_group(const char *address, char ret_group[64]);

#endif
