/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"
#include "libclient/segment/clock.h"
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* ---- Measuring ---------------------------------------------------------- */

uint64_t bench_wall_ns(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

uint64_t bench_cpu_ns(void)
{
	return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_quantile(double *samples, size_t n, double q)
{
	if (n == 0)
		return NAN;
	qsort(samples, n, sizeof *samples, compare);
	return samples[(size_t)(q * (double)(n - 1) + 0.5)];
}

static double median_of(const double *samples, size_t n)
{
	double sorted[BENCH_ROUNDS];

	for (size_t i = 0; i < n; i++)
		sorted[i] = samples[i];
	return bench_quantile(sorted, n, 0.5);
}

static double time_round(const struct bench_run *run)
{
	uint64_t before = bench_cpu_ns();

	run->body(run->context, run->n);
	return (double)(bench_cpu_ns() - before) / run->n;
}

void bench_measure(struct bench_run *runs, size_t n_runs, unsigned rounds)
{
	for (size_t i = 0; i < n_runs; i++) /* warm caches and branch predictors */
		(void)time_round(&runs[i]);
	for (unsigned round = 0; round < rounds; round++)
		for (size_t i = 0; i < n_runs; i++)
			runs[i].samples[round] = time_round(&runs[i]);
	for (size_t i = 0; i < n_runs; i++)
		runs[i].ns = median_of(runs[i].samples, rounds);
}

double bench_ratio(const struct bench_run *subject, const struct bench_run *yardstick,
		   unsigned rounds)
{
	double ratios[BENCH_ROUNDS];

	for (unsigned i = 0; i < rounds; i++)
		ratios[i] = subject->samples[i] / yardstick->samples[i];
	return bench_quantile(ratios, rounds, 0.5);
}

static cpu_set_t allowed;
static int n_allowed;

int bench_pin(int k)
{
	cpu_set_t one;

	if (n_allowed == 0) {
		if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
			return 1;
		n_allowed = CPU_COUNT(&allowed);
	}
	k %= n_allowed;
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed) || k-- != 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		(void)sched_setaffinity(0, sizeof one, &one);
		break;
	}
	return n_allowed;
}

void bench_unpin(void)
{
	if (n_allowed > 0)
		(void)sched_setaffinity(0, sizeof allowed, &allowed);
}

uint64_t bench_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	uint64_t x = *state ^ *state >> 33;
	return x * UINT64_C(0xff51afd7ed558ccd) >> 16;
}

/* ---- Printing ----------------------------------------------------------- */

struct bench_score *bench_score(void)
{
	static struct bench_score *score;

	if (score == NULL) {
		score = mmap(NULL, sizeof *score, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (score == MAP_FAILED) {
			perror("bench: mmap");
			exit(1);
		}
	}
	return score;
}

void bench_title(const char *title, const char *seen, const char *beside)
{
	printf("\n%-48s %11s %11s %8s %8s  %s\n", title, seen, beside, "ratio", "aim", "verdict");
	fflush(stdout);
}

static void print_figure(double value)
{
	if (isnan(value))
		printf(" %11s", "");
	else if (fabs(value) < 100)
		printf(" %11.2f", value);
	else
		printf(" %11.0f", value);
}

static const char *verdict(double value, double aim)
{
	/* A value that rounds to the aim meets it. */
	if (value <= aim + 0.005) {
		bench_score()->met++;
		return "met";
	}
	bench_score()->missed++;
	return "MISSED";
}

void bench_row(const char *what, double seen, double beside, double ratio, double aim)
{
	printf("%-48s", what);
	print_figure(seen);
	print_figure(beside);
	if (isnan(ratio))
		printf(" %8s", "");
	else
		printf(" %7.2fx", ratio);
	if (aim > 0)
		printf(" %7.2fx  %s\n", aim, verdict(ratio, aim));
	else
		printf("\n");
	fflush(stdout);
}

void bench_row_limit(const char *what, double seen, double limit)
{
	printf("%-48s", what);
	print_figure(seen);
	printf(" %11s %8s %8.0f  %s\n", "", "", limit, verdict(seen, limit));
	fflush(stdout);
}

void bench_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("  ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	fflush(stdout);
}
