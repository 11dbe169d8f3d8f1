/* SPDX-License-Identifier: MIT */
/* Watching pages through their protection; see visits.h. */
#include "tests/harness/visits.h"
#include "tests/harness/harness.h"
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RANGES = 512 };

static struct {
	char *begin, *end;
} ranges[RANGES];
static unsigned n_ranges, n_visits;
static size_t page;
static const char *first;
static struct sigaction before;

static size_t into_page(const char *at)
{
	return (uintptr_t)at & (page - 1);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	char *at = info->si_addr;
	unsigned i = 0;

	(void)context;
	while (i < n_ranges && (at < ranges[i].begin || at >= ranges[i].end))
		i++;
	/* A fault of another kind happens again at once, without this handler. */
	if (i == n_ranges || info->si_code != SEGV_ACCERR) {
		(void)sigaction(signal, &before, NULL);
		return;
	}
	if (n_visits++ == 0)
		first = at;
	(void)mprotect(at - into_page(at), page, PROT_READ | PROT_WRITE);
}

static void begin_watching(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	page = (size_t)sysconf(_SC_PAGESIZE);
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGSEGV, &action, &before) != 0)
		harness_die("SIGSEGV: %s", strerror(errno));
}

void visits_watch(void *begin, size_t size)
{
	if (n_ranges == RANGES)
		harness_die("more than %d watched ranges", RANGES);
	if (n_ranges == 0)
		begin_watching();
	char *from = (char *)begin + page - 1, *to = (char *)begin + size;
	from -= into_page(from);
	to -= into_page(to);
	if (from >= to)
		harness_die("no whole page to watch in %zu bytes", size);
	ranges[n_ranges].begin = from;
	ranges[n_ranges++].end = to;
	if (mprotect(from, (size_t)(to - from), PROT_NONE) != 0)
		harness_die("mprotect: %s", strerror(errno));
}

unsigned visits_count(void)
{
	return n_visits;
}

const void *visits_first(void)
{
	return first;
}

void visits_end(void)
{
	for (unsigned i = 0; i < n_ranges; i++)
		(void)mprotect(ranges[i].begin, (size_t)(ranges[i].end - ranges[i].begin),
			       PROT_READ | PROT_WRITE);
	if (n_ranges > 0)
		(void)sigaction(SIGSEGV, &before, NULL);
	n_ranges = n_visits = 0;
	first = NULL;
}
