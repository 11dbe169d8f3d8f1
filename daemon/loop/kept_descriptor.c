/* SPDX-License-Identifier: MIT */
/* The names of kept descriptors: KIND-A-B. */
#include "daemon/loop/kept_descriptor.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 64 };

static const char *const names[] = { [KEPT_SUBSCRIBER] = "subscriber", [KEPT_WORKER] = "worker" };

static void make_name(char name[NAME], enum kept_kind kind, uint32_t a, uint32_t b)
{
	snprintf(name, NAME, "%s-%u-%u", names[kind], a, b);
}

void kept_descriptor_add(const struct service_notify *notify, enum kept_kind kind, uint32_t a,
			 uint32_t b, int fd)
{
	char name[NAME];

	make_name(name, kind, a, b);
	service_notify_keep(notify, name, fd);
}

void kept_descriptor_drop(const struct service_notify *notify, enum kept_kind kind, uint32_t a,
			  uint32_t b)
{
	char name[NAME];

	make_name(name, kind, a, b);
	service_notify_drop(notify, name);
}

static bool parse_number(const char **text, uint32_t *ret_number)
{
	char *end;
	unsigned long number;

	if (**text != '-' || (*text)[1] < '0' || (*text)[1] > '9')
		return false;
	errno = 0;
	number = strtoul(*text + 1, &end, 10);
	if (errno != 0 || number > UINT32_MAX)
		return false;
	*text = end;
	*ret_number = (uint32_t)number;
	return true;
}

bool kept_descriptor_parse(const char *name, enum kept_kind *ret_kind, uint32_t *ret_a,
			   uint32_t *ret_b)
{
	for (size_t kind = 0; kind < sizeof names / sizeof names[0]; kind++) {
		size_t length = strlen(names[kind]);
		const char *rest = name + length;
		uint32_t a, b;

		if (strncmp(name, names[kind], length) != 0 || !parse_number(&rest, &a) ||
		    !parse_number(&rest, &b) || *rest != '\0')
			continue;
		*ret_kind = (enum kept_kind)kind;
		*ret_a = a;
		*ret_b = b;
		return true;
	}
	return false;
}
