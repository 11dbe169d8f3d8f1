/* SPDX-License-Identifier: MIT */
/* Values as people write them. Nothing is guessed: what is not wholly understood is an error. */
#include "daemon/config/value.h"
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Leading decimal digits; *rest points behind them. Numbers too large for any value saturate. */
static int digits(const char *text, uint64_t *ret_number, const char **ret_rest)
{
	uint64_t number = 0;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	for (; isdigit((unsigned char)*text); text++)
		if (number < UINT64_C(1) << 40)
			number = number * 10 + (uint64_t)(*text - '0');
	*ret_number = number;
	*ret_rest = text;
	return 0;
}

int value_number(const char *text, uint32_t min, uint32_t max, uint32_t *ret_number)
{
	uint64_t number, factor = 1;
	const char *rest;
	int error = digits(text, &number, &rest);

	if (error < 0)
		return error;
	if (*rest == 'K' || *rest == 'k')
		factor = 1024;
	else if (*rest == 'M' || *rest == 'm')
		factor = UINT64_C(1024) * 1024;
	if (factor != 1)
		rest++;
	if (*rest != '\0' || number * factor < min || number * factor > max)
		return -EINVAL;
	*ret_number = (uint32_t)(number * factor);
	return 0;
}

int value_duration(const char *text, uint32_t *ret_ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "", 1000 },     { "ms", 1 },      { "s", 1000 },    { "m", 60000 },
		      { "min", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
	uint64_t number;
	const char *rest;

	if (strcmp(text, "never") == 0) {
		*ret_ms = UINT32_MAX;
		return 0;
	}
	if (digits(text, &number, &rest) < 0)
		return -EINVAL;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(rest, units[i].name) != 0)
			continue;
		uint64_t ms = number * units[i].ms;
		if (ms == 0 || ms >= UINT32_MAX)
			return -EINVAL;
		*ret_ms = (uint32_t)ms;
		return 0;
	}
	return -EINVAL;
}

int value_mode(const char *text, mode_t *ret_mode)
{
	mode_t mode = 0;
	size_t length = strlen(text);

	if (length < 3 || length > 4 || (length == 4 && *text != '0'))
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '7')
			return -EINVAL;
		mode = mode << 3 | (mode_t)(*text - '0');
	}
	/* The owner, which is the daemon, always reads and writes; nobody executes a board. */
	if ((mode & 0600) != 0600 || (mode & 0111) != 0)
		return -EINVAL;
	*ret_mode = mode;
	return 0;
}

int value_yes(const char *text, uint32_t *ret_yes)
{
	static const char *const words[2][4] = { { "no", "false", "off", "0" },
						 { "yes", "true", "on", "1" } };

	for (uint32_t yes = 0; yes < 2; yes++)
		for (size_t i = 0; i < 4; i++)
			if (strcmp(text, words[yes][i]) == 0) {
				*ret_yes = yes;
				return 0;
			}
	return -EINVAL;
}
