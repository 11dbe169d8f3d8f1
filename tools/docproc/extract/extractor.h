/* SPDX-License-Identifier: MIT */
/* The body of the extractor: reads a document and writes frames. */
#ifndef DOCPROC_EXTRACTOR_H
#define DOCPROC_EXTRACTOR_H

#include "tools/docproc/sandbox/zygote.h"

extractor_body extractor_run;

#endif
