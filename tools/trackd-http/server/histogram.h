/* SPDX-License-Identifier: MIT */
/* Counts of durations, in buckets whose bounds suit what is measured. */
#ifndef TRACKD_HTTP_SERVER_HISTOGRAM_H
#define TRACKD_HTTP_SERVER_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { HISTOGRAM_BUCKETS = 16 };

struct histogram_bounds {
	size_t n;
	double seconds[HISTOGRAM_BUCKETS]; /* rising */
};

/* Of requests, and of work on tasks. */
extern const struct histogram_bounds histogram_requests, histogram_work;

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS + 1]; /* of each bucket alone; the last is beyond all */
	double sum;
};

void histogram_add(struct histogram *histogram, const struct histogram_bounds *bounds,
		   double seconds);

/* As Prometheus reads it. labels: `kind="document",`, or "". */
void histogram_write(FILE *file, const struct histogram *histogram,
		     const struct histogram_bounds *bounds, const char *name, const char *labels);

#endif
