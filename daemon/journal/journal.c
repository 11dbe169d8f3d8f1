/* SPDX-License-Identifier: MIT */
/* Transitions as log lines. Journal entries have the fields that trackd(8) lists, and a fixed
 * message id per transition. */
#include "daemon/journal/journal.h"
#include "daemon/board/task.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "tools/common/label_text.h"
#include "tools/common/log.h"
#include "tools/common/thread.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* X(transition, priority, MESSAGE_ID) */
#define TRANSITIONS(X)                                                                             \
	X(CREATED, LOG_INFO, "852ccdd02230016555c96bf7b00d114f")                                   \
	X(STAGE, LOG_DEBUG, "2bf9bb24546c668ca15750b5ffdf9f8e")                                    \
	X(COMPLETED, LOG_INFO, "42c51916920fa5436a983b7dc045d5b7")                                 \
	X(FAILED, LOG_ERR, "9d342483bc04ba0ffd17889e79cc58c6")                                     \
	X(CANCELLED, LOG_INFO, "3c92cfdeb24ecb9ecbf0b4d63e907a9d")                                 \
	X(ASKED, LOG_INFO, "9f974163a3e739bfb5f0775891439e4f")                                     \
	X(REMOVED, LOG_INFO, "cf721d52b6b11281ca88e53a74f84e1c")                                   \
	X(EXPIRED, LOG_INFO, "1e0e6036066b6bf85e4490af30d86bb0")

enum transition {
#define TRANSITION_ENUM(name, priority, id) TRANSITION_##name,
	TRANSITIONS(TRANSITION_ENUM)
};

static const struct {
	int priority;
	const char *id;
} transitions[] = {
#define TRANSITION_ENTRY(name, priority, id) [TRANSITION_##name] = { priority, id },
	TRANSITIONS(TRANSITION_ENTRY)
};

static enum transition transition_of(const struct trackd_event *event)
{
	switch ((enum trackd_event_type)event->type) {
	case TRACKD_EVENT_CREATED:
		return TRANSITION_CREATED;
	case TRACKD_EVENT_STAGE:
		return TRANSITION_STAGE;
	case TRACKD_EVENT_FINAL:
		if (event->state == TRACKD_COMPLETED)
			return TRANSITION_COMPLETED;
		return event->state == TRACKD_CANCELLED ? TRANSITION_CANCELLED : TRANSITION_FAILED;
	case TRACKD_EVENT_CANCEL:
		return TRANSITION_ASKED;
	case TRACKD_EVENT_REMOVED:
		return TRANSITION_REMOVED;
	case TRACKD_EVENT_EXPIRED:
		return TRANSITION_EXPIRED;
	}
	return TRANSITION_REMOVED;
}

/* ---- One line ----------------------------------------------------------- */

/* The content of a line: the event, and the record if it still belongs to that task. */
struct line {
	const struct trackd_event *event;
	enum transition transition;
	const char *id, *status;
	char stage[LAYOUT_STAGE_NAME];
	bool known; /* task is filled */
	struct trackd_task task;
};

static void say_message(const struct line *line, char *text, size_t size)
{
	const struct trackd_task *task = &line->task;

	switch (line->transition) {
	case TRANSITION_CREATED:
		snprintf(text, size, "task %s created%s%s", line->id,
			 line->known && task->owner[0] ? " for " : "",
			 line->known ? task->owner : "");
		break;
	case TRANSITION_STAGE:
		snprintf(text, size, "task %s is %s", line->id, line->status);
		break;
	case TRANSITION_COMPLETED:
	case TRANSITION_CANCELLED:
		snprintf(text, size, "task %s %s%s%s", line->id, line->status,
			 line->known ? ": " : "", line->known ? task->message : "");
		break;
	case TRANSITION_FAILED:
		snprintf(text, size, "task %s failed (%s)%s%s", line->id,
			 trackd_reason_name(line->event->reason), line->known ? ": " : "",
			 line->known ? task->error : "");
		break;
	case TRANSITION_ASKED:
		snprintf(text, size, "task %s was asked to cancel", line->id);
		break;
	case TRANSITION_REMOVED:
		snprintf(text, size, "task %s removed", line->id);
		break;
	case TRANSITION_EXPIRED:
		snprintf(text, size, "task %s expired", line->id);
		break;
	}
}

