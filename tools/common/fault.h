/* SPDX-License-Identifier: MIT */
/* A fault in a command line or a configuration file, as one line of text: the place, the option,
 * and what is allowed. */
#ifndef COMMON_FAULT_H
#define COMMON_FAULT_H

struct fault {
	char text[768];
};

/* Fill the text, or append to it; excess text is cut. Both return -EINVAL. */
__attribute__((format(printf, 2, 3))) int fault_set(struct fault *fault, const char *format, ...);
__attribute__((format(printf, 2, 3))) int fault_add(struct fault *fault, const char *format, ...);

#endif
