/* SPDX-License-Identifier: MIT */
/* What an extractor's pipe carries, taken from it in pieces. */
#ifndef TESTS_DOCPROC_FRAMES_H
#define TESTS_DOCPROC_FRAMES_H

#include "tools/docproc/extract/frame_reader.h"

/* What the reader said of the last piece that it took. */
static inline int frames_take(struct frame_reader *reader, const uint8_t *bytes, size_t n,
			      size_t piece)
{
	int error = 0;

	frame_reader_begin(reader);
	for (size_t at = 0; error == 0 && at < n; at += piece)
		error = frame_reader_take(reader, bytes + at, n - at < piece ? n - at : piece);
	return error;
}

#endif
