/* SPDX-License-Identifier: MIT */
/* The contents of top's screen, and functions that draw them. */
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
	struct trackd_task subject; /* for the detail or the question */
	struct trackd *writer;      /* opened for the first cancellation */
};

/* Draw everything again; ncurses sends only the differences. */
void top_draw(const struct top_screen *screen);
/* The number of rows for the list on the present screen. */
int top_draw_height(void);

/* The lines above the table: the number of tasks per state, and how full the board is. */
void top_summary(const struct top_model *model, char *to, size_t size);

#endif
