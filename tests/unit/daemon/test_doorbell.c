/* SPDX-License-Identifier: MIT */
/* The doorbell's rounds: when readers are woken. */
#include "daemon/loop/doorbell.h"
#include "libclient/segment/atomic.h"
#include "libclient/signal/event.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"

enum { CAPACITY = 16, LIMIT_MS = 20000, ROUNDS = 4 };

/* Readers skip an unfinished entry after some time, and check it only when they are woken. So the
 * daemon wakes them again although there is no new event. */
static void an_unfinished_event_wakes_readers_more_than_once(void **state)
{
	struct board board;
	struct service_notify notify;
	struct doorbell doorbell;

	(void)state;
	harness_board(&board, CAPACITY);
	service_notify_init(&notify);
	HARNESS_MUST(doorbell_start(&doorbell, &board, &notify, 0));
	HARNESS_WAIT(load_relaxed(&board.header->armed) != 0, LIMIT_MS);
	uint32_t tick = event_tick(&board);
	/* A producer that has claimed its entry and is stopped. */
	add_relaxed(&board.header->event_next, 1);
	event_ring(&board);
	HARNESS_WAIT(event_tick(&board) - tick >= ROUNDS, LIMIT_MS);
	doorbell_stop(&doorbell);
	service_notify_free(&notify);
	harness_board_free(&board);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(an_unfinished_event_wakes_readers_more_than_once),
};

SUITE(tests)
