/* SPDX-License-Identifier: MIT */
#include "libclient/record/loss.h"
#include "libclient/record/kind.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/cause.h"
#include <stdio.h>

enum { PLACE_WORDS = LAYOUT_STAGE_NAME + 4 };

/* Where the task was: the name of its stage. Read without a lock: if the record has changed meanwhile,
 * record_end() refuses to end it. */
static void place_of(const struct board *board, uint32_t slot, char to[PLACE_WORDS])
{
	uint64_t version = stamp_version(load_acquire(&board->heads[slot].stamp));
	uint8_t stage = load_relaxed(&board->bodies[slot].copy[version & 1].stage);
	uint32_t kind = hint_kind(load_relaxed(&board->heads[slot].hint));
	const char *name = kind_stage_name(board, kind, stage);

	if (stage == COPY_NO_STAGE)
		snprintf(to, PLACE_WORDS, "before the first stage");
	else
		snprintf(to, PLACE_WORDS, "in %.*s", LAYOUT_STAGE_NAME - 1,
			 name[0] ? name : "an unknown stage");
}

void loss_describe(const struct board *board, struct trackd_ref ref, uint64_t worker,
		   const struct worker_info *info, uint64_t cause, struct loss *ret_loss)
{
	char place[PLACE_WORDS];
	char label[WORKER_LABEL + 8] = "the worker", how[CAUSE_WORDS], name[WORKER_LABEL];

	place_of(board, ref.slot, place);
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
	snprintf(ret_loss->error, sizeof ret_loss->error, "%s %s %s", label, how, place);
}
