/* SPDX-License-Identifier: MIT */
/* A test's own board; see own_board.h. */
#include "tests/harness/own_board.h"
#include "libclient/index/index.h"
#include "libclient/record/record.h"
#include "libclient/record/slot.h"
#include "libclient/record/tenant.h"
#include "libclient/record/view.h"
#include <stdio.h>

struct board own_board;

int own_board_format(void **state)
{
	const struct own_board_needs *needs = *state;

	harness_board(&own_board, needs->capacity);
	if (needs->prepare)
		needs->prepare();
	return 0;
}

int own_board_unmap(void **state)
{
	(void)state;
	harness_board_free(&own_board);
	return 0;
}

/* ---- Tasks -------------------------------------------------------------- */

struct trackd_ref own_create(const char *id, const char *owner)
{
	return harness_create(&own_board, id, owner);
}

struct trackd_ref own_create_in(uint32_t slot, const char *id, const char *owner)
{
	own_board.header->cursor = slot;
	struct trackd_ref ref = own_create(id, owner);
	if (ref.slot != slot)
		harness_die("%s is in slot %u, not in %u", id, ref.slot, slot);
	return ref;
}

int own_new(const char *id, const char *owner, bool replace, uint64_t deadline,
	    struct trackd_ref *ret_ref)
{
	const struct tenant_new task = {
		.id = id, .owner = owner, .name = "", .message = "", .replace = replace
	};

	return tenant_create(&own_board, &task, deadline, ret_ref);
}

struct trackd_ref own_create_for(const char *id, uint32_t ttl_ms, uint32_t active_ttl_ms)
{
	const struct tenant_new task = { .id = id,
					 .owner = "",
					 .name = "",
					 .message = "",
					 .ttl_ms = ttl_ms,
					 .active_ttl_ms = active_ttl_ms };
	struct trackd_ref ref;

	HARNESS_MUST(tenant_create(&own_board, &task, harness_soon(), &ref));
	return ref;
}

void own_fill(struct trackd_ref *ret_refs, uint32_t n, const char *owner)
{
	char id[16];

	for (uint32_t i = 0; i < n; i++) {
		snprintf(id, sizeof id, "task-%u", i);
		ret_refs[i] = own_create(id, owner);
	}
}

int own_update(struct trackd_ref ref, int stage)
{
	return record_update(&own_board, ref, stage, NULL, OWN_WORKER, harness_soon());
}

int own_end(struct trackd_ref ref, enum trackd_state state)
{
	struct record_end how = { .state = state, .message = "ended" };

	if (state == TRACKD_FAILED) {
		how.reason = TRACKD_REASON_ERROR;
		how.error = "why";
	} else if (state == TRACKD_CANCELLED) {
		how.reason = TRACKD_REASON_CANCELLED;
	}
	return record_end(&own_board, ref, &how, harness_soon());
}

void own_complete(struct trackd_ref ref)
{
	HARNESS_MUST(own_end(ref, TRACKD_COMPLETED));
}

void own_remove(struct trackd_ref ref)
{
	HARNESS_MUST(slot_remove(&own_board, ref, SLOT_REMOVE_ASKED, harness_soon()));
}

void own_remove_all(void)
{
	struct trackd_iter iter;
	struct trackd_ref ref;

	view_iter_all(&own_board, &iter);
	while (view_next(&iter, &ref) == 1)
		own_remove(ref);
}

void own_id_in(uint32_t bucket, unsigned n, char ret_id[32])
{
	for (unsigned i = 0, met = 0;; i++) {
		snprintf(ret_id, 32, "id-%u", i);
		if (index_bucket(&own_board, index_id_hash(&own_board, ret_id)) == bucket &&
		    met++ == n)
			return;
	}
}

/* ---- Looking ------------------------------------------------------------ */

struct trackd_task own_task(struct trackd_ref ref)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	HARNESS_MUST(view_copy(&own_board, ref, board_coarse_ns(&own_board), &task));
	return task;
}

struct trackd_view own_view(struct trackd_ref ref)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	HARNESS_MUST(view_get(&own_board, ref, board_coarse_ns(&own_board), &view));
	return view;
}

bool own_is_live(struct trackd_ref ref)
{
	return stamp_is_live(own_board.heads[ref.slot].stamp, ref.generation);
}

uint32_t own_count_live(void)
{
	uint32_t n = 0;

	for (uint32_t slot = 0; slot < own_board.capacity; slot++)
		n += stamp_state(own_board.heads[slot].stamp) == SLOT_LIVE;
	return n;
}
