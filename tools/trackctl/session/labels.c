/* SPDX-License-Identifier: MIT */
#include "tools/trackctl/session/labels.h"
#include "tools/common/label_text.h"
#include <errno.h>
#include <string.h>

static int add(struct labels *labels, const char *value)
{
	if (labels->n == TRACKD_LABELS_MAX)
		return -EINVAL;
	labels->text[labels->n++] = value;
	return 0;
}

int labels_set(const struct option_entry *entry, void *to, const char *value, struct fault *fault)
{
	(void)entry;
	(void)fault;
	return label_text_wanted_valid(value) && strchr(value, '=') ? add(to, value) : -EINVAL;
}

int labels_set_wanted(const struct option_entry *entry, void *to, const char *value,
		      struct fault *fault)
{
	(void)entry;
	(void)fault;
	return label_text_wanted_valid(value) ? add(to, value) : -EINVAL;
}

bool labels_pass(const struct labels *wanted, const char *text)
{
	for (unsigned i = 0; i < wanted->n; i++)
		if (!label_text_has(text, wanted->text[i]))
			return false;
	return true;
}
