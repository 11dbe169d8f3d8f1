/* SPDX-License-Identifier: MIT */
/* tests/harness/python/fake_endpoint.py as a child: an endpoint that answers as it is told to. */
#ifndef TESTS_DOCPROC_FAKE_H
#define TESTS_DOCPROC_FAKE_H

#include "tests/harness/harness.h"
#include "tests/unit/docproc/progress.h"
#include "tools/docproc/embed/endpoint.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct failure failure;

struct fake {
	pid_t pid;
	char address[128];
};

static struct fake fake_start(const char *option)
{
	const char *tree = getenv("TRACKD_TREE");
	char path[512], *end;
	struct fake server;
	int in[2], out[2];
	ssize_t n;

	snprintf(path, sizeof path, "%s/tests/harness/python/fake_endpoint.py", tree ? tree : ".");
	if (pipe(in) < 0 || pipe(out) < 0)
		harness_die("no pipe");
	server.pid = harness_fork();
	if (server.pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		/* By its full name, so that it finds its modules. */
		execl("/usr/bin/python3", "/usr/bin/python3", path, option, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	n = read(out[0], server.address, sizeof server.address - 1);
	close(out[0]);
	if (n <= 0)
		harness_die("%s did not start", path);
	server.address[n] = '\0';
	end = strchr(server.address, '\n');
	if (end)
		*end = '\0';
	return server;
}

static void fake_stop(const struct fake *server)
{
	harness_kill(server->pid, SIGKILL);
}

/* The one that answers all tests of a program. */
static struct fake fake;

static int fake_setup(void **state)
{
	(void)state;
	fake = fake_start(NULL);
	return 0;
}

static int fake_teardown(void **state)
{
	(void)state;
	fake_stop(&fake);
	return 0;
}

/* The configuration of an endpoint that behaves as the plan says. */
static struct endpoint_config fake_config(const struct fake *server, const char *plan)
{
	struct endpoint_config config = { .model = "m-1", .timeout_ms = 20000 };

	snprintf(config.url, sizeof config.url, "%s/%s/v1", server->address, plan);
	return config;
}

/* What came to a plan of that one; the caller frees it. */
static inline json_t *fake_log(const char *plan)
{
	struct endpoint_config config = fake_config(&fake, plan);
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
