/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/server/histogram.h"
#include <inttypes.h>
#include <string.h>

const struct histogram_bounds histogram_requests = {
	14,
	{ 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 20, 60 },
};

const struct histogram_bounds histogram_work = {
	15,
	{ 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400 },
};

void histogram_add(struct histogram *histogram, const struct histogram_bounds *bounds,
		   double seconds)
{
	size_t i = 0;

	while (i < bounds->n && seconds > bounds->seconds[i])
		i++;
	histogram->counts[i]++;
	histogram->sum += seconds;
}

/* OpenMetrics requires a decimal point in bounds: 1.0, not 1. */
static void bound_text(double bound, char *to, size_t size)
{
	int n = snprintf(to, size, "%.10g", bound);

	if (!strpbrk(to, ".e"))
		snprintf(to + n, size - (size_t)n, ".0");
}

void histogram_write(FILE *file, const struct histogram *histogram,
		     const struct histogram_bounds *bounds, const char *name, const char *labels)
{
	uint64_t sum = 0;
	int length = (int)strlen(labels);

	for (size_t i = 0; i < bounds->n; i++) {
		char bound[32];

		sum += histogram->counts[i];
		bound_text(bounds->seconds[i], bound, sizeof bound);
		fprintf(file, "%s_bucket{%sle=\"%s\"} %" PRIu64 "\n", name, labels, bound, sum);
	}
	sum += histogram->counts[bounds->n];
	fprintf(file, "%s_bucket{%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, sum);
	/* Drop the final comma; no braces without labels. */
	const char *open = length > 0 ? "{" : "", *close = length > 0 ? "}" : "";
	if (length > 0)
		length--;
	fprintf(file, "%s_sum%s%.*s%s %.9g\n", name, open, length, labels, close, histogram->sum);
	fprintf(file, "%s_count%s%.*s%s %" PRIu64 "\n", name, open, length, labels, close, sum);
}
