/* SPDX-License-Identifier: MIT */
/* What a service says to a manager that reads, and to one that does not. */
#include "tests/harness/harness.h"
#include "tools/common/service_notify.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { LIMIT_MS = 20000, TEXT = 512 };

struct manager {
	int fd;
	struct service_notify notify;
};

static void start(struct manager *manager)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char folder[80];

	harness_folder(folder, sizeof folder);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/n", folder);
	manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_return_code(bind(manager->fd, (struct sockaddr *)&address, sizeof address), errno);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	service_notify_init(&manager->notify);
}

static void end(struct manager *manager)
{
	service_notify_free(&manager->notify);
	close(manager->fd);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
}

/* The next message, "" for none; *ret_fd, unless it is NULL, is the descriptor with it, or -1. */
static const char *heard(const struct manager *manager, int *ret_fd)
{
	static char text[TEXT];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { text, sizeof text - 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof control.bytes };
	ssize_t n = recvmsg(manager->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *rights = n < 0 ? NULL : CMSG_FIRSTHDR(&message);

	text[n < 0 ? 0 : n] = '\0';
	if (ret_fd) {
		*ret_fd = -1;
		if (rights)
			memcpy(ret_fd, CMSG_DATA(rights), sizeof *ret_fd);
	}
	return text;
}

/* Until it takes no more. */
static void stuff(const struct manager *manager)
{
	while (service_notify_status(&manager->notify, "full"))
		;
}

static void empty(const struct manager *manager)
{
	while (strcmp(heard(manager, NULL), "STATUS=full") == 0)
		;
}

/* ---- What is said -------------------------------------------------------- */

static void a_manager_that_reads_hears_it_at_once(void **state)
{
	struct manager manager;

	(void)state;
	start(&manager);
	service_notify_ready(&manager.notify);
	assert_string_equal(heard(&manager, NULL), "READY=1");
	service_notify_reloading(&manager.notify);
	assert_non_null(strstr(heard(&manager, NULL), "RELOADING=1\nMONOTONIC_USEC="));
	assert_true(service_notify_status(&manager.notify, "%d of %s", 3, "four"));
	assert_string_equal(heard(&manager, NULL), "STATUS=3 of four");
	service_notify_watchdog(&manager.notify);
	assert_string_equal(heard(&manager, NULL), "WATCHDOG=1");
	service_notify_stopping(&manager.notify);
	assert_string_equal(heard(&manager, NULL), "STOPPING=1");
	end(&manager);
}

static void a_descriptor_is_kept_under_its_name(void **state)
{
	struct manager manager;
	struct stat sent, kept;
	int pair[2], fd;

	(void)state;
	start(&manager);
	assert_return_code(pipe2(pair, O_CLOEXEC), errno);
	service_notify_keep(&manager.notify, "worker-1-2", pair[0]);
	assert_string_equal(heard(&manager, &fd), "FDSTORE=1\nFDPOLL=0\nFDNAME=worker-1-2");
	assert_return_code(fstat(pair[0], &sent), errno);
	assert_return_code(fstat(fd, &kept), errno);
	assert_int_equal(sent.st_ino, kept.st_ino);
	close(fd);
	service_notify_drop(&manager.notify, "worker-1-2");
	assert_string_equal(heard(&manager, &fd), "FDSTOREREMOVE=1\nFDNAME=worker-1-2");
	assert_int_equal(fd, -1);
	close(pair[0]);
	close(pair[1]);
	end(&manager);
}

static void without_a_manager_nothing_is_said(void **state)
{
	struct service_notify notify;

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	service_notify_init(&notify);
	service_notify_ready(&notify);
	assert_false(service_notify_status(&notify, "nobody hears"));
	assert_int_equal(notify.owed, 0);
	assert_int_equal(service_notify_attach(&notify, NULL), 0);
	service_notify_free(&notify);
}

/* ---- A manager that does not read ---------------------------------------- */

static void what_it_waits_for_is_said_again_in_order(void **state)
{
	struct manager manager;

	(void)state;
	start(&manager);
	stuff(&manager);
	service_notify_ready(&manager.notify);
	service_notify_reloading(&manager.notify);
	service_notify_again(&manager.notify);
	assert_false(service_notify_status(&manager.notify, "missed"));
	empty(&manager);
	service_notify_again(&manager.notify);
	assert_non_null(strstr(heard(&manager, NULL), "RELOADING=1"));
	assert_string_equal(heard(&manager, NULL), "READY=1");
	service_notify_again(&manager.notify);
	assert_string_equal(heard(&manager, NULL), "");
	end(&manager);
}

static sd_event *loop_of(struct manager *manager)
{
	sd_event *event;

	HARNESS_MUST(sd_event_new(&event));
	HARNESS_MUST(service_notify_attach(&manager->notify, event));
	return event;
}

/* Turn the loop until that is said. */
static void expect(const struct manager *manager, sd_event *event, const char *said)
{
	HARNESS_WAIT(sd_event_run(event, 10000) >= 0 && strcmp(heard(manager, NULL), said) == 0,
		     LIMIT_MS);
}

static void the_loop_says_again_what_is_owed(void **state)
{
	struct manager manager;

	(void)state;
	start(&manager);
	sd_event *event = loop_of(&manager);
	stuff(&manager);
	service_notify_stopping(&manager.notify);
	empty(&manager);
	expect(&manager, event, "STOPPING=1");
	service_notify_free(&manager.notify);
	sd_event_unref(event);
	end(&manager);
}

static void the_loop_feeds_the_watchdog_again_and_again(void **state)
{
	struct manager manager;

	(void)state;
	setenv("WATCHDOG_USEC", "90000", 1);
	start(&manager);
	sd_event *event = loop_of(&manager);
	for (int i = 0; i < 3; i++)
		expect(&manager, event, "WATCHDOG=1");
	/* Nor does it wait where that is not taken. */
	stuff(&manager);
	service_notify_ready(&manager.notify);
	HARNESS_WAIT(sd_event_run(event, 1000000) > 0, LIMIT_MS);
	empty(&manager);
	expect(&manager, event, "READY=1");
	service_notify_free(&manager.notify);
	sd_event_unref(event);
	end(&manager);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manager_that_reads_hears_it_at_once),
		cmocka_unit_test(a_descriptor_is_kept_under_its_name),
		cmocka_unit_test(without_a_manager_nothing_is_said),
		cmocka_unit_test(what_it_waits_for_is_said_again_in_order),
		cmocka_unit_test(the_loop_says_again_what_is_owed),
		cmocka_unit_test(the_loop_feeds_the_watchdog_again_and_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
