/* SPDX-License-Identifier: MIT */
/* Documents through real programs: docproc with all that it does for one (a task, a sandboxed
 * process, five stages, a store on the disk) beside the bare extraction of pdftotext. They are
 * found in tests/documents/ below the working folder.
 */
#include "tests/bench/bench.h"
#include "tests/bench/bench_env.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = { "arabic", "chinese",   "columns",  "german", "handbook",
				     "hebrew", "ligatures", "japanese", "tables", "voyager" };

enum {
	N_DOCUMENTS = sizeof names / sizeof names[0],
	ROUNDS = 5,
	BACKLOG_ROUNDS = 5, /* times all documents that wait */
	BACKLOG = N_DOCUMENTS * BACKLOG_ROUNDS,
	PATIENCE_MS = 120000,
};

struct place {
	struct bench_env env;
	char folder[128], store[160], spool[160], config[160];
	char docproc[4096];
	uint64_t pages; /* of all documents together */
};

/* ---- Running ------------------------------------------------------------- */

struct took {
	double wall_s, processor_s;
};

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

_Noreturn static void become(const char *const *argv)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* Its progress is for people; what goes wrong shows in its exit status. */
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

/* One program, with the processes that it starts. Its exit status, or -1. */
static int run(const char *const *argv, struct took *took)
{
	struct rusage usage;
	int status;
	uint64_t began = bench_wall_ns();
	pid_t pid = harness_fork();

	if (pid == 0)
		become(argv);
	harness_must(wait4(pid, &status, 0, &usage) < 0 ? -errno : 0, "wait4");
	took->wall_s += (double)(bench_wall_ns() - began) / 1e9;
	took->processor_s += seconds(usage.ru_utime) + seconds(usage.ru_stime);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void must_run(const char *const *argv, struct took *took)
{
	int status = run(argv, took);

	if (status != 0)
		harness_die("%s %s: status %d", argv[0], argv[1], status);
}

/* ---- One after another --------------------------------------------------- */

static void with_pdftotext(const struct place *place, const char *path, struct took *took)
{
	(void)place;
	must_run((const char *const[]){ "pdftotext", path, "/dev/null", NULL }, took);
}

static void with_extract(const struct place *place, const char *path, struct took *took)
{
	must_run((const char *const[]){ place->docproc, "extract", path, NULL }, took);
}

static void with_docproc(const struct place *place, const char *path, struct took *took)
{
	must_run((const char *const[]){ place->docproc, path, "--config", place->config, "--store",
					place->store, "--board", place->env.daemon.board,
					"--socket", place->env.daemon.socket, NULL },
		 took);
}

typedef void converter(const struct place *place, const char *path, struct took *took);

enum { PDFTOTEXT, EXTRACT, DOCPROC, N_PROGRAMS };

static converter *const programs[N_PROGRAMS] = { with_pdftotext, with_extract, with_docproc };

static struct took all_documents(const struct place *place, converter *program)
{
	struct took took = { 0 };
	char path[64];

	for (size_t i = 0; i < N_DOCUMENTS; i++) {
		snprintf(path, sizeof path, "tests/documents/%s.pdf", names[i]);
		program(place, path, &took);
	}
	return took;
}

/* A page is what docproc counts in its first stage. */
static void add_pages(struct trackd *trackd, struct trackd_ref ref, void *pages)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	HARNESS_MUST(trackd_copy(trackd, ref, &task));
	if (task.state != TRACKD_COMPLETED)
		harness_die("%s is %s", task.name, task.status);
	*(uint64_t *)pages += task.stages[TRACKD_EXTRACTING].done;
}

static uint64_t count_pages(const struct place *place)
{
	uint64_t pages = 0;

	bench_env_each(&place->env, add_pages, &pages);
	return pages;
}

struct figures {
	double wall_s[N_PROGRAMS][ROUNDS], processor_s[N_PROGRAMS][ROUNDS];
};

/* The medians of two programs and of their ratio in each round, as so many things a second. */
static void row_of_rate(const char *what, double things, const double *seen, const double *beside)
{
	double a[ROUNDS], b[ROUNDS], ratio[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		a[i] = things / seen[i];
		b[i] = things / beside[i];
		ratio[i] = a[i] / b[i];
	}
	bench_row(what, bench_quantile(a, ROUNDS, 0.5), bench_quantile(b, ROUNDS, 0.5),
		  bench_quantile(ratio, ROUNDS, 0.5), 0);
}

static void row_of_cost(const char *what, double things, const double *seen, const double *beside)
{
	double a[ROUNDS], b[ROUNDS], ratio[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		a[i] = seen[i] * 1e3 / things;
		b[i] = beside[i] * 1e3 / things;
		ratio[i] = a[i] / b[i];
	}
	bench_row(what, bench_quantile(a, ROUNDS, 0.5), bench_quantile(b, ROUNDS, 0.5),
		  bench_quantile(ratio, ROUNDS, 0.5), 0);
}

