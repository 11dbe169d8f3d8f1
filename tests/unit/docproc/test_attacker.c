/* SPDX-License-Identifier: MIT */
/*
 * The extractor contains the libraries that parse untrusted bytes. An attacker in its place can
 * reach only its own document, and whatever it sends or does, the document's task ends in time:
 * failed with a message, or completed with wrong text.
 */
#include "tests/harness/private_daemon.h"
#include "tests/harness/suite.h"
#include "tests/unit/docproc/attacks.h"
#include "tools/common/exit_code.h"
#include "tools/docproc/worker/child.h"
#include "tools/docproc/worker/extraction.h"
#include <dirent.h>

enum { TIME_S = 1, MEMORY_MB = 64 };

static struct private_daemon daemon_;
static struct zygote zygote_;
static struct config config;
static struct trackd *board;
static int document; /* what is read, for no attacker cares */

/* ---- Before and after ---------------------------------------------------- */

static int start(void **state)
{
	char path[256];

	(void)state;
	harness_folder(target.folder, sizeof target.folder);
	config_defaults(&config);
	config.time_limit_s = TIME_S;
	config.memory_mb = MEMORY_MB;
	private_daemon_start(&daemon_, NULL);
	snprintf(config.board, sizeof config.board, "%s", daemon_.board);
	snprintf(config.socket, sizeof config.socket, "%s", daemon_.socket);
	snprintf(config.store, sizeof config.store, "%s/documents.db", target.folder);
	snprintf(config.spool, sizeof config.spool, "%s/spool", target.folder);
	snprintf(target.board, sizeof target.board, "/dev/shm%s", daemon_.board);
	if (strlen(daemon_.socket) >= sizeof target.socket)
		harness_die("%s is too long", daemon_.socket);
	memcpy(target.socket, daemon_.socket, strlen(daemon_.socket) + 1);
	snprintf(target.store, sizeof target.store, "%s/documents.db", target.folder);
	snprintf(target.spool, sizeof target.spool, "%s/spool", target.folder);
	HARNESS_MUST(mkdir(config.spool, 0700) < 0 ? -errno : 0);
	int fd = open(config.store, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	HARNESS_MUST(fd < 0 ? -errno : close(fd));
	target.supervisor = getpid();
	target.daemon = daemon_.pid;
	snprintf(path, sizeof path, "%s/document", target.folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	HARNESS_MUST(fd < 0 || write(fd, "A stranger's bytes.", 19) != 19 ? -EIO : close(fd));
	document = open(path, O_RDONLY | O_CLOEXEC);
	HARNESS_MUST(document < 0 ? -errno : 0);
	/* As the server does: before the board is mapped. */
	HARNESS_MUST(zygote_start(&zygote_, attack));
	board = private_daemon_open(&daemon_, TRACKD_OPEN_WRITE | TRACKD_OPEN_NO_WORKER);
	return 0;
}

static int end(void **state)
{
	(void)state;
	zygote_stop(&zygote_);
	trackd_close(board);
	close(document);
	private_daemon_remove(&daemon_);
	return 0;
}

/* ---- Without a worker ---------------------------------------------------- */

static struct extractor begin(const char *name)
{
	struct extractor_request request = { .limits = child_limits(&config) };
	struct extractor extractor;

	snprintf(request.name, sizeof request.name, "%s", name);
	HARNESS_MUST(zygote_extract(&zygote_, &request, document, &extractor));
	return extractor;
}

/* The sentence with which it ends. */
static struct failure failure_of(const char *name)
{
	const struct extractor_limits limits = child_limits(&config);
	struct extractor extractor = begin(name);
	struct content content;
	struct failure failure = { .error = "" };
	uint64_t processor_ns;

	if (extraction_read(&extractor, &limits, NULL, &content, &processor_ns, &failure) == 0)
		fail_msg("%s succeeded", name);
	return failure;
}

static void every_attempt_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		struct failure failure = failure_of(tries[i].name);

		if (strcmp(failure.error, "All was refused") != 0)
			fail_msg("%s: %s", tries[i].name, failure.error);
	}
}

static void what_only_an_attacker_calls_kills_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		struct failure failure = failure_of(hostile[i].name);

		if (strcmp(failure.error, "The process that read the document was killed by "
					  "signal 31 (Bad system call)") != 0)
			fail_msg("%s: %s", hostile[i].name, failure.error);
	}
}

/* A million blocks of one byte: bounded by the limit on text, and by the reader's own memory. */
static void a_flood_of_small_blocks_ends(void **state)
{
	(void)state;
	struct failure failure = failure_of("flood_with_blocks");

	assert_true(strcmp(failure.error, MALFORMED) == 0 || strcmp(failure.error, SLOW) == 0);
}

