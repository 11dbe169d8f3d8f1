/* SPDX-License-Identifier: MIT */
/*
 * The spool's folders. A document is two files, ID and ID.json (ticket.h), which go together from
 * tmp/ through new/ to work/, the ticket always first: so the place of the document itself says
 * where the two stand, and a document in new/ or work/ is never without a ticket in one of them.
 *
 *	tmp/      being written by who hands in
 *	new/      waiting
 *	work/     taken up: a process works on it, or has died of it
 *	refused/  folders that somebody put into new/, when they are not empty
 *	lock      held by who serves the spool, and by the processes that it has started
 */
#ifndef DOCUMENTS_SPOOL_H
#define DOCUMENTS_SPOOL_H

#include "tools/documents/spool_entry_read.h"
#include <sys/types.h>

struct spool {
	int top, tmp, new, work; /* folders */
	int lock;                /* -1: we only hand in */
	char path[4096];
};

enum { SPOOL_STALE_S = 3600 }; /* after which what lies in tmp/ was left behind by the dead */

/* Open the folders; make what is missing of them, but not the spool's parent. 0 or FAILED. */
int spool_open(struct spool *ret_spool, const char *path, struct failure *failure);
void spool_close(struct spool *spool);

/* Become the one who serves. Waits up to two seconds for the processes of one that died.
 * 0 or FAILED. */
int spool_lock(struct spool *spool, struct failure *failure);

/* Call take() with each name in a folder of the spool. */
void spool_walk(int folder, void (*take)(void *user, const char *name), void *user);

/* Take up: both files from new/ to work/, and open the document there. It is a regular file of the
 * size that its ticket says. Its descriptor; FAILED, with whatever has been moved in work/; -ENOENT:
 * it is not in new/ any more. */
int spool_take(struct spool *spool, const struct spool_entry *entry, struct failure *failure);

/* Remove both files of a document from a folder; the document first, so that a ticket alone is
 * nobody's. */
void spool_remove(int folder, const char *id);

/* Remove a name whatever it is. A folder with something in it is moved to refused/. 0 or -errno. */
int spool_discard(struct spool *spool, int folder, const char *name);

/* Remove from tmp/, and tickets without document from new/, what has been lying there for so long.
 * Calls dropped() with the id of each document. */
void spool_sweep(struct spool *spool, unsigned age_s, void (*dropped)(void *user, const char *id),
		 void *user);

/* Put tickets back that were on their way to work/ before their document, and remove those from
 * work/ that have none any more. */
void spool_mend(struct spool *spool);

/* ---- Handing in ---------------------------------------------------------- */

/*
 * Hand a file in, as the documentation of the spool says: copy it and its ticket to tmp/, to the
 * disk; create the task, pending; move the ticket and then the document to new/. A failure at any
 * step leaves no file, and fails a task that has been created. 0, or FAILED with
 * *ret_error the library's error if it was that.
 */
int spool_submit_file(struct spool *spool, struct trackd *trackd, int fd, struct spool_entry *entry,
		      int *ret_error, struct failure *failure);

#endif
