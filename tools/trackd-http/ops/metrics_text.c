/* SPDX-License-Identifier: MIT */
/*
 * Two formats: Prometheus 0.0.4 and OpenMetrics 1.0. They differ in the name of a counter's family
 * and in the end marker. Families about the board are omitted while there is no board; so is a time
 * that is not set.
 */
#include "tools/trackd-http/ops/metrics_text.h"
#include "tools/trackd-http/board/board_connection.h"
#include "tools/trackd-http/board/daemon_probe.h"
#include "tools/trackd-http/ops/task_counts.h"
#include "tools/trackd-http/server/request_counts.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
	const struct gateway *gateway;
	FILE *file;
	bool open_metrics;
};

/* ---- Families ------------------------------------------------------------ */

static void family(const struct writer *writer, const char *name, const char *type,
		   const char *help)
{
	fprintf(writer->file, "# HELP trackd_%s %s\n# TYPE trackd_%s %s\n", name, help, name, type);
}

/* name: without _total. OpenMetrics adds it to the samples only, 0.0.4 to the family as well. */
static void counter_family(const struct writer *writer, const char *name, const char *help)
{
	char full[64];

	snprintf(full, sizeof full, "%s%s", name, writer->open_metrics ? "" : "_total");
	family(writer, full, "counter", help);
}

static void counter(const struct writer *writer, const char *name, const char *help, uint64_t value)
{
	counter_family(writer, name, help);
	fprintf(writer->file, "trackd_%s_total %" PRIu64 "\n", name, value);
}

static void gauge(const struct writer *writer, const char *name, const char *help, double value)
{
	family(writer, name, "gauge", help);
	fprintf(writer->file, "trackd_%s %.15g\n", name, value);
}

/* ---- The board ----------------------------------------------------------- */

enum { STATES = TRACKD_CANCELLED + 1 };

struct scan {
	uint64_t tasks[TRACKD_KINDS_MAX][STATES];
	uint64_t oldest_ns; /* start of the oldest active task; 0: there is none */
};

static void scan_active(struct trackd *trackd, struct trackd_ref ref, struct scan *scan)
{
	struct trackd_task task = TRACKD_TASK_INIT;

	if (trackd_copy(trackd, ref, &task) < 0 || task.state != TRACKD_ACTIVE)
		return;
	if (scan->oldest_ns == 0 || task.started_ns < scan->oldest_ns)
		scan->oldest_ns = task.started_ns;
}

static void scan_tasks(struct trackd *trackd, struct scan *ret_scan)
{
	struct trackd_iter iter;
	struct trackd_ref ref;
	struct trackd_view view = TRACKD_VIEW_INIT;

	*ret_scan = (struct scan){ .oldest_ns = 0 };
	trackd_iter_all(trackd, &iter);
	while (trackd_next(trackd, &iter, &ref) > 0) {
		if (trackd_get(trackd, ref, &view) < 0 || view.kind < 0 ||
		    view.kind >= TRACKD_KINDS_MAX || view.state >= STATES)
			continue;
		ret_scan->tasks[view.kind][view.state]++;
		if (view.state == TRACKD_ACTIVE)
			scan_active(trackd, ref, ret_scan);
	}
}

/* Kinds of the same name are shown as one: a board may have an older and a newer one. */
static bool is_newest(struct trackd *trackd, int kind, const char *name)
{
	return trackd_kind_find(trackd, name) == kind;
}

static void write_tasks(const struct writer *writer, struct trackd *trackd, const struct scan *scan)
{
	struct trackd_kind kind = TRACKD_KIND_INIT;
	struct trackd_kind other = TRACKD_KIND_INIT;

	family(writer, "tasks", "gauge", "Tasks on the board.");
	for (int k = 0; trackd_kind_get(trackd, k, &kind) >= 0; k++) {
		if (!is_newest(trackd, k, kind.name))
			continue;
		for (int state = TRACKD_PENDING; state < STATES; state++) {
			uint64_t n = 0;

			for (int o = 0; trackd_kind_get(trackd, o, &other) >= 0; o++)
				if (strcmp(other.name, kind.name) == 0)
					n += scan->tasks[o][state];
			fprintf(writer->file,
				"trackd_tasks{kind=\"%s\",state=\"%s\"} %" PRIu64 "\n", kind.name,
				trackd_state_name((enum trackd_state)state), n);
		}
	}
}

