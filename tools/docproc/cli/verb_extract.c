/* SPDX-License-Identifier: MIT */
/* docproc extract: the blocks of a file as JSON Lines, without a board or a store; for tests. */
#include "tools/common/exit_code.h"
#include "tools/docproc/cli/source.h"
#include "tools/docproc/cli/verbs.h"
#include "tools/docproc/extract/extractor.h"
#include "tools/docproc/worker/child.h"
#include "tools/docproc/worker/extraction.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>
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

/* As the worker does, but without a board. */
static int extract(const struct config *config, const struct source *source,
		   struct content *ret_content, struct failure *failure)
{
	struct extractor_request request = { .limits = child_limits(config) };
	struct zygote zygote;
	struct extractor extractor;
	uint64_t processor_ns;
	int error = zygote_start(&zygote, extractor_run);

	if (error < 0)
		return failure_set(failure, "The document cannot be read: %s", strerror(-error));
	memcpy(request.name, source->entry.name, sizeof request.name);
	error = zygote_extract(&zygote, &request, source->fd, &extractor);
	int result = error < 0 ? failure_set(failure, "The document cannot be read: %s",
					     strerror(-error))
			       : extraction_read(&extractor, &request.limits, NULL, ret_content,
						 &processor_ns, failure);
	zygote_stop(&zygote);
	return result;
}

static int run(const struct config *config, int n_arguments, char **arguments)
{
	struct source source = { 0 };
	struct content content = { 0 };
	struct failure failure;

	(void)n_arguments;
	int code = source_open(&source, arguments[0]);
	if (code != 0)
		return code;
	int result = extract(config, &source, &content, &failure);
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

const struct verb verb_extract = {
	VERB("extract", NULL, run),
	VERB_ARGUMENTS("FILE", 1, 1, "@file"),
};
