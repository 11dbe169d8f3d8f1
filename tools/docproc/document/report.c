/* SPDX-License-Identifier: MIT */
/* Reports the stages to the board. If the task's record is gone, the task is looked up by its id: a
 * new board has copied it to another record. */
#include "tools/docproc/document/report.h"
#include "tools/common/log.h"
#include <errno.h>
#include <unistd.h>

/* The reference is stale. If a newer submission has replaced the task, this work is obsolete. If
 * the task is gone altogether, the work goes on. */
static int find_again(struct report *report)
{
	struct trackd_ref ref;
	struct trackd_task task = TRACKD_TASK_INIT;

	if (!report->id || trackd_lookup(report->trackd, report->id, &ref) < 0 ||
	    trackd_copy(report->trackd, ref, &task) < 0)
		return 0;
	if (task.state != TRACKD_ACTIVE || task.worker_pid != getpid())
		return CANCELLED;
	report->ref = ref;
	return 0;
}

static int learn(struct report *report, int error)
{
	if (error >= 0)
		return 0;
	if (error == TRACKD_E_FINAL)
		return CANCELLED;
	if (trackd_gone(error) && find_again(report) == CANCELLED)
		return CANCELLED;
	if (!report->said)
		log_warning("progress cannot be written to the board: %s", trackd_strerror(error));
	report->said = true;
	return 0;
}

static int asked(struct report *report)
{
	return trackd_cancel_requested(report->trackd, report->ref) > 0 ? CANCELLED : 0;
}

int report_stage(struct report *report, enum trackd_document_stage stage, const char *message,
		 uint64_t total)
{
	if (!report)
		return 0;
	if (asked(report) < 0 ||
	    learn(report, trackd_update(report->trackd, report->ref, (int)stage, message)) < 0)
		return CANCELLED;
	report_total(report, total);
	return asked(report);
}

void report_total(struct report *report, uint64_t total)
{
	if (!report || total == 0)
		return;
	if (report->forward)
		report->forward(report->user, total, 0);
	else
		(void)learn(report, trackd_set_total(report->trackd, report->ref, total));
}

/* Whether another process has ended the task. */
static int ended(struct report *report)
{
	struct trackd_view view = TRACKD_VIEW_INIT;
	int error = trackd_get(report->trackd, report->ref, &view);

	if (trackd_gone(error))
		return learn(report, error);
	return error >= 0 && trackd_state_final((enum trackd_state)view.state) ? CANCELLED : 0;
}

int report_step(struct report *report, uint64_t units)
{
	int error;

	if (!report)
		return 0;
	if (report->forward) {
		if (units > 0)
			report->forward(report->user, 0, units);
		return 0;
	}
	/* A step of 0 units advances nothing, so it would not reveal a cancellation. */
	if (units == 0)
		return asked(report) < 0 ? CANCELLED : ended(report);
	error = trackd_advance(report->trackd, report->ref, units);
	if (error < 0 && learn(report, error) < 0)
		return CANCELLED;
	return asked(report);
}
