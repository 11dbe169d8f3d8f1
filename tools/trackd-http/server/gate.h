/* SPDX-License-Identifier: MIT */
/*
 * What libmicrohttpd reads from a connection goes through here first, so that it parses no head that
 * has not been checked, and both agree on where a body ends.
 *
 * libmicrohttpd shows of a head only what it made of it: the first of two Content-Length lines, a
 * value up to its NUL; what it refuses it answers itself, in HTML, or closes. It has no hook before
 * its parser, and a look at the socket (MSG_PEEK) would miss what a pipeline brings later. But it
 * reads by recv(), which the dynamic linker finds in this program: see gate.c. A request that came to
 * it by another way is refused (gate_next()), so another libmicrohttpd cannot undo the check unseen.
 *
 * In place of a bad head libmicrohttpd gets one that asks for nothing and ends the connection, and
 * request.c answers it with the fault: so the answer has its place behind those of earlier requests,
 * and the form of all others. A body that is badly chunked ends for libmicrohttpd where it went wrong.
 */
#ifndef TRACKD_HTTP_SERVER_GATE_H
#define TRACKD_HTTP_SERVER_GATE_H

#include "tools/trackd-http/server/head.h"

struct gate;

/* All reading from the socket now goes through a gate. NULL if memory is out. */
struct gate *gate_open(int fd);
void gate_close(struct gate *gate);

/* libmicrohttpd begins a request. False: of a head that the gate has not seen. */
bool gate_next(struct gate *gate);

/* Whether libmicrohttpd has yet to begin a request that has come. */
bool gate_has_more(const struct gate *gate);

/* What is wrong with the request that was begun last. NULL: nothing so far. */
const struct head_fault *gate_fault(const struct gate *gate);

#endif
