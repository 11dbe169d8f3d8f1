/* SPDX-License-Identifier: MIT */
/* What top has on its screen, and how it is drawn. */
#ifndef TRACKCTL_VIEW_TOP_DRAW_H
#define TRACKCTL_VIEW_TOP_DRAW_H

#include "tools/trackctl/view/top_model.h"

enum top_mode { TOP_MODE_LIST, TOP_MODE_DETAIL, TOP_MODE_HELP, TOP_MODE_SEARCH, TOP_MODE_CANCEL };

struct top_screen {
	struct top_model *model;
	struct terminal terminal;
	enum top_mode mode;
	bool frozen, quit, color;
	int64_t delay_ms;
	uint64_t read_ns; /* when the board was read last */
	char notice[256];
	char search_before[TOP_SEARCH];
	struct trackd_task subject; /* of a detail or a question */
	struct trackd *writer;      /* opened when something is to be cancelled */
};

/* Draw everything anew; ncurses sends what differs. */
void top_draw(const struct top_screen *screen);
/* Rows that the list has on a screen of this size. */
int top_draw_height(void);

/* What stands above the table: how many tasks in which state, how full the board is. */
void top_summary(const struct top_model *model, char *to, size_t size);

#endif
