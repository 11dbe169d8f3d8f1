/* SPDX-License-Identifier: MIT */
/* Resource limits. Those of time and memory are the keeper's. */
#include "tools/docproc/sandbox/sandbox.h"
#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { DESCRIPTORS = 128 };

/* How far the store may grow by one document: a guard against running away, not a quota. */
static const rlim_t GROWTH = (rlim_t)4 << 30;

int sandbox_limits(const struct sandbox *sandbox)
{
	struct stat st;
	rlim_t size = GROWTH + (stat(sandbox->store, &st) == 0 ? (rlim_t)st.st_size : 0);
	/* None on processes: it counts what the user runs elsewhere too. seccomp forbids them. */
	const struct {
		__rlimit_resource_t resource;
		rlim_t limit;
	} limits[] = { { RLIMIT_CORE, 0 },
		       { RLIMIT_NOFILE, DESCRIPTORS },
		       { RLIMIT_FSIZE, size },
		       { RLIMIT_MEMLOCK, 0 },
		       { RLIMIT_MSGQUEUE, 0 } };

	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		struct rlimit present, limit = { limits[i].limit, limits[i].limit };

		if (getrlimit(limits[i].resource, &present) < 0)
			return -errno;
		if (present.rlim_max > limit.rlim_max && setrlimit(limits[i].resource, &limit) < 0)
			return -errno;
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}
