/* SPDX-License-Identifier: MIT */
/* What a producer does to tasks, one call a verb; and holding a record's lock, which no public call does. */
#include "tests/e2e/clients/inside.h"
#include "tests/e2e/clients/verbs/verbs.h"
#include <inttypes.h>
#include <string.h>

int do_create(struct request *request)
{
	struct trackd_new task = TRACKD_NEW_INIT;

	task.id = word(request, 1);
	task.owner = option(request, "owner");
	task.name = option(request, "name");
	task.total = option_number(request, "total");
	task.ttl_ms = (uint32_t)option_number(request, "ttl");
	task.active_ttl_ms = (uint32_t)option_number(request, "active-ttl");
	task.start_within_ms = (uint32_t)option_number(request, "start-within");
	task.progress_within_ms = (uint32_t)option_number(request, "progress-within");
	task.finish_within_ms = (uint32_t)option_number(request, "finish-within");
	task.flags = (flag(request, "replace") ? TRACKD_REPLACE : 0) |
		     (flag(request, "keeper") ? TRACKD_KEEPER : 0);
	int error = trackd_create(client.trackd, &task, &client.ref);
	if (error >= 0)
		say(" slot=%u generation=%u", client.ref.slot, client.ref.generation);
	return error;
}

/* fill N PREFIX [ttl=MS] [complete]: N tasks with numbered ids, up to the first refusal. */
int do_fill(struct request *request)
{
	struct trackd_new task = TRACKD_NEW_INIT;
	uint64_t n = number(word(request, 1)), made = 0;
	bool complete = flag(request, "complete");
	int error = 0;
	char id[64];

	task.id = id;
	task.owner = option(request, "owner");
	task.ttl_ms = (uint32_t)option_number(request, "ttl");
	for (; made < n; made++) {
		snprintf(id, sizeof id, "%.40s-%" PRIu64, word(request, 2), made);
		error = trackd_create(client.trackd, &task, &client.ref);
		if (error >= 0 && complete)
			error = trackd_complete(client.trackd, client.ref, NULL);
		if (error < 0)
			break;
	}
	say(" made=%" PRIu64, made);
	return error;
}

int do_update(struct request *request)
{
	const char *stage = word(request, 2);
	struct trackd_view view = TRACKD_VIEW_INIT;
	int index = TRACKD_STAGE_KEEP;

	if (strcmp(stage, "keep") != 0) {
		int error = trackd_get(client.trackd, client.ref, &view);
		if (error < 0)
			return error;
		index = trackd_stage_find(client.trackd, view.kind, stage);
		if (index < 0)
			return index;
	}
	return trackd_update(client.trackd, client.ref, index, text(request, 3));
}

int do_count_work(struct request *request)
{
	uint64_t done = number(word(request, 2));

	return request->n == 3 ? trackd_advance(client.trackd, client.ref, done)
			       : trackd_set_progress(client.trackd, client.ref, done,
						     number(word(request, 3)));
}

int do_end(struct request *request)
{
	const char *words = text(request, 2);

	return request->word[0][0] == 'c' ? trackd_complete(client.trackd, client.ref, words)
					  : trackd_fail(client.trackd, client.ref, words);
}

int do_cancel(struct request *request)
{
	(void)request;
	return trackd_cancel(client.trackd, client.ref);
}

int do_remove(struct request *request)
{
	(void)request;
	return trackd_remove(client.trackd, client.ref);
}

int do_kind(struct request *request)
{
	struct trackd_stage_def stages[TRACKD_STAGES_MAX];
	int n = 0;

	for (int i = 2; i + 1 < request->n && n < TRACKD_STAGES_MAX; i += 2)
		stages[n++] = (struct trackd_stage_def){ request->word[i],
							 (uint8_t)number(request->word[i + 1]) };
	return n > 0 ? trackd_kind_declare(client.trackd, word(request, 1), stages, n)
		     : trackd_kind_find(client.trackd, word(request, 1));
}

int do_hold(struct request *request)
{
	return strcmp(request->word[0], "hold") == 0 ? inside_hold(client.trackd, client.ref)
						     : inside_let_go();
}
