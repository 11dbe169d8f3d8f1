/* SPDX-License-Identifier: MIT */
/*
 * The worker's side of an extraction: read the extractor's pipe to its end, hand its progress to the
 * board, and say what its death means. Nothing that the extractor does can keep this from ending:
 * see extractor_sandbox.h for its time, frame_reader.h for what it sends.
 */
#ifndef DOCPROC_EXTRACTION_H
#define DOCPROC_EXTRACTION_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/report.h"
#include "tools/docproc/sandbox/zygote.h"
#include "tools/documents/failure.h"

/*
 * Read all that an extractor sends, and close it. Asks every 100 ms whether the task is to be
 * cancelled; report may be NULL. ret_processor_ns: what the extractor used; 0 if it was killed
 * before its end. 0, FAILED, CANCELLED; then *ret_content is empty.
 */
int extraction_read(struct extractor *extractor, const struct extractor_limits *limits,
		    struct report *report, struct content *ret_content, uint64_t *ret_processor_ns,
		    struct failure *failure);

#endif
