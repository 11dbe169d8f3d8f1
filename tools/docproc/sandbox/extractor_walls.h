/* SPDX-License-Identifier: MIT */
/* Parts of extractor_sandbox.c: its system calls, and the ends that limits put to it. */
#ifndef DOCPROC_EXTRACTOR_WALLS_H
#define DOCPROC_EXTRACTOR_WALLS_H

/* Limit the address space to so much more than is mapped, and handle the signals of limits. */
int extractor_limit_memory(unsigned memory_mb);

/* Load what extractor_sandbox_prepare() made. */
int extractor_calls_enter(void);

#endif
