/* SPDX-License-Identifier: MIT */
/* One writing call: its arguments, making it on a board, and finding out whether a board has it. */
#ifndef TRACKD_CLIENT_CHANGE_H
#define TRACKD_CLIENT_CHANGE_H

#include "libclient/client/client.h"
#include "libclient/record/record.h"

/* The arguments of a writing call, so that it can be repeated. */
struct change {
	enum {
		CREATE,
		UPDATE,
		STAGE,
		TOTAL,
		PROGRESS,
		ADVANCE,
		END,
		CANCEL,
		REMOVE,
		DECLARE,
		PARENT,
		CLOSE
	} what;
	struct trackd_ref ref; /* of CREATE: the new task */
	union {
		const struct trackd_new *task;
		struct {
			int stage;
			uint64_t total;
			const char *message;
		} update;
		struct {
			uint64_t done, total;
		} progress;
		const struct record_end *end;
		const char *parent;
		struct {
			const char *name;
			const struct trackd_stage_def *stages;
			int n;
		} kind;
	};
};

/* Make the change on a mapping's board. Deadlines as in slot.h. */
int change_make(struct mapping *mapping, struct change *change, uint64_t deadline);

/* Remove a task, on a plain reference, and wake the daemon. */
int change_remove(struct board *board, struct trackd_ref ref, uint64_t deadline);

/* Whether the board has the change that this thread made at time `at` on its predecessor. */
bool change_holds(const struct board *board, struct change *change, uint64_t at);

#endif
