/* SPDX-License-Identifier: MIT */
/*
 * Checks the event ring. An entry whose checksum does not fit its sequence is being written, or its
 * producer died; readers skip it, so it is counted but not a fault. A complete entry must be
 * plausible.
 */
#include "libclient/trackd.h"
#include "tools/common/doctor/doctor_parts.h"
#include <errno.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { BLOCK = 1024, HOLES = 64 };

static bool is_whole(const struct layout_event *event, uint64_t sequence)
{
	return event->check == XXH3_64bits_withSeed(event, sizeof *event - 8, sequence);
}

static void check_event(struct check *check, const struct layout_event *event, uint64_t sequence)
{
	int64_t at = (int64_t)sequence;

	if (event->type < TRACKD_EVENT_CREATED || event->type > TRACKD_EVENT_EXPIRED)
		check_fault(check, DOCTOR_EVENT, at, "type", "1 to 6", "%u", event->type);
	if (event->state < TRACKD_PENDING || event->state > TRACKD_CANCELLED)
		check_fault(check, DOCTOR_EVENT, at, "state", "1 to 5", "%u", event->state);
	if (event->stage >= LAYOUT_STAGES && event->stage != COPY_NO_STAGE)
		check_fault(check, DOCTOR_EVENT, at, "stage", "0 to 15, or none", "%u",
			    event->stage);
	if (event->reason > TRACKD_REASON_TIMED_OUT)
		check_fault(check, DOCTOR_EVENT, at, "reason", "0 to 4", "%u", event->reason);
	/* The board may have replaced a larger one. */
	if (event->slot >= 2 * TRACKD_CAPACITY_MAX)
		check_fault(check, DOCTOR_EVENT, at, "slot", "a slot of some board", "%u",
			    event->slot);
	if (event->kind >= LAYOUT_KINDS)
		check_fault(check, DOCTOR_EVENT, at, "kind", "0 to 63", "%u", event->kind);
}

int check_events(struct check *check)
{
	uint64_t head = check->image.header.event_next;
	uint64_t sequence = head > LAYOUT_EVENTS ? head - LAYOUT_EVENTS : 0;
	struct layout_event *events = malloc(BLOCK * sizeof *events);
	int error = events ? 0 : -ENOMEM;

	check->report.events = head - sequence;
	while (error == 0 && sequence < head) {
		uint64_t first = sequence % LAYOUT_EVENTS;
		uint64_t n = head - sequence;

		n = n < BLOCK ? n : BLOCK;
		n = n < LAYOUT_EVENTS - first ? n : LAYOUT_EVENTS - first;
		error = image_fetch(&check->image, IMAGE_events, first, n, events);
		for (uint64_t i = 0; error == 0 && i < n; i++) {
			if (is_whole(&events[i], sequence + i))
				check_event(check, &events[i], sequence + i);
			else
				check->report.events_unfinished++;
		}
		sequence += n;
	}
	free(events);
	/* Deaths leave single holes. If no entry of the ring fits, the cursor is wrong. */
	if (error == 0 && check->report.events > HOLES &&
	    check->report.events_unfinished == check->report.events)
		check_fault(check, DOCTOR_HEADER, -1, "event_next",
			    "the sequence after the newest event",
			    "%ju, and no entry of the ring fits it", (uintmax_t)head);
	return error;
}
