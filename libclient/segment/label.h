/* SPDX-License-Identifier: MIT */
/* Labels of a task: "key=value", one a line, in one text of at most 255 bytes. */
#ifndef TRACKD_SEGMENT_LABEL_H
#define TRACKD_SEGMENT_LABEL_H

#include "libclient/segment/layout_limits.h"
#include <stdbool.h>

/* Check labels from a caller and put them into one text. 0 or TRACKD_E_LABEL. */
int label_join(const char *const *labels, char ret_text[LAYOUT_LABELS]);

/* Whether a text from elsewhere is what label_join() makes; "" is. */
bool label_text_valid(const char *text);

#endif
