/* SPDX-License-Identifier: MIT */
/*
 * Settings of docproc, from three places in rising order: defaults, /etc/trackd/docproc.conf, the
 * command line. The latter two set the same entries of one table.
 */
#ifndef DOCPROC_CONFIG_CONFIG_H
#define DOCPROC_CONFIG_CONFIG_H

#include "tools/common/option.h"
#include "tools/docproc/embed/endpoint.h"

struct config {
	char board[256], socket[4096]; /* "": the rule of the library */
	char spool[4096];              /* /var/lib/trackd-documents/spool */
	char store[4096];              /* /var/lib/trackd-documents/documents.db */
	bool spool_named;              /* on the command line */
	unsigned jobs;                 /* documents at once, in a spool; 2 */
	unsigned time_limit_s;         /* of one document, processor time; 600 */
	unsigned memory_mb;            /* of one document; 1024 */
	struct endpoint_config embedding, chat;
	unsigned dimension; /* of the embedding endpoint's vectors; 0: as it answers */
};

/* The settings, of a struct config. */
extern const struct option_entry config_entries[];

/* What holds where nothing is said. Whoever may not enter /var/lib/trackd-documents, or finds none,
 * has a store and a spool of one's own, below $XDG_DATA_HOME. */
void config_defaults(struct config *ret_config);

/* Whether anything needs the network. */
bool config_network(const struct config *config);

#endif
