/* SPDX-License-Identifier: MIT */
/* Splits a Markdown text into blocks. */
#ifndef DOCPROC_MARKDOWN_H
#define DOCPROC_MARKDOWN_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/report.h"

enum { TEXT_BLOCK_MAX = 64 << 10 }; /* bytes; a longer paragraph is split at a line end */

/* text: UTF-8. 0, -ENOMEM, -EFBIG, CANCELLED. */
int markdown_blocks(const char *text, size_t size, struct report *report, struct content *content);

#endif
