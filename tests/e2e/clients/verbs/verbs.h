/* SPDX-License-Identifier: MIT */
/* The verbs of a test_client, and what they share: its connection, and the rest of its answer. */
#ifndef TRACKD_E2E_VERBS_H
#define TRACKD_E2E_VERBS_H

#include "libclient/trackd.h"
#include "tests/e2e/clients/request.h"
#include <stdio.h>

struct client {
	struct trackd *trackd;
	struct trackd_ref ref; /* of the task that the request names; "^" names the last one */
	struct trackd_cursor cursor;
	char extra[LINE * 4]; /* the rest of the answer, " KEY=VALUE" each */
};

extern struct client client;

__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* A text as one word. */
void say_text(const char *key, const char *text);

/* Do a request and answer it. */
void run_line(char *line, FILE *out);

/* Do what standard input says until it ends. */
void *serve(void *unused);

/* tasks.c */
int do_create(struct request *request);
int do_fill(struct request *request);
int do_update(struct request *request);
int do_count_work(struct request *request);
int do_end(struct request *request);
int do_cancel(struct request *request);
int do_remove(struct request *request);
int do_kind(struct request *request);
int do_hold(struct request *request);

/* looks.c */
int do_show(struct request *request);
int do_wait(struct request *request);
int do_listen(struct request *request);
int do_cursor(struct request *request);
int do_events(struct request *request);
int do_wait_gone(struct request *request);
int do_count(struct request *request);
int do_stats(struct request *request);

/* process.c */
int do_mprotect(struct request *request);
int do_close_descriptors(struct request *request);
int do_exec(struct request *request);
int do_leave(struct request *request);
int do_fork(struct request *request);
int do_unshare(struct request *request);
int do_reap(struct request *request);

#endif
