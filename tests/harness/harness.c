/* SPDX-License-Identifier: MIT */
/* Boards, conditions, children and leaks for the tests; see harness.h. */
#include "tests/harness/harness.h"
#include "libclient/record/tenant.h"
#include "libclient/segment/clock.h"
#include "tests/harness/tap.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- Giving up ---------------------------------------------------------- */

void harness_die(const char *format, ...)
{
	va_list arguments;

	printf("Bail out! ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	fflush(stdout);
	exit(EXIT_FAILURE);
}

int harness_must(int error, const char *what)
{
	if (error < 0)
		harness_die("%s: %s (%d)", what, trackd_strerror(error), error);
	return error;
}

/* ---- Boards ------------------------------------------------------------- */

void harness_board(struct board *ret_board, uint32_t capacity)
{
	struct segment_params params = { .capacity = capacity,
					 .mode = 0600,
					 .gid = (gid_t)-1,
					 .ttl_ms = TRACKD_TTL_DEFAULT_MS,
					 .active_ttl_ms = TRACKD_ACTIVE_TTL_DEFAULT_MS,
					 .number = 7 };

	harness_board_params(ret_board, &params);
}

void harness_board_params(struct board *ret_board, const struct segment_params *params)
{
	HARNESS_MUST(segment_create(ret_board, params));
}

void harness_board_free(struct board *board)
{
	segment_unmap(board);
}

void harness_board_reader(struct board *ret_reader, const struct board *board)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", board->fd);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		harness_die("%s: %s", path, strerror(errno));
	HARNESS_MUST(segment_map(ret_reader, fd, false));
}

void harness_board_name(char ret_name[64])
{
	static unsigned n;
	const char *base = getenv("TRACKD_TEST_BOARD");

	if (base)
		snprintf(ret_name, 64, "%.40s-%u", base, n++);
	else
		snprintf(ret_name, 64, "/tt-%d-%u", (int)getpid(), n++);
}

void harness_unlink(const char *name)
{
	(void)shm_unlink(name);
}

struct trackd_ref harness_create(struct board *board, const char *id, const char *owner)
{
	struct tenant_new task = { .id = id,
				   .owner = owner ? owner : "",
				   .name = id,
				   .message = "Queued for processing" };
	struct trackd_ref ref;

	HARNESS_MUST(tenant_create(board, &task, harness_soon(), &ref));
	return ref;
}

uint64_t harness_deadline(unsigned ms)
{
	return clock_monotonic_ns() + ms * NS_PER_MS;
}

uint64_t harness_soon(void)
{
	return harness_deadline(2000);
}

void *harness_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		harness_die("%zu bytes of shared memory: %s", size, strerror(errno));
	return memory;
}

/* ---- Waiting ------------------------------------------------------------ */

bool harness_nap(uint64_t limit)
{
	static const struct timespec half_ms = { .tv_nsec = 500000 };

	if (clock_monotonic_ns() >= limit)
		return false;
	nanosleep(&half_ms, NULL);
	return true;
}

void harness_pause(uint64_t limit, const char *file, int line, const char *condition)
{
	if (!harness_nap(limit))
		harness_die("%s:%d: waited in vain for: %s", file, line, condition);
}

/* ---- Children ----------------------------------------------------------- */

pid_t harness_fork(void)
{
	pid_t parent = getpid();

	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0)
		harness_die("fork: %s", strerror(errno));
	if (pid > 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	return 0;
}

static bool reaped(pid_t pid, int *status)
{
	pid_t got = waitpid(pid, status, WNOHANG);

	if (got < 0)
		harness_die("waitpid %d: %s", (int)pid, strerror(errno));
	return got == pid;
}

