/* SPDX-License-Identifier: MIT */
/* From fork() to the pipeline, and the meaning of a process's end. */
#include "tools/docproc/worker/child.h"
#include "libclient/segment/internal.h"
#include "tools/common/log.h"
#include "tools/docproc/sandbox/sandbox.h"
#include "tools/docproc/store/attempts.h"
#include "tools/docproc/worker/limits.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct trackd_options child_options(const struct config *config, unsigned flags)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;

	options.flags = flags;
	options.board = config->board[0] ? config->board : NULL;
	options.socket = config->socket[0] ? config->socket : NULL;
	return options;
}

struct extractor_limits child_limits(const struct config *config)
{
	return (struct extractor_limits){ config->time_limit_s, config->memory_mb };
}

/* ---- In the child -------------------------------------------------------- */

/* Ctrl-C on the terminal is for the parent, which asks the task to cancel. */
static void reset_signals(void)
{
	sigset_t none;

	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* the failing write gives a better message */
	(void)signal(SIGTERM, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Close all descriptors but the standard streams and these; -1: none. */
static int close_others(const int *kept, size_t n)
{
	unsigned from = STDERR_FILENO + 1;

	for (;;) {
		unsigned next = ~0U;

		for (size_t i = 0; i < n; i++)
			if (kept[i] >= (int)from && (unsigned)kept[i] < next)
				next = (unsigned)kept[i];
		if (next > from && close_range(from, next - (next != ~0U), 0) < 0)
			return -errno;
		if (next == ~0U)
			return 0;
		from = next + 1;
	}
}

static int enter_sandbox(const struct config *config, struct trackd *trackd, struct trackd_ref ref)
{
	const struct sandbox sandbox = {
		.store = config->store,
		.keys = { config->embedding.url[0] ? config->embedding.key_file : "",
			  config->chat.url[0] ? config->chat.key_file : "" },
		.network = config_network(config),
	};
	const struct limits limits = { config->time_limit_s, config->memory_mb };
	int abi = 0, error = sandbox_limits(&sandbox);

	if (error == 0)
		error = sandbox_files(&sandbox, &abi);
	if (error == 0 && abi == 0)
		log_warning("this kernel has no Landlock: files are protected only by seccomp and "
			    "their modes");
	if (error == 0)
		error = limits_start(trackd, ref, &limits);
	if (error == 0)
		error = sandbox_calls(&sandbox);
	return error;
}

static enum exit_code work(const struct config *config, struct trackd_ref ref,
			   const struct document *document, struct extractor *extractor)
{
	struct trackd_options options = child_options(config, TRACKD_OPEN_WRITE);
	struct attempts_share share;
	struct trackd *trackd;
	enum exit_code code;
	int error = trackd_open(&trackd, &options);

	if (error < 0) {
		log_error("%s: %s", document->id, trackd_strerror(error));
		return exit_code_of_error(error);
	}
	attempts_share(config, &share);
	error = enter_sandbox(config, trackd, ref);
	if (error < 0) {
		log_error(
			"%s: the process cannot be sandboxed, so the document is not processed: %s",
			document->id, strerror(-error));
		code = EXIT_CODE_PERMISSION;
	} else {
		code = (enum exit_code)pipeline_run(config, trackd, ref, document, extractor);
	}
	attempts_release(&share);
	return code;
}

static _Noreturn void be_child(const struct child_start *start, pid_t parent,
			       struct extractor *extractor)
{
	const int kept[] = { start->keep, extractor->text, extractor->control };
	enum exit_code code = EXIT_CODE_BUSY;

	/* The parent may have died between the fork and this call. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(EXIT_CODE_INTERRUPTED);
	reset_signals();
	trackd_close(start->parents);
	if (close_others(kept, sizeof kept / sizeof kept[0]) == 0)
		code = work(start->config, start->ref, start->document, extractor);
	/* Not exit(): the parent's handlers and buffers are not ours to run and flush. */
	_exit((int)code);
}

static int start_worker(struct child *ret_child, const struct child_start *start,
			struct extractor *extractor)
{
	pid_t parent = getpid();
	struct child child = { .oom_kills = oom_kills_mark() };

	child.pid = fork();
	if (child.pid == 0)
		be_child(start, parent, extractor);
	if (child.pid < 0)
		return -errno;
	child.fd = (int)syscall(SYS_pidfd_open, child.pid, 0);
	if (child.fd < 0) {
		int error = -errno;

		(void)kill(child.pid, SIGKILL);
		(void)waitpid(child.pid, NULL, 0);
		return error;
	}
	*ret_child = child;
	return 0;
}

int child_start(struct child *ret_child, const struct child_start *start)
{
	struct extractor_request request = { .limits = child_limits(start->config) };
	struct extractor extractor;

	memcpy(request.name, start->document->name, sizeof request.name);
	int error = zygote_extract(start->zygote, &request, start->document->fd, &extractor);
	if (error < 0)
		return error;
	error = start_worker(ret_child, start, &extractor);
	/* The worker has its own copies. If the fork failed, this ends the extractor. */
	extractor_close(&extractor);
	return error;
}

/* ---- In the parent ------------------------------------------------------- */

static enum exit_code meaning(int status, bool memory, char *ret_text, size_t size)
{
	char how[CAUSE_WORDS];

	ret_text[0] = '\0';
	if (WIFEXITED(status) && (WEXITSTATUS(status) == EXIT_CODE_DONE ||
				  WEXITSTATUS(status) == EXIT_CODE_TASK_FAILED ||
				  WEXITSTATUS(status) == EXIT_CODE_CANCELLED))
		return (enum exit_code)WEXITSTATUS(status);
	cause_words(how, cause_of_status(status, memory));
	snprintf(ret_text, size, "The worker %s", how);
	return EXIT_CODE_WORKER_LOST;
}

enum exit_code child_end(struct child *child, struct child_death *ret_death, char *ret_text,
			 size_t size)
{
	struct child_death death = { .pid = child->pid };
	pid_t pid;

	do
		pid = waitpid(child->pid, &death.status, 0);
	while (pid < 0 && errno == EINTR);
	if (pid < 0)
		death.status = W_EXITCODE(0, SIGKILL);
	death.memory = oom_kills_since(&child->oom_kills);
	close(child->fd);
	*child = (struct child){ .fd = -1 };
	*ret_death = death;
	return meaning(death.status, death.memory, ret_text, size);
}

void child_lose(const struct config *config, struct trackd_ref ref)
{
	struct trackd_options options = child_options(config, TRACKD_OPEN_WRITE);
	struct trackd *trackd;
	pid_t pid = fork();

	if (pid == 0) {
		if (trackd_open(&trackd, &options) == 0)
			(void)trackd_update(trackd, ref, TRACKD_EXTRACTING, NULL);
		_exit(EXIT_CODE_WORKER_LOST);
	}
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}
