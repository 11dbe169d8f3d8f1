/* SPDX-License-Identifier: MIT */
#include "tools/common/event_name.h"
#include "libclient/trackd.h"

const char *event_name(uint8_t type)
{
	switch ((enum trackd_event_type)type) {
	case TRACKD_EVENT_CREATED:
		return "created";
	case TRACKD_EVENT_STAGE:
		return "stage";
	case TRACKD_EVENT_FINAL:
		return "final";
	case TRACKD_EVENT_CANCEL:
		return "cancel";
	case TRACKD_EVENT_REMOVED:
		return "removed";
	case TRACKD_EVENT_EXPIRED:
		return "expired";
	}
	return "unknown";
}
