/* SPDX-License-Identifier: MIT */
/* What happens to the process itself: children, other pids and namespaces, descriptors, its first thread. */
#include "tests/e2e/clients/verbs/verbs.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether the mapping of the board may be made writable behind the library's back. */
int do_mprotect(struct request *request)
{
	void *from = NULL, *to = NULL;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");

	(void)request;
	while (maps && fgets(line, sizeof line, maps))
		if (strstr(line, "/dev/shm/") && sscanf(line, "%p-%p", &from, &to) == 2)
			break;
	if (maps)
		fclose(maps);
	if (!to)
		return -ENOENT;
	size_t size = (size_t)((char *)to - (char *)from);
	return mprotect(from, size, PROT_READ | PROT_WRITE) < 0 ? -errno : 0;
}

/* Close all descriptors but the standard ones, as closefrom() in a daemon does. */
int do_close_descriptors(struct request *request)
{
	(void)request;
	closefrom(3);
	return 0;
}

int do_exec(struct request *request)
{
	request->word[request->n] = NULL;
	execvp(request->word[1], &request->word[1]);
	return -errno;
}

/* Let the first thread of the process end while another one goes on. */
int do_leave(struct request *request)
{
	pthread_t other;

	(void)request;
	if (pthread_create(&other, NULL, serve, NULL) != 0)
		return -EAGAIN;
	pthread_exit(NULL);
}

/* Do the lines from word `first` on, which ';' separates, and stay. The answers go to the parent.
 */
static void child(const struct request *request, int first, int out)
{
	char line[LINE];
	size_t length = 0;
	FILE *answers = fdopen(out, "w");

	for (int i = first; answers && i <= request->n; i++) {
		if (i < request->n && strcmp(request->word[i], ";") != 0) {
			length += (size_t)snprintf(line + length, sizeof line - length, "%s ",
						   request->word[i]);
			continue;
		}
		if (length > 0)
			run_line(line, answers);
		length = 0;
	}
	if (answers)
		fclose(answers);
	for (;;)
		pause();
}

/* What the child answered, each line as one more word. */
static void collect(int in)
{
	char line[LINE];
	FILE *answers = fdopen(in, "r");

	while (answers && fgets(line, sizeof line, answers)) {
		line[strcspn(line, "\n")] = '\0';
		line[strcspn(line, " ")] = '\0';
		say(" child=%s", line);
	}
	if (answers)
		fclose(answers);
}

static pid_t clone_as(pid_t pid)
{
	struct clone_args arguments = { .exit_signal = SIGCHLD };
	pid_t tids[1] = { pid };

	if (pid != 0) {
		arguments.set_tid = (uint64_t)(uintptr_t)tids;
		arguments.set_tid_size = 1;
	}
	return pid == 0 ? fork() : (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

/* fork LINE ; LINE ..., or with the number that the child's pid shall have. */
int do_fork(struct request *request)
{
	pid_t wanted = (pid_t)number(word(request, 1));
	int answers[2];

	if (pipe2(answers, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = clone_as(wanted);
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(answers[0]);
		child(request, wanted ? 2 : 1, answers[1]);
	}
	close(answers[1]);
	collect(answers[0]);
	say(" pid=%d", pid);
	return 0;
}

/* unshare pid|time: further children are in a new namespace; the clocks of time's are a day ahead. */
int do_unshare(struct request *request)
{
	static const char ahead[] = "monotonic 86400 0\nboottime 86400 0\n";
	bool time = strcmp(word(request, 1), "time") == 0;

	if (unshare(time ? CLONE_NEWTIME : CLONE_NEWPID) < 0)
		return -errno;
	if (!time)
		return 0;
	int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? write(fd, ahead, sizeof ahead - 1) : -1;
	int error = n < 0 ? -errno : 0;
	close(fd);
	return error;
}

int do_reap(struct request *request)
{
	return waitpid((pid_t)number(word(request, 1)), NULL, 0) < 0 ? -errno : 0;
}
