/* SPDX-License-Identifier: MIT */
#include "tools/docproc/config/config.h"
#include "tools/docproc/config/ownership.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEY(member, ...) OPTION_KEY(struct config, member, __VA_ARGS__)
const struct option_entry config_entries[] = {
	KEY(board, .name = "board", .takes = "/NAME",
	    .help = "the board (default: as trackctl finds it)", .set = option_board,
	    .allowed = "a name such as /trackd"),
	KEY(socket, .name = "socket", .takes = "PATH",
	    .help = "the board's socket (default: by its name)", .set = option_text,
	    .allowed = "a path"),
	KEY(spool, .name = "spool", .takes = "DIR",
	    .help = "where documents are handed in; alone on the command line: serve it",
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
	KEY(embedding.url, .name = "embedding-url", .takes = "URL",
	    .help = "of an OpenAI-compatible API (default: built in, no network)",
	    .set = option_url,
	    .allowed = "a URL such as https://host/v1, or nothing for the built-in way"),
	KEY(embedding.model, .name = "embedding-model", .takes = "NAME", .help = "its model",
	    .set = option_text, .allowed = "a name of up to 127 bytes"),
	KEY(embedding.key_file, .name = "embedding-key-file", .takes = "FILE",
	    .help = "file with its key", .set = option_text, .allowed = "a path"),
	KEY(embedding.timeout_ms, .name = "embedding-timeout", .takes = "TIME",
	    .help = "for one request (default 30s)", .set = option_ms, .min = 10, .max = 3600000,
	    .allowed = "a time from 10ms to 1h"),
	KEY(embedding.retries, .name = "embedding-retries", .takes = "N",
	    .help = "after the first try: 0 to 20 (default 2)", .set = option_number, .min = 0,
	    .max = 20, .allowed = "a number from 0 to 20"),
	KEY(dimension, .name = "dimension", .takes = "N",
	    .help = "that its vectors must have: up to 8192 (default 0: as it answers)",
	    .set = option_number, .min = 0, .max = 8192, .allowed = "a number from 0 to 8192"),
	KEY(chat.url, .name = "chat-url", .takes = "URL",
	    .help = "of an API that writes summaries (default: built in, extractive)",
	    .set = option_url,
	    .allowed = "a URL such as https://host/v1, or nothing for the built-in way"),
	KEY(chat.model, .name = "chat-model", .takes = "NAME", .help = "its model",
	    .set = option_text, .allowed = "a name of up to 127 bytes"),
	KEY(chat.key_file, .name = "chat-key-file", .takes = "FILE", .help = "file with its key",
	    .set = option_text, .allowed = "a path"),
	KEY(chat.timeout_ms, .name = "chat-timeout", .takes = "TIME",
	    .help = "for one request (default 60s)", .set = option_ms, .min = 10, .max = 3600000,
	    .allowed = "a time from 10ms to 1h"),
	KEY(chat.retries, .name = "chat-retries", .takes = "N",
	    .help = "after the first try: 0 to 20 (default 2)", .set = option_number, .min = 0,
	    .max = 20, .allowed = "a number from 0 to 20"),
	{ 0 },
};
#undef KEY

/* ---- Defaults ------------------------------------------------------------ */

static void place(char *to, size_t size, const char *name)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int n;

	/* Root has no more right to make the system's folder than others, but where the service is
	 * installed root means the service's. */
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
