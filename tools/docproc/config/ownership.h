/* SPDX-License-Identifier: MIT */
/*
 * Whose files the store and the spool are. Those of the system belong to the service's user. What
 * root makes there, the service can neither write nor remove, and it would fail long after root has
 * gone: so root is refused at once, and so is a service that finds such files.
 */
#ifndef DOCPROC_CONFIG_OWNERSHIP_H
#define DOCPROC_CONFIG_OWNERSHIP_H

#include "tools/documents/failure.h"
#include <stdbool.h>

#define OWNERSHIP_FOLDER "/var/lib/trackd-documents"

/* Whether the user that the service runs as exists here. */
bool ownership_of_service(void);

/* Whether we may make files at this path, a store or a spool: root may not in the folder of the
 * service. 0, FAILED. */
int ownership_check(const char *path, struct failure *failure);

/* Whether a store that is there may be written. 0, FAILED. */
int ownership_check_store(const char *path, struct failure *failure);

#endif
