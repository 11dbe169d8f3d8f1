/* SPDX-License-Identifier: MIT */
/* A zip that may be a DOCX. */
#ifndef DOCPROC_EXTRACT_DOCX_DOCX_H
#define DOCPROC_EXTRACT_DOCX_DOCX_H

#include "tools/docproc/extract/signature.h"

/* What kind of zip the file is: a DOCX, another document, or any archive. */
enum file_kind docx_kind(int fd);

#endif
