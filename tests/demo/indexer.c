/* SPDX-License-Identifier: MIT */
/*
 * The program that `make demo` shows: a service that takes documents through the stages, in as many
 * processes as one likes. It uses the public interface and nothing else.
 *
 *   indexer submit LIST         make tasks of the documents, a few waiting at a time
 *   indexer work LIST FOLDER    take the next document that nobody has taken, until there is none
 *   indexer busy PID            what that worker is in the middle of; fails if between two things
 *   indexer kill PID ID         kill that worker, and say when its task was seen to have failed
 *   indexer outcome LIST        how the documents of the list stand; fails if any is missing
 *   indexer search FOLDER WORD...
 *
 * A line of LIST is ID, a tab and a path. FOLDER holds the index, and who has taken what.
 */
#include "document.h"
#include "index.h"
#include "stages.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { QUEUE = 5, PATIENCE_MS = 100 };

struct list {
	FILE *file;
	char *line;
	size_t size;
	char *id, *path; /* of the present line */
};

static bool list_next(struct list *list)
{
	char *tab;

	if (getline(&list->line, &list->size, list->file) < 0)
		return false;
	list->line[strcspn(list->line, "\n")] = '\0';
	tab = strchr(list->line, '\t');
	if (!tab)
		return false;
	*tab = '\0';
	list->id = list->line;
	list->path = tab + 1;
	return true;
}

static void list_close(struct list *list)
{
	free(list->line);
	fclose(list->file);
}

static int complain(const char *what, int error)
{
	fprintf(stderr, "indexer: %s: %s\n", what, trackd_strerror(error));
	return 1;
}

/* ---- Verbs -------------------------------------------------------------- */

static uint32_t n_pending(struct trackd *trackd)
{
	struct trackd_stats stats = { .size = sizeof stats };

	return trackd_stats(trackd, &stats) < 0 ? 0 : stats.pending;
}

static int create(struct trackd *trackd, const char *id)
{
	struct trackd_new task = TRACKD_NEW_INIT;

	task.id = id;
	return trackd_create(trackd, &task, NULL);
}

/* Documents arrive as they do in life, a few at a time. */
static int submit(struct trackd *trackd, struct list *list)
{
	struct trackd_cursor cursor;
	int error = 0;

	while (error == 0 && list_next(list)) {
		trackd_cursor_now(trackd, &cursor);
		while (n_pending(trackd) >= QUEUE) {
			(void)trackd_wait_event(trackd, &cursor, PATIENCE_MS);
			trackd_cursor_now(trackd, &cursor);
		}
		error = create(trackd, list->id);
	}
	return error < 0 ? complain(list->id, error) : 0;
}

/* Whether the document is ours now: of several processes exactly one makes the file. */
static bool take(const char *folder, const char *id)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/.%s.taken", folder, id);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* The document's task, waited for until it is submitted. */
static int await(struct trackd *trackd, const char *id, struct trackd_ref *ret_ref)
{
	struct trackd_cursor cursor;
	int error;

	trackd_cursor_now(trackd, &cursor);
	while ((error = trackd_lookup(trackd, id, ret_ref)) == TRACKD_E_NOT_FOUND) {
		(void)trackd_wait_event(trackd, &cursor, PATIENCE_MS);
		trackd_cursor_now(trackd, &cursor);
	}
	return error;
}

static int work(struct trackd *trackd, struct list *list, const char *folder)
{
	char title[256];
	int error = 0;

	while (error == 0 && list_next(list)) {
		struct job job = { trackd, { 0 }, list->id, list->path, title, folder };
		if (!take(folder, list->id))
			continue;
		document_title(list->path, title, sizeof title);
		error = await(trackd, list->id, &job.ref);
		if (error == 0)
			error = stages_run(&job);
	}
	return error < 0 ? complain(list->id, error) : 0;
}

