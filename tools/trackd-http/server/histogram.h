/* SPDX-License-Identifier: MIT */
/* Histograms of durations, with bounds that suit what is measured. */
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

/* For requests, and for tasks. */
extern const struct histogram_bounds histogram_requests, histogram_work;

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS +
			1]; /* each bucket alone; the last one is above all bounds */
	double sum;
};

void histogram_add(struct histogram *histogram, const struct histogram_bounds *bounds,
		   double seconds);

/* Write it in Prometheus' format. labels: `kind="document",`, or "". */
void histogram_write(FILE *file, const struct histogram *histogram,
		     const struct histogram_bounds *bounds, const char *name, const char *labels);

#endif
