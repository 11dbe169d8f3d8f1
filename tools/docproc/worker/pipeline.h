/* SPDX-License-Identifier: MIT */
/*
 * One document through all stages, in a process of its own that is the task's worker. Everything
 * that is written is written by this process; who started it removes what it leaves when it dies.
 */
#ifndef DOCPROC_WORKER_PIPELINE_H
#define DOCPROC_WORKER_PIPELINE_H

#include "tools/docproc/config/config.h"
#include "tools/docproc/sandbox/zygote.h"
#include "tools/documents/failure.h"

struct document {
	char id[TRACKD_ID_MAX + 1], owner[TRACKD_OWNER_MAX + 1], name[TRACKD_NAME_MAX + 1];
	int64_t created_at;
	int fd; /* the file, open for reading */
};

/* Work on a document whose task exists and is pending, and whose text an extractor sends; end the
 * task whatever happens. Closes the extractor. How it ended: enum exit_code of tools/common. */
int pipeline_run(const struct config *config, struct trackd *trackd, struct trackd_ref ref,
		 const struct document *document, struct extractor *extractor);

#endif
