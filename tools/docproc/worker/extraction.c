/* SPDX-License-Identifier: MIT */
#include "tools/docproc/worker/extraction.h"
#include "tools/docproc/extract/frame_reader.h"
#include "tools/docproc/worker/limits.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOK_MS = 100, PIECE = 64 << 10 };

struct extraction {
	struct extractor *extractor;
	const struct extractor_limits *limits;
	struct report *report;
	struct failure *failure;
	struct frame_reader reader;
	uint64_t done; /* already reported to the board */
};

/* ---- The pipe ------------------------------------------------------------ */

/* Wait until there is something to read. 0 or CANCELLED. */
static int wait_for(struct extraction *extraction, int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	int result = 0;

	while (result == 0 && poll(&pollfd, 1, LOOK_MS) <= 0)
		result = report_step(extraction->report, 0);
	return result;
}

static int report_progress(struct extraction *extraction, uint64_t total_before)
{
	const struct frame_reader *reader = &extraction->reader;
	uint64_t units = reader->done - extraction->done;

	if (reader->total != total_before)
		report_total(extraction->report, reader->total);
	extraction->done = reader->done;
	return units > 0 ? report_step(extraction->report, units) : 0;
}

static int take(struct extraction *extraction, const char *bytes, size_t n)
{
	uint64_t total_before = extraction->reader.total;
	int error = frame_reader_take(&extraction->reader, bytes, n);

	if (error == -ENOMEM)
		return failure_set(extraction->failure, "Not enough memory for the document");
	if (error < 0)
		return failure_set(extraction->failure,
				   "The process that read the document gave a malformed answer");
	return report_progress(extraction, total_before);
}

/* Read to the end of the pipe. 0, FAILED, CANCELLED. */
static int read_text(struct extraction *extraction)
{
	static char bytes[PIECE];
	int result = 0;

	for (;;) {
		result = wait_for(extraction, extraction->extractor->text);
		if (result != 0)
			return result;
		ssize_t n = read(extraction->extractor->text, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		result = take(extraction, bytes, (size_t)n);
		if (result != 0)
			return result;
	}
}

/* ---- The end ------------------------------------------------------------- */

static int explain_death(const struct extraction *extraction, const struct extractor_end *end)
{
	const struct extractor_limits *limits = extraction->limits;
	struct failure *failure = extraction->failure;
	uint64_t limit_ns = (uint64_t)limits->time_s * 1000000000;

	/* Killed by the hard limit on time, because it ignored the soft one. */
	if (end->code != CLD_EXITED && end->status == SIGKILL && end->processor_ns >= limit_ns)
		return failure_set(failure, LIMITS_TIME_ERROR, limits->time_s);
	if (end->code != CLD_EXITED)
		return failure_set(
			failure, "The process that read the document was killed by signal %d (%s)",
			end->status, strsignal(end->status));
	if (end->status == EXTRACTOR_TIME)
		return failure_set(failure, LIMITS_TIME_ERROR, limits->time_s);
	if (end->status == EXTRACTOR_MEMORY)
		return failure_set(failure, LIMITS_MEMORY_ERROR, limits->memory_mb);
	if (end->status == EXTRACTOR_OPEN)
		return failure_set(failure,
				   "The document was not read: its reader could not be sandboxed");
	return failure_set(failure, "The process that read the document ended without an answer");
}

/* Read from the zygote how the extractor ended. 0, FAILED, CANCELLED. */
static int take_end(struct extraction *extraction, struct extractor_end *ret_end)
{
	int result = wait_for(extraction, extraction->extractor->control);
	ssize_t n;

	if (result != 0)
		return result;
	do
		n = recv(extraction->extractor->control, ret_end, sizeof *ret_end, 0);
	while (n < 0 && errno == EINTR);
	return n == sizeof *ret_end
		       ? 0
		       : failure_set(extraction->failure,
				     "The process that reads the document could not be started, or "
				     "was killed");
}

static int conclude(struct extraction *extraction, const struct extractor_end *end,
		    struct content *ret_content)
{
	struct frame_reader *reader = &extraction->reader;
	bool done = end->code == CLD_EXITED && end->status == EXTRACTOR_DONE;

	if (!done || reader->state == FRAMES_COME)
		return explain_death(extraction, end);
	if (reader->state == FRAMES_FAILED) {
		*extraction->failure = reader->failure;
		return FAILED;
	}
	*ret_content = reader->content;
	reader->content = (struct content){ 0 };
	return 0;
}

int extraction_read(struct extractor *extractor, const struct extractor_limits *limits,
		    struct report *report, struct content *ret_content, uint64_t *ret_processor_ns,
		    struct failure *failure)
{
	struct extraction extraction = {
		.extractor = extractor, .limits = limits, .report = report, .failure = failure
	};
	struct extractor_end end = { 0 };

	frame_reader_begin(&extraction.reader);
	int result = read_text(&extraction);
	if (result == 0)
		result = take_end(&extraction, &end);
	if (result == 0)
		result = conclude(&extraction, &end, ret_content);
	*ret_processor_ns = end.processor_ns;
	frame_reader_free(&extraction.reader);
	extractor_close(extractor);
	return result;
}
