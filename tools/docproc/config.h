/* SPDX-License-Identifier: MIT */
/* Settings of docproc: /etc/trackd/docproc.conf, each also a flag. */
#ifndef DOCPROC_CONFIG_H
#define DOCPROC_CONFIG_H

#include "endpoint.h"

struct config {
	char board[256], socket[4096]; /* "": the rule of the library */
	char spool[4096];              /* /var/lib/trackd-documents/spool */
	char store[4096];              /* /var/lib/trackd-documents/documents.db */
	unsigned jobs;                 /* documents at once, in a spool; 2 */
	unsigned time_limit_s;         /* of one document, processor time; 600 */
	unsigned memory_mb;            /* of one document; 1024 */
	struct endpoint_config embedding, chat;
	unsigned dimension; /* of the embedding endpoint's vectors; 0: as it answers */
};

#endif
