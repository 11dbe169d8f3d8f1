/* SPDX-License-Identifier: MIT */
/*
 * The body is written to the spool's tmp/ as it arrives: libmicrohttpd passes a few KiB at a time,
 * which go to the page cache. The final steps, which wait for the disk, run in another thread
 * (disk.h) while the request is suspended:
 *
 *	bytes ... | settle (disk) | create the task (board) | move to new/ (disk) | answer
 *
 * After a refusal, the rest of the body is read and dropped, so that the sender can read the
 * answer; the size limits apply to it too.
 */
#include "tools/trackd-http/upload/upload.h"
#include "tools/common/log.h"
#include "tools/documents/document_type.h"
#include "tools/documents/spool_submit.h"
#include "tools/trackd-http/board/board_connection.h"
#include "tools/trackd-http/server/respond.h"
#include "tools/trackd-http/tasks/status.h"
#include "tools/trackd-http/upload/disk.h"
#include "tools/trackd-http/upload/multipart.h"
#include "tools/trackd-http/upload/upload_name.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	FORM_MAX = 64 << 10, /* what a body may hold in addition to the file */
	BOARD_RETRY_S = 2,
	SPOOL_RETRY_S = 10,
	ROOM_RETRY_S = 60,
	WARN_EVERY_S = 10,
};

static const char UNABLE[] = "Documents cannot be accepted at the moment";
static const char TOO_LARGE[] = "The document is too large";

struct uploads {
	struct gateway *gateway;
	struct disk *disk;
	time_t warned; /* CLOCK_MONOTONIC; 0 never */
};

struct upload {
	struct disk_job job;
	struct request *request;
	struct multipart multipart;
	struct spool_entry entry;
	int tmp, new;            /* folders of the spool */
	int fd;                  /* the document being written */
	uint64_t limit, n_bytes; /* of the file; of the body so far */
	bool has_file, made;     /* a file has begun; it exists in the spool */
	bool judged, suspended;
	int error;                   /* of the last disk job */
	struct trackd_ref ref;       /* once the task is created */
	struct MHD_Response *answer; /* the body of the 202 */
	unsigned refused, retry_s;   /* the status of the refusal; 0: none so far */
	char why[TRACKD_NAME_MAX + 64];
};

/* ---- Refusing -------------------------------------------------------------- */

/* The first reason is kept. */
static void refuse(struct upload *upload, unsigned status, unsigned retry_s, const char *why)
{
	if (upload->refused != 0)
		return;
	upload->refused = status;
	upload->retry_s = retry_s;
	snprintf(upload->why, sizeof upload->why, "%s", why);
}

/* Warn the administrator, but not for each of a flood of uploads. */
static void warn(struct uploads *uploads, const char *what, const char *why)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (uploads->warned != 0 && now.tv_sec - uploads->warned < WARN_EVERY_S)
		return;
	uploads->warned = now.tv_sec + 1;
	log_warning("a document could not be accepted: %s: %s", what, why);
}

static void refuse_spool(struct upload *upload, int error)
{
	bool full = error == -ENOSPC || error == -EDQUOT;

	warn(upload->request->gateway->uploads, "spool",
	     error == -ENOENT ? "No such file or directory; docproc serve creates it"
			      : strerror(-error));
	if (full)
		refuse(upload, MHD_HTTP_INSUFFICIENT_STORAGE, ROOM_RETRY_S,
		       "There is no room for documents at the moment");
	else
		refuse(upload, MHD_HTTP_SERVICE_UNAVAILABLE, SPOOL_RETRY_S, UNABLE);
}

static void refuse_board(struct upload *upload, int error)
{
	warn(upload->request->gateway->uploads, "board", trackd_strerror(error));
	if (error == TRACKD_E_FULL)
		refuse(upload, MHD_HTTP_SERVICE_UNAVAILABLE, SPOOL_RETRY_S,
		       "There are too many tasks at the moment");
	else
		refuse(upload, MHD_HTTP_SERVICE_UNAVAILABLE, BOARD_RETRY_S, UNABLE);
}

/* ---- Receiving the file ----------------------------------------------------- */

/* Judged by its name alone while there are no bytes. */
static void judge(struct upload *upload, bool whole)
{
	static uint8_t sample[DOCUMENT_SAMPLE];
	ssize_t n = upload->fd < 0 ? 0 : pread(upload->fd, sample, sizeof sample, 0);

	if (n < 0) {
		refuse_spool(upload, -errno);
		return;
	}
	char why[sizeof upload->why];
	if (document_refused(upload->entry.name, sample, (size_t)n,
			     whole && n < (ssize_t)sizeof sample, why, sizeof why))
		refuse(upload, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, 0, why);
}

