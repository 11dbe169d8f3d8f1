/* SPDX-License-Identifier: MIT */
/*
 * A task as JSON text: byte for byte the document of public_task_json(), at a tenth of its cost.
 * Lists have hundreds of them, and all requests share one thread.
 */
#ifndef TRACKD_HTTP_TASKS_TASK_TEXT_H
#define TRACKD_HTTP_TASKS_TASK_TEXT_H

#include "libclient/trackd.h"
#include "tools/trackd-http/server/json_write.h"

enum {
	TASK_TEXT_STAGE = 128 /* names of members */ + JSON_ROOM(TRACKD_STAGE_NAME_MAX) + 2 * 32 +
			  3 * JSON_ROOM_NUMBER,
	TASK_TEXT = 1152 /* names of members, moments and numbers */ +
		    5 * JSON_ROOM(TRACKD_ID_MAX) + JSON_ROOM(TRACKD_OWNER_MAX) +
		    JSON_ROOM(TRACKD_NAME_MAX) + 4 * JSON_ROOM(TRACKD_STAGE_NAME_MAX) +
		    2 * JSON_ROOM(TRACKD_MESSAGE_MAX) + JSON_ROOM(TRACKD_ERROR_MAX) +
		    JSON_ROOM(TRACKD_RESULT_MAX) +
		    JSON_ROOM(TRACKD_LABELS_BYTES + 1) /* "=" and line ends pay for quotes */ +
		    TRACKD_STAGES_MAX * TASK_TEXT_STAGE
};

/* Returns its length; no NUL follows. now_ns: since the Unix epoch. */
size_t task_text(const struct trackd_task *task, uint64_t now_ns, char ret_text[TASK_TEXT]);

#endif
