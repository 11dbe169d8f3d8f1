/* SPDX-License-Identifier: MIT */
/* tests/run: timeout=120 */
/* Following a replaced board where its name may not be opened: the daemon hands it over. */
#include "libclient/trackd.h"
#include "tests/harness/harness.h"
#include "tests/harness/private_daemon.h"
#include "tests/harness/suite.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SOON_MS = 15000 };

static struct private_daemon daemon_;

static int start(void **state)
{
	(void)state;
	private_daemon_start(&daemon_, (const char *const[]){ "--capacity", "64", NULL });
	return 0;
}

static int stop(void **state)
{
	(void)state;
	private_daemon_remove(&daemon_);
	return 0;
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	HARNESS_MUST((int)syscall(SYS_capset, &header, none));
}

static bool is_on_another(struct trackd *trackd, const uint8_t board[16])
{
	struct trackd_ref ref;
	uint8_t now[16];

	(void)trackd_lookup(trackd, "none", &ref);
	trackd_board_id(trackd, now);
	return memcmp(now, board, sizeof now) != 0;
}

static bool may_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != EACCES;
}

/* 0, or what went wrong. */
static int follow(struct trackd *trackd, const char *path, const uint8_t old[16])
{
	struct trackd_new task = TRACKD_NEW_INIT;

	drop_capabilities();
	if (may_open(path))
		return 2;
	if (!HARNESS_SEES(is_on_another(trackd, old), SOON_MS))
		return 3;
	task.id = "a";
	return trackd_create(trackd, &task, NULL) == 0 ? 0 : 4;
}

static void a_board_that_may_not_be_opened_by_name_is_had_from_the_daemon(void **state)
{
	struct trackd *trackd = private_daemon_open(&daemon_, TRACKD_OPEN_WRITE);
	char path[96], byte;
	uint8_t old[16];
	int gate[2];

	(void)state;
	trackd_board_id(trackd, old);
	HARNESS_MUST(pipe(gate));
	snprintf(path, sizeof path, "/dev/shm%s", daemon_.board);
	pid_t pid = harness_fork();
	if (pid == 0)
		_exit(read(gate[0], &byte, 1) == 1 ? follow(trackd, path, old) : 1);
	snprintf(daemon_.options[1], sizeof daemon_.options[1], "%s", "128");
	private_daemon_kill(&daemon_);
	private_daemon_restart(&daemon_);
	HARNESS_MUST(chmod(path, 0)); /* the daemon has it open */
	assert_int_equal(write(gate[1], "x", 1), 1);
	assert_int_equal(harness_reap(pid), 0);
	close(gate[0]);
	close(gate[1]);
	trackd_close(trackd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_board_that_may_not_be_opened_by_name_is_had_from_the_daemon),
	};

	return suite_run_with(tests, start, stop);
}
