/* SPDX-License-Identifier: MIT */
/* Widths and phrases. Texts from the board are not printable yet; the caller converts them. */
#include "tools/trackctl/view/words.h"
#include "libclient/segment/internal.h"
#include "tools/common/label_text.h"
#include "tools/common/time_format.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
	case TRACKD_REASON_TIMED_OUT:
		return "timed out";
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

/* A board that is damaged may hold more labels than fit; those are left out. */
void words_labels(char to[WORDS_LABELS], const struct trackd_task *task)
{
	const char *at = task->labels;
	struct label label;
	size_t used = 0;

	to[0] = '\0';
	while (label_text_next(task->labels, &at, &label)) {
		int n = snprintf(to + used, WORDS_LABELS - used, "%s%s=%s", used > 0 ? ", " : "",
				 label.key, label.value);
		if (n < 0 || (size_t)n >= WORDS_LABELS - used)
			return;
		used += (size_t)n;
	}
}

bool words_broken(const struct trackd_task *task)
{
	return task->state == TRACKD_FAILED || task->state == TRACKD_CANCELLED;
}

void words_exit(char to[WORDS], const struct trackd_task *task)
{
	char how[CAUSE_WORDS];

	to[0] = '\0';
	if (task->worker_exit == TRACKD_EXIT_UNKNOWN)
		return;
	cause_words(how, cause_of_task(task));
	snprintf(to, WORDS, "%s", how + (strncmp(how, "was ", 4) == 0 ? 4 : 0));
}
