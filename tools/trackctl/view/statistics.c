/* SPDX-License-Identifier: MIT */
/* One table of counters: their names in JSON, their places, their labels. */
#include "tools/trackctl/view/statistics.h"
#include "tools/common/task_json.h"
#include "tools/common/time_format.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* X(member of trackd_stats, label) */
#define COUNTERS(X)                                                                                \
	X(n_created, "created")                                                                    \
	X(n_completed, "completed")                                                                \
	X(n_failed, "failed")                                                                      \
	X(n_cancelled, "cancelled")                                                                \
	X(n_removed, "removed")                                                                    \
	X(n_expired, "expired")                                                                    \
	X(n_evicted, "evicted to make room")                                                       \
	X(n_worker_lost, "failed because their worker died")                                       \
	X(n_timed_out, "failed because they passed a time limit")                                  \
	X(n_repaired, "repairs after a death")                                                     \
	X(n_locks_recovered, "locks taken over from dead processes")                               \
	X(n_refused_full, "creates refused: full")                                                 \
	X(n_refused_exists, "creates refused: exists")                                             \
	X(n_refused_final, "changes refused: final")                                               \
	X(n_busy, "calls that gave up waiting")                                                    \
	X(n_events_lost, "events lost")                                                            \
	X(n_lapped, "readers that missed events")                                                  \
	X(n_attach_refused, "attaches refused")

static const struct {
	const char *key, *text;
	size_t offset;
} counters[] = {
#define COUNTER(member, text) { #member, text, offsetof(struct trackd_stats, member) },
	COUNTERS(COUNTER)
#undef COUNTER
};

enum { N_COUNTERS = sizeof counters / sizeof counters[0], BOARD_ID = 33 };

static uint64_t counter_value(const struct trackd_stats *stats, size_t i)
{
	uint64_t value;

	memcpy(&value, (const char *)stats + counters[i].offset, sizeof value);
	return value;
}

int statistics_read(struct ctl *ctl, struct trackd_stats *ret_stats)
{
	*ret_stats = (struct trackd_stats){ .size = sizeof *ret_stats };
	int error = trackd_stats(ctl->trackd, ret_stats);

	return error < 0 ? ctl_error(error, "cannot read the statistics") : 0;
}

int statistics_daemon_alive(const struct trackd_stats *stats)
{
	if (stats->daemon_pid == 0 || stats->daemon_pid > INT32_MAX)
		return 0;
	if (kill((pid_t)stats->daemon_pid, 0) == 0 || errno == EPERM)
		return 1;
	return errno == ESRCH ? 0 : -1;
}

static void board_id_text(char to[BOARD_ID], const struct trackd_stats *stats)
{
	for (size_t i = 0; i < sizeof stats->board_id; i++)
		snprintf(to + 2 * i, 3, "%02x", stats->board_id[i]);
}

static json_t *counters_json(const struct trackd_stats *stats)
{
	json_t *object = json_object();

	for (size_t i = 0; i < N_COUNTERS; i++)
		/* Without the "n_", because the object is called counters. */
		if (json_object_set_new(object, counters[i].key + 2,
					json_integer((json_int_t)counter_value(stats, i))) < 0) {
			json_decref(object);
			return NULL;
		}
	return object;
}

static json_t *daemon_json(const struct trackd_stats *stats)
{
	if (stats->daemon_pid == 0)
		return json_null();
	return json_pack("{s:I, s:b, s:I, s:o}", "pid", (json_int_t)stats->daemon_pid, "running",
			 statistics_daemon_alive(stats) == 1, "epoch",
			 (json_int_t)stats->daemon_epoch, "started_at",
			 task_json_time(stats->daemon_start_ns));
}

