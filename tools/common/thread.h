/* SPDX-License-Identifier: MIT */
#ifndef COMMON_THREAD_H
#define COMMON_THREAD_H

#include <pthread.h>

/* Start a thread with all signals blocked: they are the event loop's. 0 or -errno. */
int thread_start(pthread_t *ret_thread, void *(*body)(void *), void *argument);

#endif
