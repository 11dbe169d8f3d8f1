/* SPDX-License-Identifier: MIT */
#include "tools/documents/failure.h"
#include "tools/common/log.h"
#include <stdarg.h>
#include <stdio.h>

int failure_set(struct failure *failure, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(failure->error, sizeof failure->error, format, arguments);
	va_end(arguments);
	failure->advice[0] = '\0';
	return FAILED;
}

int failure_advise(struct failure *failure, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(failure->advice, sizeof failure->advice, format, arguments);
	va_end(arguments);
	return FAILED;
}

void failure_tell(const struct failure *failure)
{
	log_error("%s%s%s", failure->error, failure->advice[0] ? "; " : "", failure->advice);
}
