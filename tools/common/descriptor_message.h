/* SPDX-License-Identifier: MIT */
/* A message over a Unix socket with descriptors (SCM_RIGHTS). */
#ifndef COMMON_DESCRIPTOR_MESSAGE_H
#define COMMON_DESCRIPTOR_MESSAGE_H

#include <stddef.h>

enum { DESCRIPTOR_MESSAGE_MAX = 4 };

/* Send n descriptors along, none to DESCRIPTOR_MESSAGE_MAX, which stay the caller's. flags: those of
 * sendmsg(2); there is never a SIGPIPE. 0 or -errno. */
int descriptor_message_send(int socket, const void *bytes, size_t size, const int *descriptors,
			    size_t n, int flags);

#endif
