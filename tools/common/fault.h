/* SPDX-License-Identifier: MIT */
/* What is wrong with a command line or a configuration file, as one line of text: where, which option,
 * and what is allowed. */
#ifndef COMMON_FAULT_H
#define COMMON_FAULT_H

struct fault {
	char text[768];
};

/* Fill the text, or append to it; what does not fit is cut. Both return -EINVAL. */
__attribute__((format(printf, 2, 3))) int fault_set(struct fault *fault, const char *format, ...);
__attribute__((format(printf, 2, 3))) int fault_add(struct fault *fault, const char *format, ...);

#endif
