/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=120 */
/* Following a replaced board whose name may not be opened: the daemon passes a descriptor. */
#include "libclient/trackd.h"
#include "tests/harness/connections.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SOON_MS = 15000 };

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	HARNESS_MUST((int)syscall(SYS_capset, &header, none));
}

static bool may_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != EACCES;
}

/* 0, or the number of the failed step. */
static int follow(const char *path, const uint8_t old[16])
{
	struct trackd_new task = TRACKD_NEW_INIT;

	drop_capabilities();
	if (may_open(path))
		return 2;
	if (!HARNESS_SEES(connections_moved(writer, old), SOON_MS))
		return 3;
	task.id = "a";
	return trackd_create(writer, &task, NULL) == 0 ? 0 : 4;
}

static void a_board_that_may_not_be_opened_by_name_comes_from_the_daemon(void **state)
{
	char path[96];
	uint8_t old[16];

	(void)state;
	trackd_board_id(writer, old);
	snprintf(path, sizeof path, "/dev/shm%s", shared_daemon.board);
	pid_t pid = harness_fork();
	if (pid == 0) {
		connections_pass_gate();
		_exit(follow(path, old));
	}
	connections_replace_board();
	HARNESS_MUST(chmod(path, 0)); /* the daemon has the board open */
	connections_open_gate();
	assert_int_equal(harness_reap(pid), 0);
}

static const struct CMUnitTest tests[] = {
	CONNECTED(a_board_that_may_not_be_opened_by_name_comes_from_the_daemon),
};

SUITE_WITH(tests, connections_start, connections_stop)
