/* SPDX-License-Identifier: MIT */
/* A file named on the command line, and the names of its task. */
#ifndef DOCPROC_CLI_SOURCE_H
#define DOCPROC_CLI_SOURCE_H

#include "tools/common/option.h"
#include "tools/documents/spool_entry_read.h"

struct source {
	const char *path;
	const char *id, *owner, *name; /* as given, or NULL */
	int fd;
	struct spool_entry entry;
};

/* The flags --id, --owner and --name of a struct source. */
extern const struct option_entry source_entries[];

/* Check the names and open the file. 0, or an exit status after a message. */
int source_open(struct source *source, const char *path);

#endif