/* A field may be repeated: so `journalctl TRACKD_LABEL=KEY=VALUE` finds it. */
static void add_labels(struct journald_entry *entry, const struct trackd_task *task)
{
	const char *at = task->labels;
	struct label label;

	while (label_text_next(task->labels, &at, &label))
		journald_field(entry, "TRACKD_LABEL", "%s=%s", label.key, label.value);
}

static void add_ending(struct journald_entry *entry, const struct line *line)
{
	const struct trackd_task *task = &line->task;
	bool failed = line->transition == TRANSITION_FAILED;

	if (failed)
		journald_field(entry, "TRACKD_ERROR", "%s", task->error);
	if (line->transition == TRANSITION_COMPLETED && task->result[0])
		journald_field(entry, "TRACKD_RESULT", "%s", task->result);
	if (!failed && line->transition != TRANSITION_CANCELLED)
		return;
	journald_field(entry, "TRACKD_LAST_MESSAGE", "%s", task->last_message);
	journald_field(entry, "TRACKD_LAST_PROGRESS", "%d", task->last_progress);
}

/* How the worker died, as far as it is known. */
static void exit_fields(struct journald_entry *entry, const struct trackd_task *task)
{
	char name[CAUSE_WORDS];

	if (task->worker_exit == TRACKD_EXIT_STATUS)
		journald_field(entry, "TRACKD_EXIT_STATUS", "%d", task->worker_exit_number);
	if (task->worker_exit == TRACKD_EXIT_SIGNAL) {
		cause_signal_name(name, (uint32_t)task->worker_exit_number);
		journald_field(entry, "TRACKD_EXIT_SIGNAL", "%s", name);
	}
	if (task->worker_exit_flags & TRACKD_EXIT_DUMPED)
		journald_field(entry, "TRACKD_EXIT_DUMPED", "1");
	if (task->worker_exit_flags & TRACKD_EXIT_MEMORY)
		journald_field(entry, "TRACKD_EXIT_MEMORY", "1");
}

static int send_fields(struct journal *journal, const struct line *line, const char *text)
{
	struct journald_entry entry = { .used = 0 };
	const struct trackd_event *event = line->event;

	journald_field(&entry, "MESSAGE", "%s", text);
	journald_field(&entry, "MESSAGE_ID", "%s", transitions[line->transition].id);
	journald_field(&entry, "PRIORITY", "%d", transitions[line->transition].priority);
	journald_field(&entry, "SYSLOG_IDENTIFIER", "trackd");
	journald_field(&entry, "TRACKD_BOARD", "%s", journal->name);
	journald_field(&entry, "TRACKD_TASK", "%s", line->id);
	journald_field(&entry, "TRACKD_STATUS", "%s", line->status);
	journald_field(&entry, "TRACKD_REASON", "%s", trackd_reason_name(event->reason));
	journald_field(&entry, "TRACKD_DONE", "%lu", event->done);
	journald_field(&entry, "TRACKD_TOTAL", "%lu", event->total);
	if (line->known) {
		journald_field(&entry, "TRACKD_OWNER", "%s", line->task.owner);
		journald_field(&entry, "TRACKD_KIND", "%s", line->task.kind_name);
		journald_field(&entry, "TRACKD_NAME", "%s", line->task.name);
		if (line->task.worker_pid > 0)
			journald_field(&entry, "TRACKD_WORKER", "%d", line->task.worker_pid);
		add_labels(&entry, &line->task);
		add_ending(&entry, line);
		exit_fields(&entry, &line->task);
	}
	return journald_send(&journal->journald, &entry);
}

/* ---- Output ------------------------------------------------------------- */

/* Wait until fd can take a line: true; false: the thread must stop. The caller reads transitions
 * that arrive meanwhile after this one. */
