/* SPDX-License-Identifier: MIT */
/*
 * trackctl watch: follows tasks live. Every transition is a line; on a terminal, a table of the
 * tasks with their bars is redrawn below. Named tasks are watched until all have ended; without
 * names, all tasks are watched until it is interrupted.
 */
#include "tools/common/time_format.h"
#include "tools/trackctl/session/follow.h"
#include "tools/trackctl/verbs/verbs.h"
#include "tools/trackctl/view/listing.h"
#include "tools/trackctl/view/live.h"
#include "tools/trackctl/view/transition.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REDRAW_MS = 100, LOOK_MS = 250, SHOWN = 200, SHARE = 10 };

static struct options {
	struct listing_filter filter;
	bool plain;
} options;

static const struct option_entry flags[] = {
	OPTION(struct options, filter.owner, .name = "owner", .letter = 'u', .takes = "USER",
	       .help = "only the tasks of USER", .set = option_word),
	OPTION(struct options, filter.kind, .name = "kind", .letter = 'k', .takes = "KIND",
	       .help = "only of this kind", .set = option_word),
	OPTION(struct options, plain, .name = "plain", .help = "lines only, nothing redrawn",
	       .set = option_switch),
	{ 0 },
};

struct watch {
	struct ctl *ctl;
	struct follow follow;
	struct live live;
	bool redraw;
	uint64_t next_ns; /* when to redraw at the earliest: see show_all() */
};

static int print(struct watch *watch, const struct transition *transition)
{
	live_hide(&watch->live);
	return watch->ctl->json ? transition_print_json(watch->ctl, transition)
				: transition_print(watch->ctl, transition);
}

/* ---- Start, and restart after a loss ------------------------------------ */

static int snapshot_all(struct watch *watch)
{
	struct listing listing = { 0 };
	struct trackd_task task = TRACKD_TASK_INIT;
	int code = listing_read(watch->ctl, &options.filter, &listing);

	/* Oldest first, so that the last line is the newest. */
	for (size_t i = listing.n; code == 0 && i-- > 0;) {
		/* Tasks that have already ended are left to trackctl ls. */
		if (ctl_copy(watch->ctl, listing.entries[i].ref, &task) < 0 ||
		    trackd_state_final((enum trackd_state)task.state))
			continue;
		code = print(watch, &(struct transition){ NULL, &task });
	}
	listing_free(&listing);
	return code;
}

static int snapshot(struct watch *watch)
{
	int code = 0;

	if (watch->follow.n == 0) /* the table below shows the others */
		return watch->redraw ? 0 : snapshot_all(watch);
	follow_refresh(&watch->follow);
	for (size_t i = 0; code == 0 && i < watch->follow.n; i++) {
		struct followed *named = &watch->follow.named[i];

		if (named->gone)
			continue;
		named->shown = named->task.revision;
		code = print(watch, &(struct transition){ NULL, &named->task });
	}
	return code;
}

/* ---- Events ------------------------------------------------------------ */

static bool passes(const struct trackd_task *task)
{
	return listing_passes(&options.filter, task);
}

/* A removed task cannot be read; the event has its owner's hash and its kind. */
static bool event_passes(struct watch *watch, const struct trackd_event *event)
{
	struct trackd *trackd = watch->ctl->trackd;
	struct trackd_kind kind = TRACKD_KIND_INIT;

	if (options.filter.owner &&
	    trackd_owner_hash(trackd, options.filter.owner) != event->owner_hash)
		return false;
	return !options.filter.kind || (trackd_kind_get(trackd, event->kind, &kind) >= 0 &&
					strcmp(kind.name, options.filter.kind) == 0);
}

static int handle(struct watch *watch, const struct trackd_event *event)
{
	struct trackd_task task = TRACKD_TASK_INIT;
	bool there = ctl_copy(watch->ctl, event->ref, &task) >= 0;

	if (there ? !passes(&task) : !event_passes(watch, event))
		return 0;
	return print(watch, &(struct transition){ event, there ? &task : NULL });
}

static int drain(struct watch *watch)
{
	struct trackd_event event = TRACKD_EVENT_INIT;
	int code = 0;

	while (code == 0 && !ctl_interrupted()) {
		enum follow_result result = follow_next(&watch->follow, &event);

		if (result == FOLLOW_NOTHING)
			break;
		if (result == FOLLOW_EVENT) {
			code = handle(watch, &event);
			continue;
		}
		live_hide(&watch->live);
		code = transition_print_reset(watch->ctl);
		if (code == 0)
			code = snapshot(watch);
	}
	return code;
}

