/* SPDX-License-Identifier: MIT */
/* When a task passes a limit, and how that is said; see limits.h. */
#include "libclient/record/limits.h"
#include "libclient/record/facts.h"
#include "libclient/record/kind.h"
#include <string.h>

static uint32_t chosen(uint32_t ms)
{
	return ms == TRACKD_TTL_NEVER ? 0 : ms;
}

uint16_t limits_store(struct layout_detail *detail, struct limit_lengths within)
{
	within.start = chosen(within.start);
	within.progress = chosen(within.progress);
	within.finish = chosen(within.finish);
	if ((within.start | within.progress | within.finish) == 0)
		return 0;
	store_relaxed(&detail->start_within, within.start);
	store_relaxed(&detail->progress_within, within.progress);
	store_relaxed(&detail->finish_within, within.finish);
	return COPY_LIMITS;
}

/* ---- When ---------------------------------------------------------------- */

static uint64_t after(uint64_t from, uint64_t ms)
{
	return ms == 0 || ms == TRACKD_TTL_NEVER ? UINT64_MAX : from + ms * NS_PER_MS;
}

static uint64_t active_end(const struct board *board, uint32_t slot, const struct facts *facts)
{
	const struct layout_body *body = &board->bodies[slot];

	if (facts->state != TRACKD_ACTIVE || facts->worker == 0)
		return UINT64_MAX;
	/* A parent's time begins when its last child has ended: parent_renew() gives it a deadline. */
	if ((facts->flags & COPY_PARENT) != 0 &&
	    (children_any_open(board, slot) ||
	     load_relaxed(&board->heads[slot].deadline) == UINT64_MAX))
		return UINT64_MAX;
	return after(facts->updated, ttl_of(&body->active_ttl_ms, &board->header->active_ttl_ms));
}

static uint64_t start_end(const struct board *board, uint32_t slot, const struct facts *facts)
{
	const struct layout_detail *detail = &board->details[slot];

	if ((facts->flags & COPY_LIMITS) == 0 || facts->state != TRACKD_PENDING)
		return UINT64_MAX;
	return after(load_relaxed(&detail->created), load_relaxed(&detail->start_within));
}

static uint64_t finish_end(const struct board *board, uint32_t slot, const struct facts *facts)
{
	const struct layout_detail *detail = &board->details[slot];

	if ((facts->flags & COPY_LIMITS) == 0)
		return UINT64_MAX;
	return after(load_relaxed(&detail->created), load_relaxed(&detail->finish_within));
}

/* Whether `end` has passed. A task restored after a reboot may have been created before this boot:
 * then its times lie before the clock's zero and have wrapped round. */
static bool has_passed(uint64_t end, uint64_t now)
{
	return end != UINT64_MAX && (int64_t)(now - end) >= 0;
}

enum limit limits_passed(const struct board *board, uint32_t slot, const struct layout_copy *copy,
			 uint64_t now)
{
	enum limit limit = LIMIT_NONE;
	uint64_t first = now, end;
	struct facts facts;

	facts_load(&facts, copy);
	if (is_final(facts.state))
		return LIMIT_NONE;
	end = active_end(board, slot, &facts);
	if (has_passed(end, first)) {
		limit = LIMIT_ACTIVE_TTL;
		first = end;
	}
	end = start_end(board, slot, &facts);
	if (has_passed(end, first)) {
		limit = LIMIT_START;
		first = end;
	}
	end = finish_end(board, slot, &facts);
	return has_passed(end, first) ? LIMIT_FINISH : limit;
}