int harness_reap(pid_t pid)
{
	int status = 0;

	if (!HARNESS_SEES(reaped(pid, &status), 60000)) {
		(void)kill(pid, SIGKILL);
		harness_die("child %d did not end within 60 s", (int)pid);
	}
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int harness_kill(pid_t pid, int signal)
{
	(void)kill(pid, signal);
	return harness_reap(pid);
}

void harness_stop(pid_t pid)
{
	int status;

	(void)kill(pid, SIGSTOP);
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		harness_die("child %d ended instead of stopping", (int)pid);
}

/* ---- Leaks -------------------------------------------------------------- */

static int count_entries(const char *path)
{
	DIR *folder = opendir(path);
	int n = -1; /* -1 for the descriptor of /proc/self/fd itself */

	if (!folder)
		harness_die("%s: %s", path, strerror(errno));
	for (const struct dirent *entry; (entry = readdir(folder));)
		n += entry->d_name[0] != '.';
	closedir(folder);
	return n;
}

static int count_maps(void)
{
	char line[512];
	int n = 0;
	FILE *maps = fopen("/proc/self/maps", "re");

	if (!maps)
		harness_die("/proc/self/maps: %s", strerror(errno));
	while (fgets(line, sizeof line, maps))
		n += strstr(line, "/dev/shm/") != NULL;
	fclose(maps);
	return n;
}

struct harness_usage harness_usage(void)
{
	return (struct harness_usage){ .fds = count_entries("/proc/self/fd"),
				       .maps = count_maps(),
				       .threads = count_entries("/proc/self/task") + 1 };
}

static int leaked(const char *what, int before, int now)
{
	if (now <= before)
		return 0;
	tap_note("leaked %s: %d before, %d now", what, before, now);
	return 1;
}

int harness_leaks(const struct harness_usage *before)
{
	struct harness_usage now = harness_usage();

	return leaked("descriptors", before->fds, now.fds) +
	       leaked("mappings of /dev/shm", before->maps, now.maps) +
	       leaked("threads", before->threads, now.threads);
}

/* ---- What cannot be tested here ----------------------------------------- */

void harness_skipped(const char *why)
{
	printf("# skipped: %s\n", why);
	fflush(stdout);
}

bool harness_robust_lists(void)
{
	void *list = NULL;
	size_t size = 0;

	return syscall(SYS_get_robust_list, 0, &list, &size) == 0 && list != NULL;
}

bool harness_wiped_pages(void)
{
	enum { SIZE = 65536 }; /* the largest page size */
	char *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		harness_die("mmap: %s", strerror(errno));
	page[0] = 1;
	if (madvise(page, SIZE, MADV_WIPEONFORK) < 0)
		harness_die("madvise: %s", strerror(errno));
	pid_t pid = harness_fork();
	if (pid == 0)
		_exit(page[0]);
	int status = harness_reap(pid);
	munmap(page, SIZE);
	return status == 0;
}

bool harness_same_proc(void)
{
	char text[1024] = "";
	FILE *file = fopen("/proc/self/stat", "re");

	if (!file || !fgets(text, sizeof text, file))
		harness_die("/proc/self/stat cannot be read");
	fclose(file);
	/* Field 20, the number of threads: the seventeenth behind the state. */
	char *at = strrchr(text, ')');
	for (int field = 2; at && field < 20; field++)
		at = strchr(at + 1, ' ');
	return at && strtol(at, NULL, 10) > 0;
}

/* ---- Where things are --------------------------------------------------- */

const char *harness_program(const char *name, char *ret_path, size_t size)
{
	const char *build = getenv("TRACKD_BUILD");
	char self[4096];

	if (build) {
		snprintf(ret_path, size, "%s/%s", build, name);
		return ret_path;
	}
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0)
		harness_die("/proc/self/exe: %s", strerror(errno));
	self[n] = '\0';
	char *tests = strstr(self, "/tests/");
	if (!tests)
		harness_die("%s lies in no build folder; set TRACKD_BUILD", self);
	*tests = '\0';
	snprintf(ret_path, size, "%s/%s", self, name);
	return ret_path;
}

int harness_command(const char *name, char ret_text[4096],
		    const char *ret_words[HARNESS_COMMAND_WORDS])
{
	const char *emulator = getenv("TRACKD_EMULATOR");
	int n = 0, length = snprintf(ret_text, 2048, "%s", emulator ? emulator : "");

	if (length >= 2048)
		harness_die("the emulator's command is too long");
	for (char *word = strtok(ret_text, " "); word && n < HARNESS_COMMAND_WORDS - 1;
	     word = strtok(NULL, " "))
		ret_words[n++] = word;
	ret_words[n++] = harness_program(name, ret_text + 2048, 2048);
	return n;
}

/* Folders to remove at the end, by the process that created them and not by its children. */
static struct {
	char path[8][256];
	int n;
	pid_t maker;
} folders;

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	(void)remove(path);
	return 0;
}

static void remove_folders(void)
{
	if (getpid() != folders.maker)
		return;
	for (int i = 0; i < folders.n; i++)
		(void)nftw(folders.path[i], remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *base_folder(void)
{
	const char *base = getenv("TMPDIR");

	return base ? base : "/tmp";
}

void harness_enter_folder(void)
{
	if (chdir(base_folder()) < 0)
		harness_die("%s: %s", base_folder(), strerror(errno));
}

void harness_folder(char *ret_path, size_t size)
{
	if (folders.n == 8)
		harness_die("more than 8 folders");
	if (folders.n == 0) {
		folders.maker = getpid();
		(void)atexit(remove_folders);
	}
	char *path = folders.path[folders.n++];
	snprintf(path, 256, "%s/th-XXXXXX", base_folder());
	if (!mkdtemp(path))
		harness_die("%s: %s", path, strerror(errno));
	snprintf(ret_path, size, "%s", path);
}
