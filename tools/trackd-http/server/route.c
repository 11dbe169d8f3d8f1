/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/route.h"
#include <stdio.h>
#include <string.h>

static const char *const method_names[] = {
	[METHOD_GET] = "GET, HEAD", [METHOD_POST] = "POST", [METHOD_DELETE] = "DELETE"
};

/* Whether a path matches a template; the segment in place of {id} must not be empty. */
static bool matches(const char *template, const char *path, char ret_id[TRACKD_ID_MAX + 1])
{
	const char *hole = strstr(template, "{id}");
	size_t before = hole ? (size_t)(hole - template) : strlen(template);

	if (strncmp(template, path, before) != 0)
		return false;
	if (!hole)
		return path[before] == '\0';
	size_t length = strcspn(path + before, "/");
	if (length == 0 || strcmp(path + before + length, hole + 4) != 0)
		return false;
	/* Truncate a text that is too long to one byte more than an id may have: it then matches no
	 * task. */
	if (length > TRACKD_ID_MAX)
		length = 0;
	memcpy(ret_id, path + before, length);
	ret_id[length] = '\0';
	return true;
}

static void allow(char ret_allow[64], enum method method)
{
	size_t length = strlen(ret_allow);

	snprintf(ret_allow + length, 64 - length, "%s%s", length > 0 ? ", " : "",
		 method_names[method]);
}

const struct route *route_find(const struct route_table *table, bool admin, const char *path,
			       enum method method, char ret_id[TRACKD_ID_MAX + 1],
			       char ret_allow[64])
{
	enum method wanted = method == METHOD_HEAD ? METHOD_GET : method;

	ret_id[0] = ret_allow[0] = '\0';
	for (size_t i = 0; i < table->n; i++) {
		const struct route *route = &table->rows[i];

		if (((route->flags & ROUTE_ADMIN) != 0) != admin ||
		    !matches(route->path, path, ret_id))
			continue;
		if (route->method == wanted)
			return route;
		allow(ret_allow, route->method);
	}
	return NULL;
}
