/* SPDX-License-Identifier: MIT */
/*
 * The worker's side of an extraction: reads the extractor's pipe to its end, reports its progress
 * to the board, and explains its death. The extractor cannot keep this from ending:
 * extractor_sandbox.h limits its time, frame_reader.h checks what it sends.
 */
#ifndef DOCPROC_EXTRACTION_H
#define DOCPROC_EXTRACTION_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/report.h"
#include "tools/docproc/sandbox/zygote.h"
#include "tools/documents/failure.h"

/*
 * Read everything that an extractor sends, and close it. Checks every 100 ms for a request to
 * cancel; report may be NULL. ret_processor_ns: used by the extractor; 0 if it was killed early. 0,
 * FAILED, CANCELLED; on failure *ret_content is empty.
 */
int extraction_read(struct extractor *extractor, const struct extractor_limits *limits,
		    struct report *report, struct content *ret_content, uint64_t *ret_processor_ns,
		    struct failure *failure);

#endif
