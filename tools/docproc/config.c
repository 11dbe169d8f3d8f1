/* SPDX-License-Identifier: MIT */
/* One table says where each key goes, of what type it is and what is allowed. */
#include "config.h"
#include "tools/common/ini.h"
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_FOLDER "/var/lib/trackd-documents"

enum setting_type {
	SETTING_TEXT,
	SETTING_PATH, /* not empty */
	SETTING_URL,  /* empty for none */
	SETTING_NUMBER,
	SETTING_SECONDS, /* min and max in seconds */
	SETTING_MS,      /* min and max in milliseconds */
	SETTING_MEBIBYTES,
};

#define PLACE(member) offsetof(struct config, member), sizeof(((struct config *)0)->member)
static const struct setting {
	const char *key;
	enum setting_type type;
	size_t offset, size;
	uint64_t min, max;
	const char *allowed;
} settings[] = {
	{ "board", SETTING_TEXT, PLACE(board), 0, 0, "a name such as /trackd" },
	{ "socket", SETTING_TEXT, PLACE(socket), 0, 0, "a path" },
	{ "spool", SETTING_PATH, PLACE(spool), 0, 0, "the path of a directory" },
	{ "store", SETTING_PATH, PLACE(store), 0, 0, "the path of a file" },
	{ "jobs", SETTING_NUMBER, PLACE(jobs), 1, 64, "a number from 1 to 64" },
	{ "time_limit", SETTING_SECONDS, PLACE(time_limit_s), 1, 86400,
	  "a time from 1s to 1d, such as 10m" },
	{ "memory", SETTING_MEBIBYTES, PLACE(memory_mb), 64, 1 << 20,
	  "a size from 64M to 1024G, such as 1G" },
	{ "embedding_url", SETTING_URL, PLACE(embedding.url), 0, 0,
	  "a URL such as https://host/v1, or nothing for the built-in way" },
	{ "embedding_model", SETTING_TEXT, PLACE(embedding.model), 0, 0,
	  "a name of up to 127 bytes" },
	{ "embedding_key_file", SETTING_TEXT, PLACE(embedding.key_file), 0, 0, "a path" },
	{ "embedding_timeout", SETTING_MS, PLACE(embedding.timeout_ms), 10, 3600000,
	  "a time from 10ms to 1h" },
	{ "embedding_retries", SETTING_NUMBER, PLACE(embedding.retries), 0, 20,
	  "a number from 0 to 20" },
	{ "dimension", SETTING_NUMBER, PLACE(dimension), 0, 8192, "a number from 0 to 8192" },
	{ "chat_url", SETTING_URL, PLACE(chat.url), 0, 0,
	  "a URL such as https://host/v1, or nothing for the built-in way" },
	{ "chat_model", SETTING_TEXT, PLACE(chat.model), 0, 0, "a name of up to 127 bytes" },
	{ "chat_key_file", SETTING_TEXT, PLACE(chat.key_file), 0, 0, "a path" },
	{ "chat_timeout", SETTING_MS, PLACE(chat.timeout_ms), 10, 3600000,
	  "a time from 10ms to 1h" },
	{ "chat_retries", SETTING_NUMBER, PLACE(chat.retries), 0, 20, "a number from 0 to 20" },
};

#define KEY_NUMBER(key, takes, help) KEY_##key,
enum { DOCPROC_KEYS(KEY_NUMBER) N_KEYS };
static_assert(sizeof settings / sizeof settings[0] == N_KEYS, "a setting a key");

/* ---- Defaults ------------------------------------------------------------ */

static void place(char *to, size_t size, const char *name)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int n;

	if (access(SYSTEM_FOLDER, X_OK) == 0 || geteuid() == 0 || (!data && !home))
		n = snprintf(to, size, SYSTEM_FOLDER "/%s", name);
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

__attribute__((format(printf, 2, 3))) static int fault_set(struct setting_fault *fault,
							   const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fault->text, sizeof fault->text, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static int set_text(const struct setting *setting, char *to, const char *value)
{
	size_t length = strlen(value);

	if (length >= setting->size)
		return -EINVAL;
	memcpy(to, value, length + 1);
	return 0;
}

static bool is_url(const char *value)
{
	return strncmp(value, "https://", 8) == 0 || strncmp(value, "http://", 7) == 0;
}

static int set_number(const struct setting *setting, unsigned *to, uint64_t number)
{
	if (number < setting->min || number > setting->max)
		return -EINVAL;
	*to = (unsigned)number;
	return 0;
}

static int set_value(struct config *config, const struct setting *setting, const char *value)
{
	void *to = (char *)config + setting->offset;
	uint64_t number = 0;

	switch (setting->type) {
	case SETTING_TEXT:
		return set_text(setting, to, value);
	case SETTING_PATH:
		return value[0] == '\0' ? -EINVAL : set_text(setting, to, value);
	case SETTING_URL:
		return value[0] == '\0' || is_url(value) ? set_text(setting, to, value) : -EINVAL;
	case SETTING_NUMBER:
		if (ini_number(value, setting->min, setting->max, &number) < 0)
			return -EINVAL;
		return set_number(setting, to, number);
	case SETTING_SECONDS:
		if (ini_duration(value, &number) < 0 || number % 1000 != 0)
			return -EINVAL;
		return set_number(setting, to, number / 1000);
	case SETTING_MS:
		return ini_duration(value, &number) < 0 ? -EINVAL : set_number(setting, to, number);
	case SETTING_MEBIBYTES:
		return ini_mebibytes(value, &number) < 0 ? -EINVAL
							 : set_number(setting, to, number);
	}
	return -EINVAL;
}

int settings_set(struct config *config, const char *where, const char *key, const char *value,
		 struct setting_fault *fault)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		if (strcmp(settings[i].key, key) != 0)
			continue;
		if (set_value(config, &settings[i], value) == 0)
			return 0;
		return fault_set(fault, "%.300s: %s: \"%.100s\" is not allowed; it must be %s",
				 where, key, value, settings[i].allowed);
	}
#define KEY_NAME(key, takes, help) " " #key
	return fault_set(fault, "%.300s: %.64s: no such key; there are%s", where, key,
			 DOCPROC_KEYS(KEY_NAME));
}

/* ---- The file ------------------------------------------------------------ */

struct reading {
	struct config *config;
	struct setting_fault *fault;
};

static int take(void *user, const char *where, const char *key, const char *value)
{
	struct reading *reading = user;

	return settings_set(reading->config, where, key, value, reading->fault);
}

static void wrong(void *user, const char *where, const char *why)
{
	struct reading *reading = user;

	fault_set(reading->fault, "%.300s: %s", where, why);
}

int settings_read(struct config *config, const char *path, struct setting_fault *fault)
{
	struct reading reading = { config, fault };
	struct ini_reader reader = { take, wrong, &reading };
	int error = ini_read(path, &reader);

	if (error < 0 && error != -EINVAL)
		fault_set(fault, "%.300s: %s", path, strerror(-error));
	return error;
}
