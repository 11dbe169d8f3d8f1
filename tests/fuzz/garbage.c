/* SPDX-License-Identifier: MIT */
/*
 * The segment's bytes overwritten at random: whatever they are, no reader crashes, hangs or returns
 * an unterminated string, and with the mutexes spared the daemon's calls neither. Meant to be built
 * with AddressSanitizer and UndefinedBehaviorSanitizer. tests/run: alone=stress timeout=600
 *
 *	garbage [--seed S] [--rounds N] [--first ROUND]
 *
 * A round depends on the seed and its number alone, counted from the last multiple of 8, when the
 * good bytes were put back: `--seed S --first ROUND` shows a failure again. All rounds run in one
 * child process, so that a crash is reported with the round in which it happened.
 */
#include "libclient/record/record.h"
#include "libclient/record/tenant.h"
#include "libclient/record/worker.h"
#include "libclient/segment/atomic.h"
#include "tests/fuzz/look.h"
#include "tests/fuzz/programs.h"
#include "tests/fuzz/spoil.h"
#include "tests/fuzz/tend.h"
#include "tests/harness/counting.h"
#include "tests/harness/harness.h"
#include "tests/harness/tap.h"
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CAPACITY = 32,
	TASKS = 20,
	RESTORE = 8, /* rounds on one another's garbage */
	PROGRAMS = 1000,
	OPEN = 64,
	STALL_MS = 30000, /* a round that takes so long hangs */
};

static struct {
	uint64_t seed, rounds, first;
} options = { 0, 100000, 0 };

/* The boards of the child that runs now; its parent removes them, however it ended. */
static char board_name[64], programs_name[64];

/* Shared with the parent, which reports. */
static struct progress {
	uint64_t round;
	uint64_t n_opened, n_runs, n_served;
	char fault[640];
} * progress;

/* ---- A good board ------------------------------------------------------- */

static const char *const ids[] = { "task-00", "task-07", "task-13", "task-19", "task-99" };

static void populate_one(struct board *board, uint64_t worker, unsigned i)
{
	static const struct record_end failed = { TRACKD_FAILED,
						  TRACKD_REASON_ERROR,
						  "Processing failed",
						  "no text in this file",
						  0,
						  0 };
	static const struct record_end done = {
		TRACKD_COMPLETED, TRACKD_REASON_NONE, "Processing complete", NULL, 0, 0
	};
	uint64_t deadline = harness_deadline(2000);
	char id[16];

	snprintf(id, sizeof id, "task-%02u", i);
	struct trackd_ref ref = harness_create(board, id, i % 3 ? "alice" : "bob");
	if (i % 4 == 0)
		return;
	HARNESS_MUST(record_update(board, ref, 0, "page 1", worker, deadline));
	HARNESS_MUST(record_set_total(board, ref, 87, deadline));
	HARNESS_MUST(record_advance(board, ref, 17));
	HARNESS_MUST(record_update(board, ref, (int)(i % 5), "page 17 of 87", worker, deadline));
	if (i % 4 == 2)
		HARNESS_MUST(record_end(board, ref, i % 3 ? &done : &failed, deadline));
	if (i % 4 == 3)
		HARNESS_MUST(record_cancel(board, ref, deadline));
}

static void populate(struct board *board)
{
	uint64_t worker;

	HARNESS_MUST(worker_claim(board, getpid(), &worker));
	for (unsigned i = 0; i < TASKS; i++)
		populate_one(board, worker, i);
}

/* The board under a name, and a reader's connection to it. */
struct scene {
	struct board board;
	char socket[160];
	struct spoil spoil;
	struct look look;
};

static int open_reader(const struct scene *scene, struct trackd **ret_trackd)
{
	struct trackd_options reader = TRACKD_OPTIONS_INIT;

	reader.flags = TRACKD_OPEN_READ | TRACKD_OPEN_NO_DAEMON;
	reader.board = board_name;
	reader.socket = scene->socket;
	return trackd_open(ret_trackd, &reader);
}

static void scene_begin(struct scene *scene)
{
	char folder[128];

	harness_folder(folder, sizeof folder);
	snprintf(scene->socket, sizeof scene->socket, "%s/none.sock", folder);
	harness_board(&scene->board, CAPACITY);
	populate(&scene->board);
	HARNESS_MUST(segment_link(&scene->board, board_name));
	scene->look = (struct look){ .capacity = CAPACITY + LAYOUT_SPARE,
				     .still = true,
				     .ids = ids,
				     .n_ids = sizeof ids / sizeof ids[0],
				     .owner = "alice" };
	HARNESS_MUST(open_reader(scene, &scene->look.trackd));
	spoil_begin(&scene->spoil, &scene->board);
}

