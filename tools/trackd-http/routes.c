/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/routes.h"
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

#define ASSET_ROUTE(symbol, file, type) { ASSETS_PREFIX file, assets_begin_file, METHOD_GET, 0 },

static const struct route rows[] = {
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

const struct route_table routes = { rows, sizeof rows / sizeof rows[0] };
