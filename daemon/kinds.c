/* SPDX-License-Identifier: MIT */
/* Kinds as the configuration writes them; what the board demands of them is checked here, where
 * the line is known. */
#include "kinds.h"
#include "text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

int kinds_begin(struct trackd_kind *ret_kind, const char *name)
{
	if (!text_word_valid(name))
		return -EINVAL;
	memset(ret_kind, 0, sizeof *ret_kind);
	strcpy(ret_kind->name, name);
	return 0;
}

int kinds_add(struct trackd_kind *kind, const char *stage, unsigned percent)
{
	int n = kind->n_stages;

	if (n == TRACKD_STAGES_MAX || percent > 99 || !text_word_valid(stage))
		return -EINVAL;
	if (n > 0 && percent < kind->stages[n - 1].percent)
		return -EINVAL;
	for (int i = 0; i < n; i++)
		if (strcmp(kind->stages[i].name, stage) == 0)
			return -EINVAL;
	strcpy(kind->stages[n].name, stage);
	kind->stages[n].percent = (uint8_t)percent;
	kind->n_stages++;
	return 0;
}

int kinds_parse(const char *text, struct trackd_kind *ret_kind)
{
	struct trackd_kind kind;
	char name[64];
	int used = 0;

	if (sscanf(text, "%63[^=]=%n", name, &used) != 1 || used == 0 || text[used] == '\0' ||
	    kinds_begin(&kind, name) < 0)
		return -EINVAL;
	for (text += used; *text; text += used) {
		char stage[64], end[2] = "";
		unsigned percent;
		used = 0;
		if (sscanf(text, "%63[^:,]:%2u%n%1[,]%n", stage, &percent, &used, end, &used) < 2 ||
		    used == 0 || kinds_add(&kind, stage, percent) < 0)
			return -EINVAL;
		if (end[0] == '\0' && text[used] != '\0')
			return -EINVAL;
	}
	*ret_kind = kind;
	return 0;
}
