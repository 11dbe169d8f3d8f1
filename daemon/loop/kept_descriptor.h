/* SPDX-License-Identifier: MIT */
/*
 * The descriptors that the service manager keeps for us over a restart: the sockets of subscribed
 * clients and the pidfds of workers. Where it does not keep up, one is not kept, and a restart costs
 * its client a reconnect; or is kept too long, and dropped at the restart.
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

/* What a name that we gave means; false: not one of ours. */
bool kept_descriptor_parse(const char *name, enum kept_kind *ret_kind, uint32_t *ret_a,
			   uint32_t *ret_b);

#endif
