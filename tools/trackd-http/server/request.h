/* SPDX-License-Identifier: MIT */
/*
 * One request, from its head to the last byte of its answer. A route's begin() is called when the
 * head is complete and the caller is admitted. It answers, or installs a work_class to continue:
 * with a body, a wait, or a stream.
 */
#ifndef TRACKD_HTTP_SERVER_REQUEST_H
#define TRACKD_HTTP_SERVER_REQUEST_H

#include "tools/trackd-http/auth/identity.h"
#include "tools/trackd-http/server/gateway.h"
#include "tools/trackd-http/server/route.h"
#include <microhttpd.h>

struct request;

/* Callbacks for a request that continues after begin(). */
struct work_class {
	/* A piece of the body. MHD_NO closes the connection. NULL: the body is read and ignored. */
	enum MHD_Result (*data)(struct request *request, const char *data, size_t size);
	/* The body is complete, or the connection was resumed: answer, or suspend again. */
	enum MHD_Result (*go_on)(struct request *request);
	/* The request has ended, in whatever way. */
	void (*free)(struct request *request);
};

struct request {
	struct gateway *gateway;
	struct MHD_Connection *connection;
	const struct route *route; /* NULL: no such path */
	enum method method;
	const char *path;           /* libmicrohttpd's; valid as long as the request */
	char id[TRACKD_ID_MAX + 1]; /* from the path */
	struct identity identity;   /* on routes that require one */
	uint64_t stream_token;      /* number of the ticket used; 0: none */
	char address[64];    /* the client's address; behind trusted proxies, the one they name */
	uint64_t started_ns; /* CLOCK_MONOTONIC */
	unsigned status;     /* 0: not answered yet */
	bool admin;          /* came through the operators' listener */
	bool admitted;       /* begin() was called, or the request was refused */
	bool body;           /* more of the body is to come */
	bool refused;        /* the head or body is invalid: the connection ends */
	const struct work_class *work_class;
	void *work;
	/* When the answer could be given (body complete, wait over), and when it was queued. */
	uint64_t due_ns, answered_ns;
};

/* A query parameter or header; NULL if it is missing. */
const char *request_query(const struct request *request, const char *name);
/* Whether a query parameter is present, even without a value. */
bool request_query_given(const struct request *request, const char *name);
const char *request_header(const struct request *request, const char *name);

/* Suspend until the answer is ready. Resuming is batched: many in one turn cost as much as one. */
void request_suspend(struct request *request);
void request_resume(struct request *request);

/* What the answer waited for has arrived. */
void request_due(struct request *request);
/* Record that the request was answered: the status and the time. */
void request_answered(struct request *request, unsigned status);

#endif
