/* SPDX-License-Identifier: MIT */
/*
 * What a sandboxed process can and cannot do: each layer is tested from inside, in a separate
 * child. And how the watchdog reports limits that are reached.
 */
#include "tests/harness/harness.h"
#include "tests/harness/private_daemon.h"
#include "tests/harness/suite.h"
#include "tools/common/exit_code.h"
#include "tools/docproc/sandbox/process_memory.h"
#include "tools/docproc/sandbox/sandbox.h"
#include "tools/docproc/worker/limits.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static char folder[192], store[256], neighbour[256], key[256];
static int landlock; /* the kernel's ABI; 0: none */

static void make_file(char path[256], const char *name)
{
	snprintf(path, 256, "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || write(fd, "secret", 6) != 6)
		harness_die("cannot write %s", path);
	close(fd);
}

static int begin(void **state)
{
	char side[256];

	(void)state;
	harness_folder(folder, sizeof folder);
	make_file(store, "documents.db");
	make_file(side, "documents.db-wal");
	make_file(side, "documents.db-shm");
	make_file(neighbour, "neighbour");
	make_file(key, "key");
	landlock = (int)syscall(444, NULL, 0, 1);
	return 0;
}

/* ---- Being inside -------------------------------------------------------- */

enum { INSIDE_FAILED = 99 };

static void lock_in(bool network)
{
	const struct sandbox sandbox = { .store = store, .keys = { key, "" }, .network = network };
	int abi;

	if (sandbox_limits(&sandbox) < 0 || sandbox_files(&sandbox, &abi) < 0 ||
	    sandbox_calls(&sandbox) < 0)
		_exit(INSIDE_FAILED);
}

/* The number of the first line that did not hold, as an exit status; 0: all did. */
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			dprintf(STDERR_FILENO, "# %s:%d: %s (%s)\n", __FILE__, __LINE__,           \
				#condition, strerror(errno));                                      \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

#define REFUSED(call, why) HOLDS((call) < 0 && errno == (why))

/* Run a function inside: its child's exit status, or -signal. */
static int inside(void (*try)(void), bool network)
{
	pid_t pid = harness_fork();

	if (pid == 0) {
		lock_in(network);
		try();
		_exit(0);
	}
	return harness_reap(pid);
}

/* ---- Files --------------------------------------------------------------- */

static void try_files(void)
{
	char path[300];
	char text[8];
	int fd = open(store, O_RDWR | O_CLOEXEC);

	HOLDS(fd >= 0);
	HOLDS(write(fd, "x", 1) == 1 && ftruncate(fd, 0) == 0);
	HOLDS(open(key, O_RDONLY) >= 0);
	HOLDS(open("/dev/null", O_RDWR) >= 0);
	HOLDS(open("/usr/lib", O_RDONLY | O_DIRECTORY) >= 0);
	fd = open("/proc/self/stat", O_RDONLY);
	HOLDS(fd >= 0 && read(fd, text, sizeof text) > 0);
	REFUSED(open(key, O_WRONLY), EACCES);
	REFUSED(open(neighbour, O_RDONLY), EACCES);
	REFUSED(open("/etc/passwd", O_RDONLY), EACCES);
	REFUSED(open("/etc/shadow", O_RDONLY), EACCES);
	REFUSED(open("/root", O_RDONLY | O_DIRECTORY), EACCES);
	REFUSED(open("/proc/1/environ", O_RDONLY), EACCES);
	REFUSED(open("/etc/resolv.conf", O_RDONLY), EACCES);
	REFUSED(open("/usr/lib/intruder", O_WRONLY | O_CREAT, 0600), EACCES);
	snprintf(path, sizeof path, "%s/documents.db-new", folder);
	REFUSED(open(path, O_WRONLY | O_CREAT, 0600), EACCES);
	snprintf(path, sizeof path, "/dev/shm%s-intruder", getenv("TRACKD_TEST_BOARD"));
	REFUSED(open(path, O_WRONLY | O_CREAT, 0600), EACCES);
	REFUSED(unlink(store), EACCES);
	REFUSED(rename(store, neighbour), EPERM);
	REFUSED(link(store, path), EPERM);
	REFUSED(symlink(store, path), EPERM);
	REFUSED(chmod(store, 0666), EPERM);
	REFUSED(mkdir(path, 0700), EPERM);
}

static void only_its_own_files_are_open_to_it(void **state)
{
	(void)state;
	if (landlock < 1)
		HARNESS_SKIP("this kernel has no Landlock");
	assert_int_equal(inside(try_files, false), 0);
}

/* ---- Sockets and processes ----------------------------------------------- */

static void try_sockets(void)
{
	HOLDS(socket(AF_UNIX, SOCK_SEQPACKET, 0) >= 0);
	REFUSED(socket(AF_INET, SOCK_STREAM, 0), EPERM);
	REFUSED(socket(AF_INET, SOCK_DGRAM, 0), EPERM);
	REFUSED(socket(AF_INET6, SOCK_STREAM, 0), EPERM);
	REFUSED(socket(AF_NETLINK, SOCK_RAW, 0), EPERM);
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0), EPERM);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	REFUSED(listen(fd, 1), EPERM);
}

