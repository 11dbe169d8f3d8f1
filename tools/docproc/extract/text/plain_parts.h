/* SPDX-License-Identifier: MIT */
/* Shared by plain.c, markdown.c and markdown_inline.c: lines in, blocks out. */
#ifndef DOCPROC_EXTRACT_TEXT_PLAIN_PARTS_H
#define DOCPROC_EXTRACT_TEXT_PLAIN_PARTS_H

#include "tools/docproc/document/content.h"
#include "tools/docproc/document/strbuf.h"

enum { PLAIN_BLOCK_MAX = 64 << 10 }; /* bytes; a longer paragraph is cut at a line */

/* ---- Markdown, line by line ------------------------------------------------------- */

enum markdown_state {
	MARKDOWN_START,
	MARKDOWN_FRONT, /* between the lines of --- at the very beginning */
	MARKDOWN_TEXT,
	MARKDOWN_TABLE,
	MARKDOWN_FENCE,
	MARKDOWN_COMMENT,
};

struct markdown {
	struct content *content;
	enum markdown_state state;
	struct strbuf paragraph; /* its lines so far, markup and all */
	size_t n_lines;
	char fence; /* ` or ~ */
	size_t fence_length;
	struct strbuf scratch;
};

/* A line without its end. 0, -ENOMEM, -EFBIG. */
int markdown_line(struct markdown *markdown, const char *line, size_t length);
/* After the last line; releases all, also after an error. */
int markdown_end(struct markdown *markdown);

/* Add the text without emphasis, links, tags, escapes and the like. 0 or -ENOMEM. */
int markdown_strip(const char *text, size_t length, struct strbuf *ret_text);

#endif
