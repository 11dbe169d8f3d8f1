/* SPDX-License-Identifier: MIT */
/* The constants are the kernel's, defined here because the headers of Debian 12 lack those for TCP
 * and scopes. Only rights that the running kernel knows, by its ABI, are handled. */
#include "tools/docproc/sandbox/landlock.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	CALL_CREATE_RULESET = 444,
	CALL_ADD_RULE = 445,
	CALL_RESTRICT_SELF = 446,
	CREATE_RULESET_VERSION = 1,
	RULE_PATH_BENEATH = 1,
};

/* All rights of an ABI; later ones have more. */
static uint64_t rights_of(int abi)
{
	static const int bits[] = { 0, 13, 14, 15, 15, 16 };
	int n = (int)(sizeof bits / sizeof bits[0]) - 1;

	return (UINT64_C(1) << bits[abi < n ? abi : n]) - 1;
}

struct ruleset_attributes {
	uint64_t handled_files;
	uint64_t handled_network; /* ABI 4: bind, connect */
	uint64_t scoped;          /* ABI 6: abstract sockets, signals */
};

struct path_beneath {
	uint64_t allowed;
	int32_t folder;
} __attribute__((packed));

/* A missing path needs no rule. */
void landlock_allow(struct landlock *rules, const char *path, uint64_t access)
{
	struct path_beneath rule = { access & rules->handled, -1 };
	struct stat st;

	if (rules->fd < 0 || rules->error < 0 || !path || path[0] == '\0')
		return;
	rule.folder = open(path, O_PATH | O_CLOEXEC);
	if (rule.folder < 0)
		return;
	/* The kernel refuses rights of folders for other files. */
	if (fstat(rule.folder, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= ~(uint64_t)LANDLOCK_READ_DIR;
	if (syscall(CALL_ADD_RULE, rules->fd, RULE_PATH_BENEATH, &rule, 0) < 0)
		rules->error = -errno;
	close(rule.folder);
}

int landlock_begin(struct landlock *ret_rules, bool network)
{
	long abi = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
	struct ruleset_attributes attributes = { 0 };

	*ret_rules = (struct landlock){ .fd = -1, .abi = abi < 1 ? 0 : (int)abi };
	if (abi < 1)
		return 0;
	attributes.handled_files = ret_rules->handled = rights_of((int)abi);
	/* Listening is never allowed, connecting only for an endpoint. */
	if (abi >= 4)
		attributes.handled_network = network ? 1 : 3;
	if (abi >= 6)
		attributes.scoped = 3;
	ret_rules->fd = (int)syscall(CALL_CREATE_RULESET, &attributes,
				     abi >= 6   ? sizeof attributes
				     : abi >= 4 ? sizeof attributes - 8
						: sizeof attributes.handled_files,
				     0);
	return ret_rules->fd < 0 ? -errno : 0;
}

int landlock_enforce(struct landlock *rules)
{
	if (rules->fd < 0)
		return 0;
	if (rules->error == 0 && syscall(CALL_RESTRICT_SELF, rules->fd, 0) < 0)
		rules->error = -errno;
	close(rules->fd);
	rules->fd = -1;
	return rules->error;
}
