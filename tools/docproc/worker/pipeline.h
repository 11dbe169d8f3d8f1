/* SPDX-License-Identifier: MIT */
/*
 * Runs one document through all stages, in a separate process that is the task's worker. Only this
 * process writes; if it dies, the process that started it removes what it has written.
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

/* Process a document whose task is pending and whose text an extractor sends; end the task in any
 * case. Closes the extractor. Returns enum exit_code of tools/common. */
int pipeline_run(const struct config *config, struct trackd *trackd, struct trackd_ref ref,
		 const struct document *document, struct extractor *extractor);

#endif
