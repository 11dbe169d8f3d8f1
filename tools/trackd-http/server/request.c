/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/request.h"
#include "tools/trackd-http/server/server.h"
#include <string.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

const char *request_query(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool request_query_given(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name,
					     strlen(name), NULL, NULL) == MHD_YES;
}

const char *request_header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

void request_due(struct request *request)
{
	if (request->status == 0)
		request->due_ns = now_ns();
}

void request_answered(struct request *request, unsigned status)
{
	request->status = status;
	request->answered_ns = now_ns();
}

void request_suspend(struct request *request)
{
	MHD_suspend_connection(request->connection);
}

void request_resume(struct request *request)
{
	MHD_resume_connection(request->connection);
	server_kick(request->gateway->server);
}
