/* SPDX-License-Identifier: MIT */
/*
 * Settings of a tool: one table says where each key goes, of what type it is and what is allowed. The
 * configuration file and the command line set the same keys, so that what is allowed is said once.
 */
#ifndef COMMON_SETTINGS_H
#define COMMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
	SETTING_TEXT,      /* char[] */
	SETTING_PATH,      /* char[], not empty */
	SETTING_URL,       /* char[], empty for none */
	SETTING_NUMBER,    /* unsigned, as the next three */
	SETTING_SECONDS,   /* min and max in seconds */
	SETTING_MS,        /* min and max in milliseconds */
	SETTING_MEBIBYTES, /* min and max in MiB */
	SETTING_BYTES,     /* uint64_t; a size of whole MiB, min and max in MiB */
};

struct setting {
	const char *key;
	enum setting_type type;
	size_t offset, size; /* of the member: SETTING_PLACE() */
	uint64_t min, max;
	const char *allowed;                /* the end of a sentence: "it must be ..." */
	bool (*is_valid)(const char *text); /* of texts, NULL: all that fit */
};

#define SETTING_PLACE(type, member) offsetof(type, member), sizeof(((type *)0)->member)

struct settings {
	const struct setting *all;
	size_t n;
};

/* What is wrong, in one line: where, the key, what is allowed. */
struct setting_fault {
	char text[768];
};

__attribute__((format(printf, 2, 3))) int setting_fault_set(struct setting_fault *fault,
							    const char *format, ...);

/* Set one key in the structure at config. 0, or -EINVAL with *fault filled: "WHERE: KEY: ...". */
int settings_apply(const struct settings *settings, void *config, const char *where,
		   const char *key, const char *value, struct setting_fault *fault);

/* Read a file. -ENOENT if there is none, other -errno, -EINVAL; *fault is filled in all cases. */
int settings_load(const struct settings *settings, void *config, const char *path,
		  struct setting_fault *fault);

#endif
