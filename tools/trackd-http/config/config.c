/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/config/config.h"
#include "tools/trackd-http/config/listen.h"
#include "tools/trackd-http/config/network.h"
#include "tools/trackd-http/server/cors.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOCUMENTS_FOLDER "/var/lib/trackd-documents"
#define STATE_FOLDER "/var/lib/trackd-http"
#define KEY_FILE "/etc/trackd/http.key"

static bool is_place(const char *text)
{
	return listen_valid(text);
}

static bool is_place_or_none(const char *text)
{
	return text[0] == '\0' || listen_valid(text);
}

static bool is_networks(const char *text)
{
	struct networks networks;

	return networks_parse(text, &networks) == 0;
}

#define PLACE(member) SETTING_PLACE(struct config, member)
static const struct setting settings[] = {
	{ "board", SETTING_TEXT, PLACE(board), 0, 0, "a name such as /trackd", NULL },
	{ "socket", SETTING_TEXT, PLACE(socket), 0, 0, "a path", NULL },
	{ "listen", SETTING_TEXT, PLACE(listen), 0, 0,
	  "HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, or unix:PATH", is_place },
	{ "admin", SETTING_TEXT, PLACE(admin), 0, 0,
	  "HOST:PORT such as 127.0.0.1:8081, unix:PATH, or nothing for none", is_place_or_none },
	{ "spool", SETTING_PATH, PLACE(spool), 0, 0, "the path of a directory", NULL },
	{ "store", SETTING_TEXT, PLACE(store), 0, 0, "the path of a file, or nothing for none",
	  NULL },
	{ "state_dir", SETTING_PATH, PLACE(state_dir), 0, 0, "the path of a directory", NULL },
	{ "key_file", SETTING_TEXT, PLACE(auth.key_file), 0, 0, "the path of a file", NULL },
	{ "algorithms", SETTING_TEXT, PLACE(auth.algorithms), 0, 0,
	  "some of HS256 RS256 ES256 EdDSA Ed25519", NULL },
	{ "issuer", SETTING_TEXT, PLACE(auth.issuer), 0, 0, "a text of up to 255 bytes", NULL },
	{ "audience", SETTING_TEXT, PLACE(auth.audience), 0, 0, "a text of up to 255 bytes", NULL },
	{ "upload_max", SETTING_BYTES, PLACE(upload_max), 1, 1 << 20,
	  "a size from 1M to 1024G, such as 64M", NULL },
	{ "connections", SETTING_NUMBER, PLACE(connections), 16, 65536, "a number from 16 to 65536",
	  NULL },
	{ "address_connections", SETTING_NUMBER, PLACE(address_connections), 0, 65536,
	  "a number up to 65536, or 0 for no limit", NULL },
	{ "address_rate", SETTING_NUMBER, PLACE(address_rate), 0, 1000000,
	  "a number up to 1000000, or 0 for no limit", NULL },
	{ "address_burst", SETTING_NUMBER, PLACE(address_burst), 1, 1000000,
	  "a number from 1 to 1000000", NULL },
	{ "owner_rate", SETTING_NUMBER, PLACE(owner_rate), 0, 1000000,
	  "a number up to 1000000, or 0 for no limit", NULL },
	{ "owner_burst", SETTING_NUMBER, PLACE(owner_burst), 1, 1000000,
	  "a number from 1 to 1000000", NULL },
	{ "owner_streams", SETTING_NUMBER, PLACE(owner_streams), 0, 65536,
	  "a number up to 65536, or 0 for no limit", NULL },
	{ "address_streams", SETTING_NUMBER, PLACE(address_streams), 0, 65536,
	  "a number up to 65536, or 0 for no limit", NULL },
	{ "head_timeout", SETTING_SECONDS, PLACE(head_s), 1, 3600, "a time from 1s to 1h", NULL },
	{ "idle_timeout", SETTING_SECONDS, PLACE(idle_s), 1, 86400, "a time from 1s to 1d", NULL },
	{ "body_timeout", SETTING_SECONDS, PLACE(body_s), 1, 86400, "a time from 1s to 1d", NULL },
	{ "keepalive", SETTING_SECONDS, PLACE(keepalive_s), 1, 3600, "a time from 1s to 1h", NULL },
	{ "trusted_proxies", SETTING_TEXT, PLACE(trusted), 0, 0,
	  "addresses and networks, such as 10.0.0.0/8 ::1, or local for Unix sockets",
	  is_networks },
	{ "cors_origins", SETTING_TEXT, PLACE(cors_origins), 0, 0,
	  "origins as browsers write them, such as https://app.example.org http://localhost:3000",
	  cors_origins_valid },
};
#undef PLACE

