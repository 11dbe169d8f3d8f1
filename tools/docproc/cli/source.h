/* SPDX-License-Identifier: MIT */
/* A file that a person named on the command line, and what its task is to be called. */
#ifndef DOCPROC_CLI_SOURCE_H
#define DOCPROC_CLI_SOURCE_H

#include "tools/docproc/cli/cli.h"
#include "tools/documents/spool_entry_read.h"

struct source {
	const char *path;
	const char *id, *owner, *name; /* as given, or NULL */
	int fd;
	struct spool_entry entry;
};

/* The flags --id, --owner and --name, for a verb's table. */
#define SOURCE_FLAGS(source)                                                                       \
	{ "id", "ID", "the task's id (default: a random UUID)", &(source).id, NULL },              \
		{ "owner", "USER", "whose document it is", &(source).owner, NULL },                \
	{                                                                                          \
		"name", "NAME", "what it is called (default: the file's name)", &(source).name,    \
			NULL                                                                       \
	}

/* Check the names, open the file. 0, or an exit status after a message. */
int source_open(struct source *source, const char *path);

#endif
