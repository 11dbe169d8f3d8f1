/* SPDX-License-Identifier: MIT */
/*
 * Settings of docproc, from three places in rising order: defaults, /etc/trackd/docproc.conf, the
 * command line. All set the same keys, so that what is allowed is said once.
 */
#ifndef DOCPROC_CONFIG_CONFIG_H
#define DOCPROC_CONFIG_CONFIG_H

#include "tools/common/settings.h"
#include "tools/docproc/embed/endpoint.h"

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

/* X(key, what it takes, what it says in --help). As a flag, - stands for _. */
#define DOCPROC_KEYS(X)                                                                            \
	X(board, "/NAME", "the board (default: as trackctl finds it)")                             \
	X(socket, "PATH", "the board's socket (default: by its name)")                             \
	X(spool, "DIR", "where documents are handed in; alone on the command line: serve it")      \
	X(store, "FILE", "the document store")                                                     \
	X(jobs, "N", "documents at once: 1 to 64 (default 2)")                                     \
	X(time_limit, "TIME", "processor time that one document may take (default 10m)")           \
	X(memory, "SIZE", "memory that one document may take (default 1G)")                        \
	X(embedding_url, "URL", "of an OpenAI-compatible API (default: built in, no network)")     \
	X(embedding_model, "NAME", "its model")                                                    \
	X(embedding_key_file, "FILE", "file with its key")                                         \
	X(embedding_timeout, "TIME", "for one request (default 30s)")                              \
	X(embedding_retries, "N", "after the first try: 0 to 20 (default 2)")                      \
	X(dimension, "N", "that its vectors must have: up to 8192 (default 0: as it answers)")     \
	X(chat_url, "URL", "of an API that writes summaries (default: built in, extractive)")      \
	X(chat_model, "NAME", "its model")                                                         \
	X(chat_key_file, "FILE", "file with its key")                                              \
	X(chat_timeout, "TIME", "for one request (default 60s)")                                   \
	X(chat_retries, "N", "after the first try: 0 to 20 (default 2)")

/* What holds where nothing is said. Whoever may not enter /var/lib/trackd-documents, or finds none,
 * has a store and a spool of one's own, below $XDG_DATA_HOME. */
void settings_default(struct config *ret_config);

/* Set one key. 0, or -EINVAL with *fault filled: "WHERE: KEY: ...". */
int settings_set(struct config *config, const char *where, const char *key, const char *value,
		 struct setting_fault *fault);

/* Read a file. -ENOENT if there is none, other -errno, -EINVAL; *fault is filled in all cases. */
int settings_read(struct config *config, const char *path, struct setting_fault *fault);

/* Whether anything needs the network. */
bool settings_network(const struct config *config);

#endif
