/* SPDX-License-Identifier: MIT */
/* The peer of a socket: whether its namespaces permit it to write to the board. The library checks
 * too, so e2e tests would not notice a daemon that accepted every peer. */
#include "daemon/socket/peer.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

enum { NOT_ALLOWED = 77 };

static struct sockaddr_un address;
static int listening;

static int make_socket(void **state)
{
	char folder[64];

	(void)state;
	harness_folder(folder, sizeof folder);
	address.sun_family = AF_UNIX;
	snprintf(address.sun_path, sizeof address.sun_path, "%s/s", folder);
	listening = harness_must(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket");
	HARNESS_MUST(bind(listening, (struct sockaddr *)&address, sizeof address));
	HARNESS_MUST(listen(listening, 4));
	return 0;
}

static int close_socket(void **state)
{
	(void)state;
	close(listening);
	return unlink(address.sun_path);
}

static _Noreturn void connect_and_stay(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		_exit(1);
	for (;;)
		pause();
}

/* Whether a client in new namespaces of these kinds (0: in this process's) is near; -1: they cannot
 * be created here. */
static int is_near(int namespaces)
{
	struct peer peer;
	pid_t pid = harness_fork();

	if (pid == 0) {
		if (unshare(namespaces) < 0)
			_exit(NOT_ALLOWED);
		/* The new namespaces apply to children. Not harness_fork(), whose child checks its
		 * parent. */
		pid = fork();
		if (pid == 0)
			connect_and_stay();
		_exit(harness_reap(pid));
	}
	struct pollfd fds = { .fd = listening, .events = POLLIN };
	int status = 0;
	while (poll(&fds, 1, 10) == 0)
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WEXITSTATUS(status) == NOT_ALLOWED ? -1
								  : harness_must(-ECHILD, "client");
	int fd = harness_must(accept4(listening, NULL, NULL, SOCK_CLOEXEC), "accept");
	HARNESS_MUST(peer_identify(&peer, fd));
	assert_true(peer.pid > 0);
	bool near = peer_is_near(&peer);
	close(fd);
	kill(peer.pid, SIGKILL);
	(void)harness_kill(pid, SIGKILL);
	return near;
}

static void a_peer_in_the_same_namespaces_is_near(void **state)
{
	(void)state;
	assert_int_equal(is_near(0), true);
}

static void a_peer_in_another_pid_or_time_namespace_is_not_near(void **state)
{
	static const int namespaces[] = { CLONE_NEWPID, CLONE_NEWTIME };

	(void)state;
	for (size_t i = 0; i < sizeof namespaces / sizeof namespaces[0]; i++) {
		int near = is_near(namespaces[i]);
		if (near < 0)
			skip();
		assert_int_equal(near, false);
	}
}

/* Other kinds of namespaces have no effect. */
static void other_namespaces_do_not_matter(void **state)
{
	int near = is_near(CLONE_NEWNS | CLONE_NEWUTS);

	(void)state;
	if (near < 0)
		skip();
	assert_int_equal(near, true);
}

static void a_pid_that_we_do_not_see_is_far(void **state)
{
	const struct peer unseen = { .pid = 0, .uid = geteuid() };

	(void)state;
	assert_false(peer_is_near(&unseen));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_socket, close_socket)

static const struct CMUnitTest tests[] = {
	TEST(a_peer_in_the_same_namespaces_is_near),
	TEST(a_peer_in_another_pid_or_time_namespace_is_not_near),
	TEST(other_namespaces_do_not_matter),
	TEST(a_pid_that_we_do_not_see_is_far),
};

SUITE(tests)
