/* SPDX-License-Identifier: MIT */
/*
 * What the verbs share: the options that all of them know, the connection, messages, finding a task
 * by what a person typed. A function that fails has printed why on stderr and returns the exit status
 * to leave with, so that a verb passes it on.
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
	const char *board, *socket; /* NULL: by the rule of trackd_open() */
	const char *color;          /* as given, or NULL */
	bool json, help, version;
	bool prefixes;                      /* an id may be shortened: see ctl_find() */
	int end_signal;                     /* after the verb, end by this signal; 0: exit */
	bool end_all;                       /* and send it to the whole process group */
	const struct option_entry *entries; /* the table of these, for the help */
	struct terminal terminal;
	struct trackd *trackd; /* once ctl_open() has succeeded; closed by main() */
};

/* "trackctl: ..." on stderr, made printable. Returns code. */
int ctl_fail(enum exit_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, followed by what the library's error means; the status is the error's. */
int ctl_error(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Connect. flags: enum trackd_open_flags. worker_pid: 0 for none but the caller. */
int ctl_open(struct ctl *ctl, unsigned flags, int32_t worker_pid);

/* The same without messages: 0 or the library's error; and the message for it. */
int ctl_connect(struct ctl *ctl, unsigned flags, int32_t worker_pid);
int ctl_cannot_connect(const struct ctl *ctl, int error, unsigned flags, int32_t worker_pid);

/* The task of an id. Where `prefixes` is set, which main() does for verbs that only show and only on
 * a terminal, a unique beginning of four characters or more will do. */
int ctl_find(struct ctl *ctl, const char *id, struct trackd_ref *ret_ref);
/* And a copy of it. */
int ctl_find_task(struct ctl *ctl, const char *id, struct trackd_task *ret_task);

/* The messages for a task that is over already, and for an id that is taken: what it is now decides
 * what can be done. ret: the exit status. */
int ctl_is_final(struct ctl *ctl, const char *id);
int ctl_exists(struct ctl *ctl, const char *id, const char *owner);

/* Copy a task, trying again when a writer was quicker. 0 or the library's error. */
int ctl_copy(struct ctl *ctl, struct trackd_ref ref, struct trackd_task *ret_task);

/* A stage of a task's kind by name; tells which there are if it has none of that name. */
int ctl_find_stage(struct ctl *ctl, const struct trackd_task *task, const char *name,
		   int *ret_stage);

/* The task as JSON, worker included. */
json_t *ctl_task_json(const struct trackd_task *task);
/* Print a document and a line end, and let go of it. line: on a single line. An exit status. */
int ctl_print_json(json_t *document, bool line);

/* Signals that end a verb that waits: SIGINT, SIGTERM and SIGHUP are noted instead. */
void ctl_catch_signals(void);
bool ctl_interrupted(void);

#endif