/* ---- The table below --------------------------------------------------- */

/* Open tasks: active ones first, then pending ones; ended ones have had their line. Returns their
 * number. */
static size_t choose_open(struct watch *watch, const struct listing *listing,
			  struct trackd_task *tasks, size_t *ret_n)
{
	size_t n = 0, open = 0;

	for (int pass = 0; pass < 2; pass++) {
		uint8_t state = pass == 0 ? TRACKD_ACTIVE : TRACKD_PENDING;

		for (size_t i = 0; i < listing->n; i++) {
			if (listing->entries[i].state != state)
				continue;
			open++;
			if (n < SHOWN &&
			    ctl_copy(watch->ctl, listing->entries[i].ref, &tasks[n]) >= 0)
				n++;
		}
	}
	*ret_n = n;
	return open;
}

/* Reading a large board takes longer: spend at most a tenth of the time on it. */
static int show_all(struct watch *watch, struct trackd_task *tasks)
{
	struct listing listing = { 0 };
	uint64_t begin = time_steady();
	size_t n = 0, open = 0;

	if (begin < watch->next_ns && watch->live.lines > 0)
		return 0;
	int code = listing_read(watch->ctl, &options.filter, &listing);
	if (code == 0) {
		open = choose_open(watch, &listing, tasks, &n);
		live_show(&watch->live, watch->ctl, tasks, n, open > n ? open - n : 0);
	}
	listing_free(&listing);
	watch->next_ns = begin + SHARE * (time_steady() - begin);
	return code;
}

static void show_named(struct watch *watch, struct trackd_task *tasks)
{
	const struct follow *follow = &watch->follow;
	size_t n = 0;

	for (size_t i = 0; i < follow->n && n < SHOWN; i++)
		if (!follow->named[i].gone)
			tasks[n++] = follow->named[i].task;
	live_show(&watch->live, watch->ctl, tasks, n, follow->n > SHOWN ? follow->n - SHOWN : 0);
}

static int show(struct watch *watch, struct trackd_task *tasks)
{
	if (!watch->redraw)
		return 0;
	if (watch->follow.n == 0)
		return show_all(watch, tasks);
	show_named(watch, tasks);
	return 0;
}

/* ---- The loop ---------------------------------------------------------- */

static int loop(struct watch *watch, struct trackd_task *tasks)
{
	int code = snapshot(watch);

	while (code == 0) {
		code = drain(watch);
		if (code == 0) {
			follow_refresh(&watch->follow);
			code = show(watch, tasks);
		}
		fflush(stdout);
		if (code != 0 || ctl_interrupted())
			break;
		if (ferror(stdout)) /* the reader has closed the pipe */
			return EXIT_CODE_DONE;
		if (follow_done(&watch->follow)) {
			/* The last task's final event may have come after we drained. */
			code = drain(watch);
			if (code == 0)
				code = show(watch, tasks);
			return code != 0 ? code : (int)follow_outcome(&watch->follow);
		}
		follow_sleep(&watch->follow, watch->redraw ? REDRAW_MS : LOOK_MS);
	}
	return code != 0 ? code : EXIT_CODE_INTERRUPTED;
}

static int run(struct ctl *ctl, int n_arguments, char **arguments)
{
	struct watch watch = { .ctl = ctl };
	struct trackd_task *tasks = calloc(SHOWN, sizeof *tasks);
	if (!tasks)
		return ctl_error(-ENOMEM, "cannot watch");
	int code = ctl_open(ctl, TRACKD_OPEN_READ, 0);

	if (code == 0)
		code = listing_check(ctl, &options.filter);
	if (code == 0) {
		watch.redraw = ctl->terminal.tty && !ctl->json && !options.plain;
		ctl_catch_signals();
		code = follow_begin(&watch.follow, ctl, n_arguments, arguments);
		if (code == 0)
			code = loop(&watch, tasks);
		live_end(&watch.live);
		follow_end(&watch.follow);
	}
	free(tasks);
	return code;
}

const struct verb verb_watch = {
	VERB("watch", "Follow tasks live: every transition, and on a terminal their bars", run),
	VERB_ARGUMENTS("[ID...]", 0, -1, "@id"),
	VERB_OPTIONS(flags, options),
	.more = "Ends when all named tasks are over, with the status of trackctl wait; without "
		"names it\n"
		"goes on until it is interrupted (130). Piped, it prints one line per transition; "
		"with\n"
		"--json one object per line.",
	.prefixes = true,
};
