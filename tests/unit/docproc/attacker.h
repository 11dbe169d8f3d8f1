/* SPDX-License-Identifier: MIT */
/*
 * An extractor controlled by an attacker. It runs in place of extractor_run(), in the same sandbox;
 * the name of its document selects what it tries. It reports each success through its pipe, as the
 * sentence of a failure; refused attempts are not reported.
 */
#ifndef TESTS_DOCPROC_ATTACKER_H
#define TESTS_DOCPROC_ATTACKER_H

#include "tests/harness/harness.h"
#include "tools/docproc/extract/frame.h"
#include "tools/docproc/extract/frame_writer.h"
#include "tools/docproc/sandbox/sanitized.h"
#include "tools/docproc/sandbox/zygote.h"
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/* The targets of the attacks, filled in before the zygote is forked, so that the attacker knows
 * them all. */
static struct {
	char board[160], socket[108], store[300], spool[300], folder[200];
	pid_t supervisor, daemon;
} target;

enum { DOCUMENT_FD = 3, TEXT_FD = 4, FIGURES_FD = 5, FD_MAX = 1024, PAGE = 4096 };

static char loot[512]; /* calls that succeeded */
static volatile size_t n_tried;

static void got(const char *what)
{
	size_t n = strlen(loot);

	snprintf(loot + n, sizeof loot - n, "%s%s", n > 0 ? "; " : "", what);
}

/* A call that must fail. */
#define TRY(call)                                                                                  \
	do {                                                                                       \
		n_tried++;                                                                         \
		if ((long)(call) != -1)                                                            \
			got(#call);                                                                \
	} while (0)

/* ---- Files --------------------------------------------------------------- */

static void try_path(const char *path)
{
	static const int modes[] = { O_RDONLY,           O_WRONLY,         O_RDWR,
				     O_WRONLY | O_CREAT, O_RDWR | O_TRUNC, O_RDONLY | O_DIRECTORY };

	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		n_tried++;
		if (open(path, modes[i] | O_CLOEXEC, 0600) >= 0)
			got(path);
	}
}

static void try_process_files(pid_t pid)
{
	static const char *const names[] = { "mem",       "maps", "environ", "fd/0", "fd/4",
					     "map_files", "root", "cwd",     "task" };
	char path[64];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (pid == 0)
			snprintf(path, sizeof path, "/proc/self/%s", names[i]);
		else
			snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, names[i]);
		try_path(path);
	}
}

static void try_files(void)
{
	static const char *const elsewhere[] = { "/etc/passwd", "/etc/shadow", "/root", "/dev/shm",
						 "/dev/mem",    "/dev/null",   "/run",  "/var",
						 "/var/lib",    "/sys",        "/home", "/bin/sh" };
	char path[320];

	try_path(target.board);
	try_path(target.store);
	try_path(target.spool);
	try_path(target.socket);
	try_path(target.folder);
	snprintf(path, sizeof path, "%s-wal", target.store);
	try_path(path);
	for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
		try_path(elsewhere[i]);
	try_process_files(0);
	try_process_files(target.supervisor);
	try_process_files(target.daemon);
	snprintf(path, sizeof path, "%s/intruder", target.folder);
	try_path(path);
	TRY(unlink(target.store));
	TRY(rename(target.store, path));
	TRY(link(target.store, path));
	TRY(symlink(target.store, path));
	TRY(mkdir(path, 0700));
	TRY(mknod(path, S_IFIFO | 0600, 0));
	TRY(chmod(target.store, 0666));
	TRY(chown(target.store, 1, 1));
	TRY(truncate(target.store, 0));
	TRY(utimensat(AT_FDCWD, target.store, NULL, 0));
	TRY(setxattr(target.store, "user.x", "x", 1, 0));
	TRY(chdir("/"));
	TRY(inotify_init1(0));
}

/* ---- Descriptors --------------------------------------------------------- */

static void try_descriptors(void)
{
	const struct stat null = { 0 };
	struct stat st = null;

	for (int fd = 0; fd < FD_MAX; fd++) {
		char text[32];
		bool own = fd <= FIGURES_FD;

		n_tried++;
		snprintf(text, sizeof text, "descriptor %d", fd);
		if (fstat(fd, &st) == 0 && (!own || S_ISSOCK(st.st_mode)))
			got(text);
		/* A sanitizer reports on stderr. */
		if (fd <= STDERR_FILENO - SANITIZED && !S_ISCHR(st.st_mode))
			got(text);
	}
	TRY(write(DOCUMENT_FD, "x", 1));
	TRY(ftruncate(DOCUMENT_FD, 0));
	TRY(fchmod(DOCUMENT_FD, 0666));
	TRY(flock(DOCUMENT_FD, LOCK_EX | LOCK_NB));
	TRY(fcntl(DOCUMENT_FD, F_SETLK, &(struct flock){ .l_type = F_RDLCK }));
	TRY(fcntl(DOCUMENT_FD, F_SETOWN, target.supervisor));
	TRY(fcntl(DOCUMENT_FD, F_NOTIFY, DN_MODIFY));
	TRY(read(TEXT_FD, loot, 1));
	TRY(fcntl(TEXT_FD, F_SETFL, O_NONBLOCK));
	TRY(fcntl(TEXT_FD, F_SETPIPE_SZ, 1 << 20));
	TRY(ioctl(STDIN_FILENO, TIOCSTI, "x"));
	TRY(sendmsg(TEXT_FD, &(struct msghdr){ 0 }, 0));
	TRY(memfd_create("x", 0));
	TRY(syscall(SYS_eventfd2, 0, 0));
	TRY(epoll_create1(0));
}

/* ---- Memory -------------------------------------------------------------- */