/* ---- What it holds ------------------------------------------------------- */

static pid_t child_of(pid_t parent)
{
	char path[64], children[64] = "";

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, children, sizeof children - 1);
	if (fd >= 0)
		close(fd);
	return n > 0 ? (pid_t)strtol(children, NULL, 10) : 0;
}

static void expect_no_mapping(pid_t pid)
{
	char path[64], line[512];

	snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
	FILE *maps = fopen(path, "re");
	assert_non_null(maps);
	unsigned n = 0;
	while (fgets(line, sizeof line, maps)) {
		n++;
		if (strstr(line, strrchr(target.board, '/')) || strstr(line, "documents.db") ||
		    strstr(line, "s ") == strchr(line, ' ') + 4)
			fail_msg("mapped: %s", line);
	}
	fclose(maps);
	assert_true(n > 10);
}

static unsigned count_descriptors(pid_t pid)
{
	char path[64];
	unsigned n = 0;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *folder = opendir(path);
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder));)
		n += entry->d_name[0] != '.';
	closedir(folder);
	return n;
}

static void it_has_neither_board_nor_store_and_dies_with_its_reader(void **state)
{
	(void)state;
	struct extractor extractor = begin("stay");
	struct frame_head head;

	/* It is at work when it has sent something. */
	assert_int_equal(read(extractor.text, &head, sizeof head), sizeof head);
	pid_t pid = child_of(zygote_.pid);
	assert_true(pid > 0);
	expect_no_mapping(pid);
	/* The standard streams, the document, the pipe, its own figures. */
	assert_int_equal(count_descriptors(pid), 6);
	extractor_close(&extractor);
	HARNESS_WAIT(kill(pid, 0) < 0, 30000);
}

/* ---- With a worker ------------------------------------------------------- */

static struct trackd_ref create(const char *id)
{
	struct trackd_new task = TRACKD_NEW_INIT;
	struct trackd_ref ref;

	task.id = id;
	HARNESS_MUST(trackd_create(board, &task, &ref));
	return ref;
}

static struct trackd_task work_on(const char *name)
{
	struct document what = { .created_at = 1700000000, .fd = document };
	struct child child;
	struct trackd_task task = TRACKD_TASK_INIT;
	struct child_death death;
	char text[128];
	struct trackd_ref ref = create(name);

	snprintf(what.id, sizeof what.id, "%s", name);
	snprintf(what.name, sizeof what.name, "%s", name);
	HARNESS_MUST(child_start(&child, &(struct child_start){ .config = &config,
								.zygote = &zygote_,
								.parents = board,
								.ref = ref,
								.document = &what,
								.keep = -1 }));
	(void)child_end(&child, &death, text, sizeof text);
	assert_int_equal(trackd_wait(board, ref, TRACKD_WAIT_FINAL, NULL, 30000), 0);
	assert_int_equal(trackd_copy(board, ref, &task), 0);
	return task;
}

/* On a slow machine a flood may use up its time first. */
static bool is_expected(const char *name, const char *expected, const char *error)
{
	return strcmp(error, expected) == 0 ||
	       (strncmp(name, "flood", 5) == 0 && strcmp(error, SLOW) == 0);
}

/* error NULL: it completes. */
static void expect_end(const char *name, const char *error)
{
	struct trackd_task task = work_on(name);
	bool failed = task.state == TRACKD_FAILED && task.reason == TRACKD_REASON_ERROR;

	if (error ? !failed || !is_expected(name, error, task.error)
		  : task.state != TRACKD_COMPLETED)
		fail_msg("%s: %s: %s", name, task.status, task.error);
}

static void every_task_ends_with_a_sentence(void **state)
{
	struct trackd_task before = TRACKD_TASK_INIT;
	struct trackd_task after = TRACKD_TASK_INIT;
	struct trackd_ref bystander = create("bystander");

	(void)state;
	assert_int_equal(trackd_copy(board, bystander, &before), 0);
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
		expect_end(acts[i].name, acts[i].error);
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		expect_end(answers[i].name, answers[i].error);
	/* All other tasks are as they were, and the daemon lives. */
	assert_int_equal(trackd_copy(board, bystander, &after), 0);
	assert_memory_equal(&before, &after, sizeof before);
	assert_int_equal(kill(daemon_.pid, 0), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_attempt_is_refused),
	cmocka_unit_test(what_only_an_attacker_calls_kills_it),
	cmocka_unit_test(a_flood_of_small_blocks_ends),
	cmocka_unit_test(it_has_neither_board_nor_store_and_dies_with_its_reader),
	cmocka_unit_test(every_task_ends_with_a_sentence),
};

SUITE_WITH(tests, start, end)
