/* SPDX-License-Identifier: MIT */
/*
 * Everything that libmicrohttpd reads from a connection passes through here first, so that it
 * parses no unchecked head, and both agree on where a body ends.
 *
 * libmicrohttpd shows only its own interpretation of a head: the first of two Content-Length lines,
 * a value up to its NUL. What it refuses, it answers itself in HTML, or closes. It has no hook
 * before its parser, and a look at the socket (MSG_PEEK) would miss later requests of a pipeline.
 * But it reads with recv(), which the dynamic linker resolves to this program's: see gate.c. A
 * request that bypassed the gate is refused (gate_next()), so a different libmicrohttpd cannot
 * silently disable the check.
 *
 * In place of a bad head, libmicrohttpd gets one that requests nothing and ends the connection, and
 * request.c answers it with the fault. So the answer comes after those of earlier requests and
 * looks like all others. A badly chunked body ends for libmicrohttpd where the error is.
 */
#ifndef TRACKD_HTTP_SERVER_GATE_H
#define TRACKD_HTTP_SERVER_GATE_H

#include "tools/trackd-http/server/head.h"

struct gate;

/* From now on, all reads from the socket go through the gate. NULL if memory is out. */
struct gate *gate_open(int fd);
void gate_close(struct gate *gate);

/* libmicrohttpd begins a request. False: the gate has not checked its head. */
bool gate_next(struct gate *gate);

/* Whether a request has been read that libmicrohttpd has not begun. */
bool gate_has_more(const struct gate *gate);

/* What is wrong with the current request. NULL: nothing so far. */
const struct head_fault *gate_fault(const struct gate *gate);

#endif
