/* SPDX-License-Identifier: MIT */
/* tests/harness/python/fake_endpoint.py as a child, and a board that counts and can cancel. */
#ifndef TESTS_DOCPROC_FAKE_H
#define TESTS_DOCPROC_FAKE_H

#include "tests/harness/harness.h"
#include "tools/docproc/embed/endpoint.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct failure failure;

/* ---- The board, as the stages see it ------------------------------------- */

static uint64_t done, looks; /* units; how often it was asked */
static uint64_t cancel_at_ms;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int report_step(struct report *report, uint64_t units)
{
	(void)report;
	done += units;
	looks++;
	return now_ms() >= cancel_at_ms ? CANCELLED : 0;
}

static void board_reset(void)
{
	done = looks = 0;
	cancel_at_ms = UINT64_MAX;
}

/* ---- The server --------------------------------------------------------- */

struct fake {
	pid_t pid;
	char address[128];
};

static struct fake fake_start(const char *option)
{
	const char *tree = getenv("TRACKD_TREE");
	char path[512], *end;
	struct fake fake;
	int in[2], out[2];
	ssize_t n;

	snprintf(path, sizeof path, "%s/tests/harness/python/fake_endpoint.py", tree ? tree : ".");
	if (pipe(in) < 0 || pipe(out) < 0)
		harness_die("no pipe");
	fake.pid = harness_fork();
	if (fake.pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		/* By its full name, from which it tells where its modules are. */
		execl("/usr/bin/python3", "/usr/bin/python3", path, option, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	n = read(out[0], fake.address, sizeof fake.address - 1);
	close(out[0]);
	if (n <= 0)
		harness_die("%s did not start", path);
	fake.address[n] = '\0';
	end = strchr(fake.address, '\n');
	if (end)
		*end = '\0';
	return fake;
}

static void fake_stop(const struct fake *fake)
{
	harness_kill(fake->pid, SIGKILL);
}

/* What an endpoint is configured with that behaves as the plan says. */
static struct endpoint_config fake_config(const struct fake *fake, const char *plan)
{
	struct endpoint_config config = { .model = "m-1", .timeout_ms = 20000 };

	snprintf(config.url, sizeof config.url, "%s/%s/v1", fake->address, plan);
	return config;
}

/* What came to a plan; the caller frees it. */
static inline json_t *fake_log(const struct fake *fake, const char *plan)
{
	struct endpoint_config config = fake_config(fake, plan);
	json_t *request = json_object(), *answer = NULL;
	struct endpoint *endpoint;
	struct failure trouble;

	if (endpoint_open(&config, "log", &endpoint, &trouble) < 0 ||
	    endpoint_post(endpoint, "/log", request, NULL, &answer, &trouble) < 0)
		harness_die("%s (%s)", trouble.error, trouble.advice);
	endpoint_close(endpoint);
	json_decref(request);
	return answer;
}

#endif
