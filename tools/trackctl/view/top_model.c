/* SPDX-License-Identifier: MIT */
/* Reading, searching and sorting. */
#include "tools/trackctl/view/top_model.h"
#include "tools/common/time_format.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *top_order_name(enum top_order order)
{
	static const char *const names[TOP_N_ORDERS] = {
#define TOP_ORDER_NAME(name, text) [TOP_##name] = (text),
		TOP_ORDERS(TOP_ORDER_NAME)
#undef TOP_ORDER_NAME
	};

	return names[order];
}

int top_model_init(struct top_model *model, struct ctl *ctl)
{
	*model = (struct top_model){ .ctl = ctl };
	model->rows = calloc(TOP_ROWS, sizeof *model->rows);
	return model->rows ? 0 : -ENOMEM;
}

void top_model_free(struct top_model *model)
{
	free(model->entries);
	free(model->rows);
	*model = (struct top_model){ 0 };
}

/* ---- Searching and sorting --------------------------------------------- */

static bool is_found(const struct top_model *model, const struct trackd_task *task)
{
	const char *search = model->search;

	return search[0] == '\0' || strcasestr(task->id, search) ||
	       strcasestr(task->name, search) || strcasestr(task->owner, search) ||
	       strcasestr(task->kind_name, search) || strcasestr(task->status, search) ||
	       strcasestr(task->message, search) || strcasestr(task->error, search);
}

/* Active tasks come first, then pending ones, then final ones. */
static double activity(const struct trackd_task *task)
{
	switch ((enum trackd_state)task->state) {
	case TRACKD_ACTIVE:
		return 2;
	case TRACKD_PENDING:
		return 1;
	case TRACKD_COMPLETED:
	case TRACKD_FAILED:
	case TRACKD_CANCELLED:
		return 0;
	}
	return 0;
}

static double time_taken(const struct trackd_task *task, uint64_t now_ns)
{
	if (task->started_ns == 0)
		return 0;
	return (double)time_between(task->started_ns,
				    task->finished_ns ? task->finished_ns : now_ns);
}

/* The sort key: a number, the highest first, or a text. */
static void set_key(struct top_entry *entry, enum top_order order, const struct trackd_task *task,
		    uint64_t now_ns)
{
	const char *text = "";

	entry->number = 0;
	switch (order) {
	case TOP_ACTIVITY:
		entry->number = activity(task);
		break;
	case TOP_CREATED:
		break; /* ties are broken below */
	case TOP_PROGRESS:
		entry->number = task->progress;
		break;
	case TOP_RATE:
		entry->number = time_rate(task, now_ns);
		break;
	case TOP_TIME:
		entry->number = time_taken(task, now_ns);
		break;
	case TOP_NAME:
		text = task->name;
		break;
	case TOP_OWNER:
		text = task->owner;
		break;
	case TOP_ID:
		text = task->id;
		break;
	case TOP_N_ORDERS:
		break;
	}
	snprintf(entry->text, sizeof entry->text, "%.31s", text);
}

static int compare(const void *a, const void *b, void *user)
{
	const struct top_entry *one = a, *other = b;
	const struct top_model *model = user;
	int order = strcmp(one->text, other->text);

	if (order == 0 && one->number != other->number)
		order = one->number < other->number ? 1 : -1;
	if (model->reverse)
		order = -order;
	if (order == 0 && one->created_ns != other->created_ns)
		order = one->created_ns < other->created_ns ? 1 : -1;
	if (order == 0 && one->ref.slot != other->ref.slot)
		order = one->ref.slot < other->ref.slot ? 1 : -1;
	return order;
}

/* ---- Reading ----------------------------------------------------------- */

static int add(struct top_model *model, const struct trackd_task *task, uint64_t now_ns)
{
	if (model->n == model->room) {
		size_t room = model->room ? model->room * 2 : 256;
		struct top_entry *more = realloc(model->entries, room * sizeof *more);

		if (!more)
			return -ENOMEM;
		model->entries = more;
		model->room = room;
	}
	struct top_entry *entry = &model->entries[model->n++];
	*entry = (struct top_entry){ .ref = task->ref, .created_ns = task->created_ns };
	set_key(entry, model->order, task, now_ns);
	return 0;
}

static int read_all(struct top_model *model)
{
	uint64_t now = time_now();
	struct trackd_iter iter;
	struct trackd_ref ref;
	struct trackd_task task = TRACKD_TASK_INIT;
	int error = 0;

	model->n = 0;
	trackd_iter_all(model->ctl->trackd, &iter);
	while (error == 0 && trackd_next(model->ctl->trackd, &iter, &ref) > 0)
		if (ctl_copy(model->ctl, ref, &task) >= 0 && is_found(model, &task))
			error = add(model, &task, now);
	return error;
}

static bool same_ref(struct trackd_ref a, struct trackd_ref b)
{
	return a.slot == b.slot && a.generation == b.generation;
}

int top_model_read(struct top_model *model)
{
	bool any = model->selected < model->n;
	struct trackd_ref selected =
		any ? model->entries[model->selected].ref : (struct trackd_ref){ 0 };
	uint64_t begin = time_steady();

	model->stats = (struct trackd_stats){ .size = sizeof model->stats };
	(void)trackd_stats(model->ctl->trackd, &model->stats);
	int error = read_all(model);
	if (model->n > 0)
		qsort_r(model->entries, model->n, sizeof *model->entries, compare, model);
	for (size_t i = 0; any && i < model->n; i++)
		if (same_ref(model->entries[i].ref, selected))
			model->selected = i;
	top_model_move(model, 0);
	model->cost_ns = time_steady() - begin;
	return error;
}

void top_model_move(struct top_model *model, long rows)
{
	long at = (long)model->selected + rows, last = (long)model->n - 1;

	at = at > last ? last : at;
	model->selected = at > 0 ? (size_t)at : 0;
}

void top_model_show(struct top_model *model, size_t height)
{
	height = height < TOP_ROWS ? height : TOP_ROWS;
	if (model->selected < model->first)
		model->first = model->selected;
	if (height > 0 && model->selected >= model->first + height)
		model->first = model->selected - height + 1;
	if (model->first + height > model->n)
		model->first = model->n > height ? model->n - height : 0;
	model->n_rows = 0;
	for (size_t i = 0; i < height && model->first + i < model->n; i++) {
		struct trackd_task *row = &model->rows[i];

		/* A task removed meanwhile keeps its place until the next reading. */
		if (ctl_copy(model->ctl, model->entries[model->first + i].ref, row) < 0) {
			*row = (struct trackd_task){ .size = sizeof *row,
						     .ref = model->entries[model->first + i].ref };
			strcpy(row->status, "gone");
		}
		model->n_rows++;
	}
}

const struct trackd_task *top_model_selected(const struct top_model *model)
{
	size_t at = model->selected - model->first;

	return model->selected >= model->first && at < model->n_rows ? &model->rows[at] : NULL;
}
