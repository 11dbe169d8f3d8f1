/* SPDX-License-Identifier: MIT */
#include "tools/docproc/sandbox/extractor_sandbox.h"
#include "tools/docproc/sandbox/extractor_walls.h"
#include "tools/docproc/sandbox/landlock.h"
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DESCRIPTORS = 32 };

/* ---- Files --------------------------------------------------------------- */

/* Fonts, and poppler's tables, without which it cannot read Chinese, Japanese and Korean. */
static const char *const readable[] = {
	"/usr/share/poppler",
	"/usr/share/fonts",
	"/usr/share/X11/fonts",
	"/usr/local/share/fonts",
	"/usr/share/fontconfig",
	"/usr/share/xml/fontconfig",
	"/etc/fonts",
	"/var/cache/fontconfig",
	"/usr/lib/locale",
	"/usr/share/locale",
	"/usr/share/zoneinfo",
	"/etc/localtime",
	"/dev/urandom",
};

/* The C library's converters of character sets, in a folder beside the library. */
static void allow_converters(struct landlock *rules)
{
	char path[PATH_MAX];
	Dl_info info;

	const void *inside = dlsym(RTLD_DEFAULT, "iconv_open");

	if (!inside || dladdr(inside, &info) == 0 || !info.dli_fname)
		return;
	const char *slash = strrchr(info.dli_fname, '/');
	int n = slash ? (int)(slash - info.dli_fname) : 0;
	snprintf(path, sizeof path, "%.*s/gconv", n, info.dli_fname);
	landlock_allow(rules, path, LANDLOCK_READ_FILE | LANDLOCK_READ_DIR);
	snprintf(path, sizeof path, "/usr%.*s/gconv", n, info.dli_fname);
	landlock_allow(rules, path, LANDLOCK_READ_FILE | LANDLOCK_READ_DIR);
}

static int restrict_files(void)
{
	struct landlock rules;
	int error = landlock_begin(&rules, false);

	if (error < 0)
		return error;
	for (size_t i = 0; i < sizeof readable / sizeof readable[0]; i++)
		landlock_allow(&rules, readable[i], LANDLOCK_READ_FILE | LANDLOCK_READ_DIR);
	allow_converters(&rules);
	return landlock_enforce(&rules);
}

/* ---- Resources ----------------------------------------------------------- */

/* Lower a limit, never raise it. */
static int limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
	struct rlimit present;

	if (getrlimit(resource, &present) < 0)
		return -errno;
	if (hard > present.rlim_max)
		hard = present.rlim_max;
	if (soft > hard)
		soft = hard;
	return setrlimit(resource, &(struct rlimit){ soft, hard }) < 0 ? -errno : 0;
}

static int limit_resources(const struct extractor_limits *limits)
{
	/* No limit on processes, which would count the user's others too; seccomp forbids new ones.
	 * No file can grow; a pipe is not a file. The hard limit on time kills a process that
	 * ignores the soft one. */
	const struct {
		__rlimit_resource_t resource;
		rlim_t soft, hard;
	} all[] = { { RLIMIT_CORE, 0, 0 },     { RLIMIT_NOFILE, DESCRIPTORS, DESCRIPTORS },
		    { RLIMIT_FSIZE, 0, 0 },    { RLIMIT_MEMLOCK, 0, 0 },
		    { RLIMIT_MSGQUEUE, 0, 0 }, { RLIMIT_CPU, limits->time_s, limits->time_s + 5 } };
	int error = 0;

	for (size_t i = 0; error == 0 && i < sizeof all / sizeof all[0]; i++)
		error = limit(all[i].resource, all[i].soft, all[i].hard);
	return error;
}

/* Even root's extractor then has to obey file permissions. Landlock does not prevent a pipe's
 * descriptor from being reopened through /proc; the pipe's mode of 0 does. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0, 0, 0 } };
	struct __user_cap_data_struct present[_LINUX_CAPABILITY_U32S_3];

	/* A service manager's filter may forbid capset() even when there is nothing to drop. */
	if (syscall(SYS_capget, &header, present) == 0 &&
	    memcmp(present, none, sizeof present) == 0)
		return 0;
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

int extractor_sandbox_enter(const struct extractor_limits *limits)
{
	int error = limit_resources(limits);

	if (error == 0)
		error = extractor_limit_memory(limits->memory_mb);
	if (error == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		error = -errno;
	if (error == 0)
		error = restrict_files();
	if (error == 0)
		error = drop_capabilities();
	return error == 0 ? extractor_calls_enter() : error;
}
