/* SPDX-License-Identifier: MIT */
/*
 * Timers are in doubly linked lists of indices. A timer is on the level whose buckets are narrow
 * enough for its distance, and moves down when the wheel reaches its bucket. Each bucket stores its
 * earliest timer, so the next wake-up is exact without a search, and an idle daemon is not woken
 * only to move timers.
 */
#include "daemon/expiry/wheel.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LEVEL_SHIFT = 8, DUE = 0xfe };

struct wheel_timer {
	uint32_t next, prev; /* timer + 1; 0: none */
	uint64_t place;      /* tick << 8 | level; level plus one; 0: not set; DUE */
};

/* The longest distance of a timer in ticks: half of what the levels cover. */
static const uint64_t REACH = UINT64_C(1) << (LEVEL_SHIFT * WHEEL_LEVELS - 1);

static_assert(64 - WHEEL_FINE <= 56, "a tick and a level fit into one word");

static uint64_t when_of(const struct wheel_timer *timer)
{
	return timer->place >> 8;
}

static uint8_t level_of(const struct wheel_timer *timer)
{
	return (uint8_t)timer->place;
}

static unsigned index_of(uint64_t tick, unsigned level)
{
	return (unsigned)(tick >> (LEVEL_SHIFT * level)) & (WHEEL_BUCKETS - 1);
}

static uint64_t tick_of(const struct wheel *wheel, uint64_t when_ns)
{
	/* Rounded up: never early. */
	uint64_t tick = (when_ns >> wheel->tick) + ((when_ns & ((1u << wheel->tick) - 1)) != 0);

	if (tick <= wheel->now)
		return wheel->now;
	return tick - wheel->now > REACH ? wheel->now + REACH : tick;
}

int wheel_init(struct wheel *ret_wheel, uint32_t n, enum wheel_tick tick, uint64_t now_ns)
{
	struct wheel_timer *timers = calloc(n, sizeof *timers);

	if (!timers)
		return -ENOMEM;
	memset(ret_wheel, 0, sizeof *ret_wheel);
	ret_wheel->n = n;
	ret_wheel->tick = tick;
	ret_wheel->now = now_ns >> tick;
	ret_wheel->timers = timers;
	return 0;
}

void wheel_free(struct wheel *wheel)
{
	free(wheel->timers);
	wheel->timers = NULL;
}

static struct wheel_bucket *bucket_of(struct wheel *wheel, const struct wheel_timer *timer)
{
	uint8_t level = level_of(timer);

	if (level == DUE)
		return &wheel->due;
	return &wheel->bucket[level - 1][index_of(when_of(timer), level - 1u)];
}

static void unlink_timer(struct wheel *wheel, uint32_t i)
{
	struct wheel_timer *timer = &wheel->timers[i];
	uint8_t level = level_of(timer);

	if (level == 0)
		return;
	if (timer->prev != 0)
		wheel->timers[timer->prev - 1].next = timer->next;
	else
		bucket_of(wheel, timer)->first = timer->next;
	if (timer->next != 0)
		wheel->timers[timer->next - 1].prev = timer->prev;
	if (level != DUE)
		wheel->count[level - 1]--;
	timer->place = 0;
}

static void link_timer(struct wheel *wheel, uint32_t i, uint64_t when)
{
	struct wheel_timer *timer = &wheel->timers[i];
	uint64_t distance = when - wheel->now;
	unsigned level = 0;
	struct wheel_bucket *bucket;

	while (level < WHEEL_LEVELS - 1 && distance >> (LEVEL_SHIFT * (level + 1)) != 0)
		level++;
	timer->place = when << 8 | (distance == 0 ? DUE : level + 1);
	bucket = bucket_of(wheel, timer);
	timer->prev = 0;
	timer->next = bucket->first;
	if (timer->next != 0)
		wheel->timers[timer->next - 1].prev = i + 1;
	if (bucket->first == 0 || when < bucket->earliest)
		bucket->earliest = when;
	bucket->first = i + 1;
	if (distance != 0)
		wheel->count[level]++;
}

void wheel_set(struct wheel *wheel, uint32_t i, uint64_t when_ns)
{
	if (i >= wheel->n)
		return;
	unlink_timer(wheel, i);
	if (when_ns != UINT64_MAX)
		link_timer(wheel, i, tick_of(wheel, when_ns));
}

void wheel_set_earlier(struct wheel *wheel, uint32_t i, uint64_t when_ns)
{
	if (i >= wheel->n)
		return;
	const struct wheel_timer *timer = &wheel->timers[i];
	if (level_of(timer) == 0 || tick_of(wheel, when_ns) < when_of(timer))
		wheel_set(wheel, i, when_ns);
}

/* Move every timer of a bucket to a lower level, or mark it due. */
static void come_down(struct wheel *wheel, unsigned level, uint64_t tick)
{
	struct wheel_bucket *bucket = &wheel->bucket[level][index_of(tick, level)];
	uint32_t link = bucket->first;

	bucket->first = 0;
	while (link != 0) {
		uint32_t i = link - 1;
		uint64_t when = when_of(&wheel->timers[i]);
		link = wheel->timers[i].next;
		wheel->count[level]--;
		wheel->timers[i].place = 0;
		link_timer(wheel, i, when < wheel->now ? wheel->now : when);
	}
}

static void pass(struct wheel *wheel, uint64_t until)
{
	while (wheel->now < until) {
		unsigned level = 0;
		uint64_t step = 1;

		/* If the lower levels are empty, step by buckets of the next level. */
		while (level < WHEEL_LEVELS - 1 && wheel->count[level] == 0) {
			level++;
			step <<= LEVEL_SHIFT;
		}
		uint64_t next = (wheel->now / step + 1) * step;
		if (next > until) {
			wheel->now = until;
			return;
		}
		wheel->now = next;
		for (unsigned up = WHEEL_LEVELS; up-- > 0;)
			if ((next & ((1u << (LEVEL_SHIFT * up)) - 1)) == 0)
				come_down(wheel, up, next);
	}
}

bool wheel_take(struct wheel *wheel, uint64_t now_ns, uint32_t *ret_i)
{
	pass(wheel, now_ns >> wheel->tick);
	if (wheel->due.first == 0)
		return false;
	*ret_i = wheel->due.first - 1;
	unlink_timer(wheel, *ret_i);
	return true;
}

uint64_t wheel_next(const struct wheel *wheel)
{
	uint64_t earliest = UINT64_MAX;

	if (wheel->due.first != 0)
		return 0;
	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		if (wheel->count[level] == 0)
			continue;
		for (unsigned i = 0; i < WHEEL_BUCKETS; i++)
			if (wheel->bucket[level][i].first != 0 &&
			    wheel->bucket[level][i].earliest < earliest)
				earliest = wheel->bucket[level][i].earliest;
	}
	return earliest == UINT64_MAX ? UINT64_MAX : earliest << wheel->tick;
}
