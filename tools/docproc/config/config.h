/* SPDX-License-Identifier: MIT */
/*
 * Settings of docproc. Each source overrides the one before: defaults, /etc/trackd/docproc.conf,
 * the command line. The last two set the entries of one table.
 */
#ifndef DOCPROC_CONFIG_CONFIG_H
#define DOCPROC_CONFIG_CONFIG_H

#include "tools/common/option.h"
#include "tools/docproc/embed/endpoint.h"

struct config {
	char board[256], socket[4096]; /* "": the library's default */
	char spool[4096];              /* /var/lib/trackd-documents/spool */
	char store[4096];              /* /var/lib/trackd-documents/documents.db */
	bool spool_named;              /* on the command line */
	unsigned jobs;                 /* documents at once, from a spool; 2 */
	unsigned time_limit_s;         /* processor time per document; 600 */
	unsigned memory_mb;            /* per document; 1024 */
	struct endpoint_config embedding, chat;
	unsigned dimension; /* of the embedding endpoint's vectors; 0: as it answers */
};

/* The settings of a struct config. */
extern const struct option_entry config_entries[];

/* The defaults. Users without access to /var/lib/trackd-documents get their own store and spool
 * below $XDG_DATA_HOME. */
void config_defaults(struct config *ret_config);

/* Whether an endpoint is configured, so that the network is needed. */
bool config_network(const struct config *config);

#endif