static void write_rejected(const struct writer *writer, const struct trackd_stats *stats)
{
	counter_family(writer, "create_rejected", "Tasks that could not be created.");
	fprintf(writer->file,
		"trackd_create_rejected_total{reason=\"full\"} %" PRIu64 "\n"
		"trackd_create_rejected_total{reason=\"exists\"} %" PRIu64 "\n",
		stats->n_refused_full, stats->n_refused_exists);
	counter_family(writer, "updates_rejected", "Changes of tasks that were refused.");
	fprintf(writer->file,
		"trackd_updates_rejected_total{reason=\"final\"} %" PRIu64 "\n"
		"trackd_updates_rejected_total{reason=\"busy\"} %" PRIu64 "\n",
		stats->n_refused_final, stats->n_busy);
}

static void write_board(const struct writer *writer, struct trackd *trackd)
{
	struct trackd_stats stats = { .size = sizeof stats };
	struct scan scan;

	if (trackd_stats(trackd, &stats) < 0)
		return;
	scan_tasks(trackd, &scan);
	write_tasks(writer, trackd, &scan);
	counter(writer, "tasks_created", "Tasks created.", stats.n_created);
	counter(writer, "worker_lost", "Tasks that failed because their worker died.",
		stats.n_worker_lost);
	counter(writer, "timed_out", "Tasks that failed because they passed a time limit.",
		stats.n_timed_out);
	counter(writer, "expired", "Tasks removed because they expired.", stats.n_expired);
	counter(writer, "evicted", "Final tasks evicted to make room.", stats.n_evicted);
	write_rejected(writer, &stats);
	counter(writer, "records_repaired", "Records repaired after a producer died while writing.",
		stats.n_repaired);
	gauge(writer, "slots_used", "Tasks on the board, of all kinds.", stats.used);
	gauge(writer, "slots_capacity", "Tasks that fit on the board.", stats.capacity);
	gauge(writer, "clients_connected", "Producers registered on the board.", stats.clients);
	if (scan.oldest_ns > 0)
		gauge(writer, "oldest_active_task_start_timestamp_seconds",
		      "When the task that has been active for longest began.",
		      (double)scan.oldest_ns / 1e9);
	if (stats.snapshot_ns > 0)
		gauge(writer, "snapshot_last_success_timestamp_seconds",
		      "When the board was last saved to disk.", (double)stats.snapshot_ns / 1e9);
}

/* ---- The gateway's own counts ---------------------------------------------- */

static void write_deaths(const struct writer *writer)
{
	static const char *const deaths[] = { [DEATH_UNKNOWN] = "unknown",
					      [DEATH_STATUS] = "exit_status",
					      [DEATH_SIGNAL] = "signal",
					      [DEATH_MEMORY] = "out_of_memory" };
	const struct task_counts *counts = writer->gateway->task_counts;

	counter_family(writer, "tasks_lost",
		       "Tasks whose worker died while the gateway looked on, by how it died.");
	for (size_t k = 0; k < counts->n_kinds; k++)
		for (size_t d = 0; d < DEATHS; d++)
			fprintf(writer->file,
				"trackd_tasks_lost_total{kind=\"%s\",exit=\"%s\"} %" PRIu64 "\n",
				counts->kinds[k].name, deaths[d], counts->kinds[k].lost[d]);
}

