/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/config/network.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stands for a peer on a Unix socket, which has no address. */
static const char local_name[] = "local";

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool parse(const char *text, unsigned char ret_bytes[16], unsigned *ret_bits)
{
	if (strcmp(text, local_name) == 0) {
		memset(ret_bytes, 0, 16); /* "::" is never a peer's address */
		*ret_bits = 128;
		return true;
	}
	if (inet_pton(AF_INET6, text, ret_bytes) == 1) {
		*ret_bits = 128;
		return true;
	}
	memcpy(ret_bytes, mapped, sizeof mapped);
	*ret_bits = 32;
	return inet_pton(AF_INET, text, ret_bytes + sizeof mapped) == 1;
}

static int parse_one(char *text, struct network *ret_network)
{
	char *slash = strchr(text, '/'), *end = NULL;
	unsigned width;

	if (slash)
		*slash = '\0';
	if (!parse(text, ret_network->bytes, &width))
		return -EINVAL;
	unsigned long bits = slash ? strtoul(slash + 1, &end, 10) : width;
	if (slash && (slash[1] < '0' || slash[1] > '9' || *end != '\0'))
		return -EINVAL;
	if (bits > width)
		return -EINVAL;
	ret_network->bits = (unsigned)bits + (128 - width);
	return 0;
}

int networks_parse(const char *text, struct networks *ret_networks)
{
	struct networks networks = { .n = 0 };
	char one[128];

	for (text += strspn(text, " \t,"); *text; text += strspn(text, " \t,")) {
		size_t length = strcspn(text, " \t,");

		if (length >= sizeof one || networks.n == NETWORKS_MAX)
			return -EINVAL;
		snprintf(one, sizeof one, "%.*s", (int)length, text);
		if (parse_one(one, &networks.of[networks.n++]) < 0)
			return -EINVAL;
		text += length;
	}
	*ret_networks = networks;
	return 0;
}

static bool is_in(const struct network *network, const unsigned char bytes[16])
{
	size_t whole = network->bits / 8;
	unsigned rest = network->bits % 8;
	unsigned char mask = (unsigned char)(0xff << (8 - rest));

	return memcmp(network->bytes, bytes, whole) == 0 &&
	       (rest == 0 || ((network->bytes[whole] ^ bytes[whole]) & mask) == 0);
}

bool networks_contain(const struct networks *networks, const char *address)
{
	unsigned char bytes[16];
	unsigned width;

	if (!parse(address, bytes, &width))
		return false;
	for (size_t i = 0; i < networks->n; i++)
		if (is_in(&networks->of[i], bytes))
			return true;
	return false;
}

bool network_is_address(const char *text)
{
	unsigned char bytes[16];
	unsigned width;

	return parse(text, bytes, &width);
}

void network_group(const char *address, char ret_group[64])
{
	unsigned char bytes[16];
	size_t length = strnlen(address, 63);

	memcpy(ret_group, address, length);
	ret_group[length] = '\0';
	/* A zone, as in fe80::1%eth0, names a link, which counts as one network. */
	if (!strchr(address, ':') || inet_pton(AF_INET6, address, bytes) != 1)
		return;
	if (memcmp(bytes, mapped, sizeof mapped) == 0) {
		(void)inet_ntop(AF_INET, bytes + sizeof mapped, ret_group, 64);
		return;
	}
	memset(bytes + 8, 0, 8);
	(void)inet_ntop(AF_INET6, bytes, ret_group, 64);
	length = strlen(ret_group);
	snprintf(ret_group + length, 64 - length, "/64");
}
