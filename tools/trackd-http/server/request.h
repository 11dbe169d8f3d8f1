/* SPDX-License-Identifier: MIT */
/*
 * One request, from its head to the last byte of its answer. A route's begin() is called when the
 * head is whole and the caller is admitted; it answers, or installs what goes on: a body that
 * arrives, a wait, a stream.
 */
#ifndef TRACKD_HTTP_SERVER_REQUEST_H
#define TRACKD_HTTP_SERVER_REQUEST_H

#include "tools/trackd-http/auth/identity.h"
#include "tools/trackd-http/server/gateway.h"
#include "tools/trackd-http/server/route.h"
#include <microhttpd.h>

struct request;

/* What goes on beyond begin(). */
struct work_class {
	/* A piece of the body. MHD_NO closes the connection. NULL: a body is drained and ignored. */
	enum MHD_Result (*data)(struct request *request, const char *data, size_t size);
	/* The body is whole, or the connection was resumed: answer, or suspend again. */
	enum MHD_Result (*go_on)(struct request *request);
	/* The request is over, however it ended. */
	void (*free)(struct request *request);
};

struct request {
	struct gateway *gateway;
	struct MHD_Connection *connection;
	const struct route *route; /* NULL: no such path */
	enum method method;
	const char *path;           /* libmicrohttpd's, as long as the request */
	char id[TRACKD_ID_MAX + 1]; /* from the path */
	struct identity identity;   /* of routes that ask for one */
	uint64_t stream_token;      /* number of the ticket it came with; 0: none */
	char address[64];           /* the client's, behind trusted proxies the one they name */
	uint64_t started_ns;        /* CLOCK_MONOTONIC */
	unsigned status;            /* 0: not answered yet */
	bool admin;                 /* came by the operators' listener */
	bool admitted;              /* begin() was called, or the caller turned away */
	bool body;                  /* there is more of it to come */
	bool refused;               /* its head or body broke the rules: the connection ends */
	const struct work_class *work_class;
	void *work;
	/* Since when nothing but us keeps the answer: no body, no wait. When it was queued. */
	uint64_t due_ns, answered_ns;
};

/* Query parameter or header, NULL if it is not there. */
const char *request_query(const struct request *request, const char *name);
/* Whether a query parameter is there, also without a value. */
bool request_query_given(const struct request *request, const char *name);
const char *request_header(const struct request *request, const char *name);

/* Suspend: the answer comes later. Resuming is batched: many in one turn cost as one. */
void request_suspend(struct request *request);
void request_resume(struct request *request);

/* What the answer waited for is there. */
void request_due(struct request *request);
/* Answered: with what status, and when. */
void request_answered(struct request *request, unsigned status);

#endif
