/* SPDX-License-Identifier: MIT */
/* The extractor's end of its pipe. */
#ifndef DOCPROC_FRAME_WRITER_H
#define DOCPROC_FRAME_WRITER_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/document.h"
#include "tools/documents/failure.h"

enum { FRAME_WRITER_ROOM = 32 << 10 };

struct frame_writer {
	int fd;
	int error;     /* of the first write that failed; after it nothing is written */
	size_t length; /* bytes that wait */
	unsigned char bytes[FRAME_WRITER_ROOM];
};

/* Progress is sent at once, so that the board shows it. */
void frame_write_total(struct frame_writer *writer, uint64_t units);
void frame_write_step(struct frame_writer *writer, uint64_t units);

/* All blocks and the end, or a failure, which is cleaned before. 0 or -errno: also of what was
 * written earlier. */
int frame_write_content(struct frame_writer *writer, enum document_type type,
			const struct content *content);
int frame_write_failure(struct frame_writer *writer, struct failure *failure);

#endif
