/* SPDX-License-Identifier: MIT */
/* Files named on the command line. */
#include "tools/docproc/cli/source.h"
#include "tools/common/exit_code.h"
#include "tools/common/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const struct option_entry source_entries[] = {
	OPTION(struct source, id, .name = "id", .takes = "ID",
	       .help = "the task's id (default: a random UUID)", .set = option_word),
	OPTION(struct source, owner, .name = "owner", .takes = "USER", .help = "its owner",
	       .set = option_word),
	OPTION(struct source, name, .name = "name", .takes = "NAME",
	       .help = "its name (default: the file's name)", .set = option_word),
	{ 0 },
};

static int set_names(struct source *source)
{
	struct spool_entry *entry = &source->entry;
	const char *slash = strrchr(source->path, '/');
	const char *name = source->name ? source->name : slash ? slash + 1 : source->path;

	spool_entry_new_id(entry->id);
	if (source->id && !spool_entry_id_valid(source->id)) {
		log_error("--id %s: an id must be 1 to %d bytes of A-Za-z0-9._~:@+=-, not . or .., "
			  "and must not end in .json",
			  source->id, TRACKD_ID_MAX);
		return EXIT_CODE_USAGE;
	}
	if (source->id)
		snprintf(entry->id, sizeof entry->id, "%s", source->id);
	if (source->owner && strlen(source->owner) > TRACKD_OWNER_MAX) {
		log_error("--owner: at most %d bytes", TRACKD_OWNER_MAX);
		return EXIT_CODE_USAGE;
	}
	if (name[0] == '\0' || strchr(name, '/') || strlen(name) > TRACKD_NAME_MAX) {
		log_error("--name: 1 to %d bytes without a slash", TRACKD_NAME_MAX);
		return EXIT_CODE_USAGE;
	}
	snprintf(entry->owner, sizeof entry->owner, "%s", source->owner ? source->owner : "");
	snprintf(entry->name, sizeof entry->name, "%s", name);
	entry->created_at = (int64_t)time(NULL);
	return 0;
}

int source_open(struct source *source, const char *path)
{
	struct stat st;

	source->path = path;
	int code = set_names(source);
	if (code != 0)
		return code;
	/* Do not wait for the writer of a pipe; parsers need a file in which they can seek. */
	source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (source->fd < 0) {
		int error = errno;

		log_error("%s: %s", path, strerror(error));
		return error == EACCES ? EXIT_CODE_PERMISSION : EXIT_CODE_USAGE;
	}
	if (fstat(source->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		log_error("%s is not a regular file", path);
		close(source->fd);
		return EXIT_CODE_USAGE;
	}
	source->entry.size = st.st_size;
	return 0;
}
