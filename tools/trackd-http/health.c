/* SPDX-License-Identifier: MIT */
#include "health.h"
#include "board.h"
#include "documents.h"
#include "respond.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WHY = 512, PAGE = 4 * (WHY + 64) };

struct check {
	const char *name;
	bool needed;
	/* Leaves "" if all is well. */
	void (*look)(struct gateway *gateway, char why[WHY]);
};

static void look_at_end(struct gateway *gateway, char why[WHY])
{
	snprintf(why, WHY, "%s", gateway->draining ? "the gateway is shutting down" : "");
}

static void look_at_board(struct gateway *gateway, char why[WHY])
{
	int error;

	if (!board_reader(gateway->board, &error))
		snprintf(why, WHY, "%s", trackd_strerror(error));
}

static void look_at_key(struct gateway *gateway, char why[WHY])
{
	if (!gateway->auth)
		snprintf(why, WHY, "there is no key to verify tokens with; set key_file");
}

/* Trouble is found by asking, and so is that it is over. */
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
		snprintf(why, WHY, "documents cannot be handed in: %s/ of the spool: %s",
			 folders[i], strerror(errno));
		return;
	}
}

static const struct check checks[] = {
	{ "shutdown", true, look_at_end }, { "board", true, look_at_board },
	{ "key", true, look_at_key },      { "store", false, look_at_store },
	{ "spool", false, look_at_spool },
};

enum MHD_Result health_begin_live(struct request *request)
{
	static const char body[] = "ok\n";

	return respond(request, MHD_HTTP_OK,
		       response_static("text/plain; charset=utf-8", body, sizeof body - 1));
}

static void append(char page[PAGE], const char *mark, const char *name, const char *why)
{
	size_t length = strlen(page);

	snprintf(page + length, PAGE - length, "%s%s%s%s\n", mark, name, why[0] ? ": " : " ok",
		 why);
}

enum MHD_Result health_begin_ready(struct request *request)
{
	bool verbose = request_query_given(request, "verbose"), ready = true;
	char page[PAGE] = "";

	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		char why[WHY] = "";

		checks[i].look(request->gateway, why);
		ready = ready && (why[0] == '\0' || !checks[i].needed);
		if (verbose || why[0] != '\0')
			append(page,
			       why[0] == '\0'     ? "[+]"
			       : checks[i].needed ? "[-]"
						  : "[!]",
			       checks[i].name, why);
	}
	size_t length = strlen(page);
	snprintf(page + length, sizeof page - length, "%s\n", ready ? "ready" : "not ready");
	return respond(request, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
		       response_copy("text/plain; charset=utf-8", page, strlen(page)));
}

enum MHD_Result health_begin_version(struct request *request)
{
	return respond(
		request, MHD_HTTP_OK,
		response_json("application/json", json_pack("{s:s, s:s}", "name", "trackd-http",
							    "version", trackd_version())));
}
