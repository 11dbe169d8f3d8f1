/* SPDX-License-Identifier: MIT */
/* Connection, messages and names. */
#include "tools/trackctl/session/ctl.h"
#include "libclient/segment/internal.h"
#include "tools/common/printable.h"
#include "tools/common/task_json.h"
#include "tools/common/time_format.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE = 1024, PREFIX = 4, CANDIDATES = 5, TRIES = 100 };

/* ---- Messages ---------------------------------------------------------- */

static void say(const char *text, const char *reason)
{
	char safe[PRINTABLE_ROOM(MESSAGE)];

	printable_line(safe, sizeof safe, text);
	fflush(stdout);
	fprintf(stderr, "trackctl: %s%s%s\n", safe, reason ? ": " : "", reason ? reason : "");
}

int ctl_fail(enum exit_code code, const char *format, ...)
{
	char text[MESSAGE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	say(text, NULL);
	return (int)code;
}

int ctl_error(int error, const char *format, ...)
{
	char text[MESSAGE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	say(text, trackd_strerror(error));
	return (int)exit_code_of_error(error);
}

/* ---- Connection -------------------------------------------------------- */

/* The board's name for messages; the user may not have given one. */
static const char *board_name(const struct ctl *ctl)
{
	static struct board_address address;
	const char *variable = secure_getenv("TRACKD_BOARD");

	if (ctl->board)
		return ctl->board;
	if (board_address_find(&address, NULL, ctl->socket) < 0)
		return variable ? variable : "";
	return address.board;
}

int ctl_connect(struct ctl *ctl, unsigned flags, int32_t worker_pid)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;

	options.flags = flags;
	options.board = ctl->board;
	options.socket = ctl->socket;
	options.worker_pid = worker_pid;
	int error = trackd_open(&ctl->trackd, &options);
	if (error < 0)
		ctl->trackd = NULL;
	return error < 0 ? error : 0;
}

int ctl_cannot_connect(const struct ctl *ctl, int error, unsigned flags, int32_t worker_pid)
{
	if (error == -ESRCH)
		return ctl_fail(EXIT_CODE_NOT_FOUND,
				"process %d does not exist; --pid names the running process that "
				"works on the task",
				(int)worker_pid);
	if (error == -EACCES)
		return ctl_fail(EXIT_CODE_PERMISSION,
				"not permitted to %s the board; ask to be a member of its group "
				"(ls -l /dev/shm), or run as its user",
				flags & TRACKD_OPEN_WRITE ? "write to" : "read");
	if (error == -EINVAL || error == -ENAMETOOLONG)
		return ctl_fail(EXIT_CODE_USAGE,
				"\"%s\" is not a valid board name; use one like /trackd",
				board_name(ctl));
	return ctl_error(error, "%s", board_name(ctl));
}

int ctl_open(struct ctl *ctl, unsigned flags, int32_t worker_pid)
{
	int error = ctl_connect(ctl, flags, worker_pid);

	return error < 0 ? ctl_cannot_connect(ctl, error, flags, worker_pid) : 0;
}

/* ---- Tasks ------------------------------------------------------------- */

int ctl_copy(struct ctl *ctl, struct trackd_ref ref, struct trackd_task *ret_task)
{
	int error = -EAGAIN;

	ret_task->size = sizeof *ret_task;
	for (int i = 0; error == -EAGAIN && i < TRIES; i++)
		error = trackd_copy(ctl->trackd, ref, ret_task);
	return error;
}

/* Whether a task's id begins with prefix; copies the id. */
static bool has_prefix(struct ctl *ctl, struct trackd_ref ref, const char *prefix,
		       char ret_id[TRACKD_ID_MAX + 1])
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	do {
		if (trackd_get(ctl->trackd, ref, &view) < 0)
			return false;
		snprintf(ret_id, TRACKD_ID_MAX + 1, "%s", trackd_view_id(&view));
	} while (!trackd_view_valid(&view));
	return strncmp(ret_id, prefix, strlen(prefix)) == 0;
}

/* The ids with a prefix: their number, the last one, and a text with the first few. */
struct beginning {
	int n;
	struct trackd_ref ref;
	char names[CANDIDATES * (TRACKD_ID_MAX + 3) + 1];
};

static void find_beginning(struct ctl *ctl, const char *prefix, struct beginning *found)
{
	char id[TRACKD_ID_MAX + 1];
	struct trackd_iter iter;
	struct trackd_ref ref;

	*found = (struct beginning){ .n = 0 };
	trackd_iter_all(ctl->trackd, &iter);
	while (trackd_next(ctl->trackd, &iter, &ref) > 0) {
		size_t length = strlen(found->names);

		if (!has_prefix(ctl, ref, prefix, id))
			continue;
		found->ref = ref;
		if (found->n++ < CANDIDATES)
			snprintf(found->names + length, sizeof found->names - length, "%s%s",
				 found->n > 1 ? ", " : "", id);
	}
}

static int find_prefix(struct ctl *ctl, const char *prefix, struct trackd_ref *ret_ref)
{
	struct beginning found;

	if (strlen(prefix) < PREFIX)
		return ctl_fail(EXIT_CODE_NOT_FOUND,
				"no task \"%s\"; a shortened id must have %d characters or more; "
				"trackctl ls lists the tasks",
				prefix, PREFIX);
	find_beginning(ctl, prefix, &found);
	if (found.n == 1) {
		*ret_ref = found.ref;
		return 0;
	}
	if (found.n == 0)
		return ctl_fail(EXIT_CODE_NOT_FOUND, "no task \"%s\"; trackctl ls lists the tasks",
				prefix);
	return ctl_fail(EXIT_CODE_NOT_FOUND, "\"%s\" matches %d tasks: %s%s; give more characters",
			prefix, found.n, found.names, found.n > CANDIDATES ? ", ..." : "");
}

