/* SPDX-License-Identifier: MIT */
/*
 * Server-Sent Events: one task's, or all of a user's. A stream is a request whose answer does not
 * end. It is suspended until there is something to tell, and asks for what comes next only when the
 * socket has room: so a client that reads slowly or not at all costs no memory and delays no other client.
 */
#ifndef TRACKD_HTTP_STREAM_STREAM_H
#define TRACKD_HTTP_STREAM_STREAM_H

#include "tools/trackd-http/server/request.h"

struct streams;

int streams_new(struct gateway *gateway, struct streams **ret_streams);
/* Something that all tell of has changed: trackd is away or back; or we are going, and all end, so that
 * their clients reconnect to the next gateway. */
void streams_wake(struct streams *streams);
void streams_free(struct streams *streams);

/* GET /v1/tasks/{id}/events and GET /v1/events */
enum MHD_Result stream_begin_task(struct request *request);
enum MHD_Result stream_begin_owner(struct request *request);

#endif
