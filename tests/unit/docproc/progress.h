/* SPDX-License-Identifier: MIT */
/* The board as the stages of docproc see it: it counts what is done, and can cancel. */
#ifndef TESTS_DOCPROC_PROGRESS_H
#define TESTS_DOCPROC_PROGRESS_H

#include "tests/harness/harness.h"
#include "tools/docproc/document/report.h"
#include <stdint.h>

static uint64_t total, done, looks; /* units; units; how often a stage asked */
static uint64_t cancel_at;          /* units after which the task is to be cancelled */
static uint64_t cancel_at_ms;       /* when it is to be, at the latest */

static uint64_t now_ms(void)
{
	return harness_deadline(0) / 1000000;
}

void report_total(struct report *report, uint64_t units)
{
	(void)report;
	total = units;
}

int report_step(struct report *report, uint64_t units)
{
	(void)report;
	done += units;
	looks++;
	return done >= cancel_at || now_ms() >= cancel_at_ms ? CANCELLED : 0;
}

static void progress_reset(void)
{
	total = done = looks = 0;
	cancel_at = cancel_at_ms = UINT64_MAX;
}

#endif
