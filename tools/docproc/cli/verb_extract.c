/* SPDX-License-Identifier: MIT */
/* docproc extract: the blocks of a file as JSON Lines, without a board, a store or a sandbox. For
 * the tests. */
#include "tools/common/exit_code.h"
#include "tools/docproc/cli/source.h"
#include "tools/docproc/cli/verbs.h"
#include "tools/docproc/extract/extract.h"
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

static const char *const types[] = {
	[BLOCK_PARAGRAPH] = "paragraph",
	[BLOCK_HEADING] = "heading",
	[BLOCK_TABLE_ROW] = "row",
	[BLOCK_FOOTNOTE] = "footnote",
};

static void print_block(const struct block *block)
{
	json_t *object = json_pack("{s:s, s:i, s:s}", "type", types[block->type], "page",
				   (int)block->page, "text", block->text);

	if (object && json_dumpf(object, stdout, JSON_COMPACT) == 0)
		putchar('\n');
	json_decref(object);
}

int verb_extract(const struct config *config, int argc, char **argv)
{
	struct source source = { 0 };
	struct content content = { 0 };
	struct failure failure;
	enum document_type type;

	(void)config;
	if (argc != 2) {
		fputs("usage: docproc extract FILE\n", stderr);
		return EXIT_CODE_USAGE;
	}
	int code = source_open(&source, argv[1]);
	if (code != 0)
		return code;
	int result = extract_type(source.fd, source.entry.name, &type, &failure);
	if (result == 0)
		result = extract_document(source.fd, type, source.entry.name, NULL, &content,
					  &failure);
	close(source.fd);
	if (result < 0) {
		failure_tell(&failure);
		return EXIT_CODE_TASK_FAILED;
	}
	for (size_t i = 0; i < content.n_blocks; i++)
		print_block(&content.blocks[i]);
	content_free(&content);
	return EXIT_CODE_DONE;
}