static int busy(struct trackd *trackd, int pid)
{
	struct trackd_task task;
	struct trackd_iter iter;
	struct trackd_ref ref;

	trackd_iter_all(trackd, &iter);
	while (trackd_next(trackd, &iter, &ref) > 0) {
		if (trackd_copy(trackd, ref, &task) < 0 || task.state != TRACKD_ACTIVE ||
		    task.worker_pid != pid || task.stage != TRACKD_EMBEDDING)
			continue;
		if (4 * task.done < task.total || 4 * task.done > 3 * task.total)
			continue;
		printf("%s\t%s\t%" PRIu64 "/%" PRIu64 "\n", task.id, task.status, task.done,
		       task.total);
		return 0;
	}
	return 1;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int kill_worker(struct trackd *trackd, int pid, const char *id)
{
	struct trackd_view view = { 0 };
	struct trackd_ref ref;
	uint64_t since;
	int error = trackd_lookup(trackd, id, &ref);

	if (error < 0)
		return complain(id, error);
	since = now_us();
	if (kill(pid, SIGKILL) < 0)
		return complain("kill", -errno);
	error = trackd_wait(trackd, ref, TRACKD_WAIT_FINAL, NULL, 5000);
	since = now_us() - since;
	if (error == 0)
		error = trackd_get(trackd, ref, &view);
	if (error < 0)
		return complain(id, error);
	if (view.reason != TRACKD_REASON_WORKER_LOST)
		return complain(trackd_reason_name((enum trackd_reason)view.reason), -EPROTO);
	printf("%.1f ms\n", (double)since / 1000);
	return 0;
}

static int outcome(struct trackd *trackd, struct list *list)
{
	unsigned n[TRACKD_CANCELLED + 1] = { 0 }, missing = 0;
	struct trackd_view view;
	struct trackd_ref ref;

	while (list_next(list)) {
		if (trackd_lookup(trackd, list->id, &ref) == 0 &&
		    trackd_get(trackd, ref, &view) == 0 && view.state <= TRACKD_CANCELLED)
			n[view.state]++;
		else
			missing++;
	}
	printf("%u completed, %u failed, %u cancelled, %u active, %u pending, %u missing\n",
	       n[TRACKD_COMPLETED], n[TRACKD_FAILED], n[TRACKD_CANCELLED], n[TRACKD_ACTIVE],
	       n[TRACKD_PENDING], missing);
	return missing > 0;
}

/* ---- Which -------------------------------------------------------------- */

static int on_list(struct trackd *trackd, char **arguments)
{
	struct list list = { .file = fopen(arguments[1], "re") };
	int status = 2;

	if (!list.file)
		return complain(arguments[1], -errno);
	if (strcmp(arguments[0], "submit") == 0)
		status = submit(trackd, &list);
	else if (strcmp(arguments[0], "work") == 0 && arguments[2])
		status = work(trackd, &list, arguments[2]);
	else if (strcmp(arguments[0], "outcome") == 0)
		status = outcome(trackd, &list);
	list_close(&list);
	return status;
}

static int pid_of(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

int main(int argc, char **argv)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;
	struct trackd *trackd;
	int error, status;

	if (argc < 3)
		return complain("usage: indexer submit|work|busy|kill|outcome|search ...", -EINVAL);
	if (strcmp(argv[1], "search") == 0)
		return index_search(argv[2], argv + 3, argc - 3) < 0;
	if (strcmp(argv[1], "work") == 0 || strcmp(argv[1], "submit") == 0)
		options.flags = TRACKD_OPEN_WRITE;
	error = trackd_open(&trackd, &options);
	if (error < 0)
		return complain("cannot open the board", error);
	if (strcmp(argv[1], "busy") == 0)
		status = busy(trackd, pid_of(argv[2]));
	else if (strcmp(argv[1], "kill") == 0 && argc > 3)
		status = kill_worker(trackd, pid_of(argv[2]), argv[3]);
	else
		status = on_list(trackd, argv + 1);
	trackd_close(trackd);
	return status;
}
