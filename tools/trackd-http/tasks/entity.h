/* SPDX-License-Identifier: MIT */
/* Entity tags of tasks, and conditional requests (RFC 9110). */
#ifndef TRACKD_HTTP_TASKS_ENTITY_H
#define TRACKD_HTTP_TASKS_ENTITY_H

#include "tools/trackd-http/server/request.h"

enum { ENTITY_TAG = 128 };

/* W/"<board>-<generation>-<revision>-<done>" */
void entity_tag(struct gateway *gateway, const struct trackd_task *task, char ret_tag[ENTITY_TAG]);

/* Whether If-None-Match names the tag: the caller's copy is current. */
bool entity_unchanged(const struct request *request, const char *tag);

/* How long the caller wants to wait for a change, in milliseconds, at most 60 s; 0: not at all.
 * *ret_preferred: requested in a Prefer header (RFC 7240), which the answer acknowledges. -EINVAL:
 * an invalid wait parameter. */
int64_t entity_wait_ms(const struct request *request, bool *ret_preferred);

#endif
