/* SPDX-License-Identifier: MIT */
#include "tools/common/value.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>

/* ---- Numbers ------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Leading decimal digits, perhaps none; *text moves past them. */
static int digits(const char **text, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (; is_digit(**text); (*text)++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(**text - '0'), &number))
			return -EINVAL;
	*ret_number = number;
	return 0;
}

static int in_range(uint64_t number, uint64_t min, uint64_t max, uint64_t *ret_number)
{
	if (number < min || number > max)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

int value_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
	uint64_t number;

	if (!is_digit(*text) || digits(&text, &number) < 0 || *text != '\0')
		return -EINVAL;
	return in_range(number, min, max, ret_number);
}

/* ---- Units --------------------------------------------------------------- */

enum unit_use { UNIT_COUNT = 1 << 0, UNIT_MEBIBYTES = 1 << 1, UNIT_MS = 1 << 2 };

static const struct unit {
	const char *name;
	enum unit_use use;
	uint64_t factor;
} units[] = {
	{ "", UNIT_COUNT, 1 },         { "k", UNIT_COUNT, 1024 },    { "K", UNIT_COUNT, 1024 },
	{ "m", UNIT_COUNT, 1048576 },  { "M", UNIT_COUNT, 1048576 }, { "M", UNIT_MEBIBYTES, 1 },
	{ "G", UNIT_MEBIBYTES, 1024 }, { "", UNIT_MS, 1000 },        { "ms", UNIT_MS, 1 },
	{ "s", UNIT_MS, 1000 },        { "m", UNIT_MS, 60000 },      { "min", UNIT_MS, 60000 },
	{ "h", UNIT_MS, 3600000 },     { "d", UNIT_MS, 86400000 },
};

/* 0: no unit has that name. */
static uint64_t unit_factor(const char *name, enum unit_use use)
{
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (units[i].use == use && strcmp(units[i].name, name) == 0)
			return units[i].factor;
	return 0;
}

static int with_unit(const char *text, enum unit_use use, uint64_t *ret_number)
{
	uint64_t number, factor;

	if (!is_digit(*text) || digits(&text, &number) < 0)
		return -EINVAL;
	factor = unit_factor(text, use);
	if (factor == 0 || __builtin_mul_overflow(number, factor, ret_number))
		return -EINVAL;
	return 0;
}

int value_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
	uint64_t number;

	return with_unit(text, UNIT_COUNT, &number) < 0 ? -EINVAL
							: in_range(number, min, max, ret_number);
}

int value_mebibytes(const char *text, uint64_t min, uint64_t max, uint64_t *ret_mib)
{
	uint64_t number;

	return with_unit(text, UNIT_MEBIBYTES, &number) < 0 ? -EINVAL
							    : in_range(number, min, max, ret_mib);
}

/* ---- Durations ----------------------------------------------------------- */

/* Digits after a decimal point, in billionths; *text moves past them. */
static uint64_t billionths(const char **text)
{
	uint64_t number = 0, place = 100000000;

	for (; is_digit(**text); (*text)++, place /= 10)
		number += (uint64_t)(**text - '0') * place;
	return number;
}

int value_duration(const char *text, uint64_t min, uint64_t max, uint64_t *ret_ms)
{
	uint64_t whole, part = 0, ms;

	if (!is_digit(text[0]) && !(text[0] == '.' && is_digit(text[1])))
		return -EINVAL;
	if (digits(&text, &whole) < 0)
		return -EINVAL;
	if (text[0] == '.' && is_digit(text[1])) {
		text++;
		part = billionths(&text);
	}
	uint64_t factor = unit_factor(text, UNIT_MS);
	if (factor == 0 || __builtin_mul_overflow(whole, factor, &ms) ||
	    __builtin_add_overflow(ms, part * factor / 1000000000, &ms))
		return -EINVAL;
	return in_range(ms, min, max, ret_ms);
}

int value_lifetime(const char *text, uint32_t *ret_ms)
{
	uint64_t ms = UINT32_MAX;

	if (strcmp(text, "never") != 0 && value_duration(text, 1, UINT32_MAX - 1, &ms) < 0)
		return -EINVAL;
	*ret_ms = (uint32_t)ms;
	return 0;
}

/* ---- Words --------------------------------------------------------------- */

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
	/* The owner, which is the daemon, must be able to read and write; a board is never
	 * executable. */
	if ((mode & 0600) != 0600 || (mode & 0111) != 0)
		return -EINVAL;
	*ret_mode = mode;
	return 0;
}

int value_yes(const char *text, bool *ret_yes)
{
	static const char *const words[2][4] = { { "no", "false", "off", "0" },
						 { "yes", "true", "on", "1" } };

	for (int yes = 0; yes < 2; yes++)
		for (size_t i = 0; i < 4; i++)
			if (strcmp(text, words[yes][i]) == 0) {
				*ret_yes = yes != 0;
				return 0;
			}
	return -EINVAL;
}
