/* SPDX-License-Identifier: MIT */
/*
 * The program that `make demo` shows: a service that takes documents through the stages, in as many
 * processes as one likes. It uses the public interface and nothing else.
 *
 *   indexer submit LIST         make a pending task of each document
 *   indexer work LIST FOLDER    take the next document that nobody has taken, until there is none
 *   indexer busy PID            what that worker is in the middle of; fails if between two things
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
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* ---- Verbs ------------------------------------------------------------------------------------
 */

static int submit(struct trackd *trackd, struct list *list)
{
	char title[256];
	int error = 0;

	while (error == 0 && list_next(list)) {
		struct trackd_new task = TRACKD_NEW_INIT;
		document_title(list->path, title, sizeof title);
		task.id = list->id;
		task.owner = "demo";
		task.name = title;
		error = trackd_create(trackd, &task, NULL);
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

static int work(struct trackd *trackd, struct list *list, const char *folder)
{
	char title[256];
	int error = 0;

	while (error == 0 && list_next(list)) {
		struct job job = { trackd, { 0 }, list->id, list->path, title, folder };
		if (!take(folder, list->id))
			continue;
		document_title(list->path, title, sizeof title);
		error = trackd_lookup(trackd, list->id, &job.ref);
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

/* ---- Which ------------------------------------------------------------------------------------
 */

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

int main(int argc, char **argv)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;
	struct trackd *trackd;
	int error, status;

	if (argc < 3)
		return complain("usage: indexer submit|work|busy|outcome|search ...", -EINVAL);
	if (strcmp(argv[1], "search") == 0)
		return index_search(argv[2], argv + 3, argc - 3) < 0;
	if (strcmp(argv[1], "work") == 0 || strcmp(argv[1], "submit") == 0)
		options.flags = TRACKD_OPEN_WRITE;
	error = trackd_open(&trackd, &options);
	if (error < 0)
		return complain("cannot open the board", error);
	status = strcmp(argv[1], "busy") == 0 ? busy(trackd, atoi(argv[2]))
					      : on_list(trackd, argv + 1);
	trackd_close(trackd);
	return status;
}
