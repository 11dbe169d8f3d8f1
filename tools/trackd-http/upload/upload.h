/* SPDX-License-Identifier: MIT */
/*
 * POST /documents: a form with one file, submitted to docproc's spool. Answers:
 *
 *	202  accepted: the task is pending, and the document is on the disk
 *	400  no form, incomplete, no file or several, or a name that is not valid
 *	413  larger than upload_max, by Content-Length before anything is read, or by the bytes
 *	415  a type that docproc does not read, by name or by content
 *	503  no board, a full one, no spool; with Retry-After
 *	507  no room on the spool's disk; with Retry-After
 *
 * An empty file is accepted; the worker reports that it is empty. Any answer but 202 leaves no
 * file, and at most a failed task.
 */
#ifndef TRACKD_HTTP_UPLOAD_UPLOAD_H
#define TRACKD_HTTP_UPLOAD_UPLOAD_H

#include "tools/trackd-http/server/request.h"

struct uploads;

int uploads_start(struct gateway *gateway, struct uploads **ret_uploads);
/* Finish the uploads that are being written to the disk: before the servers stop. */
void uploads_finish(struct uploads *uploads);
void uploads_stop(struct uploads *uploads);

enum MHD_Result upload_begin(struct request *request);

#endif
