/* SPDX-License-Identifier: MIT */
/* getopt takes the next word for an option's value, even if that is a flag: "--spool --store FILE"
 * would spool to a folder named --store. A value that begins so is given as --spool=--store. */
#ifndef COMMON_OPTION_VALUE_H
#define COMMON_OPTION_VALUE_H

#include <getopt.h>
#include <stdbool.h>
#include <string.h>

/* After getopt_long() has returned an option: whether its value is the next flag. */
static inline bool option_took_flag(char *const *argv)
{
	return optarg && optarg == argv[optind - 1] && strncmp(optarg, "--", 2) == 0;
}

/* The option, as it was given. */
static inline const char *option_without_value(char *const *argv)
{
	return argv[optind - 2];
}

#endif
