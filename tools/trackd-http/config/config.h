/* SPDX-License-Identifier: MIT */
/* Settings of trackd-http, from three places in rising order: defaults, /etc/trackd/http.conf, the
 * command line. All set the same keys. */
#ifndef TRACKD_HTTP_CONFIG_CONFIG_H
#define TRACKD_HTTP_CONFIG_CONFIG_H

#include "tools/common/settings.h"
#include "tools/trackd-http/auth/auth.h"

/* X(key, what it takes, what it says in --help, whether SIGHUP applies it) */
#define CONFIG_KEYS(X)                                                                             \
	X(board, "/NAME", "the board (default: as trackctl finds it)", false)                      \
	X(socket, "PATH", "the board's socket (default: by its name)", false)                      \
	X(listen, "WHERE", "HOST:PORT or unix:PATH (default 127.0.0.1:8080)", false)               \
	X(admin, "WHERE", "for operators, without tokens; none: \"\" (default 127.0.0.1:8081)",    \
	  false)                                                                                   \
	X(spool, "DIR", "where documents are handed in; as docproc's", false)                      \
	X(store, "FILE", "the document store, as docproc's; none: \"\"", false)                    \
	X(state_dir, "DIR", "for the key that signs tickets", false)                               \
	X(key_file, "FILE",                                                                        \
	  "secret, PEM, JWK or JWKS to verify tokens with (default: see the manual)", true)        \
	X(algorithms, "LIST", "only these: HS256 RS256 ES256 EdDSA (default: as the key is)",      \
	  true)                                                                                    \
	X(issuer, "TEXT", "iss that tokens must have (default: not checked)", true)                \
	X(audience, "TEXT", "aud that tokens must have (default: not checked)", true)              \
	X(upload_max, "SIZE", "largest document (default 64M)", true)                              \
	X(connections, "N", "in all (default 8192)", false)                                        \
	X(address_connections, "N", "of one address; 0: no limit (default 64)", false)             \
	X(address_rate, "N", "requests a second of one address; 0: no limit (default 50)", true)   \
	X(address_burst, "N", "of them at once (default 100)", true)                               \
	X(owner_rate, "N", "requests a second of one user; 0: no limit (default 50)", true)        \
	X(owner_burst, "N", "of them at once (default 100)", true)                                 \
	X(owner_streams, "N", "open streams of one user; 0: no limit (default 32)", true)          \
	X(address_streams, "N", "open streams of one address; 0: no limit (default 64)", true)     \
	X(head_timeout, "TIME", "for the whole head of a request (default 10s)", true)             \
	X(idle_timeout, "TIME", "for a connection between requests (default 60s)", true)           \
	X(body_timeout, "TIME", "for the whole body of a request (default 5m)", true)              \
	X(keepalive, "TIME", "silence of a stream before a comment (default 15s)", true)           \
	X(trusted_proxies, "LIST", "addresses whose X-Forwarded-For counts: 10.0.0.0/8 ::1 local", \
	  false)                                                                                   \
	X(cors_origins, "LIST", "origins whose scripts may read answers (default: none)", true)

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

/* Set one key. 0, or -EINVAL with *fault filled: "WHERE: KEY: ...". */
int config_set(struct config *config, const char *where, const char *key, const char *value,
	       struct setting_fault *fault);

/* Read a file. -ENOENT if there is none, other -errno, -EINVAL; *fault is filled in all cases. */
int config_read(struct config *config, const char *path, struct setting_fault *fault);

/* For a reload: take over into *config what may change while we run, and call kept(key) for each key
 * that differs and needs a restart. */
void config_update(struct config *config, const struct config *wanted,
		   void (*kept)(const char *key));

#endif
