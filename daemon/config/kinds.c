/* SPDX-License-Identifier: MIT */
/* Parsing kinds from the configuration. The board's limits are checked here, where the line is
 * known. */
#include "daemon/config/kinds.h"
#include "libclient/record/internal.h"
#include "tools/common/value.h"
#include <errno.h>
#include <string.h>

int kinds_begin(struct trackd_kind *ret_kind, const char *name)
{
	if (!text_word_valid(name))
		return -EINVAL;
	memset(ret_kind, 0, sizeof *ret_kind);
	memcpy(ret_kind->name, name, strlen(name) + 1);
	return 0;
}

int kinds_add(struct trackd_kind *kind, const char *stage, const char *percent)
{
	int n = kind->n_stages;
	uint64_t lowest = n > 0 ? kind->stages[n - 1].percent : 0, number;

	if (n == TRACKD_STAGES_MAX || !text_word_valid(stage) ||
	    value_number(percent, lowest, 99, &number) < 0)
		return -EINVAL;
	for (int i = 0; i < n; i++)
		if (strcmp(kind->stages[i].name, stage) == 0)
			return -EINVAL;
	memcpy(kind->stages[n].name, stage, strlen(stage) + 1);
	kind->stages[n].percent = (uint8_t)number;
	kind->n_stages++;
	return 0;
}

/* Cut the next word off *text, which ends at `end` or with the text. NULL: the word is too long. */
static const char *next_word(const char **text, char end, char word[64])
{
	size_t length = strcspn(*text, (char[]){ end, '\0' });

	if (length >= 64)
		return NULL;
	memcpy(word, *text, length);
	word[length] = '\0';
	*text += length;
	if (**text == end)
		(*text)++;
	return word;
}

int kinds_parse(const char *text, struct trackd_kind *ret_kind)
{
	struct trackd_kind kind = TRACKD_KIND_INIT;
	char name[64], stage[64], percent[64];

	if (!next_word(&text, '=', name) || kinds_begin(&kind, name) < 0 || *text == '\0')
		return -EINVAL;
	while (*text != '\0')
		if (!next_word(&text, ':', stage) || !next_word(&text, ',', percent) ||
		    kinds_add(&kind, stage, percent) < 0)
			return -EINVAL;
	*ret_kind = kind;
	return 0;
}
