/* SPDX-License-Identifier: MIT */
/* GET /documents/{id}/status: exactly the original service's format. */
#ifndef TRACKD_HTTP_TASKS_STATUS_H
#define TRACKD_HTTP_TASKS_STATUS_H

#include "tools/trackd-http/server/json_write.h"
#include "tools/trackd-http/server/request.h"

enum {
	STATUS_TEXT = 128 /* names of members, and the progress */ + JSON_ROOM(TRACKD_ID_MAX) +
		      JSON_ROOM(TRACKD_STAGE_NAME_MAX) + JSON_ROOM(TRACKD_MESSAGE_MAX) +
		      JSON_ROOM(TRACKD_ERROR_MAX)
};

enum MHD_Result status_begin(struct request *request);

/* The body of a status; returns its length. No NUL follows. */
size_t status_text(const struct trackd_task *task, char ret_text[STATUS_TEXT]);

/* The same as a response; answers to uploads use it too. NULL if memory is out. */
struct MHD_Response *status_body(const struct trackd_task *task);

#endif
