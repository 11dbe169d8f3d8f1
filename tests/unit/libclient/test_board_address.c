/* SPDX-License-Identifier: MIT */
/* The rule that selects a board and its socket. */
#include "libclient/segment/board_address.h"
#include "tests/harness/harness.h"
#include "tests/harness/suite.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char runtime[128], own[64];
static struct board_address address;

/* A private runtime directory and an otherwise empty environment. */
static int set_up(void **state)
{
	static char folder[96];
	static int n;
	char path[192];

	(void)state;
	if (n == 0)
		harness_folder(folder, sizeof folder);
	snprintf(runtime, sizeof runtime, "%s/%d", folder, ++n);
	snprintf(path, sizeof path, "%s/trackd", runtime);
	if (chmod(folder, 0755) < 0 || mkdir(runtime, 0700) < 0 || mkdir(path, 0700) < 0)
		return -1;
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	unsetenv("TRACKD_BOARD");
	unsetenv("TRACKD_SOCKET");
	board_address_user_name(own, geteuid());
	address = (struct board_address){ .board = "untouched" };
	return 0;
}

static void make_socket(const char *board)
{
	char path[256];

	snprintf(path, sizeof path, "%s/trackd%s.sock", runtime, board);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		harness_die("%s: %s", path, strerror(errno));
	close(fd);
}

static void expect(const char *board, const char *socket)
{
	assert_string_equal(address.board, board);
	assert_string_equal(address.socket, socket);
}

static const char *in_runtime(const char *board)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/trackd%s.sock", runtime, board);
	return path;
}

static void names_are_as_documented(void **state)
{
	char name[80] = "/";

	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		bool allowed = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-",
				      byte) != NULL;
		const char first[] = { '/', (char)byte, '\0' };
		const char second[] = { '/', 'a', (char)byte, '\0' };
		assert_int_equal(board_name_valid(first), allowed && byte != '.');
		assert_int_equal(board_name_valid(second), allowed);
	}
	for (size_t length = 0; length < 78; length++) {
		memset(name + 1, 'n', length);
		name[1 + length] = '\0';
		assert_int_equal(board_name_valid(name), length >= 1 && length <= 59);
	}
	assert_false(board_name_valid(""));
	assert_false(board_name_valid("trackd"));
}

static void options_come_first(void **state)
{
	(void)state;
	setenv("TRACKD_BOARD", "/environment", 1);
	setenv("TRACKD_SOCKET", "/environment.sock", 1);
	assert_int_equal(board_address_find(&address, "/options", "/options.sock"), 0);
	expect("/options", "/options.sock");
	assert_int_equal(board_address_find(&address, NULL, "/options.sock"), 0);
	expect("/environment", "/options.sock");
}

/* TRACKD_SOCKET belongs to TRACKD_BOARD. */
static void a_named_board_has_no_socket_of_another(void **state)
{
	(void)state;
	setenv("TRACKD_SOCKET", "/environment.sock", 1);
	assert_int_equal(board_address_find(&address, "/options", NULL), 0);
	expect("/options", "/run/trackd/options.sock");
	setenv("TRACKD_BOARD", "/environment", 1);
	assert_int_equal(board_address_find(&address, "/options", NULL), 0);
	expect("/options", "/run/trackd/options.sock");
	assert_int_equal(board_address_find(&address, "/environment", NULL), 0);
	expect("/environment", "/environment.sock");
	assert_int_equal(board_address_find(&address, "environment", NULL), 0);
	expect("/environment", "/environment.sock");
	assert_int_equal(board_address_find(&address, NULL, NULL), 0);
	expect("/environment", "/environment.sock");
}

static void a_daemon_serves_the_board_that_was_named(void **state)
{
	static const char other[64] = "/other", endless[4] = { '/', 'a', 'b', 'c' };

	(void)state;
	assert_int_equal(board_address_find(&address, "/options", "/s.sock"), 0);
	assert_int_equal(board_address_follow(&address, other, sizeof other), TRACKD_E_OTHER_BOARD);
	expect("/options", "/s.sock");
	assert_int_equal(board_address_follow(&address, "/options", 9), 0);
	setenv("TRACKD_BOARD", "/environment", 1);
	assert_int_equal(board_address_find(&address, NULL, "/s.sock"), 0);
	assert_int_equal(board_address_follow(&address, other, sizeof other), TRACKD_E_OTHER_BOARD);
	unsetenv("TRACKD_BOARD");
	assert_int_equal(board_address_find(&address, NULL, "/s.sock"), 0);
	assert_int_equal(board_address_follow(&address, endless, sizeof endless), -EPROTO);
	assert_int_equal(board_address_follow(&address, "/a/b", 5), -EPROTO);
	assert_int_equal(board_address_follow(&address, other, sizeof other), 0);
	expect("/other", "/s.sock");
	assert_int_equal(board_address_follow(&address, "/third", 7), TRACKD_E_OTHER_BOARD);
}

