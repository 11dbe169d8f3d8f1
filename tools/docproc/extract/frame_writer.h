/* SPDX-License-Identifier: MIT */
/* Writes the extractor's pipe. */
#ifndef DOCPROC_FRAME_WRITER_H
#define DOCPROC_FRAME_WRITER_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/document.h"
#include "tools/documents/failure.h"

enum { FRAME_WRITER_ROOM = 32 << 10 };

struct frame_writer {
	int fd;
	int error;     /* of the first failed write; nothing is written after it */
	size_t length; /* of the buffered bytes */
	unsigned char bytes[FRAME_WRITER_ROOM];
};

/* Progress is sent without buffering, so that the board shows it. */
void frame_write_total(struct frame_writer *writer, uint64_t units);
void frame_write_step(struct frame_writer *writer, uint64_t units);

/* Write all blocks and the end, or the failure, which is cleaned before. 0 or -errno, also of
 * earlier writes. */
int frame_write_content(struct frame_writer *writer, enum document_type type,
			const struct content *content);
int frame_write_failure(struct frame_writer *writer, struct failure *failure);

#endif
