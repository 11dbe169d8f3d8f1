/* SPDX-License-Identifier: MIT */
/*
 * The process from which extractors are forked. It is started first of all, before a board is mapped,
 * a store or a spool opened, and does nothing but wait for documents: so what it forks has never had
 * any of these, and yet starts without loading fifty libraries.
 *
 *	server ──┬── zygote ──── extractor        parses; has the document and a pipe
 *	         └── worker                       reads the pipe; has the board and the store
 *
 * The server hands a document over and passes what it gets for it to the worker. The worker holds a
 * second descriptor, on which the zygote says how the extractor has ended; closing it kills the
 * extractor. All die with the server.
 */
#ifndef DOCPROC_ZYGOTE_H
#define DOCPROC_ZYGOTE_H

#include "libclient/trackd.h"
#include "tools/docproc/sandbox/extractor_sandbox.h"
#include <sys/types.h>

struct extractor_request {
	struct extractor_limits limits;
	char name[TRACKD_NAME_MAX + 1]; /* of the document, for messages */
};

/* What an extractor does once it is locked in: read a document and write frames. Its exit status. */
typedef enum extractor_status extractor_body(const struct extractor_request *request, int document,
					     int text);

struct zygote {
	pid_t pid;    /* 0: none */
	int fd;       /* a pidfd: readable when it has died, which it never does by itself */
	int requests; /* socket */
};

/* An extractor, as its reader sees it. */
struct extractor {
	int text;    /* read end of its pipe */
	int control; /* socket: one struct extractor_end, when it has ended */
};

struct extractor_end {
	int code, status; /* as waitid() tells it: CLD_EXITED and its status, or the signal */
	uint64_t processor_ns;
};

/* Fork it. Descriptors that are open, and memory that is mapped, are all in its reach. 0 or -errno. */
int zygote_start(struct zygote *ret_zygote, extractor_body *body);
void zygote_stop(struct zygote *zygote);

/* Have a document read. Its descriptor stays the caller's. 0 or -errno. */
int zygote_extract(const struct zygote *zygote, const struct extractor_request *request,
		   int document, struct extractor *ret_extractor);

/* Kill it, if it has not ended, and forget it. */
void extractor_close(struct extractor *extractor);

#endif