static void try_memory(void)
{
	void *data = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	TRY(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, DOCUMENT_FD, 0));
	TRY(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE, DOCUMENT_FD, 0));
	TRY(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	TRY(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	TRY(mmap(NULL, PAGE, PROT_WRITE | PROT_EXEC, MAP_PRIVATE, DOCUMENT_FD, 0));
	TRY(mprotect(data, PAGE, PROT_READ | PROT_EXEC));
	TRY(shm_open(strrchr(target.board, '/'), O_RDWR, 0600));
	TRY(shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600));
	TRY(msgget(IPC_PRIVATE, IPC_CREAT | 0600));
	TRY(semget(IPC_PRIVATE, 1, IPC_CREAT | 0600));
	TRY(syscall(SYS_mq_open, "x", O_CREAT | O_RDWR, 0600, NULL));
	TRY(syscall(SYS_mlock, data, PAGE));
}

/* ---- Processes and sockets ----------------------------------------------- */

static void try_process(pid_t pid)
{
	siginfo_t info = { .si_code = SI_QUEUE };

	TRY(kill(pid, 0));
	TRY(syscall(SYS_tgkill, pid, pid, 0));
	TRY(syscall(SYS_tgkill, pid, pid, SIGABRT));
	TRY(syscall(SYS_tkill, pid, 0));
	TRY(syscall(SYS_rt_sigqueueinfo, pid, SIGURG, &info));
	TRY(syscall(SYS_pidfd_open, pid, 0));
	TRY(setpriority(PRIO_PROCESS, (id_t)pid, 19));
	TRY(prlimit(pid, RLIMIT_CORE, NULL, &(struct rlimit){ 0 }));
	TRY(sched_setscheduler(pid, SCHED_IDLE, &(struct sched_param){ 0 }));
}

static void try_processes(void)
{
	char *arguments[] = { (char[]){ "/bin/true" }, NULL };
	const struct rlimit more = { RLIM_INFINITY, RLIM_INFINITY };
	cpu_set_t processors;

	CPU_ZERO(&processors);
	CPU_SET(0, &processors);
	try_process(target.supervisor);
	try_process(target.daemon);
	TRY(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	TRY(syscall(SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0));
	TRY(syscall(SYS_clone3, NULL, 0));
#ifdef SYS_fork
	TRY(syscall(SYS_fork));
	TRY(syscall(SYS_vfork));
#endif
	TRY(execv(arguments[0], arguments));
	TRY(setrlimit(RLIMIT_NOFILE, &more));
	TRY(setrlimit(RLIMIT_FSIZE, &more));
	TRY(sched_setaffinity(0, sizeof processors, &processors));
	TRY(prctl(PR_SET_DUMPABLE, 1));
	TRY(prctl(PR_SET_PDEATHSIG, 0));
	TRY(prctl(PR_SET_PTRACER, target.supervisor));
	TRY(setsid());
	TRY(setpgid(0, 0));
}

static void try_sockets(void)
{
	static const int families[] = {
		AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int pair[2];

	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		TRY(socket(families[i], SOCK_STREAM, 0));
		TRY(socket(families[i], SOCK_DGRAM, 0));
		TRY(socket(families[i], SOCK_SEQPACKET, 0));
	}
	TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	snprintf(address.sun_path, sizeof address.sun_path, "%s", target.socket);
	for (int fd = 0; fd <= FIGURES_FD; fd++)
		TRY(connect(fd, (const struct sockaddr *)&address, sizeof address));
}

/* It has to use its processor time: no call that sleeps. */
static void try_sleeping(void)
{
	const struct timespec second = { 1, 0 };
	struct pollfd pollfd = { .fd = TEXT_FD, .events = POLLIN };
	int word = 0;

	TRY(nanosleep(&second, NULL));
	TRY(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &second, NULL));
	TRY(pause());
	TRY(poll(&pollfd, 1, 1000));
	TRY(syscall(SYS_futex, &word, 0 /* FUTEX_WAIT */, 0, &second, NULL, 0));
	TRY(sched_yield());
	TRY(sigwaitinfo(&(sigset_t){ 0 }, NULL));
	TRY(syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0));
}

/* ---- What it sends ------------------------------------------------------- */

static void send_bytes(const void *bytes, size_t n)
{
	for (const char *at = bytes; n > 0;) {
		ssize_t written = write(TEXT_FD, at, n);

		if (written < 0)
			_exit(EXTRACTOR_DONE);
		at += written;
		n -= (size_t)written;
	}
}

static void send_frame(uint32_t type, const void *head, size_t n_head, const void *rest, size_t n)
{
	const struct frame_head frame = { type, (uint32_t)(n_head + n) };

	send_bytes(&frame, sizeof frame);
	send_bytes(head, n_head);
	send_bytes(rest, n);
}

static void send_progress(uint32_t type, uint64_t units)
{
	const struct frame_progress progress = { units };

	send_frame(type, &progress, sizeof progress, "", 0);
}

static void send_block(uint32_t type, uint32_t page, const char *text, size_t n)
{
	const struct frame_block block = { type, page };

	send_frame(FRAME_BLOCK, &block, sizeof block, text, n);
}

static void send_end(uint32_t pages, uint64_t n_blocks, uint64_t n_bytes)
{
	const struct frame_end end = { 2 /* plain text */, pages, 0, 0, n_blocks, n_bytes };

	send_frame(FRAME_END, &end, sizeof end, "", 0);
}

static void send_failure(const char *error)
{
	const struct frame_failure head = { (uint32_t)strlen(error), 0 };

	send_frame(FRAME_FAILURE, &head, sizeof head, error, strlen(error));
}

/* What succeeded, or that everything was refused. */
static void report_loot(void)
{
	send_failure(loot[0] != '\0' ? loot
		     : n_tried > 0   ? "All was refused"
				     : "Nothing was tried");
}

#endif
