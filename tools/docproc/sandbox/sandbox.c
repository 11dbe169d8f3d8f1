/* SPDX-License-Identifier: MIT */
/* Resource limits and file access of the worker. The watchdog (worker/limits.h) sets the limits on
 * time and memory. */
#include "tools/docproc/sandbox/sandbox.h"
#include "tools/docproc/sandbox/landlock.h"
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { DESCRIPTORS = 128 };

/* How far one document may let the store grow: a guard against runaways, not a quota. */
static const rlim_t GROWTH = (rlim_t)4 << 30;

int sandbox_limits(const struct sandbox *sandbox)
{
	struct stat st;
	rlim_t size = GROWTH + (stat(sandbox->store, &st) == 0 ? (rlim_t)st.st_size : 0);
	/* No limit on processes, which would count the user's others too; seccomp forbids new
	 * ones. */
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

/* ---- Files --------------------------------------------------------------- */

/* Shared libraries, and the program itself. */
static const char *const always[] = { "/usr",
				      "/lib",
				      "/lib64",
				      "/etc/ld.so.cache",
				      "/etc/localtime",
				      "/proc/self",
				      "/sys/devices/system/cpu",
				      "/dev/urandom" };

/* Name resolution and certificates. */
static const char *const for_network[] = {
	"/etc/ssl",
	"/etc/pki",
	"/etc/ca-certificates",
	"/etc/pkcs11",
	"/etc/gnutls",
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/nsswitch.conf",
	"/etc/gai.conf",
	"/etc/services",
	"/etc/protocols",
	"/run/resolvconf",
	"/run/systemd/resolve",
	"/run/NetworkManager/resolv.conf",
};

/* The store is allowed file by file, not by folder: the spool with all users' documents may be in
 * the same one. */
static void allow_store(struct landlock *rules, const char *store)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		snprintf(path, sizeof path, "%s%s", store, suffixes[i]);
		landlock_allow(rules, path,
			       LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE | LANDLOCK_TRUNCATE);
	}
}

static void allow_all(struct landlock *rules, const struct sandbox *sandbox)
{
	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		landlock_allow(rules, always[i], LANDLOCK_READ_FILE | LANDLOCK_READ_DIR);
	for (size_t i = 0; sandbox->network && i < sizeof for_network / sizeof for_network[0]; i++)
		landlock_allow(rules, for_network[i], LANDLOCK_READ_FILE | LANDLOCK_READ_DIR);
	for (size_t i = 0; i < sizeof sandbox->keys / sizeof sandbox->keys[0]; i++)
		landlock_allow(rules, sandbox->keys[i], LANDLOCK_READ_FILE);
	landlock_allow(rules, "/dev/null", LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE);
	/* The folder, not the board's file: a new board is another file. */
	landlock_allow(rules, "/dev/shm", LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE);
	allow_store(rules, sandbox->store);
}

int sandbox_files(const struct sandbox *sandbox, int *ret_abi)
{
	struct landlock rules;
	int error = landlock_begin(&rules, sandbox->network);

	if (error < 0)
		return error;
	allow_all(&rules, sandbox);
	error = landlock_enforce(&rules);
	if (error == 0)
		*ret_abi = rules.abi;
	return error;
}
