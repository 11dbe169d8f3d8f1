/* SPDX-License-Identifier: MIT */
#include "tools/common/loop_source.h"
#include <time.h>

/* error: of what added it. */
static int turn_off(sd_event_source *source, int error)
{
	if (error >= 0)
		error = sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return error < 0 ? error : 0;
}

int loop_timer(sd_event *event, sd_event_source **ret_source, uint64_t accuracy_usec,
	       sd_event_time_handler_t handler, void *data)
{
	int error = sd_event_add_time_relative(event, ret_source, CLOCK_MONOTONIC, 0, accuracy_usec,
					       handler, data);

	return turn_off(*ret_source, error);
}

int loop_defer(sd_event *event, sd_event_source **ret_source, int64_t priority,
	       sd_event_handler_t handler, void *data)
{
	int error = sd_event_add_defer(event, ret_source, handler, data);

	if (error >= 0)
		error = sd_event_source_set_priority(*ret_source, priority);
	return turn_off(*ret_source, error);
}

int loop_timer_set(sd_event_source *timer, uint64_t usec)
{
	int error = sd_event_source_set_time_relative(timer, usec);

	if (error >= 0)
		error = sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
	return error < 0 ? error : 0;
}
