/* SPDX-License-Identifier: MIT */
#include "tools/docproc/config/config.h"
#include "tools/docproc/config/ownership.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEY(member, ...) OPTION_KEY(struct config, member, __VA_ARGS__)
#define URL_ALLOWED "a URL such as https://host/v1, or nothing for the built-in way"
/* NOLINTBEGIN(bugprone-macro-parentheses): members and parts of literals */
/* The keys of an endpoint. text: what its URL is; timeout: the default. */
#define ENDPOINT(member, prefix, text, timeout)                                                    \
	KEY(member.url, .name = prefix "-url", .takes = "URL", .help = (text), .set = option_url,  \
	    .allowed = URL_ALLOWED),                                                               \
		KEY(member.model, .name = prefix "-model", .takes = "NAME", .help = "its model",   \
		    .set = option_text, .allowed = "a name of up to 127 bytes"),                   \
		KEY(member.key_file, .name = prefix "-key-file", .takes = "FILE",                  \
		    .help = "file with its key", .set = option_text, .allowed = "a path"),         \
		KEY(member.timeout_ms, .name = prefix "-timeout", .takes = "TIME",                 \
		    .help = "for one request (default " timeout ")", .set = option_ms, .min = 10,  \
		    .max = 3600000, .allowed = "a time from 10ms to 1h"),                          \
		KEY(member.retries, .name = prefix "-retries", .takes = "N",                       \
		    .help = "after the first try: 0 to 20 (default 2)", .set = option_number,      \
		    .min = 0, .max = 20, .allowed = "a number from 0 to 20")
/* NOLINTEND(bugprone-macro-parentheses) */
const struct option_entry config_entries[] = {
	OPTION_BOARD(struct config),
	KEY(spool, .name = "spool", .takes = "DIR",
	    .help = "directory for submitted documents; as the only argument: serve it",
	    .set = option_path, OPTION_GIVEN(struct config, spool_named),
	    .allowed = "the path of a directory"),
	KEY(store, .name = "store", .takes = "FILE", .help = "the document store",
	    .set = option_path, .allowed = "the path of a file"),
	KEY(jobs, .name = "jobs", .takes = "N", .help = "documents at once: 1 to 64 (default 2)",
	    .set = option_number, .min = 1, .max = 64, .allowed = "a number from 1 to 64"),
	KEY(time_limit_s, .name = "time-limit", .takes = "TIME",
	    .help = "processor time that one document may take (default 10m)",
	    .set = option_seconds, .min = 1, .max = 86400,
	    .allowed = "a time from 1s to 1d, such as 10m"),
	KEY(memory_mb, .name = "memory", .takes = "SIZE",
	    .help = "memory that one document may take (default 1G)", .set = option_mebibytes,
	    .min = 64, .max = 1 << 20, .allowed = "a size from 64M to 1024G, such as 1G"),
	ENDPOINT(embedding, "embedding",
		 "of an OpenAI-compatible API (default: built in, no network)", "30s"),
	KEY(dimension, .name = "dimension", .takes = "N",
	    .help = "that its vectors must have: up to 8192 (default 0: as it answers)",
	    .set = option_number, .min = 0, .max = 8192, .allowed = "a number from 0 to 8192"),
	ENDPOINT(chat, "chat", "of an API that writes summaries (default: built in, extractive)",
		 "60s"),
	{ 0 },
};
#undef KEY
#undef ENDPOINT

/* ---- Defaults ------------------------------------------------------------ */

static void place(char *to, size_t size, const char *name)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int n;

	/* Root has no more right to make the system's folder than others. But where the service is
	 * installed, root means the service's files. */
	if (access(OWNERSHIP_FOLDER, X_OK) == 0 || (!data && !home) ||
	    (geteuid() == 0 && ownership_of_service()))
		n = snprintf(to, size, OWNERSHIP_FOLDER "/%s", name);
	else if (data && data[0] == '/')
		n = snprintf(to, size, "%s/trackd-documents/%s", data, name);
	else
		n = snprintf(to, size, "%s/.local/share/trackd-documents/%s", home ? home : "",
			     name);
	if (n < 0 || (size_t)n >= size)
		to[0] = '\0';
}

void config_defaults(struct config *ret_config)
{
	*ret_config = (struct config){
		.jobs = 2,
		.time_limit_s = 600,
		.memory_mb = 1024,
		.embedding = { .timeout_ms = 30000, .retries = 2 },
		.chat = { .timeout_ms = 60000, .retries = 2 },
	};
	place(ret_config->spool, sizeof ret_config->spool, "spool");
	place(ret_config->store, sizeof ret_config->store, "documents.db");
}

bool config_network(const struct config *config)
{
	return config->embedding.url[0] != '\0' || config->chat.url[0] != '\0';
}