static void try_network(void)
{
	HOLDS(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	HOLDS(socket(AF_INET6, SOCK_DGRAM, 0) >= 0);
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0), EPERM);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	REFUSED(listen(fd, 1), EPERM);
	HOLDS(open("/etc/resolv.conf", O_RDONLY) >= 0 || errno == ENOENT);
	if (landlock >= 1)
		REFUSED(open("/etc/passwd", O_RDONLY), EACCES);
}

static void there_is_no_network_unless_it_is_needed(void **state)
{
	(void)state;
	assert_int_equal(inside(try_sockets, false), 0);
	assert_int_equal(inside(try_network, true), 0);
}

static void *nothing(void *user)
{
	return user;
}

static void try_processes(void)
{
	char *arguments[] = { (char[]){ "/bin/true" }, NULL };
	struct rlimit limit = { 1 << 20, 1 << 20 };
	struct rlimit present;
	pthread_t thread;

	HOLDS(pthread_create(&thread, NULL, nothing, NULL) == 0);
	HOLDS(pthread_join(thread, NULL) == 0);
	REFUSED(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0), EPERM);
	REFUSED(syscall(SYS_clone3, NULL, 0), ENOSYS);
#ifdef SYS_fork
	REFUSED(syscall(SYS_fork), EPERM);
	REFUSED(syscall(SYS_vfork), EPERM);
#endif
	REFUSED(execv(arguments[0], arguments), EPERM);
	REFUSED(setrlimit(RLIMIT_CORE, &limit), EPERM);
	HOLDS(getrlimit(RLIMIT_CORE, &present) == 0 && present.rlim_max == 0);
	HOLDS(getrlimit(RLIMIT_NOFILE, &present) == 0 && present.rlim_max <= 128);
	HOLDS(getrlimit(RLIMIT_FSIZE, &present) == 0 && present.rlim_max != RLIM_INFINITY);
	REFUSED(ioctl(STDIN_FILENO, TIOCSTI, "x"), EPERM);
	REFUSED(setsid(), EPERM);
	if (landlock >= 6)
		REFUSED(kill(getppid(), SIGUSR1), EPERM);
}

static void it_starts_threads_but_no_processes(void **state)
{
	(void)state;
	assert_int_equal(inside(try_processes, false), 0);
}

static void try_code(void)
{
	const size_t page = 4096;
	void *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	HOLDS(memory != MAP_FAILED);
	REFUSED(mprotect(memory, page, PROT_READ | PROT_EXEC), EPERM);
	HOLDS(mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	      MAP_FAILED);
	/* Libraries that are loaded late come from files. */
	HOLDS(dlopen("libutil.so.1", RTLD_NOW) != NULL);
}

static void code_comes_from_files_only(void **state)
{
	(void)state;
	assert_int_equal(inside(try_code, false), 0);
}

/* ---- What kills ---------------------------------------------------------- */

static int call;

static void try_call(void)
{
	(void)syscall(call, 0, 0, 0, 0, 0, 0);
}

static void what_only_an_attacker_tries_kills_it(void **state)
{
	static const struct {
		const char *name;
		int number;
	} calls[] = {
		{ "ptrace", SYS_ptrace },
		{ "mount", SYS_mount },
		{ "bpf", SYS_bpf },
		{ "kexec_load", SYS_kexec_load },
		{ "io_uring_setup", SYS_io_uring_setup },
		{ "perf_event_open", SYS_perf_event_open },
		{ "keyctl", SYS_keyctl },
		{ "userfaultfd", SYS_userfaultfd },
		{ "process_vm_readv", SYS_process_vm_readv },
		{ "unshare", SYS_unshare },
		{ "setns", SYS_setns },
		{ "chroot", SYS_chroot },
		{ "setuid", SYS_setuid },
		{ "init_module", SYS_init_module },
		{ "open_by_handle_at", SYS_open_by_handle_at },
	};

	(void)state;
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		call = calls[i].number;
		int status = inside(try_call, i % 2 == 1);
		if (status != -SIGSYS)
			fail_msg("%s ended with %d", calls[i].name, status);
	}
}

/* ---- The watchdog ---------------------------------------------------------- */

static struct private_daemon daemon_;
static const struct limits limits = { 1, 64 };

/* Run a worker with the watchdog, in its sandbox, and perform an action. */
static int worker(void (*act)(void), const char *id)
{
	struct trackd_new task = TRACKD_NEW_INIT;
	struct trackd_ref ref;
	pid_t pid = harness_fork();

	if (pid != 0)
		return harness_reap(pid);
	struct trackd *trackd = private_daemon_open(&daemon_, TRACKD_OPEN_WRITE);
	const struct sandbox sandbox = { .store = store };
	int abi;
	task.id = id;
	if (trackd_create(trackd, &task, &ref) < 0 ||
	    trackd_update(trackd, ref, TRACKD_EXTRACTING, NULL) < 0 ||
	    sandbox_limits(&sandbox) < 0 || sandbox_files(&sandbox, &abi) < 0 ||
	    limits_start(trackd, ref, &limits) < 0 || sandbox_calls(&sandbox) < 0)
		_exit(INSIDE_FAILED);
	act();
	_exit(0);
}