static void on_file(void *user, const char *name, size_t length)
{
	struct upload *upload = user;
	const char *fault = "The file's name is longer than 255 bytes";

	if (name && length == 0)
		return; /* the form was sent without choosing a file */
	if (upload->has_file) {
		refuse(upload, MHD_HTTP_BAD_REQUEST, 0, "Only one file may be sent at a time");
		return;
	}
	upload->has_file = true;
	if (name)
		fault = upload_name(name, length, upload->entry.name);
	if (fault)
		refuse(upload, MHD_HTTP_BAD_REQUEST, 0, fault);
	else
		judge(upload, false);
	if (upload->refused != 0)
		return;
	upload->fd = spool_submit_create(upload->tmp, upload->entry.id);
	upload->made = upload->fd >= 0;
	if (upload->fd < 0)
		refuse_spool(upload, upload->fd);
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		data += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static void on_data(void *user, const char *data, size_t size)
{
	struct upload *upload = user;

	if (upload->refused != 0 || upload->fd < 0)
		return;
	if (size > upload->limit - (uint64_t)upload->entry.size) {
		refuse(upload, MHD_HTTP_CONTENT_TOO_LARGE, 0, TOO_LARGE);
		return;
	}
	int error = write_all(upload->fd, data, size);
	if (error < 0) {
		refuse_spool(upload, error);
		return;
	}
	upload->entry.size += (int64_t)size;
	if (!upload->judged && upload->entry.size >= DOCUMENT_SAMPLE) {
		upload->judged = true;
		judge(upload, false);
	}
}

/* A refused upload needs no space on the disk. */
static void let_go(struct upload *upload)
{
	if (upload->fd >= 0)
		close(upload->fd);
	upload->fd = -1;
	if (upload->made)
		spool_submit_undo(upload->tmp, upload->new, upload->entry.id);
	upload->made = false;
}

static enum MHD_Result on_body(struct request *request, const char *data, size_t size)
{
	struct upload *upload = request->work;

	upload->n_bytes += size;
	/* A chunked body has no announced length. */
	if (upload->n_bytes > upload->limit + FORM_MAX)
		return respond_amid_body(request, MHD_HTTP_CONTENT_TOO_LARGE, TOO_LARGE);
	multipart_feed(&upload->multipart, data, size);
	if (upload->refused != 0)
		let_go(upload);
	return MHD_YES;
}

/* ---- Submitting ------------------------------------------------------------ */

static void end(struct upload *upload)
{
	if (upload->refused != 0)
		let_go(upload);
	if (upload->suspended)
		request_resume(upload->request);
	upload->suspended = false;
}

static void run_move(struct disk_job *job)
{
	struct upload *upload = (struct upload *)(void *)job;

	upload->error = spool_submit_move(upload->tmp, upload->new, upload->entry.id);
}

static void on_moved(struct disk_job *job)
{
	struct upload *upload = (struct upload *)(void *)job;
	int error;

	if (upload->error == 0) {
		upload->made = false; /* it belongs to docproc from now on */
	} else {
		struct trackd *trackd =
			board_connection_writer(upload->request->gateway->board, &error);

		refuse_spool(upload, upload->error);
		if (trackd)
			(void)trackd_fail(trackd, upload->ref,
					  "The document could not be submitted");
	}
	end(upload);
}

static int make_task(struct upload *upload)
{
	struct trackd_new new = TRACKD_NEW_INIT;
	struct trackd_task task = TRACKD_TASK_INIT;
	int error;
	struct trackd *trackd = board_connection_writer(upload->request->gateway->board, &error);

	if (!trackd)
		return error;
	new.id = upload->entry.id;
	new.owner = upload->entry.owner;
	new.name = upload->entry.name;
	error = trackd_create(trackd, &new, &upload->ref);
	if (error < 0)
		return error;
	/* Show the present state: docproc may be faster than the answer. */
	error = trackd_copy(trackd, upload->ref, &task);
	upload->answer = error < 0 ? NULL : status_body(&task);
	if (upload->answer)
		return 0;
	(void)trackd_remove(trackd, upload->ref);
	return error < 0 ? error : -ENOMEM;
}

static void run_settle(struct disk_job *job)
{
	struct upload *upload = (struct upload *)(void *)job;
	int fd = upload->fd;

	upload->fd = -1;
	upload->error = spool_submit_settle(fd, upload->tmp, &upload->entry);
}

static void on_settled(struct disk_job *job)
{
	struct upload *upload = (struct upload *)(void *)job;
	int error;

	if (upload->error < 0)
		refuse_spool(upload, upload->error);
	else if ((error = make_task(upload)) < 0)
		refuse_board(upload, error);
	if (upload->refused != 0) {
		end(upload);
		return;
	}
	upload->job.run = run_move;
	upload->job.done = on_moved;
	disk_do(upload->request->gateway->uploads->disk, &upload->job);
}

static void hand_in(struct upload *upload)
{
	upload->job.run = run_settle;
	upload->job.done = on_settled;
	upload->suspended = true;
	request_suspend(upload->request);
	disk_do(upload->request->gateway->uploads->disk, &upload->job);
}

/* ---- The request --------------------------------------------------------------- */

static enum MHD_Result answer(struct upload *upload)
{
	struct request *request = upload->request;
	struct MHD_Response *response = upload->answer;
	char location[sizeof "/documents//status" + TRACKD_ID_MAX];

	if (upload->retry_s > 0)
		return respond_retry(request, upload->refused, upload->retry_s, upload->why);
	if (upload->refused != 0)
		return respond_error(request, upload->refused, upload->why);
	snprintf(location, sizeof location, "/documents/%s/status", upload->entry.id);
	response_header(response, MHD_HTTP_HEADER_LOCATION, location);
	response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	upload->answer = NULL;
	return respond(request, MHD_HTTP_ACCEPTED, response);
}

/* The body is complete, or the document has been submitted. */
static enum MHD_Result go_on(struct request *request)
{
	struct upload *upload = request->work;

	if (upload->answer || upload->refused != 0)
		return answer(upload);
	if (!multipart_whole(&upload->multipart))
		refuse(upload, MHD_HTTP_BAD_REQUEST, 0, "The form is incomplete");
	else if (!upload->has_file)
		refuse(upload, MHD_HTTP_BAD_REQUEST, 0, "No file was sent");
	else if (!upload->judged)
		judge(upload, true);
	if (upload->refused != 0) {
		let_go(upload);
		return answer(upload);
	}
	hand_in(upload);
	return MHD_YES;
}

static void upload_free(struct request *request)
{
	struct upload *upload = request->work;

	let_go(upload);
	if (upload->answer)
		MHD_destroy_response(upload->answer);
	if (upload->tmp >= 0)
		close(upload->tmp);
	if (upload->new >= 0)
		close(upload->new);
	free(upload);
}

static const struct work_class upload_class = { .data = on_body,
						.go_on = go_on,
						.free = upload_free };

static const struct multipart_calls calls = { on_file, on_data };

static int open_folder(const struct config *config, const char *name)
{
	char path[sizeof config->spool + 8];

	snprintf(path, sizeof path, "%s/%s", config->spool, name);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Checks that are possible before the body is read. */
static void look_ahead(struct upload *upload)
{
	struct gateway *gateway = upload->request->gateway;
	const char *length = request_header(upload->request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	int error;

	if (length && strtoull(length, NULL, 10) > upload->limit + FORM_MAX)
		refuse(upload, MHD_HTTP_CONTENT_TOO_LARGE, 0, TOO_LARGE);
	else if (!board_connection_writer(gateway->board, &error))
		refuse_board(upload, error);
	else if ((upload->tmp = open_folder(gateway->config, "tmp")) < 0)
		refuse_spool(upload, upload->tmp);
	else if ((upload->new = open_folder(gateway->config, "new")) < 0)
		refuse_spool(upload, upload->new);
}

enum MHD_Result upload_begin(struct request *request)
{
	struct upload *upload = calloc(1, sizeof *upload);

	if (!upload)
		return MHD_NO;
	upload->request = request;
	upload->tmp = upload->new = upload->fd = -1;
	upload->limit = request->gateway->config->upload_max;
	upload->entry.created_at = (int64_t)time(NULL);
	memcpy(upload->entry.owner, request->identity.owner, sizeof upload->entry.owner);
	spool_entry_new_id(upload->entry.id);
	request->work = upload;
	request->work_class = &upload_class;
	if (!multipart_begin(&upload->multipart,
			     request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE), &calls, upload))
		refuse(upload, MHD_HTTP_BAD_REQUEST, 0,
		       "A form is expected: multipart/form-data with one file");
	else
		look_ahead(upload);
	return upload->refused != 0 ? answer(upload) : MHD_YES;
}

/* ---- All uploads ------------------------------------------------------------ */

int uploads_start(struct gateway *gateway, struct uploads **ret_uploads)
{
	struct uploads *uploads = calloc(1, sizeof *uploads);

	if (!uploads)
		return -ENOMEM;
	uploads->gateway = gateway;
	int error = disk_start(gateway->event, &uploads->disk);
	if (error < 0) {
		free(uploads);
		return error;
	}
	*ret_uploads = uploads;
	return 0;
}

void uploads_finish(struct uploads *uploads)
{
	if (uploads)
		disk_finish(uploads->disk);
}

void uploads_stop(struct uploads *uploads)
{
	if (!uploads)
		return;
	disk_stop(uploads->disk);
	free(uploads);
}
