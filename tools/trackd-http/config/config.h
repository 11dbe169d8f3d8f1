/* SPDX-License-Identifier: MIT */
/* Settings of trackd-http. Each source overrides the one before: defaults, /etc/trackd/http.conf,
 * the command line. All have the same keys. */
#ifndef TRACKD_HTTP_CONFIG_CONFIG_H
#define TRACKD_HTTP_CONFIG_CONFIG_H

#include "tools/common/option.h"
#include "tools/trackd-http/auth/auth_config.h"
#include <stdint.h>

struct config {
	char board[256], socket[4096]; /* "": the library's default */
	char listen[256];              /* "127.0.0.1:8080", "[::1]:8080" or "unix:/path" */
	char admin[256];               /* the operators' listener, in the same form; "" none */
	char spool[4096], store[4096]; /* as in docproc; "" store: answer from the board alone */
	char state_dir[4096];          /* holds the key of the tickets */
	struct auth_config auth;
	uint64_t upload_max;                  /* bytes of one document */
	uint32_t connections;                 /* in all */
	uint32_t address_connections;         /* per address; 0 no limit */
	uint32_t address_rate, address_burst; /* requests per second and address; 0 no limit */
	uint32_t owner_rate, owner_burst;     /* and per owner */
	uint32_t owner_streams, address_streams;
	uint32_t head_s, idle_s, body_s; /* time limits for a head, an idle connection, a body */
	uint32_t keepalive_s;            /* silence of a stream after which a comment is sent */
	char trusted[1024];      /* proxies whose X-Forwarded-For is used: "10.0.0.0/8 ::1" */
	char cors_origins[4096]; /* origins whose scripts may read answers: "https://app.example" */
};

/* The defaults. Users without access to the system's folders get their own below $XDG_DATA_HOME and
 * $XDG_STATE_HOME. */
void config_defaults(struct config *ret_config);

/* The settings of a struct config. */
extern const struct option_entry config_entries[];

#endif
