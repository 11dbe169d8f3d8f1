/* SPDX-License-Identifier: MIT */
/*
 * Summarizes a document: the SUMMARY_SENTENCES sentences that are most central by LexRank (Erkan
 * and Radev, Journal of Artificial Intelligence Research 22, 2004) over their vectors, in document
 * order; or a chat endpoint's summary of the beginning of the text. If the document has more than
 * LEXRANK_MAX (2000) sentences of prose, that many are used, evenly spread, so that the time is
 * bounded.
 */
#ifndef DOCPROC_SUMMARY_SUMMARY_H
#define DOCPROC_SUMMARY_SUMMARY_H

#include "tools/docproc/chunk/chunk.h"
#include "tools/docproc/embed/embed.h"

enum { SUMMARY_SENTENCES = 5 };

/* chat: an empty url selects the built-in way. The caller frees the text. 0, FAILED, CANCELLED. */
int summarize(const struct chunks *chunks, const struct endpoint_config *chat,
	      struct report *report, char **ret_summary, struct failure *failure);

#endif
