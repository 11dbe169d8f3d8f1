/* SPDX-License-Identifier: MIT */
#include "tools/docproc/config/config.h"
#include "tools/docproc/config/ownership.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLACE(member) SETTING_PLACE(struct config, member)
static const struct setting settings[] = {
	{ "board", SETTING_TEXT, PLACE(board), 0, 0, "a name such as /trackd", NULL },
	{ "socket", SETTING_TEXT, PLACE(socket), 0, 0, "a path", NULL },
	{ "spool", SETTING_PATH, PLACE(spool), 0, 0, "the path of a directory", NULL },
	{ "store", SETTING_PATH, PLACE(store), 0, 0, "the path of a file", NULL },
	{ "jobs", SETTING_NUMBER, PLACE(jobs), 1, 64, "a number from 1 to 64", NULL },
	{ "time_limit", SETTING_SECONDS, PLACE(time_limit_s), 1, 86400,
	  "a time from 1s to 1d, such as 10m", NULL },
	{ "memory", SETTING_MEBIBYTES, PLACE(memory_mb), 64, 1 << 20,
	  "a size from 64M to 1024G, such as 1G", NULL },
	{ "embedding_url", SETTING_URL, PLACE(embedding.url), 0, 0,
	  "a URL such as https://host/v1, or nothing for the built-in way", NULL },
	{ "embedding_model", SETTING_TEXT, PLACE(embedding.model), 0, 0,
	  "a name of up to 127 bytes", NULL },
	{ "embedding_key_file", SETTING_TEXT, PLACE(embedding.key_file), 0, 0, "a path", NULL },
	{ "embedding_timeout", SETTING_MS, PLACE(embedding.timeout_ms), 10, 3600000,
	  "a time from 10ms to 1h", NULL },
	{ "embedding_retries", SETTING_NUMBER, PLACE(embedding.retries), 0, 20,
	  "a number from 0 to 20", NULL },
	{ "dimension", SETTING_NUMBER, PLACE(dimension), 0, 8192, "a number from 0 to 8192", NULL },
	{ "chat_url", SETTING_URL, PLACE(chat.url), 0, 0,
	  "a URL such as https://host/v1, or nothing for the built-in way", NULL },
	{ "chat_model", SETTING_TEXT, PLACE(chat.model), 0, 0, "a name of up to 127 bytes", NULL },
	{ "chat_key_file", SETTING_TEXT, PLACE(chat.key_file), 0, 0, "a path", NULL },
	{ "chat_timeout", SETTING_MS, PLACE(chat.timeout_ms), 10, 3600000, "a time from 10ms to 1h",
	  NULL },
	{ "chat_retries", SETTING_NUMBER, PLACE(chat.retries), 0, 20, "a number from 0 to 20",
	  NULL },
};

#define KEY_NUMBER(key, takes, help) KEY_##key,
enum { DOCPROC_KEYS(KEY_NUMBER) N_KEYS };
static_assert(sizeof settings / sizeof settings[0] == N_KEYS, "a setting a key");

static const struct settings table = { settings, N_KEYS };

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

void settings_default(struct config *ret_config)
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

bool settings_network(const struct config *config)
{
	return config->embedding.url[0] != '\0' || config->chat.url[0] != '\0';
}

/* ---- Setting ------------------------------------------------------------- */

int settings_set(struct config *config, const char *where, const char *key, const char *value,
		 struct setting_fault *fault)
{
	return settings_apply(&table, config, where, key, value, fault);
}

int settings_read(struct config *config, const char *path, struct setting_fault *fault)
{
	return settings_load(&table, config, path, fault);
}
