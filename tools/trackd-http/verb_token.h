/* SPDX-License-Identifier: MIT */
#ifndef TRACKD_HTTP_VERB_TOKEN_H
#define TRACKD_HTTP_VERB_TOKEN_H

#include "tools/trackd-http/auth/auth_config.h"
#include <stdio.h>

/* trackd-http token --sub USER [--ttl 1h] [--key-file FILE]: print a token for development. argv[0]
 * is the verb. Returns an exit status. */
int verb_token(const struct auth_config *config, int argc, char **argv);

/* Lists its options as option_list() does. */
void verb_token_list(FILE *file);

#endif
