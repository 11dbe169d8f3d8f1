/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/auth/identity.h"
#include "libclient/record/internal.h"
#include "tools/common/printable.h"
#include <string.h>

const char *auth_failure_label(enum auth_failure failure)
{
	static const char *const LABELS[] = {
#define AUTH_FAILURE_LABEL(name, label) [AUTH_##name] = (label),
		AUTH_FAILURES(AUTH_FAILURE_LABEL)
#undef AUTH_FAILURE_LABEL
	};

	return LABELS[failure];
}

bool auth_owner_valid(const char *owner)
{
	char shown[PRINTABLE_ROOM(TRACKD_OWNER_MAX)];

	if (owner[0] == '\0' || !text_owner_valid(owner))
		return false;
	printable_line(shown, sizeof shown, owner);
	return strcmp(shown, owner) == 0;
}
