/* SPDX-License-Identifier: MIT */
/* Which tokens are accepted, and with which keys: see auth.h. */
#ifndef TRACKD_HTTP_AUTH_AUTH_CONFIG_H
#define TRACKD_HTTP_AUTH_AUTH_CONFIG_H

struct auth_config {
	char key_file[4096];
	char algorithms[128];            /* "RS256 ES256": only these; "": those of all keys */
	char issuer[256], audience[256]; /* "": not checked */
};

#endif