#define KEY_RELOADS(key, takes, help, reload) reload,
static const bool reloads[] = { CONFIG_KEYS(KEY_RELOADS) };
static_assert(sizeof settings / sizeof settings[0] == sizeof reloads, "a setting a key");

static const struct settings table = { settings, sizeof settings / sizeof settings[0] };

/* ---- Defaults ------------------------------------------------------------ */

/* NAME in a folder of the system, or in FOLDER below a user's own. Root has no more right to make the
 * system's than others: what root owns there the service cannot use. */
static void place(char *to, size_t size, const char *system, const char *variable,
		  const char *below_home, const char *name)
{
	const char *base = getenv(variable), *home = getenv("HOME"), *folder = strrchr(system, '/');
	int n;

	if (access(system, X_OK) == 0 || (!base && !home))
		n = snprintf(to, size, "%s%s", system, name);
	else if (base && base[0] == '/')
		n = snprintf(to, size, "%s%s%s", base, folder, name);
	else
		n = snprintf(to, size, "%s/%s%s%s", home ? home : "", below_home, folder, name);
	if (n < 0 || (size_t)n >= size)
		to[0] = '\0';
}

static void set_places(struct config *config)
{
	const char *state = getenv("STATE_DIRECTORY"); /* systemd's */
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	place(config->spool, sizeof config->spool, DOCUMENTS_FOLDER, "XDG_DATA_HOME",
	      ".local/share", "/spool");
	place(config->store, sizeof config->store, DOCUMENTS_FOLDER, "XDG_DATA_HOME",
	      ".local/share", "/documents.db");
	if (state)
		snprintf(config->state_dir, sizeof config->state_dir, "%s", state);
	else
		place(config->state_dir, sizeof config->state_dir, STATE_FOLDER, "XDG_STATE_HOME",
		      ".local/state", "");
	if (credentials)
		snprintf(config->auth.key_file, sizeof config->auth.key_file, "%s/trackd-http.key",
			 credentials);
	if (access(config->auth.key_file, F_OK) != 0)
		snprintf(config->auth.key_file, sizeof config->auth.key_file, KEY_FILE);
	if (access(config->auth.key_file, F_OK) != 0)
		config->auth.key_file[0] = '\0';
}

void config_defaults(struct config *ret_config)
{
	*ret_config = (struct config){
		.listen = "127.0.0.1:8080",
		.admin = "127.0.0.1:8081",
		.upload_max = UINT64_C(64) << 20,
		.connections = 8192,
		.address_connections = 64,
		.address_rate = 50,
		.address_burst = 100,
		.owner_rate = 50,
		.owner_burst = 100,
		.owner_streams = 32,
		.address_streams = 64,
		.head_s = 10,
		.idle_s = 60,
		.body_s = 300,
		.keepalive_s = 15,
	};
	set_places(ret_config);
}

/* ---- Setting ------------------------------------------------------------- */

int config_set(struct config *config, const char *where, const char *key, const char *value,
	       struct setting_fault *fault)
{
	return settings_apply(&table, config, where, key, value, fault);
}

int config_read(struct config *config, const char *path, struct setting_fault *fault)
{
	return settings_load(&table, config, path, fault);
}

/* Texts end at their NUL; what is behind it is left over from longer ones. */
static bool differs(const struct setting *setting, const void *one, const void *other)
{
	switch (setting->type) {
	case SETTING_TEXT:
	case SETTING_PATH:
	case SETTING_URL:
		return strcmp(one, other) != 0;
	case SETTING_NUMBER:
	case SETTING_SECONDS:
	case SETTING_MS:
	case SETTING_MEBIBYTES:
	case SETTING_BYTES:
		return memcmp(one, other, setting->size) != 0;
	}
	return false;
}

void config_update(struct config *config, const struct config *wanted,
		   void (*kept)(const char *key))
{
	for (size_t i = 0; i < table.n; i++) {
		char *now = (char *)config + settings[i].offset;
		const char *then = (const char *)wanted + settings[i].offset;

		if (!differs(&settings[i], now, then))
			continue;
		if (reloads[i])
			memcpy(now, then, settings[i].size);
		else
			kept(settings[i].key);
	}
}
