/* SPDX-License-Identifier: MIT */
/*
 * The timer wheel against a plain list of times: no timer is due early or more than a tick late,
 * none is lost, and wheel_next() is never too late.
 */
#include "daemon/expiry/wheel.h"
#include "tests/harness/suite.h"
#include <string.h>

enum { N = 500, ROUNDS = 20000 };
#define TICK (UINT64_C(1) << 25)
#define S UINT64_C(1000000000)
#define DAY (86400 * S)

static uint64_t when[N]; /* 0: not set */
static uint64_t seed;

static uint64_t random_bits(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Times from nanoseconds to half a year, each order of magnitude equally likely. */
static uint64_t random_span(void)
{
	return random_bits() >> (10 + random_bits() % 50);
}

static uint64_t earliest(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < N; i++)
		if (when[i] != 0 && when[i] < least)
			least = when[i];
	return least;
}

static void take_all(struct wheel *wheel, uint64_t now)
{
	uint32_t i;

	while (wheel_take(wheel, now, &i)) {
		assert_true(i < N);
		assert_true(when[i] != 0);
		assert_true(when[i] <= now);
		when[i] = 0;
	}
	for (i = 0; i < N; i++)
		assert_true(when[i] == 0 || when[i] + TICK > now);
}

static void run_from(uint64_t now)
{
	struct wheel wheel;

	memset(when, 0, sizeof when);
	seed = 88172645463325252u;
	assert_int_equal(wheel_init(&wheel, N, WHEEL_COARSE, now), 0);
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t i = (uint32_t)(random_bits() % N);
		uint64_t next;

		when[i] = now + random_span() + 1;
		wheel_set(&wheel, i, when[i]);
		if (random_bits() % 8 == 0) {
			i = (uint32_t)(random_bits() % N);
			wheel_set(&wheel, i, UINT64_MAX);
			when[i] = 0;
		}
		next = wheel_next(&wheel);
		if (earliest() == UINT64_MAX)
			assert_int_equal(next, UINT64_MAX);
		else
			assert_true(next <= earliest() + TICK || earliest() <= now);
		if (round % 4 == 0) {
			now += random_bits() % 2 ? random_span() >> 20 : 10 * S;
			take_all(&wheel, now);
		}
	}
	wheel_free(&wheel);
}

static void every_timer_is_due_in_time(void **state)
{
	(void)state;
	run_from(1234567 * S);
}

/* Nothing changes at 2^32 ticks (4.57 years) after the boot. */
static void a_long_uptime_changes_nothing(void **state)
{
	static const uint64_t year = 366 * DAY, wrap = TICK << 32;
	const uint64_t from[] = { wrap - 3600 * S, wrap, 5 * year, 9 * year, 50 * year };

	(void)state;
	for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
		run_from(from[i]);
}

static void after_years_of_uptime_a_wheel_that_waits_is_at_rest(void **state)
{
	uint64_t now = 1830 * DAY;
	struct wheel wheel;
	uint32_t i;

	(void)state;
	assert_int_equal(wheel_init(&wheel, 4, WHEEL_COARSE, now), 0);
	wheel_set(&wheel, 1, now + 2 * S);
	assert_true(wheel_next(&wheel) >= now + 2 * S);
	assert_true(wheel_next(&wheel) <= now + 2 * S + TICK);
	assert_false(wheel_take(&wheel, now + S, &i));
	assert_true(wheel_take(&wheel, now + 2 * S + TICK, &i));
	assert_int_equal(i, 1);
	wheel_free(&wheel);
}

static void earlier_moves_a_timer_only_forward(void **state)
{
	struct wheel wheel;
	uint32_t i = 9;

	(void)state;
	assert_int_equal(wheel_init(&wheel, 4, WHEEL_COARSE, 0), 0);
	wheel_set_earlier(&wheel, 2, 100 * S);
	wheel_set_earlier(&wheel, 2, 200 * S);
	assert_true(wheel_next(&wheel) <= 100 * S + TICK);
	wheel_set_earlier(&wheel, 2, 50 * S);
	assert_true(wheel_next(&wheel) <= 50 * S + TICK);
	assert_false(wheel_take(&wheel, 49 * S, &i));
	assert_true(wheel_take(&wheel, 51 * S, &i));
	assert_int_equal(i, 2);
	assert_false(wheel_take(&wheel, 500 * S, &i));
	assert_true(wheel_next(&wheel) == UINT64_MAX);
	wheel_free(&wheel);
}

static void a_time_that_has_passed_is_due_at_once(void **state)
{
	struct wheel wheel;
	uint32_t i = 9;

	(void)state;
	assert_int_equal(wheel_init(&wheel, 4, WHEEL_COARSE, 1000 * S), 0);
	wheel_set(&wheel, 1, 5 * S);
	assert_true(wheel_next(&wheel) == 0);
	assert_true(wheel_take(&wheel, 1000 * S, &i));
	assert_int_equal(i, 1);
	wheel_set(&wheel, 7, 5 * S); /* no such timer */
	assert_false(wheel_take(&wheel, 1000 * S, &i));
	wheel_free(&wheel);
}

static void an_hour_away_nothing_is_woken_for(void **state)
{
	struct wheel wheel;
	uint32_t i;

	(void)state;
	assert_int_equal(wheel_init(&wheel, N, WHEEL_COARSE, 0), 0);
	for (i = 0; i < N; i++)
		wheel_set(&wheel, i, 3600 * S + i);
	/* No wake-up only to move timers from one level to another. */
	assert_true(wheel_next(&wheel) >= 3600 * S);
	for (uint64_t now = 0; now < 3600 * S; now += 7 * S)
		assert_false(wheel_take(&wheel, now, &i));
	assert_true(wheel_next(&wheel) >= 3600 * S);
	for (int n = 0; n < N; n++)
		assert_true(wheel_take(&wheel, 3601 * S, &i));
	assert_false(wheel_take(&wheel, 3601 * S, &i));
	wheel_free(&wheel);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_timer_is_due_in_time),
	cmocka_unit_test(a_long_uptime_changes_nothing),
	cmocka_unit_test(after_years_of_uptime_a_wheel_that_waits_is_at_rest),
	cmocka_unit_test(earlier_moves_a_timer_only_forward),
	cmocka_unit_test(a_time_that_has_passed_is_due_at_once),
	cmocka_unit_test(an_hour_away_nothing_is_woken_for),
};

SUITE(tests)
