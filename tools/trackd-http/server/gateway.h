/* SPDX-License-Identifier: MIT */
/* Shared by all parts of the gateway. One thread, one event loop. */
#ifndef TRACKD_HTTP_SERVER_GATEWAY_H
#define TRACKD_HTTP_SERVER_GATEWAY_H

#include "tools/trackd-http/config/config.h"
#include <systemd/sd-event.h>

struct gateway {
	const struct config *config;
	const struct route_table *routes;
	sd_event *event;
	struct server *server, *admin;
	struct auth *auth;
	struct stream_tokens *stream_tokens;
	struct board_connection *board;
	struct daemon *daemon;
	struct documents *documents;
	struct follower *follower;
	struct streams *streams;
	struct waits *waits;
	struct uploads *uploads;
	struct turns *turns;
	struct limits *limits;
	struct request_counts *request_counts;
	struct task_counts *task_counts;
	bool draining; /* new requests get 503, open ones are being ended */
};

#endif
