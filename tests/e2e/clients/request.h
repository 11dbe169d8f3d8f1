/* SPDX-License-Identifier: MIT */
/* A line of words and what they may be: how the test_client reads its commands. */
#ifndef TRACKD_E2E_REQUEST_H
#define TRACKD_E2E_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 64, LINE = 4096 };

struct request {
	char *word[WORDS]; /* word[0] is the verb; KEY=VALUE words are among them */
	int n;
};

static inline const char *word(const struct request *request, int i)
{
	return i < request->n ? request->word[i] : "";
}

static inline const char *text(const struct request *request, int i)
{
	if (i >= request->n)
		return NULL;
	for (char *c = request->word[i]; *c; c++)
		if (*c == '_')
			*c = ' ';
	return request->word[i];
}

static inline uint64_t number(const char *digits)
{
	return strtoull(digits, NULL, 10);
}

/* The value of KEY=, or NULL. */
static inline const char *option(const struct request *request, const char *key)
{
	size_t length = strlen(key);

	for (int i = 1; i < request->n; i++)
		if (strncmp(request->word[i], key, length) == 0 && request->word[i][length] == '=')
			return request->word[i] + length + 1;
	return NULL;
}

static inline uint64_t option_number(const struct request *request, const char *key)
{
	const char *value = option(request, key);

	return value ? number(value) : 0;
}

static inline bool flag(const struct request *request, const char *name)
{
	int i = 1;

	while (i < request->n && strcmp(request->word[i], name) != 0)
		i++;
	return i < request->n;
}

#endif
