/* SPDX-License-Identifier: MIT */
/* Widths and phrases. Texts from the board are not printable yet; the caller converts them. */
#include "tools/trackctl/view/words.h"
#include "tools/common/time_format.h"
#include <inttypes.h>
#include <stdio.h>

const char *words_reason(enum trackd_reason reason)
{
	switch (reason) {
	case TRACKD_REASON_NONE:
	case TRACKD_REASON_ERROR:
	case TRACKD_REASON_CANCELLED:
		return "";
	case TRACKD_REASON_WORKER_LOST:
		return "worker lost";
	case TRACKD_REASON_HOST_RESTART:
		return "host restart";
	}
	return "";
}

void words_status(const struct terminal *terminal, char to[WORDS], const struct trackd_task *task)
{
	const char *reason = words_reason((enum trackd_reason)task->reason);

	if (reason[0] != '\0')
		snprintf(to, WORDS, "%s %s %s", task->status, terminal_dot(terminal), reason);
	else
		snprintf(to, WORDS, "%s", task->status);
}

void words_work(char to[WORDS], uint64_t done, uint64_t total)
{
	if (total != 0)
		snprintf(to, WORDS, "%" PRIu64 "/%" PRIu64, done, total);
	else if (done != 0)
		snprintf(to, WORDS, "%" PRIu64, done);
	else
		to[0] = '\0';
}

void words_rate(char to[WORDS], const struct trackd_task *task, uint64_t now_ns)
{
	double rate = time_rate(task, now_ns);

	if (rate <= 0)
		to[0] = '\0';
	else
		snprintf(to, WORDS, rate < 100 ? "%.1f/s" : "%.0f/s", rate);
}

void words_worker(char to[WORDS], const struct trackd_task *task)
{
	if (task->worker_pid <= 0)
		to[0] = '\0';
	else
		snprintf(to, WORDS, "%s[%d]", task->worker_comm, (int)task->worker_pid);
}
