/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/config/config.h"
#include "tools/trackd-http/config/listen.h"
#include "tools/trackd-http/config/network.h"
#include "tools/trackd-http/config/origins.h"
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

#define KEY(member, ...) OPTION_KEY(struct config, member, __VA_ARGS__)
#define LIVE(member, ...) OPTION_LIVE_KEY(struct config, member, __VA_ARGS__)
/* A number of which 0 is none; of requests at once; and a time of up to an hour or a day. */
#define LIMIT(kind, member, flag, most, text)                                                      \
	kind(member, .name = (flag), .takes = "N", .help = (text), .set = option_number, .min = 0, \
	     .max = (most), .allowed = "a number up to " #most ", or 0 for no limit")
#define BURST(member, flag)                                                                        \
	LIVE(member, .name = (flag), .takes = "N", .help = "of them at once (default 100)",        \
	     .set = option_number, .min = 1, .max = 1000000,                                       \
	     .allowed = "a number from 1 to 1000000")
#define TIME(member, flag, most, most_text, text)                                                  \
	LIVE(member, .name = (flag), .takes = "TIME", .help = (text), .set = option_seconds,       \
	     .min = 1, .max = (most), .allowed = "a time from 1s to " most_text)
const struct option_entry config_entries[] = {
	OPTION_BOARD(struct config),
	KEY(listen, .name = "listen", .takes = "WHERE",
	    .help = "HOST:PORT or unix:PATH (default 127.0.0.1:8080)", .set = option_text,
	    .is_valid = is_place,
	    .allowed = "HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, or unix:PATH"),
	KEY(admin, .name = "admin", .takes = "WHERE",
	    .help = "for operators, without tokens; none: \"\" (default 127.0.0.1:8081)",
	    .set = option_text, .is_valid = is_place_or_none,
	    .allowed = "HOST:PORT such as 127.0.0.1:8081, unix:PATH, or nothing for none"),
	KEY(spool, .name = "spool", .takes = "DIR", .help = "docproc's spool, for uploads",
	    .set = option_path, .allowed = "the path of a directory"),
	KEY(store, .name = "store", .takes = "FILE",
	    .help = "the document store, as docproc's; none: \"\"", .set = option_text,
	    .allowed = "the path of a file, or nothing for none"),
	KEY(state_dir, .name = "state-dir", .takes = "DIR",
	    .help = "for the key that signs tickets", .set = option_path,
	    .allowed = "the path of a directory"),
	LIVE(auth.key_file, .name = "key-file", .takes = "FILE",
	     .help = "secret, PEM, JWK or JWKS that verifies tokens (default: see the manual)",
	     .set = option_text, .allowed = "the path of a file"),
	LIVE(auth.algorithms, .name = "algorithms", .takes = "LIST",
	     .help = "accept only these: HS256 RS256 ES256 EdDSA (default: by key)",
	     .set = option_text, .allowed = "some of HS256 RS256 ES256 EdDSA Ed25519"),
	LIVE(auth.issuer, .name = "issuer", .takes = "TEXT",
	     .help = "iss that tokens must have (default: not checked)", .set = option_text,
	     .allowed = "a text of up to 255 bytes"),
	LIVE(auth.audience, .name = "audience", .takes = "TEXT",
	     .help = "aud that tokens must have (default: not checked)", .set = option_text,
	     .allowed = "a text of up to 255 bytes"),
	LIVE(upload_max, .name = "upload-max", .takes = "SIZE",
	     .help = "largest document (default 64M)", .set = option_bytes, .min = 1,
	     .max = 1 << 20, .allowed = "a size from 1M to 1024G, such as 64M"),
	KEY(connections, .name = "connections", .takes = "N", .help = "in all (default 8192)",
	    .set = option_number, .min = 16, .max = 65536, .allowed = "a number from 16 to 65536"),
	LIMIT(KEY, address_connections, "address-connections", 65536,
	      "of one address; 0: no limit (default 64)"),
	LIMIT(LIVE, address_rate, "address-rate", 1000000,
	      "requests a second of one address; 0: no limit (default 50)"),
	BURST(address_burst, "address-burst"),
	LIMIT(LIVE, owner_rate, "owner-rate", 1000000,
	      "requests a second of one user; 0: no limit (default 50)"),
	BURST(owner_burst, "owner-burst"),
	LIMIT(LIVE, owner_streams, "owner-streams", 65536,
	      "open streams of one user; 0: no limit (default 32)"),
	LIMIT(LIVE, address_streams, "address-streams", 65536,
	      "open streams of one address; 0: no limit (default 64)"),
	TIME(head_s, "head-timeout", 3600, "1h", "for the whole head of a request (default 10s)"),
	TIME(idle_s, "idle-timeout", 86400, "1d",
	     "for a connection between requests (default 60s)"),
	TIME(body_s, "body-timeout", 86400, "1d", "for the whole body of a request (default 5m)"),
	TIME(keepalive_s, "keepalive", 3600, "1h",
	     "silence of a stream before a comment (default 15s)"),
	KEY(trusted, .name = "trusted-proxies", .takes = "LIST",
	    .help = "addresses whose X-Forwarded-For counts: 10.0.0.0/8 ::1 local",
	    .set = option_text, .is_valid = is_networks,
	    .allowed = "addresses and networks, such as 10.0.0.0/8 ::1, or local for Unix sockets"),
	LIVE(cors_origins, .name = "cors-origins", .takes = "LIST",
	     .help = "origins whose scripts may read answers (default: none)", .set = option_text,
	     .is_valid = origins_valid,
	     .allowed = "origins as browsers write them, such as https://app.example.org "
			"http://localhost:3000"),
	{ 0 },
};
#undef KEY
#undef LIVE
#undef LIMIT
#undef BURST
#undef TIME

/* ---- Defaults ------------------------------------------------------------ */

/* NAME in a system folder, or in FOLDER below the user's own. Root does not create missing system
 * folders either: the service could not use what root owns. */
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
	const char *state = getenv("STATE_DIRECTORY"); /* set by systemd */
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