/* A complete id of a removed task must not select another task that begins with it. */
static int not_found(struct ctl *ctl, const char *id)
{
	struct beginning found = { .n = 0 };

	if (ctl->terminal.tty && strlen(id) >= PREFIX)
		find_beginning(ctl, id, &found);
	if (found.n == 0)
		return ctl_fail(EXIT_CODE_NOT_FOUND, "no task \"%s\"; trackctl ls lists the tasks",
				id);
	return ctl_fail(EXIT_CODE_NOT_FOUND,
			"no task \"%s\"; a complete id is required here, such as: %s%s", id,
			found.names, found.n > CANDIDATES ? ", ..." : "");
}

int ctl_find(struct ctl *ctl, const char *id, struct trackd_ref *ret_ref)
{
	int error = trackd_lookup(ctl->trackd, id, ret_ref);

	if (error >= 0)
		return 0;
	if (error == TRACKD_E_KEY)
		return ctl_fail(EXIT_CODE_USAGE,
				"\"%s\" is not a valid id: 1 to 63 characters of "
				"A-Za-z0-9._~:@+=-, and not "
				"\".\" or \"..\"",
				id);
	if (error != TRACKD_E_NOT_FOUND)
		return ctl_error(error, "%s", id);
	return ctl->prefixes ? find_prefix(ctl, id, ret_ref) : not_found(ctl, id);
}

int ctl_find_task(struct ctl *ctl, const char *id, struct trackd_task *ret_task)
{
	struct trackd_ref ref;
	int code = ctl_find(ctl, id, &ref);

	if (code != 0)
		return code;
	int error = ctl_copy(ctl, ref, ret_task);
	return error < 0 ? ctl_error(error, "%s", id) : 0;
}

/* Copy the task of an id, without a message. */
static bool peek(struct ctl *ctl, const char *id, struct trackd_task *ret_task)
{
	struct trackd_ref ref;

	return ctl->trackd && trackd_lookup(ctl->trackd, id, &ref) >= 0 &&
	       ctl_copy(ctl, ref, ret_task) >= 0;
}

int ctl_is_final(struct ctl *ctl, const char *id)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	bool known = peek(ctl, id, &task);

	return ctl_fail(EXIT_CODE_REFUSED,
			"%s has already ended%s%s; trackctl show %s shows how, trackctl create "
			"--replace %s starts again",
			id, known ? ": " : "", known ? task.status : "", id, id);
}

int ctl_exists(struct ctl *ctl, const char *id, const char *owner)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	if (!peek(ctl, id, &task))
		return ctl_fail(EXIT_CODE_REFUSED, "task %s exists; see trackctl show %s", id, id);
	if (strcmp(task.owner, owner ? owner : "") != 0)
		return ctl_fail(
			EXIT_CODE_REFUSED,
			"task %s exists and belongs to another owner (%s); choose another id", id,
			task.owner[0] ? task.owner : "nobody's");
	if (trackd_state_final((enum trackd_state)task.state))
		return ctl_fail(EXIT_CODE_REFUSED,
				"task %s exists and has ended (%s); --replace replaces it", id,
				task.status);
	return ctl_fail(EXIT_CODE_REFUSED,
			"task %s exists and is open (%s); trackctl watch %s follows it, trackctl "
			"cancel %s ends it, --replace replaces it at once",
			id, task.status, id, id);
}

int ctl_find_stage(struct ctl *ctl, const struct trackd_task *task, const char *name,
		   int *ret_stage)
{
	char names[TRACKD_STAGES_MAX * (TRACKD_STAGE_NAME_MAX + 2) + 1] = "";
	int stage = trackd_stage_find(ctl->trackd, task->kind, name);

	if (stage >= 0) {
		*ret_stage = stage;
		return 0;
	}
	for (int i = 0; i < task->n_stages && i < TRACKD_STAGES_MAX; i++) {
		size_t length = strlen(names);
		snprintf(names + length, sizeof names - length, "%s%s", i > 0 ? ", " : "",
			 task->stages[i].name);
	}
	return ctl_fail(EXIT_CODE_USAGE, "kind %s has no stage \"%s\"; it has: %s", task->kind_name,
			name, names);
}

/* ---- JSON -------------------------------------------------------------- */

json_t *ctl_task_json(const struct trackd_task *task)
{
	struct task_json_options options = {
		.now_ns = time_now(),
		.worker = true,
		.alive = trackd_worker_alive(task),
	};

	return task_json(task, &options);
}

int ctl_print_json(json_t *document, bool line)
{
	if (!document)
		return ctl_error(-ENOMEM, "cannot make JSON");
	(void)json_dumpf(document, stdout, line ? JSON_COMPACT : JSON_INDENT(2));
	json_decref(document);
	putchar('\n');
	return 0;
}

/* ---- Signals ----------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void note_signal(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

void ctl_catch_signals(void)
{
	/* Without SA_RESTART, so that waiting calls return. */
	struct sigaction action = { .sa_handler = note_signal };

	sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
}

bool ctl_interrupted(void)
{
	return interrupted != 0;
}
