/* SPDX-License-Identifier: MIT */
/*
 * The descriptors that the service manager keeps over a restart of the daemon: the sockets of
 * subscribed clients and the pidfds of workers. If the manager's queue is full, a request is lost:
 * then a client must reconnect after a restart, or a stale descriptor is dropped at the restart.
 */
#ifndef TRACKD_DAEMON_LOOP_KEPT_DESCRIPTOR_H
#define TRACKD_DAEMON_LOOP_KEPT_DESCRIPTOR_H

#include "tools/common/service_notify.h"
#include <stdbool.h>
#include <stdint.h>

/* Each has two numbers: a subscriber its own and 0, a worker its entry and generation. */
enum kept_kind { KEPT_SUBSCRIBER, KEPT_WORKER };

void kept_descriptor_add(const struct service_notify *notify, enum kept_kind kind, uint32_t a,
			 uint32_t b, int fd);
void kept_descriptor_drop(const struct service_notify *notify, enum kept_kind kind, uint32_t a,
			  uint32_t b);

/* Parse a descriptor's name; false: the name is not from this daemon. */
bool kept_descriptor_parse(const char *name, enum kept_kind *ret_kind, uint32_t *ret_a,
			   uint32_t *ret_b);

#endif
