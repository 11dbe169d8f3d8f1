/* SPDX-License-Identifier: MIT */
/*
 * Whether trackd answers. The board is read without it, so a dead or stopped daemon shows in no answer:
 * it is asked once a second on a connection of its own, with the hello of a reader.
 */
#ifndef TRACKD_HTTP_BOARD_DAEMON_PROBE_H
#define TRACKD_HTTP_BOARD_DAEMON_PROBE_H

#include "tools/trackd-http/server/gateway.h"

struct daemon;

/* changed: called when daemon_is_up() answers otherwise than before. */
int daemon_start(struct gateway *gateway, void (*changed)(struct gateway *gateway),
		 struct daemon **ret_daemon);
void daemon_stop(struct daemon *daemon);

/* False: it has been away for a second, or silent for three. True until that is known. */
bool daemon_is_up(const struct daemon *daemon);
/* Why not: "trackd does not answer", "trackd cannot be reached: No such file or directory". */
void daemon_why(const struct daemon *daemon, char *ret_why, size_t size);

#endif
