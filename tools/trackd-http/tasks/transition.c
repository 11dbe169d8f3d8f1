/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/tasks/transition.h"
#include "tools/common/event_name.h"
#include "tools/common/task_json.h"
#include "tools/trackd-http/tasks/public_task.h"
#include <stdio.h>
#include <string.h>

static bool has_stage(const struct trackd_task *task)
{
	return task->stage >= 0 && task->stage < task->n_stages && task->stage < TRACKD_STAGES_MAX;
}

/* The library's rule: between the stage's own percentage and that of the next one, which it never
 * reaches. */
static uint8_t progress_of(const struct trackd_task *task)
{
	unsigned from, to;

	if (task->state == TRACKD_COMPLETED)
		return 100;
	if (task->state == TRACKD_PENDING || !has_stage(task))
		return 0;
	from = task->stages[task->stage].percent;
	to = task->stage + 1 < task->n_stages && task->stage + 1 < TRACKD_STAGES_MAX
		     ? task->stages[task->stage + 1].percent
		     : 100;
	if (task->total == 0 || to <= from)
		return (uint8_t)from;
	double part = task->done < task->total ? (double)task->done / (double)task->total : 1;
	unsigned progress = from + (unsigned)((to - from) * part);
	return (uint8_t)(progress < to ? progress : to - 1);
}

static void set_derived(struct trackd_task *task)
{
	const char *status = task->state == TRACKD_ACTIVE && has_stage(task)
				     ? task->stages[task->stage].name
				     : trackd_state_name((enum trackd_state)task->state);

	snprintf(task->status, sizeof task->status, "%s", status);
	task->progress = progress_of(task);
	if (!trackd_state_final((enum trackd_state)task->state))
		task->finished_ns = 0;
}

void transition_apply(struct trackd_task *task, const struct trackd_event *event)
{
	if (task->revision == event->revision)
		return; /* nothing has happened since the event */
	task->revision = event->revision;
	task->state = event->state;
	task->stage = event->stage;
	task->reason = event->reason;
	task->done = event->done;
	task->total = event->total;
	task->updated_ns = event->time_ns;
	set_derived(task);
}

void transition_alone(struct trackd *trackd, const struct trackd_event *event, const char *id,
		      const char *owner, struct trackd_task *ret_task)
{
	struct trackd_kind kind = TRACKD_KIND_INIT;
	struct trackd_task task = { .ref = event->ref, .kind = event->kind };

	snprintf(task.id, sizeof task.id, "%s", id);
	snprintf(task.name, sizeof task.name, "%s", id);
	snprintf(task.owner, sizeof task.owner, "%s", owner);
	if (trackd_kind_get(trackd, event->kind, &kind) == 0) {
		memcpy(task.kind_name, kind.name, sizeof task.kind_name);
		task.n_stages = (uint8_t)kind.n_stages;
		for (int i = 0; i < kind.n_stages; i++) {
			memcpy(task.stages[i].name, kind.stages[i].name,
			       sizeof kind.stages[i].name);
			task.stages[i].percent = kind.stages[i].percent;
		}
	}
	task.revision = event->revision - 1; /* below the event's own revision */
	transition_apply(&task, event);
	if (trackd_state_final((enum trackd_state)task.state))
		task.finished_ns = event->time_ns;
	*ret_task = task;
}

void transition_rebuild(const struct trackd_task *task, int stage, struct trackd_event *ret_event)
{
	struct trackd_event event = { .ref = task->ref,
				      .kind = task->kind,
				      .type = TRACKD_EVENT_FINAL,
				      .state = task->state,
				      .stage = task->stage,
				      .reason = task->reason,
				      .revision = task->revision,
				      .done = task->done,
				      .total = task->total,
				      .time_ns = task->updated_ns };

	if (stage >= 0) {
		/* The event's revision is unknown, but it was not the present one. */
		event.type = TRACKD_EVENT_STAGE;
		event.state = TRACKD_ACTIVE;
		event.stage = (int8_t)stage;
		event.reason = TRACKD_REASON_NONE;
		event.done = 0;
		event.total = task->stages[stage].total;
		event.time_ns = task->stages[stage].started_ns;
		if (task->state != TRACKD_ACTIVE || task->stage != stage)
			event.revision = task->revision > 0 ? task->revision - 1 : 0;
	}
	*ret_event = event;
}

static json_t *transition_json(const struct trackd_event *event, unsigned flags)
{
	return json_pack("{s:s, s:o, s:b, s:b}", "type", event_name(event->type), "at",
			 task_json_time(event->time_ns), "replayed",
			 (int)((flags & TRANSITION_REPLAYED) != 0), "rebuilt",
			 (int)((flags & TRANSITION_REBUILT) != 0));
}

char *transition_text(const struct trackd_task *task, const struct trackd_event *event,
		      unsigned flags)
{
	json_t *object = public_task_json(task);
	char *text = NULL;

	if (object && json_object_set_new(object, "transition",
					  event ? transition_json(event, flags) : json_null()) == 0)
		text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}
