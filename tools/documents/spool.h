/* SPDX-License-Identifier: MIT */
/*
 * The spool's folders. A document is two files, ID and the ticket ID.json (spool_entry.h), which
 * move together from tmp/ through new/ to work/, the ticket always first. So the document's own
 * place gives their state, and a document in new/ or work/ always has a ticket in one of them.
 *
 *	tmp/      being written by a submitter
 *	new/      waiting
 *	work/     taken up: a process works on it, or has died
 *	refused/  folders found in new/ that are not empty
 *	lock      held by the server of the spool and by its child processes
 */
#ifndef DOCUMENTS_SPOOL_H
#define DOCUMENTS_SPOOL_H

#include "tools/documents/spool_entry_read.h"
#include <sys/types.h>

struct spool {
	int top, tmp, new, work; /* folders */
	int lock;                /* -1: only submitting */
	char path[4096];
};

enum { SPOOL_STALE_S = 3600 }; /* age at which files in tmp/ are considered abandoned */

/* Open the folders; create those that are missing, but not the spool's parent. 0 or FAILED. */
int spool_open(struct spool *ret_spool, const char *path, struct failure *failure);
void spool_close(struct spool *spool);

/* Lock the spool to serve it. Waits up to two seconds for the processes of a server that died. 0 or
 * FAILED. */
int spool_lock(struct spool *spool, struct failure *failure);

/* Call take() with each name in a folder of the spool. */
void spool_walk(int folder, void (*take)(void *user, const char *name), void *user);

/* Take a document up: move both files from new/ to work/, and open the document there. It must be a
 * regular file of the size in its ticket. Returns its descriptor; FAILED: what has been moved stays
 * in work/; -ENOENT: it is not in new/ any more. */
int spool_take(struct spool *spool, const struct spool_entry *entry, struct failure *failure);

/* Remove both files of a document from a folder; the document first, so that it never lacks its
 * ticket. */
void spool_remove(int folder, const char *id);

/* Remove a name of any type. A folder that is not empty is moved to refused/. 0 or -errno. */
int spool_discard(struct spool *spool, int folder, const char *name);

/* Remove files of at least that age from tmp/, and tickets without a document from new/. Calls
 * dropped() with the id of each document. */
void spool_sweep(struct spool *spool, unsigned age_s, void (*dropped)(void *user, const char *id),
		 void *user);

/* Move tickets back that went to work/ before their document, and remove tickets in work/ whose
 * document is gone. */
void spool_mend(struct spool *spool);

/* ---- Submitting ---------------------------------------------------------- */

/*
 * Submit a file, as the spool's documentation describes: copy it and its ticket to tmp/ and sync
 * them; create the pending task; move the ticket and then the document to new/. A failure at any
 * step removes the files and fails the task if it was created. 0, or FAILED; *ret_error is the
 * library's error, if there was one.
 */
int spool_submit_file(struct spool *spool, struct trackd *trackd, int fd, struct spool_entry *entry,
		      int *ret_error, struct failure *failure);

#endif
