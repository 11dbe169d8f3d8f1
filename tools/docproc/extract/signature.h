/* SPDX-License-Identifier: MIT */
/* Finds the type of a file from its whole content if its first bytes do not show it. */
#ifndef DOCPROC_EXTRACT_SIGNATURE_H
#define DOCPROC_EXTRACT_SIGNATURE_H

#include "tools/documents/document_type.h"

/* Negative errno if the file cannot be read. */
int kind_by_content(int fd, enum file_kind *ret_kind);

#endif
