/* SPDX-License-Identifier: MIT */
/*
 * What a stranger says in a request, under fuzzing, without a socket. The input is lines: the path,
 * then NAME VALUE each, which are headers and query parameters alike. All that reads them goes over
 * it: the table of routes, conditions and waits, the address that a proxy names; and the settings'
 * own readers of places and networks, for their parsers are the same.
 *
 * What must hold: an id is one segment of the path; a path that is found by one method is allowed by
 * that method and known by every other; a tag matches itself wherever it stands in a list; a wait is
 * at most a minute; no invalid address is accepted.
 */
#include "tests/fuzz/target.h"
#include "tools/trackd-http/config/listen.h"
#include "tools/trackd-http/config/network.h"
#include "tools/trackd-http/routes.h"
#include "tools/trackd-http/server/limits.h"
#include "tools/trackd-http/tasks/entity.h"
#include <strings.h>

enum { INPUT_MAX = 4000, PAIRS_MAX = 64 };

static struct pair {
	const char *name, *value;
} pairs[PAIRS_MAX];
static size_t n_pairs;
static struct limits *limits;

/* In libmicrohttpd's place. */
const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind,
					const char *key)
{
	(void)connection;
	for (size_t i = 0; i < n_pairs; i++)
		if (kind == MHD_HEADER_KIND ? strcasecmp(pairs[i].name, key) == 0
					    : strcmp(pairs[i].name, key) == 0)
			return pairs[i].value;
	return NULL;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct config config = { .trusted = "127.0.0.1 10.0.0.0/8 ::1 fd00::/7 local",
					      .address_rate = 10,
					      .address_burst = 10,
					      .owner_rate = 10,
					      .owner_burst = 10,
					      .address_streams = 4,
					      .owner_streams = 4 };

	(void)argc;
	(void)argv;
	if (limits_new(&config, &limits) != 0)
		fail("no limits");
	return 0;
}

/* ---- Routes -------------------------------------------------------------- */

static void check_id(const char *path, const char *id)
{
	size_t length = strlen(id);

	if (length > TRACKD_ID_MAX || strchr(id, '/'))
		fail("an id that is no segment");
	if (length > 0 && !strstr(path, id))
		fail("an id that is not in the path");
}

static void check_routes(const char *path, bool admin)
{
	char id[TRACKD_ID_MAX + 1], allowed[64], unused[64];
	bool known = false;

	/* A method that nothing takes: what there is for the path. */
	if (route_find(&routes, admin, path, METHOD_OTHER, id, allowed))
		fail("a route for no method");
	for (int m = METHOD_GET; m < METHOD_OTHER; m++) {
		static const char *const names[] = { "GET", "HEAD", "POST", "DELETE" };
		const struct route *route =
			route_find(&routes, admin, path, (enum method)m, id, unused);

		if (!route)
			continue;
		known = true;
		check_id(path, id);
		if (!strstr(allowed, names[m]))
			fail("a method that is served and not allowed");
		if (((route->flags & ROUTE_ADMIN) != 0) != admin)
			fail("the other listener's route");
		if (!strstr(route->path, "{id}") && strcmp(route->path, path) != 0)
			fail("another path's route");
	}
	if (known != (allowed[0] != '\0'))
		fail("methods for a path that there is not");
}

/* ---- Conditions ---------------------------------------------------------- */

static void check_conditions(const struct request *request)
{
	static const char tag[] = "W/\"92ec61ffb248f357bcc7df11b5e010f8-b931318e-1-0\"";
	const char *given = request_header(request, "If-None-Match");
	bool preferred, unchanged = entity_unchanged(request, tag);
	int64_t ms = entity_wait_ms(request, &preferred);

	if (unchanged && !given)
		fail("304 without a condition");
	if (unchanged && !strchr(given, '*') && !strstr(given, tag + 2))
		fail("unchanged by a tag that was not given");
	if (!unchanged && given && strcmp(given, tag) == 0)
		fail("the tag itself does not match");
	if (ms > 60000 || (ms < 0 && !request_query(request, "wait")))
		fail("a wait that is none");
	if (preferred && !request_header(request, "Prefer"))
		fail("a preference that does not exist");
}

/* ---- Addresses ----------------------------------------------------------- */

static void check_address(const char *peer, const char *forwarded, uint64_t now_ns)
{
	char address[64], again[64], group[64];
	struct networks networks;
	struct limits_charge charge;

	limits_address(limits, peer, forwarded, address);
	network_group(peer, group);
	if (strcmp(address, group) != 0 && networks_parse(address, &networks) != 0)
		fail("an address that is none");
	limits_address(limits, "192.0.2.1", forwarded, again);
	if (strcmp(again, "192.0.2.1") != 0)
		fail("a stranger's word is taken");
	(void)limits_request(limits, address, address, now_ns);
	if (limits_stream_enter(limits, address, "ada", &charge))
		limits_stream_leave(&charge);
}

static void check_settings(const char *text)
{
	struct networks networks;

	(void)listen_valid(text);
	if (networks_parse(text, &networks) == 0)
		(void)networks_contain(&networks, "10.1.2.3");
	(void)network_is_address(text);
}

/* ---- Input --------------------------------------------------------------- */

/* Cuts the text into the path and the pairs. */
static char *split(char *text)
{
	char *save = NULL, *path = strtok_r(text, "\n", &save);

	n_pairs = 0;
	for (char *line; n_pairs < PAIRS_MAX && (line = strtok_r(NULL, "\n", &save));) {
		char *space = strchr(line, ' ');

		if (space)
			*space++ = '\0';
		/* A parameter may have no value, a header has one. */
		pairs[n_pairs++] = (struct pair){ line, space };
	}
	return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t now_ns = 1;
	struct request request = { .method = METHOD_GET };
	char text[INPUT_MAX + 1];

	if (size > INPUT_MAX)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	char *path = split(text);
	if (!path)
		return 0;
	check_routes(path, false);
	check_routes(path, true);
	check_conditions(&request);
	now_ns += 1000000;
	for (size_t i = 0; i < n_pairs; i++)
		if (pairs[i].value)
			check_settings(pairs[i].value);
	const char *forwarded = request_header(&request, "X-Forwarded-For");
	check_address("127.0.0.1", forwarded, now_ns);
	check_address("local", forwarded, now_ns);
	return 0;
}
