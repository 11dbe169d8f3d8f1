/* SPDX-License-Identifier: MIT */
/* How the daemon ends over an error of the system; trackd(8) lists the numbers. */
#ifndef TRACKD_DAEMON_CONFIG_EXITSTATUS_H
#define TRACKD_DAEMON_CONFIG_EXITSTATUS_H

#include <errno.h>
#include <sysexits.h>

enum { EXIT_CONFIGURATION = 2 };

/* What needs other rights ends with 77, what lacks memory or descriptors with 71, and the rest with
 * `otherwise`. */
static inline int exitstatus_of(int error, int otherwise)
{
	if (error == -EACCES || error == -EPERM)
		return EX_NOPERM;
	if (error == -EMFILE || error == -ENFILE || error == -ENOMEM)
		return EX_OSERR;
	return otherwise;
}

#endif