/* The slash may be omitted, as for the daemon. */
static void the_slash_may_be_left_out(void **state)
{
	char name[64] = "untouched", longest[70];

	(void)state;
	unsetenv("TRACKD_SOCKET");
	assert_int_equal(board_address_find(&address, "x", NULL), 0);
	assert_string_equal(address.board, "/x");
	setenv("TRACKD_BOARD", "y", 1);
	assert_int_equal(board_address_find(&address, NULL, NULL), 0);
	assert_string_equal(address.board, "/y");
	make_socket("/x");
	assert_int_equal(board_address_find(&address, "x", NULL), 0);
	expect("/x", address.socket);
	memset(longest, 'a', sizeof longest);
	longest[59] = '\0';
	assert_int_equal(board_address_name(name, longest), 0);
	assert_int_equal(strlen(name), 60);
	longest[59] = 'a';
	longest[60] = '\0';
	assert_int_equal(board_address_name(name, longest), -EINVAL);
	assert_int_equal(board_address_name(name, ""), -EINVAL);
	assert_int_equal(board_address_name(name, ".x"), -EINVAL);
	assert_int_equal(board_address_name(name, "a/b"), -EINVAL);
	assert_int_equal(strlen(name), 60);
}

static void then_the_environment(void **state)
{
	(void)state;
	setenv("TRACKD_BOARD", "/environment", 1);
	assert_int_equal(board_address_find(&address, NULL, NULL), 0);
	expect("/environment", "/run/trackd/environment.sock");
	make_socket("/environment");
	assert_int_equal(board_address_find(&address, NULL, NULL), 0);
	expect("/environment", in_runtime("/environment"));
	setenv("TRACKD_BOARD", "", 1); /* empty means unset */
	setenv("TRACKD_SOCKET", "", 1);
	assert_int_equal(board_address_find(&address, "", NULL), 0);
	assert_string_not_equal(address.board, "/environment");
}

static void then_the_users_own_if_its_socket_is_there(void **state)
{
	(void)state;
	make_socket(own);
	assert_int_equal(board_address_find(&address, NULL, NULL), 0);
	expect(own, in_runtime(own));
	assert_int_equal(board_address_find(&address, NULL, "/another.sock"), 0);
	expect(own, "/another.sock");
}

static bool own_segment_exists(void)
{
	char path[128];

	snprintf(path, sizeof path, "/dev/shm%s", own);
	return access(path, F_OK) == 0;
}

/* ---- Other users' files --------------------------------------------------- */

enum { STRANGER = 64323, VICTIM = 64324 };

/* Apply the rule as a user without an account, for whose board another user has created a file. */
static int victim(void)
{
	char path[128];
	int wrong = 0;

	board_address_user_name(own, VICTIM);
	snprintf(path, sizeof path, "/dev/shm%s", own);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 || chown(path, STRANGER, STRANGER) < 0 || chmod(runtime, 0755) < 0 ||
	    chown(runtime, VICTIM, VICTIM) < 0 || setresuid(VICTIM, VICTIM, VICTIM) < 0)
		return 2;
	wrong += board_address_find(&address, NULL, NULL) != 0 ||
		 strcmp(address.board, "/trackd") != 0;
	close(fd);
	return wrong;
}

static void another_users_file_is_ignored(void **state)
{
	char path[128];

	(void)state;
	if (geteuid() != 0)
		skip();
	pid_t pid = harness_fork();
	if (pid == 0)
		_exit(victim());
	int status = harness_reap(pid);
	board_address_user_name(own, VICTIM);
	snprintf(path, sizeof path, "/dev/shm%s", own);
	(void)unlink(path);
	assert_int_equal(chown(runtime, 0, 0), 0);
	assert_int_equal(status, 0);
}

static void a_strangers_socket_is_not_the_users(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_socket("/named");
	assert_int_equal(chown(in_runtime("/named"), STRANGER, STRANGER), 0);
	assert_int_equal(board_address_find(&address, "/named", NULL), 0);
	expect("/named", "/run/trackd/named.sock");
}

static void a_runtime_directory_that_others_may_write_does_not_count(void **state)
{
	char socket[sizeof address.socket];

	(void)state;
	assert_int_equal(board_address_serve(socket, own), 0);
	assert_string_equal(socket, in_runtime(own));
	assert_int_equal(chmod(runtime, 01777), 0);
	assert_int_equal(board_address_serve(socket, own), -ENXIO);
	assert_int_equal(chmod(runtime, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(runtime, STRANGER, STRANGER), 0);
		assert_int_equal(board_address_serve(socket, own), -ENXIO);
	}
}

