/* SPDX-License-Identifier: MIT */
/*
 * What the worker may do: compute, read what the extractor sends, write to the store and to the
 * board. It parses no foreign format, but it processes untrusted text. The extractor, which parses,
 * has its own sandbox: extractor_sandbox.h.
 *
 * Three layers back each other up: resource limits, Landlock (files, TCP, signals, abstract
 * sockets) and seccomp (system calls). They are applied in this order, and the watchdog thread is
 * started between the last two: Landlock binds only the calling thread and its later threads, and
 * seccomp forbids setting limits.
 */
#ifndef DOCPROC_SANDBOX_SANDBOX_H
#define DOCPROC_SANDBOX_SANDBOX_H

#include <stdbool.h>

struct sandbox {
	const char *store;   /* its file; only this and its side files may be written on the disk */
	const char *keys[2]; /* other files that may be read; NULL or "": none */
	bool network;        /* TCP and UDP, and what name resolution needs */
};

/* Before a fork: the slow part of sandbox_calls(), to save each worker the time. 0 or -errno. */
int sandbox_prepare(bool network);

/* Each returns 0 or -errno; on failure the process must not go on. */
int sandbox_limits(const struct sandbox *sandbox);
int sandbox_calls(const struct sandbox *sandbox);

/* Also 0 if the kernel has no Landlock; *ret_abi is then 0, otherwise the kernel's ABI. */
int sandbox_files(const struct sandbox *sandbox, int *ret_abi);

#endif
