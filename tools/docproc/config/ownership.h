/* SPDX-License-Identifier: MIT */
/*
 * Checks who owns the store and the spool. The system's belong to the service's user, who can
 * neither write nor remove files that root creates there. So root is refused at once, and so is a
 * service that finds such files.
 */
#ifndef DOCPROC_CONFIG_OWNERSHIP_H
#define DOCPROC_CONFIG_OWNERSHIP_H

#include "tools/documents/failure.h"
#include <stdbool.h>

#define OWNERSHIP_FOLDER "/var/lib/trackd-documents"

/* Whether the service's user exists on this host. */
bool ownership_of_service(void);

/* Whether we may create files at this path, a store or a spool: root may not in the service's
 * folder. 0, FAILED. */
int ownership_check(const char *path, struct failure *failure);

/* Whether an existing store is writable. 0, FAILED. */
int ownership_check_store(const char *path, struct failure *failure);

#endif