/* In a process of its own: what it makes there, clients of the same user find. */
static int serve_as(uid_t uid)
{
	char socket[sizeof address.socket];
	bool root = uid == 0;

	if (uid != geteuid() && (chown(runtime, uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
		return 1;
	board_address_user_name(own, uid);
	if (board_address_serve(socket, own) < 0 || strcmp(socket, in_runtime(own)) != 0)
		return 2;
	if (board_address_serve(socket, "/other") < 0 ||
	    strcmp(socket, root ? "/run/trackd/other.sock" : in_runtime("/other")) != 0)
		return 3;
	if (board_address_serve(socket, "/trackd") < 0 ||
	    strcmp(socket, "/run/trackd/trackd.sock") != 0)
		return 4;
	unsetenv("XDG_RUNTIME_DIR");
	if (board_address_serve(socket, own) != -ENXIO ||
	    board_address_serve(socket, "/other") < 0 ||
	    strcmp(socket, "/run/trackd/other.sock") != 0)
		return 5;
	return 0;
}

static void a_daemon_makes_its_socket_where_clients_look(void **state)
{
	const uid_t users[] = { geteuid(), VICTIM };
	pid_t pid;

	(void)state;
	for (int i = 0; i < (geteuid() == 0 ? 2 : 1); i++) {
		pid = harness_fork();
		if (pid == 0)
			_exit(serve_as(users[i]));
		assert_int_equal(harness_reap(pid), 0);
	}
}

static void a_board_belongs_to_the_directorys_owner_or_in_a_public_one_to_us(void **state)
{
	char path[192];
	uid_t uid;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(board_address_find(&address, "/none", in_runtime("/none")), 0);
	snprintf(path, sizeof path, "%s/trackd", runtime);
	assert_int_equal(chown(path, STRANGER, STRANGER), 0);
	assert_int_equal(board_address_owner(&address, &uid), 0);
	assert_int_equal(uid, STRANGER);
	assert_int_equal(chmod(path, 01777), 0);
	assert_int_equal(board_address_owner(&address, &uid), 0);
	assert_int_equal(uid, STRANGER);
	harness_board_name(address.board);
	snprintf(path, sizeof path, "/dev/shm%s", address.board);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(board_address_owner(&address, &uid), 0);
	assert_int_equal(unlink(path), 0);
	close(fd);
	assert_int_equal(uid, geteuid());
}

static void then_the_systems(void **state)
{
	(void)state;
	if (own_segment_exists())
		HARNESS_SKIP("a user has a board of their own here");
	assert_int_equal(board_address_find(&address, NULL, NULL), 0);
	expect("/trackd", "/run/trackd/trackd.sock");
}

static void the_users_own_has_no_socket_in_the_systems_folder(void **state)
{
	(void)state;
	assert_int_equal(board_address_find(&address, own, NULL), 0);
	expect(own, in_runtime(own));
	assert_int_equal(board_address_find(&address, "/other", NULL), 0);
	expect("/other", "/run/trackd/other.sock");
}

static void without_a_runtime_directory_it_is_where_systemd_has_it(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof path, "/run/user/%u/trackd%s.sock", (unsigned)geteuid(), own);
	unsetenv("XDG_RUNTIME_DIR");
	assert_int_equal(board_address_find(&address, own, NULL), 0);
	expect(own, path);
	setenv("XDG_RUNTIME_DIR", "relative", 1);
	assert_int_equal(board_address_find(&address, own, NULL), 0);
	expect(own, path);
}

static void names_that_do_not_fit_are_refused_and_never_cut(void **state)
{
	char path[200];

	(void)state;
	assert_int_equal(board_address_find(&address, "/a/b", NULL), -EINVAL);
	memset(path, 'p', sizeof path);
	path[0] = '/';
	path[sizeof address.socket] = '\0';
	assert_int_equal(board_address_find(&address, "/a", path), -ENAMETOOLONG);
	path[sizeof address.socket - 1] = '\0';
	assert_string_equal(address.board, "untouched");
	assert_int_equal(board_address_find(&address, "/a", path), 0);
	assert_string_equal(address.socket, path);
	path[150] = '\0';
	memset(path + 1, 'd', 149);
	setenv("XDG_RUNTIME_DIR", path, 1);
	assert_int_equal(board_address_find(&address, own, NULL), -ENAMETOOLONG);
	assert_int_equal(board_address_find(&address, own, "/given.sock"), 0);
}

#define OWN_PLACE(test) cmocka_unit_test_setup(test, set_up)

static const struct CMUnitTest tests[] = {
	OWN_PLACE(names_are_as_documented),
	OWN_PLACE(options_come_first),
	OWN_PLACE(a_named_board_has_no_socket_of_another),
	OWN_PLACE(a_daemon_serves_the_board_that_was_named),
	OWN_PLACE(another_users_file_is_ignored),
	OWN_PLACE(a_strangers_socket_is_not_the_users),
	OWN_PLACE(a_runtime_directory_that_others_may_write_does_not_count),
	OWN_PLACE(a_daemon_makes_its_socket_where_clients_look),
	OWN_PLACE(a_board_belongs_to_the_directorys_owner_or_in_a_public_one_to_us),
	OWN_PLACE(the_slash_may_be_left_out),
	OWN_PLACE(then_the_environment),
	OWN_PLACE(then_the_users_own_if_its_socket_is_there),
	OWN_PLACE(then_the_systems),
	OWN_PLACE(the_users_own_has_no_socket_in_the_systems_folder),
	OWN_PLACE(without_a_runtime_directory_it_is_where_systemd_has_it),
	OWN_PLACE(names_that_do_not_fit_are_refused_and_never_cut),
};

SUITE(tests)
