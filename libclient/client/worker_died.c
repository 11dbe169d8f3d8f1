/* SPDX-License-Identifier: MIT */
/*
 * What a parent knows about its child's death. It is believed as far as it can be checked: the
 * process must be the task's worker by the client table, and dead by /proc, as for the daemon.
 */
#include "libclient/client/client.h"
#include "libclient/public.h"
#include "libclient/record/loss.h"
#include "libclient/record/record.h"
#include "libclient/record/worker.h"
#include "libclient/segment/cause.h"
#include <errno.h>
#include <sys/wait.h>

/* Describe the loss of the task's worker, if it is this process. */
static int describe(const struct board *board, struct trackd_ref ref, pid_t pid, uint64_t cause,
		    struct loss *ret_loss)
{
	struct worker_info info;
	uint64_t worker, work;
	uint8_t state;

	if (!record_peek(board, ref, &state, &worker, &work))
		return stamp_is_live(load_acquire(&board->heads[ref.slot].stamp), ref.generation)
			       ? -EAGAIN
			       : TRACKD_E_GONE;
	if (trackd_state_final((enum trackd_state)state))
		return TRACKD_E_FINAL;
	if (state != TRACKD_ACTIVE || !worker_resolve(board, worker, &info) || info.pid != pid)
		return -ESRCH;
	if (!process_dead(pid, info.start_time))
		return -EBUSY;
	loss_describe(board, ref, worker, &info, cause, ret_loss);
	return 0;
}

PUBLIC int trackd_worker_died(struct trackd *trackd, struct trackd_ref ref, int32_t pid, int status,
			      unsigned flags)
{
	uint64_t cause = cause_of_status(status, (flags & TRACKD_EXIT_MEMORY) != 0);
	struct mapping *mapping;
	struct loss loss;
	int error;

	if (cause == 0 || (flags & ~(unsigned)TRACKD_EXIT_MEMORY) != 0)
		return -EINVAL;
	do {
		error = attach_writer(trackd, &mapping);
		if (error < 0)
			return error;
		struct trackd_ref inner = ref_in(&mapping->board, ref);
		if (inner.slot >= mapping->board.capacity)
			return ref_answer(&mapping->board, ref, TRACKD_E_GONE);
		error = describe(&mapping->board, inner, pid, cause, &loss);
		if (error == 0)
			error = produce_end(trackd, ref, &loss.end);
		else
			error = ref_answer(&mapping->board, ref, error);
	} while (error == -EAGAIN); /* the record has changed meanwhile */
	return error;
}
