/* SPDX-License-Identifier: MIT */
#include "tools/common/thread.h"
#include <signal.h>

int thread_start(pthread_t *ret_thread, void *(*body)(void *), void *argument)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(ret_thread, NULL, body, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}
