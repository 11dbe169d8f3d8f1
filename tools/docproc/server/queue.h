/* SPDX-License-Identifier: MIT */
/* The documents waiting in a spool, oldest first. */
#ifndef DOCPROC_SERVER_QUEUE_H
#define DOCPROC_SERVER_QUEUE_H

#include "tools/documents/spool_entry_read.h"
#include <stddef.h>

struct waiting {
	struct spool_entry entry;
	int64_t written_ns; /* the file's own time, which is finer than the ticket's */
	struct trackd_ref ref;
	bool on_board; /* ref is valid */
};

struct queue {
	struct waiting **items; /* sorted */
	size_t n, room;
};

/* Insert a document in order. Items keep their addresses. NULL: out of memory. */
struct waiting *queue_add(struct queue *queue, const struct spool_entry *entry, int64_t written_ns);
void queue_drop(struct queue *queue, const struct waiting *waiting);
void queue_free(struct queue *queue);

struct waiting *queue_find(const struct queue *queue, const char *id);
struct waiting *queue_find_ref(const struct queue *queue, struct trackd_ref ref);

#endif
