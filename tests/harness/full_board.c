/* SPDX-License-Identifier: MIT */
/* A board that a test fills; see full_board.h. */
#include "tests/harness/full_board.h"
#include "libclient/record/ring.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/clock.h"
#include "libclient/segment/lock.h"
#include "tests/harness/client.h"

struct trackd_ref full_refs[FULL_CAPACITY];

void full_prepare(void)
{
	own_board.hash_seed = own_board.header->hash_seed = 42;
}

void full_fill(void)
{
	own_fill(full_refs, FULL_CAPACITY, NULL);
}

int full_create(const char *id, struct trackd_ref *ret_ref)
{
	return own_new(id, "", false, LOCK_TRY, ret_ref);
}

int full_replace(const char *id, const char *owner, struct trackd_ref *ret_ref)
{
	return own_new(id, owner, true, LOCK_TRY, ret_ref);
}

void full_wait_past(struct trackd_ref ref)
{
	HARNESS_WAIT(clock_boot_ns() >= load_relaxed(&own_board.heads[ref.slot].deadline), 5000);
}

int full_claim(void *unused)
{
	uint32_t slot, generation;

	(void)unused;
	return ring_claim(&own_board, harness_soon(), &slot, &generation);
}

pid_t full_hold(union layout_mutex *mutex)
{
	pid_t pid = client_holding_lock(mutex);

	harness_stop(pid);
	return pid;
}
