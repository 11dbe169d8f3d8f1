/* SPDX-License-Identifier: MIT */
/* A table of fixed size: the account idle for longest makes room, unless it has open streams. */
#include "tools/trackd-http/server/limits.h"
#include "libclient/trackd.h"
#include "tools/trackd-http/config/network.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SETS = 2048, WAYS = 8 };

/* The counts of one address or owner. */
struct account {
	char name[TRACKD_OWNER_MAX + 2]; /* 'a' or 'o', then the address or owner; "" unused */
	uint64_t seen_ns;
	double tokens;
	uint32_t streams;
};

struct limits {
	const struct config *config;
	struct networks trusted;
	struct account accounts[SETS][WAYS];
};

struct rule {
	uint32_t rate, burst, streams;
};

int limits_new(const struct config *config, struct limits **ret_limits)
{
	struct limits *limits = calloc(1, sizeof *limits);
	int error = limits ? networks_parse(config->trusted, &limits->trusted) : -ENOMEM;

	if (error < 0) {
		free(limits);
		return error;
	}
	limits->config = config;
	*ret_limits = limits;
	return 0;
}

void limits_free(struct limits *limits)
{
	free(limits);
}

/* ---- Accounts ----------------------------------------------------------- */

/* The account of a name. NULL: every candidate for eviction has open streams. */
static struct account *account_of(struct limits *limits, char sort, const char *of, double burst)
{
	char name[sizeof limits->accounts[0][0].name];
	struct account *oldest = NULL;

	size_t length = strnlen(of, sizeof name - 2);

	name[0] = sort;
	memcpy(name + 1, of, length);
	name[1 + length] = '\0';
	struct account *set = limits->accounts[XXH3_64bits(name, 1 + length) % SETS];
	for (int i = 0; i < WAYS; i++) {
		if (strcmp(set[i].name, name) == 0)
			return &set[i];
		if (set[i].streams == 0 && (!oldest || set[i].seen_ns < oldest->seen_ns))
			oldest = &set[i];
	}
	if (!oldest)
		return NULL;
	*oldest = (struct account){ .tokens = burst };
	memcpy(oldest->name, name, length + 2);
	return oldest;
}

static struct rule rule_of(const struct limits *limits, char sort)
{
	const struct config *c = limits->config;

	return sort == 'a' ? (struct rule){ c->address_rate, c->address_burst, c->address_streams }
			   : (struct rule){ c->owner_rate, c->owner_burst, c->owner_streams };
}

/* ---- Requests ----------------------------------------------------------- */

static unsigned take(struct limits *limits, char sort, const char *of, uint64_t now_ns)
{
	struct rule rule = rule_of(limits, sort);
	struct account *account = rule.rate > 0 ? account_of(limits, sort, of, rule.burst) : NULL;

	if (!account)
		return 0;
	if (account->seen_ns != 0)
		account->tokens += (double)(now_ns - account->seen_ns) / 1e9 * rule.rate;
	if (account->tokens > rule.burst)
		account->tokens = rule.burst;
	account->seen_ns = now_ns;
	if (account->tokens >= 1) {
		account->tokens -= 1;
		return 0;
	}
	return 1 + (unsigned)((1 - account->tokens) / rule.rate);
}

unsigned limits_request(struct limits *limits, const char *address, const char *owner,
			uint64_t now_ns)
{
	unsigned wait = address ? take(limits, 'a', address, now_ns) : 0;

	return wait > 0 || !owner ? wait : take(limits, 'o', owner, now_ns);
}

/* ---- Streams ------------------------------------------------------------ */

/* Streams are counted even without a limit, so that a limit set later applies to them. NULL with
 * *ret_full false: no account is available, and there is no limit. */
static struct account *room_for(struct limits *limits, char sort, const char *of, bool *ret_full)
{
	struct rule rule = rule_of(limits, sort);
	struct account *account = account_of(limits, sort, of, rule.burst);

	*ret_full = rule.streams > 0 && (!account || account->streams >= rule.streams);
	return account;
}

bool limits_stream_enter(struct limits *limits, const char *address, const char *owner,
			 struct limits_charge *ret_charge)
{
	struct limits_charge charge = { NULL, NULL };
	bool full;

	charge.address = room_for(limits, 'a', address, &full);
	if (full)
		return false;
	if (charge.address)
		charge.address->streams++; /* so that it is not evicted meanwhile */
	charge.owner = room_for(limits, 'o', owner, &full);
	if (full) {
		charge.owner = NULL;
		limits_stream_leave(&charge);
		return false;
	}
	if (charge.owner)
		charge.owner->streams++;
	*ret_charge = charge;
	return true;
}

void limits_stream_leave(struct limits_charge *charge)
{
	if (charge->address)
		charge->address->streams--;
	if (charge->owner)
		charge->owner->streams--;
	*charge = (struct limits_charge){ NULL, NULL };
}

/* ---- Addresses ---------------------------------------------------------- */

static void find_address(const struct limits *limits, const char *peer, const char *forwarded,
			 char ret_address[64])
{
	char list[1024], *save = NULL;
	const char *hops[64];
	size_t n = 0, size = strnlen(peer, 63);

	memcpy(ret_address, peer, size);
	ret_address[size] = '\0';
	if (!forwarded || !networks_contain(&limits->trusted, peer))
		return;
	/* The nearest proxies append at the end. */
	size_t length = strlen(forwarded);
	snprintf(list, sizeof list, "%s",
		 length < sizeof list ? forwarded : forwarded + length - sizeof list + 1);
	for (char *hop = strtok_r(list, " \t,", &save); hop; hop = strtok_r(NULL, " \t,", &save)) {
		if (n == sizeof hops / sizeof hops[0])
			memmove(hops, hops + 1, --n * sizeof hops[0]);
		hops[n++] = hop;
	}
	while (n > 0 && network_is_address(hops[n - 1])) {
		snprintf(ret_address, 64, "%s", hops[--n]);
		if (!networks_contain(&limits->trusted, ret_address))
			return;
	}
}

void limits_address(const struct limits *limits, const char *peer, const char *forwarded,
		    char ret_address[64])
{
	char address[64];

	find_address(limits, peer, forwarded, address);
	network_group(address, ret_address);
}