static void scene_end(struct scene *scene)
{
	spoil_end(&scene->spoil);
	trackd_close(scene->look.trackd);
	harness_board_free(&scene->board);
}

_Noreturn static void give_up(const char *what)
{
	snprintf(progress->fault, sizeof progress->fault, "%s", what);
	exit(EXIT_FAILURE);
}

/* ---- Rounds of one thread ----------------------------------------------- */

static void spoil_some(struct spoil *spoil, uint64_t round)
{
	spoil_seed(spoil, options.seed, round);
	for (uint32_t n = 1 + spoil_pick(spoil, 12); n > 0; n--)
		spoil_once(spoil);
}

/* Open the garbage as if it were a board. */
static void try_open(const struct scene *scene)
{
	struct trackd *trackd;

	if (open_reader(scene, &trackd) < 0)
		return;
	progress->n_opened++;
	struct look look = scene->look;
	look.trackd = trackd;
	bool good = look_round(&look);
	trackd_close(trackd);
	if (!good)
		give_up(look.fault);
}

static void read_round(struct scene *scene, uint64_t round)
{
	struct spoil *spoil = &scene->spoil;

	if (round % RESTORE == 0)
		spoil_restore(spoil);
	spoil_some(spoil, round);
	if (!look_round(&scene->look))
		give_up(scene->look.fault);
	if (round % OPEN == 0)
		try_open(scene);
	/* Without a cursor of its own, a reader would start at the end of a ring that garbage made
	 * long. */
	if (round % RESTORE == 0)
		trackd_cursor_at(scene->look.trackd, spoil_pick(spoil, 200), &scene->look.cursor);
}

/* Lengths too are garbage in places; the pages behind the file's end are not asked for. */
static void program_round(struct scene *scene, struct programs *programs, uint64_t round)
{
	struct spoil *spoil = &scene->spoil;
	bool good = programs_read(programs, scene->board.base, scene->board.size);

	if (good) {
		spoil_restore(spoil);
		spoil->spare_mutexes = true;
		for (uint64_t i = 0; i < 3; i++)
			spoil_some(spoil, round + i);
		good = programs_serve(programs, scene->board.base, scene->board.size);
		spoil->spare_mutexes = false;
		spoil_restore(spoil);
	}
	progress->n_runs = programs->n_runs;
	progress->n_served = programs->n_served;
	if (!good)
		give_up(programs->fault);
}

static int read_child(void)
{
	struct scene scene = { .board.fd = -1 };
	struct programs programs;
	uint64_t first = options.first / RESTORE * RESTORE;

	scene_begin(&scene);
	programs_begin(&programs, programs_name, ids[1]);
	for (uint64_t round = first; round < first + options.rounds; round++) {
		store_relaxed(&progress->round, round);
		read_round(&scene, round);
		if (round % PROGRAMS == PROGRAMS - 1)
			program_round(&scene, &programs, round);
	}
	scene_end(&scene);
	return 0;
}

/* The daemon's calls; the mutexes keep their bytes, everything else is garbage. */
static int tend_child(void)
{
	struct scene scene = { .board.fd = -1 };
	uint64_t first = options.first, rounds = options.rounds / 10;

	scene_begin(&scene);
	scene.spoil.spare_mutexes = true;
	for (uint64_t round = first; round < first + rounds; round++) {
		store_relaxed(&progress->round, round);
		spoil_some(&scene.spoil, round);
		tend_round(&scene.board);
		if (tend_held(&scene.board) != 0)
			give_up("a mutex was left locked");
		if (!look_round(&scene.look))
			give_up(scene.look.fault);
		spoil_restore_all(&scene.spoil);
	}
	scene_end(&scene);
	return 0;
}

/* ---- Readers beside a garbler ------------------------------------------- */

struct garbler {
	struct scene *scene;
	uint32_t stop;
};

static void *garble(void *context)
{
	struct garbler *garbler = context;

	for (uint64_t round = 0; !load_relaxed(&garbler->stop); round++) {
		if (round % RESTORE == 0)
			spoil_restore(&garbler->scene->spoil);
		spoil_some(&garbler->scene->spoil, round);
	}
	return NULL;
}

