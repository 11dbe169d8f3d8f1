/* SPDX-License-Identifier: MIT */
/* The ticket, a JSON file beside a document in a spool: {"id", "owner", "name", "size",
 * "created_at"}. */
#ifndef DOCUMENTS_SPOOL_ENTRY_H
#define DOCUMENTS_SPOOL_ENTRY_H

#include "libclient/trackd.h"
#include <stdbool.h>
#include <stdint.h>

struct spool_entry {
	char id[TRACKD_ID_MAX + 1], owner[TRACKD_OWNER_MAX + 1], name[TRACKD_NAME_MAX + 1];
	int64_t size;       /* bytes; -1: not given */
	int64_t created_at; /* Unix time, seconds */
};

#define SPOOL_ENTRY_SUFFIX ".json"

/* Whether a text can be a task's id and the name of a document in a spool: it must not end in
 * .json. */
bool spool_entry_id_valid(const char *text);

/* A random UUIDv4. */
void spool_entry_new_id(char ret_id[TRACKD_ID_MAX + 1]);

/* The name of the ticket: ID.json. */
void spool_entry_file(const char *id, char ret_name[TRACKD_ID_MAX + sizeof SPOOL_ENTRY_SUFFIX]);

/* Write the ticket to an open file. 0 or -errno. */
int spool_entry_write(int fd, const struct spool_entry *entry);

#endif
