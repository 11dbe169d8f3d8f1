/* SPDX-License-Identifier: MIT */
#include "tools/common/fault.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fault_set(struct fault *fault, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fault->text, sizeof fault->text, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int fault_add(struct fault *fault, const char *format, ...)
{
	size_t length = strlen(fault->text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fault->text + length, sizeof fault->text - length, format, arguments);
	va_end(arguments);
	return -EINVAL;
}
