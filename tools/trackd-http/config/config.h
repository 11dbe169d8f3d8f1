/* SPDX-License-Identifier: MIT */
/* Settings of trackd-http, from three places in rising order: defaults, /etc/trackd/http.conf, the
 * command line. All set the same keys. */
#ifndef TRACKD_HTTP_CONFIG_CONFIG_H
#define TRACKD_HTTP_CONFIG_CONFIG_H

#include "tools/common/option.h"
#include "tools/trackd-http/auth/auth_config.h"
#include <stdint.h>

struct config {
	char board[256], socket[4096]; /* "": the rule of the library */
	char listen[256];              /* "127.0.0.1:8080", "[::1]:8080" or "unix:/path" */
	char admin[256];               /* the operators' listener, likewise; "" none */
	char spool[4096], store[4096]; /* as docproc's; "" store: answer from the board alone */
	char state_dir[4096];          /* key of the tickets */
	struct auth_config auth;
	uint64_t upload_max;                  /* bytes of one document */
	uint32_t connections;                 /* in all */
	uint32_t address_connections;         /* of one address; 0 no limit */
	uint32_t address_rate, address_burst; /* requests a second of one address; 0 no limit */
	uint32_t owner_rate, owner_burst;     /* and of one owner */
	uint32_t owner_streams, address_streams;
	uint32_t head_s, idle_s, body_s; /* how long a head, an idle connection, a body may take */
	uint32_t keepalive_s;            /* silence of a stream after which a comment is sent */
	char trusted[1024];      /* proxies, "10.0.0.0/8 ::1": their X-Forwarded-For counts */
	char cors_origins[4096]; /* "https://app.example": their scripts may read answers */
};

/* What holds where nothing is said. Whoever may not enter the system's folders has own ones below
 * $XDG_DATA_HOME and $XDG_STATE_HOME. */
void config_defaults(struct config *ret_config);

/* The settings, of a struct config. */
extern const struct option_entry config_entries[];

#endif
