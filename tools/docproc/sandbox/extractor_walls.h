/* SPDX-License-Identifier: MIT */
/* Parts of extractor_sandbox.c: the system call filter, and the handling of memory limits. */
#ifndef DOCPROC_EXTRACTOR_WALLS_H
#define DOCPROC_EXTRACTOR_WALLS_H

/* Limit the address space to memory_mb beyond what is mapped, and handle the signals of limits. */
int extractor_limit_memory(unsigned memory_mb);

/* Load the filter that extractor_sandbox_prepare() made. */
int extractor_calls_enter(void);

#endif
