/* SPDX-License-Identifier: MIT */
/* kill(2) with signal 0 would count zombies, so /proc is searched. */
#include "tools/trackctl/run/members.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Parses state, parent and group in /proc/PID/stat, ") S 1 2"; the name in parentheses before them
 * may contain anything. */
static bool is_member(const char *pid, pid_t group)
{
	char path[300], text[512], *end;

	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	char *after = strrchr(text, ')');
	if (!after || strlen(after) < 4 || after[2] == 'Z' || after[2] == 'X')
		return false;
	(void)strtol(after + 3, &end, 10); /* its parent */
	return strtol(end, NULL, 10) == group;
}

bool members_alive(pid_t group)
{
	DIR *processes = opendir("/proc");
	bool found = false;
	struct dirent *entry;

	while (processes && !found && (entry = readdir(processes)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			found = is_member(entry->d_name, group);
	if (processes)
		closedir(processes);
	return found;
}