json_t *statistics_json(const struct trackd_stats *stats)
{
	char id[BOARD_ID];

	board_id_text(id, stats);
	return json_pack(
		"{s:o, s:s, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:I}, s:I, s:I, s:I, s:I, s:I, s:o, "
		"s:o, s:o}",
		"board", task_json_text(stats->board), "board_id", id, "capacity",
		(json_int_t)stats->capacity, "used", (json_int_t)stats->used, "tasks", "pending",
		(json_int_t)stats->pending, "active", (json_int_t)stats->active, "completed",
		(json_int_t)stats->completed, "failed", (json_int_t)stats->failed, "cancelled",
		(json_int_t)stats->cancelled, "clients", (json_int_t)stats->clients, "bytes",
		(json_int_t)stats->bytes, "events", (json_int_t)stats->events, "ttl_ms",
		(json_int_t)stats->ttl_ms, "active_ttl_ms", (json_int_t)stats->active_ttl_ms,
		"daemon", daemon_json(stats), "snapshot_at", task_json_time(stats->snapshot_ns),
		"counters", counters_json(stats));
}

/* ---- For users --------------------------------------------------------- */

static void line(const struct ctl *ctl, const char *name, const char *value)
{
	const struct terminal *terminal = &ctl->terminal;

	printf("%s%12s:%s %s\n", terminal_on(terminal, STYLE_DIM), name, terminal_off(terminal),
	       value);
}

static void print_daemon(const struct ctl *ctl, const struct trackd_stats *stats)
{
	char text[192], since[MOMENT_TEXT];
	int alive = statistics_daemon_alive(stats);

	time_format_duration(since, time_between(stats->daemon_start_ns, time_now()));
	if (stats->daemon_pid == 0)
		snprintf(text, sizeof text, "none has run yet");
	else if (alive == 0)
		snprintf(text, sizeof text,
			 "not running (was pid %u); producers and readers continue without it",
			 stats->daemon_pid);
	else
		snprintf(text, sizeof text, "pid %u, since %s, number %u on this board",
			 stats->daemon_pid, since, stats->daemon_epoch);
	line(ctl, "Daemon", text);
}

static void ttl_text(char to[MOMENT_TEXT], uint32_t ms)
{
	if (ms == TRACKD_TTL_NEVER)
		snprintf(to, MOMENT_TEXT, "never");
	else
		time_format_duration(to, (uint64_t)ms * 1000000u);
}

void statistics_print(const struct ctl *ctl, const struct trackd_stats *stats)
{
	char text[640], bar[128], ttl[MOMENT_TEXT], active_ttl[MOMENT_TEXT], name[256];
	uint64_t now = time_now();

	terminal_text(&ctl->terminal, name, sizeof name, stats->board, 0);
	snprintf(text, sizeof text, "%s, %.1f MiB", name, (double)stats->bytes / 1048576);
	line(ctl, "Board", text);
	print_daemon(ctl, stats);
	int percent = stats->capacity ? (int)((uint64_t)stats->used * 100 / stats->capacity) : 0;
	terminal_bar(&ctl->terminal, bar, sizeof bar, percent, 20);
	snprintf(text, sizeof text, "%u of %u  %s", stats->used, stats->capacity, bar);
	line(ctl, "Used", text);
	snprintf(text, sizeof text, "%u pending, %u active, %u completed, %u failed, %u cancelled",
		 stats->pending, stats->active, stats->completed, stats->failed, stats->cancelled);
	line(ctl, "Tasks", text);
	snprintf(text, sizeof text, "%u producer%s registered", stats->clients,
		 stats->clients == 1 ? "" : "s");
	line(ctl, "Clients", text);
	ttl_text(ttl, stats->ttl_ms);
	ttl_text(active_ttl, stats->active_ttl_ms);
	snprintf(text, sizeof text, "%s after the last update, %s while a worker lives", ttl,
		 active_ttl);
	line(ctl, "Kept", text);
	if (stats->snapshot_ns != 0) {
		time_format_duration(ttl, time_between(stats->snapshot_ns, now));
		snprintf(text, sizeof text, "%s ago", ttl);
		line(ctl, "Snapshot", text);
	}
	snprintf(text, sizeof text, "%" PRIu64, stats->events);
	line(ctl, "Transitions", text);
	printf("\nSince the board was created:\n");
	for (size_t i = 0; i < N_COUNTERS; i++)
		printf("%14" PRIu64 "  %s\n", counter_value(stats, i), counters[i].text);
}
