/* SPDX-License-Identifier: MIT */
/* Reads the tasks of a spool's documents from the board. */
#include "tools/docproc/server/task_status.h"
#include <errno.h>
#include <string.h>

/* A submitter notes the time and creates the task within seconds; but clocks are set and disks
 * hang. A task that ended more than a minute before its document was submitted belongs to an
 * earlier document. */
enum { SLACK_S = 60, COPIES = 10 };
static const uint64_t NS_IN_S = UINT64_C(1000000000);

static int copy(struct trackd *trackd, struct trackd_ref ref, struct trackd_task *ret_task)
{
	int error = -EAGAIN;

	ret_task->size = sizeof *ret_task;
	for (int i = 0; i < COPIES && error == -EAGAIN; i++)
		error = trackd_copy(trackd, ref, ret_task);
	return error;
}

static enum task_status task_status_of_state(uint8_t state)
{
	switch ((enum trackd_state)state) {
	case TRACKD_PENDING:
		return TASK_STATUS_PENDING;
	case TRACKD_ACTIVE:
		return TASK_STATUS_ACTIVE;
	case TRACKD_COMPLETED:
	case TRACKD_FAILED:
	case TRACKD_CANCELLED:
		return TASK_STATUS_OVER;
	}
	return TASK_STATUS_UNKNOWN;
}

static bool is_older(const struct trackd_task *task, const struct spool_entry *entry)
{
	return task->finished_ns / NS_IN_S + SLACK_S < (uint64_t)entry->created_at;
}

enum task_status task_status_find(struct trackd *trackd, const struct spool_entry *entry,
				  struct trackd_ref *ret_ref)
{
	struct trackd_ref ref;
	struct trackd_task task = TRACKD_TASK_INIT;
	int error = trackd_lookup(trackd, entry->id, &ref);

	if (error >= 0)
		error = copy(trackd, ref, &task);
	if (error == TRACKD_E_NOT_FOUND || trackd_gone(error))
		return TASK_STATUS_NONE;
	if (error < 0)
		return TASK_STATUS_UNKNOWN;
	*ret_ref = ref;
	if (strcmp(task.owner, entry->owner) != 0)
		return TASK_STATUS_FOREIGN;
	enum task_status status = task_status_of_state(task.state);
	return status == TASK_STATUS_OVER && is_older(&task, entry) ? TASK_STATUS_OLDER : status;
}

enum task_status task_status_of(struct trackd *trackd, struct trackd_ref ref)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	int error = copy(trackd, ref, &task);

	if (trackd_gone(error))
		return TASK_STATUS_NONE;
	return error < 0 ? TASK_STATUS_UNKNOWN : task_status_of_state(task.state);
}

int task_status_make(struct trackd *trackd, const struct spool_entry *entry,
		     struct trackd_ref *ret_ref)
{
	struct trackd_new task = TRACKD_NEW_INIT;

	task.id = entry->id;
	task.owner = entry->owner;
	task.name = entry->name;
	task.flags = TRACKD_REPLACE;
	return trackd_create(trackd, &task, ret_ref);
}

int task_status_begin(struct trackd *trackd, const struct spool_entry *entry,
		      struct trackd_ref *ret_ref)
{
	switch (task_status_find(trackd, entry, ret_ref)) {
	case TASK_STATUS_PENDING:
	case TASK_STATUS_ACTIVE:
	case TASK_STATUS_FOREIGN:
		return TRACKD_E_EXISTS;
	case TASK_STATUS_NONE:
	case TASK_STATUS_OLDER:
	case TASK_STATUS_OVER:
	case TASK_STATUS_UNKNOWN:
		break;
	}
	return task_status_make(trackd, entry, ret_ref);
}

void task_status_refuse(struct trackd *trackd, const char *id, const char *error)
{
	struct trackd_ref ref;

	if (trackd_lookup(trackd, id, &ref) == 0 &&
	    task_status_of(trackd, ref) == TASK_STATUS_PENDING)
		(void)trackd_fail(trackd, ref, error);
}
