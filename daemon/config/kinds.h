/* SPDX-License-Identifier: MIT */
/* Parsing kinds from the configuration: a name and its stages. */
#ifndef TRACKD_DAEMON_CONFIG_KINDS_H
#define TRACKD_DAEMON_CONFIG_KINDS_H

#include "libclient/trackd.h"

#define KINDS_ALLOWED                                                                              \
	"NAME=STAGE:PERCENT,... with names of 1 to 31 bytes of a-z, 0-9, - and _, percentages "    \
	"from 0 to 99 that never go down, and at most 16 stages"

/* Each returns 0 or -EINVAL. */
int kinds_begin(struct trackd_kind *ret_kind, const char *name);
int kinds_add(struct trackd_kind *kind, const char *stage, const char *percent);
int kinds_parse(const char *text, struct trackd_kind *ret_kind); /* "NAME=stage:10,stage:50" */

#endif
