/* SPDX-License-Identifier: MIT */
/*
 * A JSON service over HTTP(S) in the style of the OpenAI API: POST, a key, retries with backoff
 * that honour Retry-After.
 */
#ifndef DOCPROC_EMBED_ENDPOINT_H
#define DOCPROC_EMBED_ENDPOINT_H

#include "tools/docproc/document/report.h"
#include "tools/documents/failure.h"
#include <jansson.h>

struct endpoint_config {
	char url[1024]; /* "https://host/v1", without the endpoint's path; "": the built-in way */
	char model[128];
	char key_file[4096]; /* a file that holds the key; "" no key */
	unsigned timeout_ms; /* for one request, from connecting to the last byte */
	unsigned retries;    /* after the first attempt */
};

struct endpoint;

/* Reads the key. service: the name used in failures, "embedding service", a literal. FAILED: the
 * key cannot be used; the advice names the file. */
int endpoint_open(const struct endpoint_config *config, const char *service,
		  struct endpoint **ret_endpoint, struct failure *failure);
void endpoint_close(struct endpoint *endpoint);

/* POST a JSON document to the path below the URL and parse the answer, which the caller frees.
 * Retries after 429, 5xx, time-outs and broken connections; redirects are not followed. A request
 * to cancel is noticed within a tenth of a second. 0, FAILED, CANCELLED. */
int endpoint_post(struct endpoint *endpoint, const char *path, json_t *request,
		  struct report *report, json_t **ret_answer, struct failure *failure);

#endif