static void expect_end(const char *id, enum trackd_reason reason, const char *error)
{
	struct trackd *trackd = private_daemon_open(&daemon_, TRACKD_OPEN_READ);
	struct trackd_ref ref;
	struct trackd_task task = TRACKD_TASK_INIT;

	assert_int_equal(trackd_lookup(trackd, id, &ref), 0);
	assert_int_equal(trackd_wait(trackd, ref, TRACKD_WAIT_FINAL, NULL, 10000), 0);
	assert_int_equal(trackd_copy(trackd, ref, &task), 0);
	trackd_close(trackd);
	assert_int_equal(task.state, TRACKD_FAILED);
	assert_int_equal(task.reason, reason);
	if (error)
		assert_string_equal(task.error, error);
}

static void use_up_time(void)
{
	for (volatile unsigned n = 0;; n++)
		;
}

static void time_that_is_used_up_fails_the_task(void **state)
{
	(void)state;
	assert_int_equal(worker(use_up_time, "slow"), EXIT_CODE_TASK_FAILED);
	expect_end("slow", TRACKD_REASON_ERROR,
		   "The document took more than 1 s of processor time");
}

/* A sanitizer's own memory and signals are in the way of these. */
#if !SANITIZED
static void crash(void)
{
	errno = 0;
	abort();
}

static void a_crash_stays_a_crash(void **state)
{
	(void)state;
	assert_int_equal(worker(crash, "crash"), -SIGABRT);
	expect_end("crash", TRACKD_REASON_WORKER_LOST, NULL);
}

/* As libraries do that check malloc() and give up. */
static void use_up_memory(void)
{
	for (;;) {
		void *volatile memory = malloc(1 << 16);

		if (!memory) {
			errno = 0;
			abort();
		}
		memset(memory, 1, 1 << 16);
	}
}

/* Known to no compiler, which might do without the call. */
static volatile size_t too_much = (size_t)1 << 32;

static void ask_for_too_much(void)
{
	void *volatile memory = malloc(too_much);

	if (!memory)
		abort();
}

/* As those that do not. */
static void use_what_was_not_given(void)
{
	volatile char *memory = malloc(too_much);

	memory[0] = 1;
}

static void memory_that_is_used_up_fails_the_task(void **state)
{
	static const struct {
		const char *id;
		void (*act)(void);
	} cases[] = { { "greedy", use_up_memory },
		      { "huge", ask_for_too_much },
		      { "careless", use_what_was_not_given } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(worker(cases[i].act, cases[i].id), EXIT_CODE_TASK_FAILED);
		expect_end(cases[i].id, TRACKD_REASON_ERROR,
			   "The document needed more than 64 MiB of memory");
	}
}

#endif

static int start_daemon(void **state)
{
	(void)state;
	private_daemon_start(&daemon_, NULL);
	return begin(state);
}

enum { BEFORE_MB = 256, LIMIT_MB = 64 };

static void *map_mb(size_t mb)
{
	return mmap(NULL, mb << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* 0: as it should be. */
static int measure_memory(void)
{
	void *before = map_mb(BEFORE_MB);
	int fd = process_memory_open();

	if (before == MAP_FAILED || fd < 0 || munmap(before, (size_t)BEFORE_MB << 20) < 0)
		return 1;
	struct memory_limit limit = memory_limit_of(fd, LIMIT_MB);
	if (limit.limit == 0 || memory_limit_near(&limit, fd))
		return 2; /* the peak of before counts */
	void *most = map_mb(LIMIT_MB - 2);
	if (most == MAP_FAILED || !memory_limit_near(&limit, fd))
		return 3;
	return 0;
}

static void memory_from_before_the_limit_does_not_count(void **state)
{
	(void)state;
	pid_t pid = harness_fork();
	if (pid == 0)
		_exit(measure_memory());
	assert_int_equal(harness_reap(pid), 0);
}

static int end_daemon(void **state)
{
	(void)state;
	private_daemon_remove(&daemon_);
	return 0;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(only_its_own_files_are_open_to_it),
	cmocka_unit_test(there_is_no_network_unless_it_is_needed),
	cmocka_unit_test(it_starts_threads_but_no_processes),
	cmocka_unit_test(code_comes_from_files_only),
	cmocka_unit_test(what_only_an_attacker_tries_kills_it),
	cmocka_unit_test(time_that_is_used_up_fails_the_task),
	cmocka_unit_test(memory_from_before_the_limit_does_not_count),
#if !SANITIZED
	cmocka_unit_test(a_crash_stays_a_crash),
	cmocka_unit_test(memory_that_is_used_up_fails_the_task),
#endif
};

SUITE_WITH(tests, start_daemon, end_daemon)
