/* SPDX-License-Identifier: MIT */
/*
 * Whether trackd answers. Reading the board does not need trackd, so reads do not reveal a dead or
 * stopped daemon. The probe asks it once a second, on its own connection, with a reader's hello.
 */
#ifndef TRACKD_HTTP_BOARD_DAEMON_PROBE_H
#define TRACKD_HTTP_BOARD_DAEMON_PROBE_H

#include "tools/trackd-http/server/gateway.h"

struct daemon;

/* changed: called whenever the result of daemon_is_up() changes. */
int daemon_start(struct gateway *gateway, void (*changed)(struct gateway *gateway),
		 struct daemon **ret_daemon);
void daemon_stop(struct daemon *daemon);

/* False: unreachable for one second, or silent for three. True until that is known. */
bool daemon_is_up(const struct daemon *daemon);
/* The reason: "trackd does not answer", "trackd cannot be reached: No such file or directory". */
void daemon_why(const struct daemon *daemon, char *ret_why, size_t size);

#endif
