/* SPDX-License-Identifier: MIT */
/* Printing TAP; see tap.h. */
#include "tests/harness/tap.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static int n_points, n_failed;

bool tap_ok(bool ok, const char *format, ...)
{
	va_list arguments;

	n_failed += !ok;
	printf("%sok %d - ", ok ? "" : "not ", ++n_points);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	fflush(stdout);
	return ok;
}

void tap_skip(const char *name, const char *reason)
{
	printf("ok %d - %s # SKIP %s\n", ++n_points, name, reason);
	fflush(stdout);
}

int tap_skip_all(const char *reason)
{
	printf("1..0 # SKIP %s\n", reason);
	fflush(stdout);
	return EXIT_SUCCESS;
}

void tap_note(const char *format, ...)
{
	va_list arguments;

	printf("# ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	fflush(stdout);
}

int tap_done(void)
{
	printf("1..%d\n", n_points);
	fflush(stdout);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
