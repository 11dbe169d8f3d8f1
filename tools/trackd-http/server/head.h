/* SPDX-License-Identifier: MIT */
/*
 * The head of a request: where it ends, whether RFC 9112 allows it, and how long its body is. Only
 * this module decides it; gate.c makes sure that every head passes through.
 *
 * The cost of a head is bounded, so that libmicrohttpd has room for it in a connection's memory.
 */
#ifndef TRACKD_HTTP_SERVER_HEAD_H
#define TRACKD_HTTP_SERVER_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HEAD_LINE_MAX = 8192, /* of the request line */
	HEAD_COST_MAX = 13 << 10,
	HEAD_ENTRY_COST = 64, /* per field or query parameter, beyond its bytes */
};

/* Why a request is refused. */
struct head_fault {
	unsigned status;
	const char *detail;
};

struct head {
	uint64_t length; /* of the body */
	bool chunked;    /* the body's own framing says how long it is */
};

/* The size of the head that begins here, with its empty line; 0 while it is incomplete, or with
 * *ret_fault set if it cannot become valid. */
size_t head_size(const char *data, size_t size, const struct head_fault **ret_fault);

/*
 * Check a complete head, and rewrite it into a form that libmicrohttpd reads correctly: the target
 * without scheme and authority, HTTP/1.1 for later minor versions, no white space after values, no
 * cookies. *size is updated. NULL, or the fault.
 */
const struct head_fault *head_check(char *data, size_t *size, struct head *ret_head);

/* Check a line of trailers, without CRLF. NULL, or the fault. */
const struct head_fault *head_check_field(const char *line, size_t length);

#endif
