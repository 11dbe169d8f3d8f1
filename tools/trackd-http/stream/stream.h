/* SPDX-License-Identifier: MIT */
/*
 * Server-Sent Events for one task, or for all of a user's tasks. A stream is a request whose answer
 * does not end. It is suspended while there is nothing to send, and asks for the next event only
 * when the socket has room: so a client that reads slowly or not at all costs no memory and delays
 * no other client.
 */
#ifndef TRACKD_HTTP_STREAM_STREAM_H
#define TRACKD_HTTP_STREAM_STREAM_H

#include "tools/trackd-http/server/request.h"

struct streams;

int streams_new(struct gateway *gateway, struct streams **ret_streams);
/* Wake all streams: trackd's state has changed, or the gateway is shutting down and all streams
 * end, so that their clients reconnect to the next gateway. */
void streams_wake(struct streams *streams);
void streams_free(struct streams *streams);

/* GET /v1/tasks/{id}/events and GET /v1/events */
enum MHD_Result stream_begin_task(struct request *request);
enum MHD_Result stream_begin_owner(struct request *request);

#endif
