/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/ops/health.h"
#include "tools/trackd-http/board/board_connection.h"
#include "tools/trackd-http/board/daemon_probe.h"
#include "tools/trackd-http/board/documents.h"
#include "tools/trackd-http/server/respond.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WHY = 512, PAGE = 6 * (WHY + 64) };

struct check {
	const char *name;
	bool needed;
	/* Leaves "" if there is no trouble. */
	void (*look)(struct gateway *gateway, char why[WHY]);
};

static void look_at_end(struct gateway *gateway, char why[WHY])
{
	snprintf(why, WHY, "%s", gateway->draining ? "the gateway is shutting down" : "");
}

static void look_at_board(struct gateway *gateway, char why[WHY])
{
	int error;

	if (!board_connection_reader(gateway->board, &error))
		snprintf(why, WHY, "%s", trackd_strerror(error));
}

static void look_at_daemon(struct gateway *gateway, char why[WHY])
{
	if (!daemon_is_up(gateway->daemon))
		daemon_why(gateway->daemon, why, WHY);
}

static void look_at_key(struct gateway *gateway, char why[WHY])
{
	if (!gateway->auth)
		snprintf(why, WHY, "no key to verify tokens is configured; set key_file");
}

/* Looking at the store also updates its state. */
static void look_at_store(struct gateway *gateway, char why[WHY])
{
	(void)documents_finished(gateway->documents, "", "");
	snprintf(why, WHY, "%s", documents_trouble(gateway->documents));
}

static void look_at_spool(struct gateway *gateway, char why[WHY])
{
	static const char *const folders[] = { "tmp", "new" };
	char path[sizeof gateway->config->spool + 8];

	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", gateway->config->spool, folders[i]);
		if (access(path, W_OK | X_OK) == 0)
			continue;
		snprintf(why, WHY, "documents cannot be submitted: %s/ of the spool: %s%s",
			 folders[i], strerror(errno),
			 errno == ENOENT ? "; docproc serve creates it" : "");
		return;
	}
}

static const struct check checks[] = {
	{ "shutdown", true, look_at_end },  { "board", true, look_at_board },
	{ "daemon", true, look_at_daemon }, { "key", true, look_at_key },
	{ "store", false, look_at_store },  { "spool", false, look_at_spool },
};

enum { N_CHECKS = sizeof checks / sizeof checks[0] };

enum MHD_Result health_begin_live(struct request *request)
{
	static const char body[] = "ok\n";

	return respond(request, MHD_HTTP_OK,
		       response_static("text/plain; charset=utf-8", body, sizeof body - 1));
}

/* The result of each check. */
struct findings {
	char why[N_CHECKS][WHY];
	bool ready;
};

static void look(struct gateway *gateway, struct findings *ret_findings)
{
	*ret_findings = (struct findings){ .ready = true };
	for (size_t i = 0; i < N_CHECKS; i++) {
		char *why = ret_findings->why[i];

		checks[i].look(gateway, why);
		if (why[0] != '\0' && checks[i].needed)
			ret_findings->ready = false;
	}
}

static void append(char page[PAGE], const char *mark, const char *name, const char *why)
{
	size_t length = strlen(page);

	snprintf(page + length, PAGE - length, "%s%s%s%s\n", mark, name, why[0] ? ": " : " ok",
		 why);
}

static enum MHD_Result respond_ready(struct request *request, const struct findings *findings)
{
	bool verbose = request_query_given(request, "verbose");
	char page[PAGE] = "";

	for (size_t i = 0; i < N_CHECKS; i++)
		if (verbose || findings->why[i][0] != '\0')
			append(page, findings->why[i][0] == '\0' ? "[+]" : "[!]", checks[i].name,
			       findings->why[i]);
	snprintf(page + strlen(page), PAGE - strlen(page), "ready\n");
	return respond(request, MHD_HTTP_OK,
		       response_copy("text/plain; charset=utf-8", page, strlen(page)));
}

/* A problem document: a sentence about what is missing, and the result of each check. */
static enum MHD_Result respond_not_ready(struct request *request, const struct findings *findings)
{
	json_t *list = json_array();
	char detail[PAGE] = "";
	size_t length = 0;

	for (size_t i = 0; i < N_CHECKS; i++) {
		const char *why = findings->why[i];

		(void)json_array_append_new(list, json_pack("{s:s, s:b, s:b, s:s*}", "name",
							    checks[i].name, "needed",
							    checks[i].needed, "ok", why[0] == '\0',
							    "why", why[0] == '\0' ? NULL : why));
		if (why[0] != '\0' && checks[i].needed)
			length += (size_t)snprintf(detail + length, PAGE - length, "%s%s: %s",
						   length > 0 ? "; " : "", checks[i].name, why);
	}
	return respond(request, MHD_HTTP_SERVICE_UNAVAILABLE,
		       response_json("application/problem+json",
				     json_pack("{s:s, s:s, s:i, s:s, s:o}", "type", "about:blank",
					       "title", "Service Unavailable", "status",
					       MHD_HTTP_SERVICE_UNAVAILABLE, "detail", detail,
					       "checks", list)));
}

enum MHD_Result health_begin_ready(struct request *request)
{
	struct findings findings;

	look(request->gateway, &findings);
	return findings.ready ? respond_ready(request, &findings)
			      : respond_not_ready(request, &findings);
}

enum MHD_Result health_begin_version(struct request *request)
{
	return respond(
		request, MHD_HTTP_OK,
		response_json("application/json", json_pack("{s:s, s:s}", "name", "trackd-http",
							    "version", trackd_version())));
}