static void write_ends(const struct writer *writer)
{
	static const char *const outcomes[] = { "completed", "failed", "cancelled" };
	const struct task_counts *counts = writer->gateway->task_counts;
	char labels[128];

	counter_family(writer, "tasks_finished", "Tasks that ended while the gateway was running.");
	for (size_t k = 0; k < counts->n_kinds; k++)
		for (size_t o = 0; o < TASK_COUNTS_OUTCOMES; o++)
			fprintf(writer->file,
				"trackd_tasks_finished_total{kind=\"%s\",outcome=\"%s\"} %" PRIu64
				"\n",
				counts->kinds[k].name, outcomes[o], counts->kinds[k].finished[o]);
	write_deaths(writer);
	family(writer, "task_duration_seconds", "histogram",
	       "From the creation of a task to its end.");
	histogram_write(writer->file, &counts->times, &histogram_work,
			"trackd_task_duration_seconds", "");
	family(writer, "stage_duration_seconds", "histogram", "Time spent in a stage.");
	for (size_t i = 0; i < counts->n_stages; i++) {
		snprintf(labels, sizeof labels, "kind=\"%s\",stage=\"%s\",", counts->stages[i].kind,
			 counts->stages[i].stage);
		histogram_write(writer->file, &counts->stages[i].histogram, &histogram_work,
				"trackd_stage_duration_seconds", labels);
	}
}

static void write_route(const struct writer *writer, size_t route)
{
	static const char *const methods[] = {
		[METHOD_GET] = "GET",       [METHOD_HEAD] = "HEAD",       [METHOD_POST] = "POST",
		[METHOD_DELETE] = "DELETE", [METHOD_OPTIONS] = "OPTIONS", [METHOD_OTHER] = "other"
	};
#define CODE_TEXT(code) #code,
	static const char *const codes[] = { REQUEST_CODES(CODE_TEXT) "other" };
#undef CODE_TEXT
	const struct request_counts *counts = writer->gateway->request_counts;
	/* A path has one row for each of its methods. */
	const char *path = route < counts->routes->n ? counts->routes->rows[route].path : "none";

	for (size_t m = 0; m < REQUEST_METHODS; m++)
		for (size_t c = 0; c < REQUEST_N_CODES; c++)
			if (counts->requests[route][m][c] > 0)
				fprintf(writer->file,
					"trackd_http_requests_total{route=\"%s\",method=\"%s\","
					"code=\"%s\"} %" PRIu64 "\n",
					path, methods[m], codes[c], counts->requests[route][m][c]);
}

static void write_requests(const struct writer *writer)
{
	const struct request_counts *counts = writer->gateway->request_counts;

	counter_family(writer, "http_requests", "Requests that were answered.");
	for (size_t route = 0; route <= counts->routes->n; route++)
		write_route(writer, route);
	family(writer, "http_request_duration_seconds", "histogram",
	       "From the time a request could be answered (body complete, long poll over) to its "
	       "answer; without streams and operators' requests.");
	histogram_write(writer->file, &counts->times, &histogram_requests,
			"trackd_http_request_duration_seconds", "");
	counter_family(writer, "auth_failures",
		       "Requests refused because of their token or ticket.");
	for (int i = AUTH_NONE + 1; i < AUTH_N_FAILURES; i++)
		fprintf(writer->file, "trackd_auth_failures_total{reason=\"%s\"} %" PRIu64 "\n",
			auth_failure_label((enum auth_failure)i), counts->auth_failures[i]);
	gauge(writer, "sse_streams", "Streams that are open.", counts->streams);
}

static void write_build(const struct writer *writer)
{
	/* OpenMetrics has a type for constants; the sample's name is the same. */
	family(writer, writer->open_metrics ? "build" : "build_info",
	       writer->open_metrics ? "info" : "gauge", "The gateway's version.");
	fprintf(writer->file, "trackd_build_info{version=\"%s\"} 1\n", trackd_version());
	if (writer->open_metrics)
		fputs("# EOF\n", writer->file);
}

char *metrics_text(const struct gateway *gateway, bool open_metrics, size_t *ret_size)
{
	char *text = NULL;
	struct writer writer = { gateway, open_memstream(&text, ret_size), open_metrics };
	int error;

	if (!writer.file)
		return NULL;
	struct trackd *trackd = board_connection_reader(gateway->board, &error);
	if (trackd)
		write_board(&writer, trackd);
	gauge(&writer, "daemon_up", "Whether trackd itself answers: 1, or 0.",
	      daemon_is_up(gateway->daemon));
	write_ends(&writer);
	write_requests(&writer);
	write_build(&writer);
	bool failed = ferror(writer.file) != 0;
	if (fclose(writer.file) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}