/* A time that can be compared with the clock: 0 if it lies before the clock's zero. */
static uint64_t comparable(uint64_t end)
{
	return end != UINT64_MAX && (int64_t)end < 0 ? 0 : end;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* One try. False: a writer published in between. */
static bool look(const struct board *board, uint32_t slot, uint64_t stamp,
		 struct limits *ret_limits)
{
	const struct layout_body *body = &board->bodies[slot];
	struct facts facts;

	facts_load(&facts, &body->copy[stamp_version(stamp) & 1]);
	*ret_limits = (struct limits){
		.state = (uint8_t)facts.state,
		.fixed = earlier(comparable(start_end(board, slot, &facts)),
				 comparable(finish_end(board, slot, &facts))),
		.active_ttl = comparable(active_end(board, slot, &facts)),
		.updated = facts.updated,
		.work = load_relaxed(&body->work),
	};
	if ((facts.flags & COPY_LIMITS) != 0 && facts.state == TRACKD_ACTIVE)
		ret_limits->progress_ms = load_relaxed(&board->details[slot].progress_within);
	fence_acquire(); /* pairs with the release of the stamp in edit.h */
	return load_relaxed(&board->heads[slot].stamp) == stamp;
}

bool limits_read(const struct board *board, struct trackd_ref ref, struct limits *ret_limits)
{
	enum { TRIES = 100 };

	if (ref.slot >= board->capacity)
		return false;
	for (int i = 0; i < TRIES; i++) {
		uint64_t stamp = load_acquire(&board->heads[ref.slot].stamp);

		if (!stamp_is_live(stamp, ref.generation))
			return false;
		/* After the last try, take what there is: a record that changes all the time is
		 * looked at again. */
		if (look(board, ref.slot, stamp, ret_limits))
			break;
	}
	return !is_final(ret_limits->state);
}

/* ---- What ---------------------------------------------------------------- */

/* A text that is put together; it never overflows. */
struct text {
	char *bytes;
	size_t length;
};

static void add(struct text *text, const char *more)
{
	size_t n = strnlen(more, LIMITS_TEXT - 1 - text->length);

	memcpy(text->bytes + text->length, more, n);
	text->length += n;
	text->bytes[text->length] = '\0';
}

static void add_number(struct text *text, uint64_t number)
{
	char digits[21];
	size_t at = sizeof digits - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	add(text, digits + at);
}

/* In the longest unit of which it is a multiple. */
static void add_duration(struct text *text, uint64_t ms)
{
	static const struct {
		uint64_t ms;
		const char *name;
	} units[] = { { 3600000, " h" }, { 60000, " min" }, { 1000, " s" } };

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (ms % units[i].ms == 0 && ms > 0) {
			add_number(text, ms / units[i].ms);
			add(text, units[i].name);
			return;
		}
	add_number(text, ms);
	add(text, " ms");
}

static uint64_t length_of(const struct board *board, uint32_t slot, enum limit limit)
{
	const struct layout_detail *detail = &board->details[slot];

	switch (limit) {
	case LIMIT_START:
		return load_relaxed(&detail->start_within);
	case LIMIT_FINISH:
		return load_relaxed(&detail->finish_within);
	case LIMIT_PROGRESS:
		return load_relaxed(&detail->progress_within);
	case LIMIT_ACTIVE_TTL:
		return ttl_of(&board->bodies[slot].active_ttl_ms, &board->header->active_ttl_ms);
	case LIMIT_NONE:
		break;
	}
	return 0;
}

void limits_say(const struct board *board, uint32_t slot, const struct layout_copy *copy,
		enum limit limit, char ret_text[LIMITS_TEXT])
{
	static const struct {
		const char *what, *name;
	} texts[] = {
		[LIMIT_NONE] = { "ended", "none" },
		[LIMIT_START] = { "did not start within ", "start_within" },
		[LIMIT_FINISH] = { "did not finish within ", "finish_within" },
		[LIMIT_PROGRESS] = { "made no progress for ", "progress_within" },
		[LIMIT_ACTIVE_TTL] = { "was not updated for ", "active_ttl" },
	};
	uint32_t kind = hint_kind(load_relaxed(&board->heads[slot].hint));
	struct text text = { ret_text, 0 };

	add(&text, texts[limit].what);
	add_duration(&text, length_of(board, slot, limit));
	if (load_relaxed(&copy->state) == TRACKD_ACTIVE) {
		add(&text, " in ");
		add(&text, kind_stage_name(board, kind, load_relaxed(&copy->stage)));
	} else if (limit != LIMIT_START) {
		add(&text, " and never started");
	}
	add(&text, " (");
	add(&text, texts[limit].name);
	add(&text, ")");
}