static void one_after_another(struct place *place)
{
	static struct figures figures;
	char title[64];
	double pages;

	for (int i = 0; i < N_PROGRAMS; i++) /* warm the caches of the disk */
		(void)all_documents(place, programs[i]);
	place->pages = count_pages(place);
	pages = (double)place->pages;
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < N_PROGRAMS; i++) {
			struct took took = all_documents(place, programs[i]);

			figures.wall_s[i][round] = took.wall_s;
			figures.processor_s[i][round] = took.processor_s;
		}
	snprintf(title, sizeof title, "%d PDFs of %.0f pages, one after another", N_DOCUMENTS,
		 pages);
	bench_title(title, "docproc", "pdftotext");
	row_of_rate("documents a second", N_DOCUMENTS, figures.wall_s[DOCPROC],
		    figures.wall_s[PDFTOTEXT]);
	row_of_rate("pages a second", pages, figures.wall_s[DOCPROC], figures.wall_s[PDFTOTEXT]);
	row_of_rate("pages a second, extraction alone", pages, figures.wall_s[EXTRACT],
		    figures.wall_s[PDFTOTEXT]);
	row_of_cost("ms of processor time a page", pages, figures.processor_s[DOCPROC],
		    figures.processor_s[PDFTOTEXT]);
	row_of_cost("ms of processor time a page, extraction alone", pages,
		    figures.processor_s[EXTRACT], figures.processor_s[PDFTOTEXT]);
}

/* ---- A backlog ----------------------------------------------------------- */

static void hand_in(const struct place *place)
{
	struct took ignored = { 0 };
	char path[64];

	for (size_t i = 0; i < BACKLOG; i++) {
		snprintf(path, sizeof path, "tests/documents/%s.pdf", names[i % N_DOCUMENTS]);
		must_run((const char *const[]){ place->docproc, "submit", path, "--config",
						place->config, "--spool", place->spool, "--store",
						place->store, "--board", place->env.daemon.board,
						"--socket", place->env.daemon.socket, NULL },
			 &ignored);
	}
}

static void add_unfinished(struct trackd *trackd, struct trackd_ref ref, void *n)
{
	struct trackd_view view = TRACKD_VIEW_INIT;

	if (trackd_get(trackd, ref, &view) >= 0)
		*(unsigned *)n += !trackd_state_final((enum trackd_state)view.state);
}

static unsigned unfinished(const struct place *place)
{
	unsigned n = 0;

	bench_env_each(&place->env, add_unfinished, &n);
	return n;
}

/* Seconds from the start of the server to the end of the last document. */
static double serve(const struct place *place, const char *jobs)
{
	uint64_t began = bench_wall_ns();
	pid_t pid = harness_fork();

	if (pid == 0)
		become((const char *const[]){ place->docproc, "--spool", place->spool, "--jobs",
					      jobs, "--config", place->config, "--store",
					      place->store, "--board", place->env.daemon.board,
					      "--socket", place->env.daemon.socket, NULL });
	HARNESS_WAIT(unfinished(place) == 0, PATIENCE_MS);
	double took_s = (double)(bench_wall_ns() - began) / 1e9;
	int status = harness_kill(pid, SIGTERM);
	if (status != 0)
		harness_die("docproc --spool: status %d", status);
	return took_s;
}

static void backlog(struct place *place)
{
	double rate[2][ROUNDS], ratio[ROUNDS], pages;
	char title[64];

	bench_unpin();
	for (int round = 0; round < ROUNDS; round++) {
		for (int jobs = 0; jobs < 2; jobs++) {
			hand_in(place);
			rate[jobs][round] = BACKLOG / serve(place, jobs == 0 ? "1" : "2");
		}
		ratio[round] = rate[1][round] / rate[0][round];
	}
	(void)count_pages(place); /* all of them completed */
	double two = bench_quantile(rate[1], ROUNDS, 0.5),
	       one = bench_quantile(rate[0], ROUNDS, 0.5);
	double speedup = bench_quantile(ratio, ROUNDS, 0.5);
	pages = (double)place->pages / N_DOCUMENTS;
	snprintf(title, sizeof title, "A backlog of %d in a spool", BACKLOG);
	bench_title(title, "--jobs 2", "--jobs 1");
	bench_row("documents a second", two, one, speedup, 0);
	bench_row("pages a second", two * pages, one * pages, speedup, 0);
}

/* ---- Section ------------------------------------------------------------- */

static bool have_pdftotext(void)
{
	struct took ignored = { 0 };

	return run((const char *const[]){ "pdftotext", "tests/documents/voyager.pdf", "/dev/null",
					  NULL },
		   &ignored) == 0;
}

void bench_documents(void)
{
	static struct place place;

	if (!have_pdftotext()) {
		bench_title("Documents", "docproc", "pdftotext");
		bench_note("pdftotext tests/documents/voyager.pdf did not run from this folder");
		return;
	}
	harness_folder(place.folder, sizeof place.folder);
	snprintf(place.store, sizeof place.store, "%s/documents.db", place.folder);
	snprintf(place.spool, sizeof place.spool, "%s/spool", place.folder);
	snprintf(place.config, sizeof place.config, "%s/docproc.conf", place.folder);
	harness_must(close(open(place.config, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) < 0 ? -errno
											 : 0,
		     place.config);
	harness_program("docproc", place.docproc, sizeof place.docproc);
	bench_env_enter_daemon(&place.env, 4096);
	one_after_another(&place);
	backlog(&place);
	bench_note("docproc: task, sandboxed process, five stages, a store on the disk; pdftotext: "
		   "text only");
	bench_env_leave(&place.env);
}
