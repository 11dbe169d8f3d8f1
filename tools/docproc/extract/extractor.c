/* SPDX-License-Identifier: MIT */
#include "tools/docproc/extract/extractor.h"
#include "tools/docproc/extract/extract.h"
#include "tools/docproc/extract/frame_writer.h"

static struct frame_writer writer;

static void forward(void *user, uint64_t total, uint64_t units)
{
	(void)user;
	if (total > 0)
		frame_write_total(&writer, total);
	else
		frame_write_step(&writer, units);
}

static int read_document(const char *name, int document, enum document_type *ret_type,
			 struct content *content, struct failure *failure)
{
	struct report report = { .forward = forward };
	int result = extract_type(document, name, ret_type, failure);

	return result == 0 ? extract_document(document, *ret_type, name, &report, content, failure)
			   : result;
}

enum extractor_status extractor_run(const struct extractor_request *request, int document, int text)
{
	struct failure failure = { .error = "" };
	struct content content = { 0 };
	enum document_type type;

	writer.fd = text;
	/* Memory is freed by the end of the process. If the reader has gone, no answer is
	 * needed. */
	if (read_document(request->name, document, &type, &content, &failure) == 0) {
		(void)frame_write_content(&writer, type, &content);
		return EXTRACTOR_DONE;
	}
	/* A failed malloc() in our own code also means that the memory limit was reached. */
	if (extractor_memory_short())
		return EXTRACTOR_MEMORY;
	(void)frame_write_failure(&writer, &failure);
	return EXTRACTOR_DONE;
}
