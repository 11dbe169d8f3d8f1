/* SPDX-License-Identifier: MIT */
/*
 * The process from which extractors are forked. It is started before a board is mapped and a store
 * or a spool is opened, and only waits for documents. So the extractors never have access to any of
 * these, and they start without loading fifty libraries.
 *
 *	server ──┬── zygote ──── extractor        parses; has the document and a pipe
 *	         └── worker                       reads the pipe; has the board and the store
 *
 * The server sends a document and passes the pipe that it gets to the worker. The worker has a
 * second descriptor, on which the zygote reports how the extractor ended; closing it kills the
 * extractor. All of them die with the server.
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

/* The extractor's work once it is in its sandbox: read a document and write frames. Returns its
 * exit status. */
typedef enum extractor_status extractor_body(const struct extractor_request *request, int document,
					     int text);

struct zygote {
	pid_t pid;    /* 0: none */
	int fd;       /* a pidfd: readable once it has died, which it never does by itself */
	int requests; /* socket */
};

/* An extractor, as the worker sees it. */
struct extractor {
	int text;    /* read end of its pipe */
	int control; /* socket: sends one struct extractor_end when it has ended */
};

struct extractor_end {
	int code, status; /* from waitid(): CLD_EXITED and the status, or the signal */
	uint64_t processor_ns;
};

/* Fork the zygote. It keeps access to all open descriptors and mapped memory. 0 or -errno. */
int zygote_start(struct zygote *ret_zygote, extractor_body *body);
void zygote_stop(struct zygote *zygote);

/* Start an extractor for a document. The descriptor stays the caller's. 0 or -errno. */
int zygote_extract(const struct zygote *zygote, const struct extractor_request *request,
		   int document, struct extractor *ret_extractor);

/* Kill the extractor if it has not ended, and free its descriptors. */
void extractor_close(struct extractor *extractor);

#endif
