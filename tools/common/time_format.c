/* SPDX-License-Identifier: MIT */
/* Times as text. Values are truncated, not rounded, so that 59.96 s never reads 60.0 s. */
#include "tools/common/time_format.h"
#include "libclient/segment/internal.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* Less time than this does not allow an estimate. */
static const uint64_t LEAST_NS = 200 * NS_PER_MS;

uint64_t time_now(void)
{
	return (uint64_t)clock_wall_ns();
}

uint64_t time_between(uint64_t a, uint64_t b)
{
	return b > a ? b - a : 0;
}

uint64_t time_steady(void)
{
	return clock_monotonic_ns();
}

void time_format_rfc3339(char ret_text[MOMENT_TEXT], uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	char date[MOMENT_TEXT / 2];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || strftime(date, sizeof date, "%FT%T", &tm) == 0) {
		snprintf(ret_text, MOMENT_TEXT, "1970-01-01T00:00:00.000Z");
		return;
	}
	snprintf(ret_text, MOMENT_TEXT, "%s.%03uZ", date,
		 (unsigned)(wall_ns % NS_PER_S / NS_PER_MS));
}

void time_format_local(char ret_text[MOMENT_TEXT], uint64_t wall_ns, uint64_t now_ns)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S), now = (time_t)(now_ns / NS_PER_S);
	struct tm tm, today;

	ret_text[0] = '\0';
	if (!localtime_r(&seconds, &tm) || !localtime_r(&now, &today))
		return;
	bool same_day = tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday;
	if (strftime(ret_text, MOMENT_TEXT, same_day ? "%T" : "%F %T", &tm) == 0)
		ret_text[0] = '\0';
}

/* The two largest units of a time of a minute and more; units: of days, hours, minutes, seconds. */
static void write_units(char ret_text[MOMENT_TEXT], uint64_t s, const char *const units[4],
			const char *gap)
{
	static const uint64_t sizes[] = { DAY, HOUR, MINUTE, 1 };
	int i = s >= DAY ? 0 : s >= HOUR ? 1 : 2;

	snprintf(ret_text, MOMENT_TEXT, "%" PRIu64 "%s%s%0*" PRIu64 "%s", s / sizes[i], units[i],
		 gap, i == 0 ? 1 : 2, s % sizes[i] / sizes[i + 1], units[i + 1]);
}

static void write_tenths(char ret_text[MOMENT_TEXT], uint64_t ns, const char *unit)
{
	snprintf(ret_text, MOMENT_TEXT, "%" PRIu64 ".%u%s", ns / NS_PER_S,
		 (unsigned)(ns % NS_PER_S / (NS_PER_S / 10)), unit);
}

void time_format_duration(char ret_text[MOMENT_TEXT], uint64_t ns)
{
	static const char *const units[] = { " d", " h", " min", " s" };

	if (ns < MINUTE * NS_PER_S)
		write_tenths(ret_text, ns, " s");
	else
		write_units(ret_text, ns / NS_PER_S, units, " ");
}

void time_format_rough(char ret_text[MOMENT_TEXT], uint64_t ns)
{
	if (ns < 10 * NS_PER_S || ns >= MINUTE * NS_PER_S)
		time_format_duration(ret_text, ns);
	else
		snprintf(ret_text, MOMENT_TEXT, "%" PRIu64 " s", ns / NS_PER_S);
}

void time_format_short(char ret_text[MOMENT_TEXT], uint64_t ns)
{
	static const char *const units[] = { "d", "h", "m", "s" };

	if (ns < 10 * NS_PER_S)
		write_tenths(ret_text, ns, "s");
	else if (ns < MINUTE * NS_PER_S)
		snprintf(ret_text, MOMENT_TEXT, "%" PRIu64 "s", ns / NS_PER_S);
	else
		write_units(ret_text, ns / NS_PER_S, units, "");
}

/* ---- Estimates --------------------------------------------------------- */

static const struct trackd_stage *present_stage(const struct trackd_task *task)
{
	if (task->state != TRACKD_ACTIVE || task->stage < 0 || task->stage >= task->n_stages ||
	    task->stage >= TRACKD_STAGES_MAX)
		return NULL;
	return &task->stages[task->stage];
}

double time_rate(const struct trackd_task *task, uint64_t now_ns)
{
	const struct trackd_stage *stage = present_stage(task);

	if (!stage || task->done == 0)
		return 0;
	uint64_t taken = time_between(stage->started_ns, now_ns);
	return taken < LEAST_NS ? 0 : (double)task->done * (double)NS_PER_S / (double)taken;
}

/* The percentage without rounding. */
static double exact_progress(const struct trackd_task *task, const struct trackd_stage *stage)
{
	double from = stage->percent, to = 100;
	double part = task->done < task->total ? (double)task->done / (double)task->total : 1;

	if (task->stage + 1 < task->n_stages)
		to = stage[1].percent;
	return from + (to - from) * part;
}

uint64_t time_left(const struct trackd_task *task, uint64_t now_ns)
{
	const struct trackd_stage *stage = present_stage(task);

	if (!stage || task->total == 0 || task->done == 0 || task->started_ns == 0)
		return 0;
	uint64_t taken = time_between(task->started_ns, now_ns);
	double progress = exact_progress(task, stage), made = progress - task->stages[0].percent;
	if (taken < LEAST_NS || made < 1)
		return 0;
	return (uint64_t)((double)taken * (100 - progress) / made);
}
