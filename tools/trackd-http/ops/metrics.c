/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/ops/metrics.h"
#include "tools/trackd-http/ops/metrics_text.h"
#include "tools/trackd-http/ops/task_counts.h"
#include "tools/trackd-http/server/respond.h"
#include <stdlib.h>
#include <string.h>

static bool wants_open_metrics(const struct request *request)
{
	const char *accept = request_header(request, "Accept");

	return accept && strstr(accept, "application/openmetrics-text");
}

enum MHD_Result metrics_begin(struct request *request)
{
	bool open_metrics = wants_open_metrics(request);
	size_t size;
	struct MHD_Response *response;

	task_counts_know_kinds(request->gateway->task_counts);
	char *text = metrics_text(request->gateway, open_metrics, &size);
	if (!text)
		return MHD_NO;
	response = response_copy(open_metrics ? "application/openmetrics-text; version=1.0.0; "
						"charset=utf-8"
					      : "text/plain; version=0.0.4; charset=utf-8",
				 text, size);
	free(text);
	if (response)
		response_header(response, MHD_HTTP_HEADER_VARY, "Accept");
	return respond(request, MHD_HTTP_OK, response);
}
