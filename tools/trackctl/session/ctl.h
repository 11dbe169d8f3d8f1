/* SPDX-License-Identifier: MIT */
/*
 * Shared by the verbs: the common options, the connection, messages, and finding a task by what the
 * user typed. A function that fails has printed the reason on stderr and returns the exit status,
 * so that a verb only passes it on.
 */
#ifndef TRACKCTL_VERBS_CTL_H
#define TRACKCTL_VERBS_CTL_H

#include "libclient/trackd.h"
#include "tools/common/exit_code.h"
#include "tools/common/option.h"
#include "tools/trackctl/session/terminal.h"
#include <jansson.h>
#include <stdbool.h>

struct flag;

struct ctl {
	const char *board, *socket; /* NULL: by the rules of trackd_open() */
	const char *color;          /* as given, or NULL */
	bool json, help, version;
	bool prefixes;                      /* an id may be shortened: see ctl_find() */
	int end_signal;                     /* end by this signal after the verb; 0: exit */
	bool end_all;                       /* send it to the whole process group */
	const struct option_entry *entries; /* the table of these options, for the help */
	struct terminal terminal;
	struct trackd *trackd; /* set by ctl_open(); main() closes it */
};

/* Print "trackctl: ..." on stderr, made printable. Returns code. */
int ctl_fail(enum exit_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, followed by the library's error message; returns the error's status. */
int ctl_error(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Connect. flags: enum trackd_open_flags. worker_pid: 0 for the caller itself. */
int ctl_open(struct ctl *ctl, unsigned flags, int32_t worker_pid);

/* The same without messages: 0 or the library's error; and the message for it. */
int ctl_connect(struct ctl *ctl, unsigned flags, int32_t worker_pid);
int ctl_cannot_connect(const struct ctl *ctl, int error, unsigned flags, int32_t worker_pid);

/* Find a task by its id. If `prefixes` is set, a unique prefix of at least four characters is
 * accepted; main() sets it for verbs that only show, and only on a terminal. */
int ctl_find(struct ctl *ctl, const char *id, struct trackd_ref *ret_ref);
/* The same with a copy of the task. */
int ctl_find_task(struct ctl *ctl, const char *id, struct trackd_task *ret_task);

/* Messages for a task that has already ended, and for an id that is in use; they depend on the
 * task's present state. Return the exit status. */
int ctl_is_final(struct ctl *ctl, const char *id);
int ctl_exists(struct ctl *ctl, const char *id, const char *owner);

/* Copy a task; retries if a writer interferes. 0 or the library's error. */
int ctl_copy(struct ctl *ctl, struct trackd_ref ref, struct trackd_task *ret_task);

/* Find a stage of a task's kind by name; lists the stages if there is none of that name. */
int ctl_find_stage(struct ctl *ctl, const struct trackd_task *task, const char *name,
		   int *ret_stage);

/* The task as JSON, with its worker. */
json_t *ctl_task_json(const struct trackd_task *task);
/* Print a document and a line end, and free it. line: on a single line. Returns an exit status. */
int ctl_print_json(json_t *document, bool line);

/* For a verb that waits: SIGINT, SIGTERM and SIGHUP are noted instead of ending the process. */
void ctl_catch_signals(void);
bool ctl_interrupted(void);

#endif
