/* SPDX-License-Identifier: MIT */
/*
 * Properties of the output: colour, width, non-ASCII characters. Text from the board passes through
 * terminal_text() before it is printed.
 */
#ifndef TRACKCTL_VIEW_TERMINAL_H
#define TRACKCTL_VIEW_TERMINAL_H

#include "libclient/trackd.h"
#include <stdbool.h>
#include <stddef.h>

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct terminal {
	bool tty; /* stdout is a terminal that supports redrawing */
	bool color;
	bool unicode; /* the locale is UTF-8 */
	int width, height;
};

enum style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_BAD,
	STYLE_WARN,
	STYLE_BUSY,
};

/* Examine stdout, the environment and the locale, which must be set. */
void terminal_look(struct terminal *terminal, enum color_mode mode);
/* Read the size again. */
void terminal_measure(struct terminal *terminal);

/* The sequences that turn a style on and off; "" without colour. */
const char *terminal_on(const struct terminal *terminal, enum style style);
const char *terminal_off(const struct terminal *terminal);

enum style terminal_state_style(enum trackd_state state);

/* Make text printable on one line, cut to at most `cells` columns (with "..." or its character); 0:
 * not cut. Returns its width in cells. */
int terminal_text(const struct terminal *terminal, char *to, size_t size, const char *text,
		  int cells);

/* A bar of `cells` columns for 0 to 100. */
void terminal_bar(const struct terminal *terminal, char *to, size_t size, int percent, int cells);

/* Symbols for the states of stages and tasks. */
const char *terminal_stage_sign(const struct terminal *terminal, enum trackd_stage_state state);
const char *terminal_bullet(const struct terminal *terminal);
const char *terminal_dot(const struct terminal *terminal); /* separator between words */

#endif
