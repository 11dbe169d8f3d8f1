/* SPDX-License-Identifier: MIT */
/* The cursor is taken before the tasks are read, so that no event is missed in between. */
#include "tools/trackctl/session/follow.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copy by id, because a replaced task has another reference. */
static void read_named(struct follow *follow, struct followed *named)
{
	struct trackd_ref ref;
	int error = trackd_lookup(follow->ctl->trackd, named->id, &ref);

	if (error >= 0)
		error = ctl_copy(follow->ctl, ref, &named->task);
	named->gone = error == TRACKD_E_NOT_FOUND || trackd_gone(error);
	named->seen |= !named->gone;
	named->over = named->gone ? named->seen
				  : trackd_state_final((enum trackd_state)named->task.state);
}

/* 0, or an exit status after a message. */
static int begin_named(struct follow *follow, struct followed *named, const char *id)
{
	struct trackd_ref ref;

	if (follow->appear && trackd_lookup(follow->ctl->trackd, id, &ref) == TRACKD_E_NOT_FOUND) {
		snprintf(named->id, sizeof named->id, "%s", id);
		named->gone = true;
		return 0;
	}
	int code = ctl_find_task(follow->ctl, id, &named->task);
	if (code != 0)
		return code;
	memcpy(named->id, named->task.id, sizeof named->id);
	named->seen = true;
	named->over = trackd_state_final((enum trackd_state)named->task.state);
	return 0;
}

int follow_begin(struct follow *follow, struct ctl *ctl, int n, char **ids)
{
	*follow = (struct follow){ .ctl = ctl, .appear = follow->appear };
	trackd_cursor_now(ctl->trackd, &follow->cursor);
	if (n == 0)
		return 0;
	follow->named = calloc((size_t)n, sizeof *follow->named);
	if (!follow->named)
		return ctl_error(-ENOMEM, "cannot follow %d tasks", n);
	for (int i = 0; i < n; i++) {
		int code = begin_named(follow, &follow->named[i], ids[i]);

		if (code != 0)
			return code;
		follow->n++;
	}
	return 0;
}

void follow_end(struct follow *follow)
{
	free(follow->named);
	follow->named = NULL;
}

static bool same_ref(struct trackd_ref a, struct trackd_ref b)
{
	return a.slot == b.slot && a.generation == b.generation;
}

/* Whether what was shown already includes the event. A removal does not change the revision. */
static bool is_known(const struct followed *named, const struct trackd_event *event)
{
	return event->type != TRACKD_EVENT_REMOVED && event->type != TRACKD_EVENT_EXPIRED &&
	       same_ref(named->task.ref, event->ref) && event->revision <= named->shown;
}

static bool is_meant(const struct follow *follow, const struct trackd_event *event)
{
	for (size_t i = 0; i < follow->n; i++) {
		const struct followed *named = &follow->named[i];

		/* The record may have been reused; then the event has no id. */
		if (strcmp(named->id, event->id) == 0 ||
		    (event->id[0] == '\0' && same_ref(named->task.ref, event->ref)))
			return !is_known(named, event);
	}
	return follow->n == 0;
}

enum follow_result follow_next(struct follow *follow, struct trackd_event *ret_event)
{
	ret_event->size = sizeof *ret_event;
	for (;;) {
		int result = trackd_next_event(follow->ctl->trackd, &follow->cursor, ret_event);

		if (result == TRACKD_E_LAPPED)
			return FOLLOW_RESET;
		if (result <= 0)
			return FOLLOW_NOTHING;
		if (is_meant(follow, ret_event))
			return FOLLOW_EVENT;
	}
}

bool follow_refresh(struct follow *follow)
{
	bool news = false;

	for (size_t i = 0; i < follow->n; i++) {
		struct followed *named = &follow->named[i];
		bool before = named->over;

		/* Once a task has ended, its end stays: neither its removal nor a new task with its
		 * id changes how it ended. */
		if (before)
			continue;
		read_named(follow, named);
		news |= named->over && !before;
	}
	return news;
}

void follow_sleep(struct follow *follow, int64_t ms)
{
	(void)trackd_wait_event(follow->ctl->trackd, &follow->cursor, ms);
}

bool follow_done(const struct follow *follow)
{
	for (size_t i = 0; i < follow->n; i++)
		if (!follow->named[i].over)
			return false;
	return follow->n > 0;
}

enum exit_code follow_outcome(const struct follow *follow)
{
	for (size_t i = 0; i < follow->n; i++) {
		const struct followed *named = &follow->named[i];
		enum exit_code code =
			named->gone ? EXIT_CODE_NOT_FOUND
				    : exit_code_of_end((enum trackd_state)named->task.state,
						       (enum trackd_reason)named->task.reason);

		if (code != EXIT_CODE_DONE)
			return code;
	}
	return EXIT_CODE_DONE;
}
