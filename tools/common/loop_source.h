/* SPDX-License-Identifier: MIT */
/* Sources of an event loop that are off until they are needed. */
#ifndef COMMON_LOOP_SOURCE_H
#define COMMON_LOOP_SOURCE_H

#include <stdint.h>
#include <systemd/sd-event.h>

/* A timer of CLOCK_MONOTONIC. accuracy_usec: 0 for a quarter of a second. 0 or -errno. */
int loop_timer(sd_event *event, sd_event_source **ret_source, uint64_t accuracy_usec,
	       sd_event_time_handler_t handler, void *data);

/* What is called once the loop has time. priority: SD_EVENT_PRIORITY_NORMAL or another. 0 or -errno. */
int loop_defer(sd_event *event, sd_event_source **ret_source, int64_t priority,
	       sd_event_handler_t handler, void *data);

/* Once, after that time; also to put it off. 0 or -errno. */
int loop_timer_set(sd_event_source *timer, uint64_t usec);

#endif