static int concurrent_child(void)
{
	struct scene scene = { .board.fd = -1 };
	uint64_t rounds = options.rounds / 10;
	pthread_t thread;

	scene_begin(&scene);
	struct garbler garbler = { .scene = &scene };
	scene.look.still = false;
	int error = pthread_create(&thread, NULL, garble, &garbler);
	harness_must(-error, "a thread");
	for (uint64_t round = 0; round < rounds && progress->fault[0] == '\0'; round++) {
		store_relaxed(&progress->round, round);
		if (!look_round(&scene.look))
			snprintf(progress->fault, sizeof progress->fault, "%s", scene.look.fault);
	}
	store_relaxed(&garbler.stop, 1);
	pthread_join(thread, NULL);
	scene_end(&scene);
	return progress->fault[0] != '\0';
}

/* ---- Watching over it --------------------------------------------------- */

/* Wait for a child that must keep making progress. Its wait status; -1: it hung. */
static int oversee(pid_t pid)
{
	uint64_t seen = UINT64_MAX, since = harness_deadline(0);
	int status;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		uint64_t round = load_relaxed(&progress->round), now = harness_deadline(0);

		if (round != seen) {
			seen = round;
			since = now;
		}
		if (now - since > (uint64_t)STALL_MS * NS_PER_MS) {
			kill(pid, SIGABRT); /* a core or a sanitizer's report says where */
			waitpid(pid, &status, 0);
			return -1;
		}
		usleep(5000);
	}
	return status;
}

static void remove_boards(void)
{
	char lock[80];

	harness_unlink(board_name);
	harness_unlink(programs_name);
	snprintf(lock, sizeof lock, "%s:lock", programs_name);
	harness_unlink(lock);
}

static void run(const char *name, int (*child)(void))
{
	memset(progress, 0, sizeof *progress);
	harness_board_name(board_name);
	harness_board_name(programs_name);
	pid_t pid = harness_fork();
	if (pid == 0)
		exit(child());
	int status = oversee(pid);
	remove_boards();
	bool good = status == 0;

	tap_ok(good, "%s", name);
	if (good)
		tap_note("%llu rounds; the garbage opened as a board %llu times; %llu runs of real "
			 "programs, "
			 "%llu daemons served it",
			 (unsigned long long)progress->round + 1,
			 (unsigned long long)progress->n_opened,
			 (unsigned long long)progress->n_runs,
			 (unsigned long long)progress->n_served);
	else
		tap_note("round %llu, --seed %llu: %s (%s %d)", (unsigned long long)progress->round,
			 (unsigned long long)options.seed,
			 progress->fault[0] ? progress->fault : "it did not say why",
			 status == -1 ? "no progress, killed after ms" : "status",
			 status == -1 ? STALL_MS : status);
}

static int parse(int argc, char **argv)
{
	static const struct option names[] = { { "seed", required_argument, NULL, 's' },
					       { "rounds", required_argument, NULL, 'n' },
					       { "first", required_argument, NULL, 'f' },
					       { 0 } };
	const char *rounds = getenv("FUZZ_ROUNDS"), *seed = getenv("FUZZ_SEED");
	int option;

	if (rounds)
		options.rounds = strtoull(rounds, NULL, 0);
	if (getrandom(&options.seed, sizeof options.seed, 0) < 0)
		return -1;
	options.seed &= UINT32_MAX;
	if (seed)
		options.seed = strtoull(seed, NULL, 0);
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 's')
			options.seed = strtoull(optarg, NULL, 0);
		else if (option == 'n')
			options.rounds = strtoull(optarg, NULL, 0);
		else if (option == 'f')
			options.first = strtoull(optarg, NULL, 0);
		else
			return -1;
	}
	return optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
	if (parse(argc, argv) < 0) {
		fprintf(stderr, "usage: garbage [--seed S] [--rounds N] [--first ROUND]\n");
		return 2;
	}
	progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	harness_must(progress == MAP_FAILED ? -errno : 0, "mmap");
	tap_note("seed %llu", (unsigned long long)options.seed);
	run("readers stand garbage anywhere in the segment", read_child);
	run("the daemon's calls stand garbage outside the mutexes", tend_child);
	run("readers stand garbage that changes under them", concurrent_child);
	return tap_done();
}
