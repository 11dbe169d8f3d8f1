/* SPDX-License-Identifier: MIT */
/* The type of a file, from all of it where its first bytes do not show it. */
#ifndef DOCPROC_EXTRACT_SIGNATURE_H
#define DOCPROC_EXTRACT_SIGNATURE_H

#include "tools/documents/document_type.h"

/* Negative errno where the file cannot be read. */
int kind_by_content(int fd, enum file_kind *ret_kind);

#endif
