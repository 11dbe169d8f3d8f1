/* SPDX-License-Identifier: MIT */
#include "tools/docproc/config/ownership.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The user that sysusers.d creates. */
#define SERVICE_USER "docproc"
#define SERVICE_GROUP "trackd"

bool ownership_of_service(void)
{
	return getpwnam(SERVICE_USER) != NULL;
}

static bool is_of_the_system(const char *path)
{
	const size_t length = sizeof OWNERSHIP_FOLDER - 1;

	return strncmp(path, OWNERSHIP_FOLDER, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

int ownership_check(const char *path, struct failure *failure)
{
	if (geteuid() != 0 || !is_of_the_system(path) || !ownership_of_service())
		return 0;
	failure_set(failure,
		    "%s belongs to the user " SERVICE_USER
		    ", who could not use files that root creates there",
		    path);
	return failure_advise(failure,
			      "submit documents to the service with docproc submit, run this as "
			      "runuser -u " SERVICE_USER " -- docproc ..., or name files of your "
			      "own with --store FILE (and --spool DIR)%s",
			      access(OWNERSHIP_FOLDER, F_OK) == 0
				      ? ""
				      : "; systemd-tmpfiles --create creates the folder");
}

static int forbidden(const char *path, uid_t owner, struct failure *failure)
{
	const struct passwd *user = getpwuid(owner);
	char name[64];

	if (user)
		snprintf(name, sizeof name, "%s", user->pw_name);
	else
		snprintf(name, sizeof name, "%u", (unsigned)owner);
	failure_set(failure, "%s belongs to the user %s and is not writable", path, name);
	if (is_of_the_system(path))
		return failure_advise(failure,
				      "give it to the service: chown " SERVICE_USER
				      ":" SERVICE_GROUP " %s*; or name another file with --store",
				      path);
	return failure_advise(failure, "run it as that user, or name another file with --store");
}

int ownership_check_store(const char *path, struct failure *failure)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		char file[4200];
		struct stat st;

		snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
		if (stat(file, &st) == 0 &&
		    faccessat(AT_FDCWD, file, R_OK | W_OK, AT_EACCESS) != 0 && errno == EACCES)
			return forbidden(path, st.st_uid, failure);
	}
	return 0;
}
