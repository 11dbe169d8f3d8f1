/* SPDX-License-Identifier: MIT */
/* Texts of errors, states and reasons, and the version. The error table is in trackd.h. */
#include "libclient/public.h"
#include "libclient/trackd.h"
#include <string.h>

PUBLIC const char *trackd_strerror(int error)
{
	if (error >= 0)
		return "success";
	switch (error) {
#define ERROR_CASE(name, value, text)                                                              \
	case (value):                                                                              \
		return text;
		TRACKD_ERRORS(ERROR_CASE)
#undef ERROR_CASE
	default:
		break;
	}
	const char *text = error > -4096 ? strerrordesc_np(-error) : NULL;
	return text ? text : "unknown error";
}

PUBLIC const char *trackd_version(void)
{
	return TRACKD_VERSION;
}

PUBLIC const char *trackd_state_name(enum trackd_state state)
{
	switch (state) {
	case TRACKD_PENDING:
		return "pending";
	case TRACKD_ACTIVE:
		return "active";
	case TRACKD_COMPLETED:
		return "completed";
	case TRACKD_FAILED:
		return "failed";
	case TRACKD_CANCELLED:
		return "cancelled";
	}
	return "unknown";
}

PUBLIC const char *trackd_event_name(enum trackd_event_type type)
{
	switch (type) {
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

PUBLIC const char *trackd_reason_name(enum trackd_reason reason)
{
	switch (reason) {
	case TRACKD_REASON_NONE:
		return "none";
	case TRACKD_REASON_ERROR:
		return "error";
	case TRACKD_REASON_WORKER_LOST:
		return "worker_lost";
	case TRACKD_REASON_CANCELLED:
		return "cancelled";
	case TRACKD_REASON_HOST_RESTART:
		return "host_restart";
	case TRACKD_REASON_TIMED_OUT:
		return "timed_out";
	}
	return "unknown";
}
