/* SPDX-License-Identifier: MIT */
/* The JSON beside a document in a spool: {"id", "owner", "name", "size", "created_at"}. */
#ifndef DOCPROC_TICKET_H
#define DOCPROC_TICKET_H

#include "failure.h"
#include <stdbool.h>
#include <stdint.h>

struct ticket {
	char id[TRACKD_ID_MAX + 1], owner[TRACKD_OWNER_MAX + 1], name[TRACKD_NAME_MAX + 1];
	int64_t size;       /* bytes; -1: not said */
	int64_t created_at; /* Unix time, seconds */
};

#define TICKET_SUFFIX ".json"

/* Whether text can be a task's id and the name of a document in a spool: it must not end like a
 * ticket. */
bool ticket_id_valid(const char *text);

/* A random UUIDv4. */
void ticket_new_id(char ret_id[TRACKD_ID_MAX + 1]);

/*
 * Read the ticket of a document: ID.json in a folder. 0 or FAILED: there is none, it is not a
 * regular file, not JSON, of another id, its owner does not fit, its name has a slash.
 */
int ticket_read(int folder, const char *id, struct ticket *ret_ticket, struct failure *failure);

/* Write it to an open file. 0 or -errno. */
int ticket_write(int fd, const struct ticket *ticket);

#endif