static bool wait_for_room(struct journal *journal, int fd)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLOUT },
				{ .fd = journal->event_fd, .events = POLLIN } };
	uint64_t count;

	/* Pairs with the release in journal_stop(). */
	while (load_acquire(&journal->stop) == 0) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents != 0)
			(void)!read(journal->event_fd, &count, sizeof count);
		if (fds[0].revents != 0)
			return true;
	}
	return false;
}

static void send_entry(struct journal *journal, const struct line *line, const char *text)
{
	int error = send_fields(journal, line, text);

	while (error == -EAGAIN && wait_for_room(journal, journal->journald.fd))
		error = send_fields(journal, line, text);
	if (error < 0)
		journal->unsaid++;
}

static void print_line(struct journal *journal, int priority, const char *text)
{
	while (!log_try(priority, text))
		if (!wait_for_room(journal, log_fd())) {
			log_lost();
			return;
		}
}

static void say(struct journal *journal, const struct trackd_event *event)
{
	struct line line = { .event = event, .transition = transition_of(event) };
	char text[1024];
	int priority = transitions[line.transition].priority;

	if (!log_to_journal() && priority == LOG_DEBUG && load_relaxed(&journal->verbose) == 0)
		return;
	line.id = event->id[0] ? event->id : "(its record has been reused)";
	line.status = event->state == TRACKD_ACTIVE ? task_stage_name(journal->board, event->kind,
								      event->stage, line.stage)
						    : trackd_state_name(event->state);
	line.known = event->type != TRACKD_EVENT_REMOVED && event->type != TRACKD_EVENT_EXPIRED &&
		     task_copy(journal->board, event->ref, &line.task) == 0;
	say_message(&line, text, sizeof text);
	if (log_to_journal())
		send_entry(journal, &line, text);
	else
		print_line(journal, priority, text);
}

/* ---- The thread --------------------------------------------------------- */

static void drain(struct journal *journal, uint64_t *lost)
{
	struct trackd_event event = TRACKD_EVENT_INIT;
	int result;

	while ((result = event_next(journal->board, &journal->cursor, &event)) != 0)
		if (result > 0)
			say(journal, &event);
	if (journal->cursor.lost != *lost)
		log_warning("%lu transition%s came too fast for the log",
			    journal->cursor.lost - *lost, log_plural(journal->cursor.lost - *lost));
	*lost = journal->cursor.lost;
	if (journal->unsaid != 0)
		log_warning("%lu transition%s could not be sent to the journal", journal->unsaid,
			    log_plural(journal->unsaid));
	journal->unsaid = 0;
}

static void *journal_main(void *argument)
{
	struct journal *journal = argument;
	uint64_t count, lost = 0;

	do {
		/* Blocks until there are events. */
		(void)!read(journal->event_fd, &count, sizeof count);
		drain(journal, &lost);
	} while (load_acquire(&journal->stop) == 0);
	drain(journal, &lost);
	return NULL;
}

int journal_start(struct journal *journal, const struct board *board, const char *name,
		  uint64_t from, bool verbose)
{
	int error;

	*journal = (struct journal){ .board = board,
				     .name = name,
				     .verbose = verbose,
				     .cursor = event_cursor(board, from) };
	journald_init(&journal->journald);
	journal->event_fd = eventfd(0, EFD_CLOEXEC);
	if (journal->event_fd < 0)
		return -errno;
	error = thread_start(&journal->thread, journal_main, journal);
	if (error < 0) {
		close(journal->event_fd);
		return error;
	}
	journal->running = true;
	return 0;
}

void journal_wake(struct journal *journal)
{
	static const uint64_t one = 1;

	if (journal->running)
		(void)!write(journal->event_fd, &one, sizeof one);
}

void journal_verbose(struct journal *journal, bool verbose)
{
	store_relaxed(&journal->verbose, verbose ? 1 : 0);
}

void journal_stop(struct journal *journal)
{
	if (!journal->running)
		return;
	store_release(&journal->stop, 1); /* pairs with the acquire in journal_main() */
	journal_wake(journal);
	pthread_join(journal->thread, NULL);
	journald_free(&journal->journald);
	close(journal->event_fd);
	journal->running = false;
}
