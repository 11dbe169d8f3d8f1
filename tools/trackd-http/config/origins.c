/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/config/origins.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char separators[] = " \t,";

/* The next entry of a list; *ret_length is 0 at the end. */
static const char *next_entry(const char *at, size_t *ret_length)
{
	at += strspn(at, separators);
	*ret_length = strcspn(at, separators);
	return at;
}

static bool is_name(const char *host)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t length = strlen(host);

	return length > 0 && host[0] != '.' && host[strspn(host, letters)] == '\0';
}

/* "[::1]", in the form of inet_ntop(), which browsers use. */
static bool is_bracketed(char *host)
{
	size_t length = strlen(host);
	char again[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (length < 3 || host[0] != '[' || host[length - 1] != ']')
		return false;
	host[length - 1] = '\0';
	return inet_pton(AF_INET6, host + 1, &address) == 1 &&
	       inet_ntop(AF_INET6, &address, again, sizeof again) && strcmp(again, host + 1) == 0;
}

/* A port without leading zeros, and not the scheme's default, which browsers omit. */
static bool is_port(const char *port, const char *implied)
{
	char *end;
	unsigned long number = strtoul(port, &end, 10);

	return port[0] >= '1' && port[0] <= '9' && *end == '\0' && number <= 65535 &&
	       strcmp(port, implied) != 0;
}

static bool is_origin(const char *text, size_t length)
{
	static const struct {
		const char *prefix, *port;
	} schemes[] = { { "https://", "443" }, { "http://", "80" } };
	char host[512];

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t prefix = strlen(schemes[i].prefix);

		if (strncmp(text, schemes[i].prefix, prefix) != 0)
			continue;
		if (length - prefix >= sizeof host)
			return false;
		snprintf(host, sizeof host, "%.*s", (int)(length - prefix), text + prefix);
		char *bracket = strrchr(host, ']');
		char *colon = strchr(bracket ? bracket : host, ':');
		if (colon)
			*colon = '\0';
		return (is_name(host) || is_bracketed(host)) &&
		       (!colon || is_port(colon + 1, schemes[i].port));
	}
	return false;
}

bool origins_valid(const char *text)
{
	size_t length;

	for (text = next_entry(text, &length); length > 0;
	     text = next_entry(text + length, &length))
		if (!is_origin(text, length))
			return false;
	return true;
}

bool origins_allow(const char *origins, const char *origin)
{
	size_t wanted = strlen(origin), length;

	for (origins = next_entry(origins, &length); length > 0;
	     origins = next_entry(origins + length, &length))
		if (length == wanted && memcmp(origins, origin, length) == 0)
			return true;
	return false;
}
