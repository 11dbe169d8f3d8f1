/* SPDX-License-Identifier: MIT */
#include "libclient/record/loss.h"
#include "libclient/record/kind.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/cause.h"
#include <stdio.h>

enum { LOSS_WHERE = LAYOUT_STAGE_NAME + 8 };

/* Where the task was: "in embedding". Read without a lock: if the record has changed meanwhile,
 * record_end() refuses to end it. */
static void say_where(const struct board *board, uint32_t slot, char to[LOSS_WHERE])
{
	uint64_t version = stamp_version(load_acquire(&board->heads[slot].stamp));
	uint8_t stage = load_relaxed(&board->bodies[slot].copy[version & 1].stage);
	uint32_t kind = hint_kind(load_relaxed(&board->heads[slot].hint));

	if (stage == COPY_NO_STAGE) { /* it was pending, and this its keeper */
		snprintf(to, LOSS_WHERE, "before the first stage");
		return;
	}
	const char *name = kind_stage_name(board, kind, stage);
	snprintf(to, LOSS_WHERE, "in %.*s", LAYOUT_STAGE_NAME - 1,
		 name[0] ? name : "an unknown stage");
}

void loss_describe(const struct board *board, struct trackd_ref ref, uint64_t worker,
		   const struct worker_info *info, uint64_t cause, struct loss *ret_loss)
{
	char where[LOSS_WHERE];
	char label[WORKER_LABEL + 8] = "the worker", how[CAUSE_WORDS], name[WORKER_LABEL];

	if (info) {
		worker_label(name, info->comm, info->pid);
		snprintf(label, sizeof label, "worker %s", name);
	}
	cause_words(how, cause);
	*ret_loss = (struct loss){ .end = { .state = TRACKD_FAILED,
					    .reason = TRACKD_REASON_WORKER_LOST,
					    .message = "Processing failed",
					    .error = ret_loss->error,
					    .only_worker = worker,
					    .cause = cause } };
	say_where(board, ref.slot, where);
	snprintf(ret_loss->error, sizeof ret_loss->error, "%s %s %s", label, how, where);
}
