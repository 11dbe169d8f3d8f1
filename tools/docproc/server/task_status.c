/* SPDX-License-Identifier: MIT */
/* Reading tasks for those who keep a spool. */
#include "tools/docproc/server/task_status.h"
#include <errno.h>
#include <string.h>

/* Whoever hands in notes the time and creates the task within seconds; clocks are set, disks hang. A
 * task that was over a minute before its document came is of an earlier document. */
enum { SLACK_S = 60, COPIES = 10 };
static const uint64_t NS_IN_S = UINT64_C(1000000000);

static int copy(struct trackd *trackd, struct trackd_ref ref, struct trackd_task *ret_task)
{
	int error = -EAGAIN;

	for (int i = 0; i < COPIES && error == -EAGAIN; i++)
		error = trackd_copy(trackd, ref, ret_task);
	return error;
}

static enum standing standing_of_state(uint8_t state)
{
	switch ((enum trackd_state)state) {
	case TRACKD_PENDING:
		return STANDING_PENDING;
	case TRACKD_ACTIVE:
		return STANDING_ACTIVE;
	case TRACKD_COMPLETED:
	case TRACKD_FAILED:
	case TRACKD_CANCELLED:
		return STANDING_OVER;
	}
	return STANDING_UNKNOWN;
}

static bool is_older(const struct trackd_task *task, const struct ticket *ticket)
{
	return task->finished_ns / NS_IN_S + SLACK_S < (uint64_t)ticket->created_at;
}

enum standing standing_find(struct trackd *trackd, const struct ticket *ticket,
			    struct trackd_ref *ret_ref)
{
	struct trackd_ref ref;
	struct trackd_task task;
	int error = trackd_lookup(trackd, ticket->id, &ref);

	if (error >= 0)
		error = copy(trackd, ref, &task);
	if (error == TRACKD_E_NOT_FOUND || error == TRACKD_E_GONE)
		return STANDING_NONE;
	if (error < 0)
		return STANDING_UNKNOWN;
	*ret_ref = ref;
	if (strcmp(task.owner, ticket->owner) != 0)
		return STANDING_FOREIGN;
	enum standing standing = standing_of_state(task.state);
	return standing == STANDING_OVER && is_older(&task, ticket) ? STANDING_OLDER : standing;
}

enum standing standing_of(struct trackd *trackd, struct trackd_ref ref)
{
	struct trackd_task task;
	int error = copy(trackd, ref, &task);

	if (error == TRACKD_E_GONE)
		return STANDING_NONE;
	return error < 0 ? STANDING_UNKNOWN : standing_of_state(task.state);
}

int standing_make(struct trackd *trackd, const struct ticket *ticket, struct trackd_ref *ret_ref)
{
	struct trackd_new task = TRACKD_NEW_INIT;

	task.id = ticket->id;
	task.owner = ticket->owner;
	task.name = ticket->name;
	task.flags = TRACKD_REPLACE;
	return trackd_create(trackd, &task, ret_ref);
}

int standing_begin(struct trackd *trackd, const struct ticket *ticket, struct trackd_ref *ret_ref)
{
	switch (standing_find(trackd, ticket, ret_ref)) {
	case STANDING_PENDING:
	case STANDING_ACTIVE:
	case STANDING_FOREIGN:
		return TRACKD_E_EXISTS;
	case STANDING_NONE:
	case STANDING_OLDER:
	case STANDING_OVER:
	case STANDING_UNKNOWN:
		break;
	}
	return standing_make(trackd, ticket, ret_ref);
}

void standing_refuse(struct trackd *trackd, const char *id, const char *error)
{
	struct trackd_ref ref;

	if (trackd_lookup(trackd, id, &ref) == 0 && standing_of(trackd, ref) == STANDING_PENDING)
		(void)trackd_fail(trackd, ref, error);
}
