/* SPDX-License-Identifier: MIT */
/*
 * The model of top: the tasks that match the search, sorted, with one of them selected. Only a sort
 * key is kept for each; the tasks on the screen are copied.
 */
#ifndef TRACKCTL_VIEW_TOP_MODEL_H
#define TRACKCTL_VIEW_TOP_MODEL_H

#include "tools/trackctl/session/ctl.h"

enum { TOP_ROWS = 500, TOP_SEARCH = 64 };

/* X(name, displayed name) */
#define TOP_ORDERS(X)                                                                              \
	X(ACTIVITY, "activity")                                                                    \
	X(CREATED, "newest")                                                                       \
	X(PROGRESS, "progress")                                                                    \
	X(RATE, "rate")                                                                            \
	X(TIME, "time")                                                                            \
	X(NAME, "name")                                                                            \
	X(OWNER, "owner")                                                                          \
	X(ID, "id")

enum top_order {
#define TOP_ORDER_ENUM(name, text) TOP_##name,
	TOP_ORDERS(TOP_ORDER_ENUM)
#undef TOP_ORDER_ENUM
		TOP_N_ORDERS
};

struct top_entry {
	struct trackd_ref ref;
	double number;
	uint64_t created_ns;
	char text[32];
};

struct top_model {
	struct ctl *ctl;
	enum top_order order;
	bool reverse;
	char search[TOP_SEARCH]; /* "": no search */
	struct trackd_stats stats;
	struct top_entry *entries;
	size_t n, room;
	size_t first, selected;   /* first row on the screen; selected row */
	struct trackd_task *rows; /* copies of the tasks on the screen */
	size_t n_rows;
	uint64_t cost_ns; /* how long the last reading took */
};

const char *top_order_name(enum top_order order);

/* 0 or -ENOMEM. */
int top_model_init(struct top_model *model, struct ctl *ctl);
void top_model_free(struct top_model *model);

/* Read the board again; the selected task stays selected even if it moves. 0 or an error. */
int top_model_read(struct top_model *model);
/* Copy the tasks for `height` rows, after scrolling so that the selected one is visible. */
void top_model_show(struct top_model *model, size_t height);
/* Move the selection by a number of rows. */
void top_model_move(struct top_model *model, long rows);
/* The selected task, or NULL if there is none. */
const struct trackd_task *top_model_selected(const struct top_model *model);

#endif
