/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/routes.h"
#include "tools/trackd-http/ops/assets.h"
#include "tools/trackd-http/ops/description.h"
#include "tools/trackd-http/ops/health.h"
#include "tools/trackd-http/ops/metrics.h"
#include "tools/trackd-http/stream/stream.h"
#include "tools/trackd-http/tasks/list.h"
#include "tools/trackd-http/tasks/status.h"
#include "tools/trackd-http/tasks/stream_token_route.h"
#include "tools/trackd-http/tasks/tasks.h"
#include "tools/trackd-http/upload/upload.h"
#include <stdio.h>
#include <string.h>

#define ASSET_ROUTE(symbol, file, type) { ASSETS_PREFIX file, assets_begin_file, METHOD_GET, 0 },

static const struct route routes[] = {
	{ "/", assets_begin_page, METHOD_GET, 0 },
	{ "/documents", upload_begin, METHOD_POST, ROUTE_ORIGINAL | ROUTE_TOKEN | ROUTE_BODY },
	{ "/documents/{id}/status", status_begin, METHOD_GET, ROUTE_ORIGINAL | ROUTE_TOKEN },
	{ "/v1/tasks", list_begin, METHOD_GET, ROUTE_TOKEN },
	{ "/v1/task-counts", list_begin_counts, METHOD_GET, ROUTE_TOKEN },
	{ "/v1/tasks/{id}", tasks_begin_one, METHOD_GET, ROUTE_TOKEN },
	{ "/v1/tasks/{id}", tasks_begin_delete, METHOD_DELETE, ROUTE_TOKEN },
	{ "/v1/tasks/{id}/cancel", tasks_begin_cancel, METHOD_POST, ROUTE_TOKEN },
	{ "/v1/tasks/{id}/events", stream_begin_task, METHOD_GET, ROUTE_TOKEN | ROUTE_STREAM },
	{ "/v1/events", stream_begin_owner, METHOD_GET, ROUTE_TOKEN | ROUTE_STREAM },
	{ "/v1/stream-tickets", stream_tokens_begin, METHOD_POST, ROUTE_TOKEN | ROUTE_BODY },
	{ "/openapi.json", description_begin, METHOD_GET, 0 },
	{ "/livez", health_begin_live, METHOD_GET, ROUTE_ADMIN },
	{ "/readyz", health_begin_ready, METHOD_GET, ROUTE_ADMIN },
	{ "/version", health_begin_version, METHOD_GET, ROUTE_ADMIN },
	{ "/metrics", metrics_begin, METHOD_GET, ROUTE_ADMIN },
	ASSETS(ASSET_ROUTE)
};

enum { N_ROUTES = sizeof routes / sizeof routes[0] };

static const char *const method_names[] = {
	[METHOD_GET] = "GET, HEAD", [METHOD_POST] = "POST", [METHOD_DELETE] = "DELETE"
};

/* Whether a path is of a template; the segment in place of {id} may not be empty. */
static bool matches(const char *template, const char *path, char ret_id[TRACKD_ID_MAX + 1])
{
	const char *hole = strstr(template, "{id}");
	size_t before = hole ? (size_t)(hole - template) : strlen(template);

	if (strncmp(template, path, before) != 0)
		return false;
	if (!hole)
		return path[before] == '\0';
	size_t length = strcspn(path + before, "/");
	if (length == 0 || strcmp(path + before + length, hole + 4) != 0)
		return false;
	/* What is too long for an id is nobody's; an id of the longest kind with one byte more names
	 * no task either. */
	if (length > TRACKD_ID_MAX)
		length = 0;
	memcpy(ret_id, path + before, length);
	ret_id[length] = '\0';
	return true;
}

static void allow(char ret_allow[64], enum method method)
{
	size_t length = strlen(ret_allow);

	snprintf(ret_allow + length, 64 - length, "%s%s", length > 0 ? ", " : "",
		 method_names[method]);
}

const struct route *routes_find(bool admin, const char *path, enum method method,
				char ret_id[TRACKD_ID_MAX + 1], char ret_allow[64])
{
	enum method wanted = method == METHOD_HEAD ? METHOD_GET : method;

	ret_id[0] = ret_allow[0] = '\0';
	for (size_t i = 0; i < N_ROUTES; i++) {
		if (((routes[i].flags & ROUTE_ADMIN) != 0) != admin ||
		    !matches(routes[i].path, path, ret_id))
			continue;
		if (routes[i].method == wanted)
			return &routes[i];
		allow(ret_allow, routes[i].method);
	}
	return NULL;
}

const struct route *routes_all(size_t *ret_n)
{
	*ret_n = N_ROUTES;
	return routes;
}
