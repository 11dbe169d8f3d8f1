/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/header_lines.h"
#include <strings.h>

struct asking {
	const char *name;
	bool (*ask)(const char *line, void *user);
	void *user;
	bool answered;
};

static enum MHD_Result on_line(void *cls, enum MHD_ValueKind kind, const char *name,
			       const char *value)
{
	struct asking *asking = cls;

	(void)kind;
	if (strcasecmp(name, asking->name) != 0 || !value)
		return MHD_YES;
	asking->answered = asking->ask(value, asking->user);
	return asking->answered ? MHD_NO : MHD_YES;
}

bool header_lines_any(const struct request *request, const char *name,
		      bool (*ask)(const char *line, void *user), void *user)
{
	struct asking asking = { name, ask, user, false };

	/* The header is usually absent, and a look-up is cheaper than a callback per line. */
	if (!request_header(request, name))
		return false;
	(void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, on_line, &asking);
	return asking.answered;
}
