/* SPDX-License-Identifier: MIT */
/* Preparing a board to be served, new or adopted. */
#include "daemon/board/board.h"
#include "libclient/record/internal.h"
#include "libclient/segment/internal.h"
#include "tools/common/log.h"
#include <unistd.h>

static const uint64_t KIND_WAIT_NS = NS_PER_S;

int board_make(struct board *ret_board, const struct config *config)
{
	return board_make_sized(ret_board, config, config->capacity);
}

int board_make_sized(struct board *ret_board, const struct config *config, uint32_t capacity)
{
	const struct segment_params params = { .capacity = capacity,
					       .mode = config->mode,
					       .gid = config->gid,
					       .ttl_ms = config->ttl,
					       .active_ttl_ms = config->active_ttl };

	return segment_create(ret_board, &params);
}

void board_take_over(struct board *board, const struct config *config)
{
	struct layout_header *header = board->header;

	store_relaxed(&header->ttl_ms, config->ttl);
	store_relaxed(&header->active_ttl_ms, config->active_ttl);
	store_relaxed(&header->daemon_pid, (uint32_t)getpid());
	store_relaxed(&header->daemon_start_ns, clock_boot_ns());
	offsets_refresh(board);
	store_release(&header->daemon_epoch, load_relaxed(&header->daemon_epoch) + 1);
	event_wake_all(board);
}

int board_declare_kinds(struct board *board, const struct config *config)
{
	struct trackd_stage_def stages[TRACKD_STAGES_MAX];
	int refused = 0;

	for (uint32_t i = 0; i < config->n_kinds; i++) {
		const struct trackd_kind *kind = &config->kinds[i];
		for (int j = 0; j < kind->n_stages; j++)
			stages[j] = (struct trackd_stage_def){ kind->stages[j].name,
							       kind->stages[j].percent };
		int error = kind_declare(board, kind->name, stages, kind->n_stages,
					 clock_monotonic_ns() + KIND_WAIT_NS);
		if (error < 0) {
			log_error("kind %s: %s", kind->name, trackd_strerror(error));
			refused++;
		}
	}
	return refused;
}

void board_serve_nameless(struct board *board)
{
	static const uint64_t at_least = 10 * NS_PER_S, a_task = 5000;

	store_relaxed(&board->header->nameless_until_ns,
		      clock_boot_ns() + at_least + board->capacity * a_task);
}
