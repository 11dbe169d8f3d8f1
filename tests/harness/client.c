/* SPDX-License-Identifier: MIT */
/* A child process of a test; see client.h. */
#include "tests/harness/client.h"
#include "libclient/record/slot.h"
#include "libclient/record/worker.h"
#include "libclient/segment/lock.h"
#include "libclient/segment/process.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void client_stay(void)
{
	for (;;)
		pause();
}

pid_t client_start(void)
{
	pid_t pid = harness_fork();

	if (pid == 0)
		client_stay();
	return pid;
}

pid_t client_without_first_thread(void *(*other)(void *unused))
{
	pid_t pid = harness_fork();
	pthread_t thread;

	if (pid != 0)
		return pid;
	if (pthread_create(&thread, NULL, other, NULL) != 0)
		_exit(EXIT_FAILURE);
	pthread_exit(NULL);
}

pid_t client_ended(void)
{
	pid_t pid = harness_fork();

	if (pid == 0)
		_exit(EXIT_SUCCESS);
	(void)harness_reap(pid);
	return pid;
}

pid_t client_holding(int (*take)(void *data), void *data)
{
	int ready[2];
	char byte;

	HARNESS_MUST(pipe(ready) < 0 ? -errno : 0);
	pid_t pid = harness_fork();
	if (pid == 0) {
		if (take(data) < 0 || write(ready[1], "", 1) != 1)
			_exit(EXIT_FAILURE);
		client_stay();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		harness_die("a client could not take what it was to hold");
	close(ready[0]);
	return pid;
}

static int take_lock(void *mutex)
{
	return lock_take(mutex, harness_soon());
}

pid_t client_holding_lock(union layout_mutex *mutex)
{
	return client_holding(take_lock, mutex);
}

struct record {
	struct board *board;
	uint32_t slot;
};

static int lock_record(void *data)
{
	const struct record *record = data;

	return slot_lock(record->board, record->slot, harness_soon());
}

pid_t client_holding_record(struct board *board, struct trackd_ref ref)
{
	return client_holding(lock_record, &(struct record){ board, ref.slot });
}

uint64_t client_claim(struct board *board, pid_t pid)
{
	uint64_t number = 0;

	HARNESS_MUST(worker_claim(board, pid, &number));
	return number;
}

uint64_t client_start_time(pid_t pid)
{
	uint64_t start = 0;

	HARNESS_MUST(process_start_time(pid, &start));
	return start;
}

bool client_sleeps(pid_t pid)
{
	char path[64], text[64] = "";

	snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file)
		harness_die("%s cannot be read", path);
	const char *line = fgets(text, sizeof text, file);
	fclose(file);
	return line && strncmp(line, "running", 7) != 0;
}
