/* SPDX-License-Identifier: MIT */
/*
 * The client table. A claim is one compare-and-swap of {generation, pid}. The description of the
 * process follows, then `ready`. A claimant may die at any point: an entry that is not ready is not
 * a worker.
 */
#include "libclient/record/worker.h"
#include "libclient/segment/atomic.h"
#include "libclient/signal/event.h"
#include "libclient/trackd.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>

/* ---- Entries ------------------------------------------------------------ */

bool worker_read(const struct board *board, uint32_t entry, struct worker_info *ret_info)
{
	if (entry >= LAYOUT_CLIENTS)
		return false;
	const struct layout_client *client = &board->clients[entry];
	/* Pairs with the release of ready in claim_entry(). */
	uint64_t claim = load_acquire(&client->claim);
	struct worker_info info = { .entry = entry,
				    .generation = claim_generation(claim),
				    .pid = (pid_t)claim_pid(claim) };

	if (info.pid <= 0 || load_acquire(&client->ready) != info.generation)
		return false;
	info.start_time = load_relaxed(&client->start_time);
	info.uid = load_relaxed(&client->uid);
	words_load(info.comm, client->comm, 2);
	info.comm[sizeof info.comm - 1] = '\0';
	fence_acquire();
	if (load_relaxed(&client->claim) != claim)
		return false;
	*ret_info = info;
	return true;
}

bool worker_resolve(const struct board *board, uint64_t worker, struct worker_info *ret_info)
{
	struct worker_info info;
	uint32_t link = (uint32_t)worker;

	if (link == 0 || !worker_read(board, link - 1, &info) ||
	    info.generation != (uint32_t)(worker >> 32))
		return false;
	*ret_info = info;
	return true;
}

/* Claim an entry whose claim word is `seen`, free or of a dead process. False: another process
 * claimed it first. */
static bool claim_entry(struct layout_client *client, uint64_t seen,
			const struct worker_info *process, uint32_t *ret_generation)
{
	uint32_t generation = claim_generation(seen) + 1;

	if (generation == 0)
		generation = 1;
	if (!cas_acq_rel(&client->claim, &seen, claim_make(generation, (uint32_t)process->pid)))
		return false;
	/* Orders the claim before the fill; pairs with fence_acquire() in worker_read(). */
	fence_release();
	store_relaxed(&client->start_time, process->start_time);
	store_relaxed(&client->uid, process->uid);
	words_store(client->comm, process->comm, 2);
	/* Pairs with the acquire in worker_read(): a reader that sees `ready` sees the fields. */
	store_release(&client->ready, generation);
	*ret_generation = generation;
	return true;
}

static bool find_own(const struct board *board, const struct worker_info *process,
		     uint64_t *ret_worker)
{
	struct worker_info info;

	for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++) {
		if (claim_pid(load_relaxed(&board->clients[i].claim)) != (uint32_t)process->pid)
			continue;
		if (worker_read(board, i, &info) &&
		    process_same_start(info.start_time, process->start_time)) {
			*ret_worker = worker_make(i, info.generation);
			return true;
		}
	}
	return false;
}

/* Whether an entry in use may be claimed: its process must be provably dead. An entry that never
 * became ready has no start time, so it is free only if its pid no longer exists. */
static bool takeable(const struct board *board, uint32_t entry, uint64_t claim)
{
	struct worker_info info;

	if (claim_pid(claim) == 0)
		return true;
	if (!worker_read(board, entry, &info))
		return kill((pid_t)claim_pid(claim), 0) < 0 && errno == ESRCH;
	return process_dead(info.pid, info.start_time);
}

int worker_claim(struct board *board, pid_t pid, uint64_t *ret_worker)
{
	struct worker_info process = { .pid = pid };
	uint32_t generation, first = (uint32_t)pid % LAYOUT_CLIENTS;
	int error = process_start_time(pid, &process.start_time);

	if (error < 0)
		return error;
	if (find_own(board, &process, ret_worker))
		return 0;
	process_describe(pid, &process.uid, process.comm);
	for (int pass = 0; pass < 2; pass++) { /* free entries first, then dead ones */
		for (uint32_t i = 0; i < LAYOUT_CLIENTS; i++) {
			uint32_t entry = (first + i) % LAYOUT_CLIENTS;
			uint64_t claim = load_acquire(&board->clients[entry].claim);

			if (pass == 0 ? claim_pid(claim) != 0 : !takeable(board, entry, claim))
				continue;
			if (!claim_entry(&board->clients[entry], claim, &process, &generation))
				continue;
			*ret_worker = worker_make(entry, generation);
			/* After `ready`; pairs with the acquire in daemon/workers/liveness.c. */
			add_release(&board->header->client_change, 1);
			event_ring(board);
			return 0;
		}
	}
	return TRACKD_E_TABLE_FULL;
}

void worker_label(char to[WORKER_LABEL], const char *comm, pid_t pid)
{
	char clean[16] = "";

	for (size_t i = 0; i < sizeof clean - 1 && comm[i]; i++)
		clean[i] = (comm[i] >= ' ' && comm[i] < 0x7f) ? comm[i] : '?';
	snprintf(to, WORKER_LABEL, "%s[%d]", clean, (int)pid);
}

void worker_free(struct board *board, uint32_t entry, uint32_t generation)
{
	if (entry >= LAYOUT_CLIENTS)
		return;
	struct layout_client *client = &board->clients[entry];
	uint64_t claim = load_acquire(&client->claim);

	if (claim_generation(claim) == generation && claim_pid(claim) != 0)
		(void)cas_acq_rel(&client->claim, &claim, claim_make(generation, 0));
}
