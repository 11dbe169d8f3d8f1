/* SPDX-License-Identifier: MIT */
/* What all measurements share: rounds of a subject and its yardstick in turn, so that drift of a
 * shared machine affects both alike; medians; and the table that is printed.
 *
 * A time of an operation is processor time of its thread, which a neighbour's load does not
 * stretch; a latency is wall time.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

/* ---- Measuring ---------------------------------------------------------- */

enum { BENCH_ROUNDS = 201 };

struct bench_run {
	const char *what;
	void (*body)(void *context, unsigned n); /* does it n times */
	void *context;
	unsigned n;                   /* operations a round */
	double samples[BENCH_ROUNDS]; /* ns an operation, in the order of the rounds */
	double ns;                    /* their median */
};

/* Run each of them once a round, for `rounds` rounds (at most BENCH_ROUNDS, made odd). */
void bench_measure(struct bench_run *runs, size_t n_runs, unsigned rounds);

/* The median over the rounds of subject / yardstick: each pair was measured side by side. */
double bench_ratio(const struct bench_run *subject, const struct bench_run *yardstick,
		   unsigned rounds);

/* Sorts. q between 0 and 1. */
double bench_quantile(double *samples, size_t n, double q);

uint64_t bench_wall_ns(void); /* CLOCK_MONOTONIC */
uint64_t bench_cpu_ns(void);  /* of this thread */

/* Stay on one processor: the k-th that we may use. How many there are. */
int bench_pin(int k);
/* Use all of them again, for the programs that are started next. */
void bench_unpin(void);

/* A fast random number, for picks; the same sequence every run. */
uint64_t bench_random(uint64_t *state);

/* Keep the compiler from leaving out how a value came about. */
#define bench_keep(value) __asm__ volatile("" : : "g"(value) : "memory")

/* ---- Printing ----------------------------------------------------------- */

/* A heading; seen and beside name the two columns of figures. */
void bench_title(const char *title, const char *seen, const char *beside);

/*
 * A row: what was seen, what was measured beside it (NAN: nothing), their ratio and its aim.
 * aim 0: no aim. The verdict compares ratio with aim.
 */
void bench_row(const char *what, double seen, double beside, double ratio, double aim);

/* A row whose aim is for the figure itself, not for a ratio. */
void bench_row_limit(const char *what, double seen, double limit);

/* A line of explanation under a table. */
void bench_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How many aims this process and the sections it forked have met and missed. */
struct bench_score {
	uint32_t met, missed, broken;
};
struct bench_score *bench_score(void);

/* ---- Sections: the parts of a run, one a file --------------------------- */

void bench_reference(void);
void bench_parallel(void);
void bench_identity(void);
void bench_walk(void);
void bench_touch(void);
void bench_wake(void);
void bench_death(void);
void bench_expiry(void);
void bench_stalls(void);
void bench_replace(void);
void bench_others(void);
void bench_documents(void);
void bench_reporting(void);

/* The cost of a view and of an update by id, for comparison. */
void bench_by_id(uint32_t capacity, double *ret_view_ns, double *ret_update_ns);

/* Run under a tracer of memory accesses: each operation once, between two stores to the mark. */
void bench_touch_operations(void);

#endif
