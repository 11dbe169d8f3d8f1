/* SPDX-License-Identifier: MIT */
/* Requests extractors from the zygote. */
#include "tools/common/descriptor_message.h"
#include "tools/docproc/sandbox/zygote.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N_PASSED = 3 };

/* A pipe that cannot be reopened through /proc. Otherwise the extractor could open its read end and
 * wait for itself. */
static int make_pipe(int ret_pipe[2])
{
	if (pipe2(ret_pipe, O_CLOEXEC) < 0)
		return -errno;
	if (fchmod(ret_pipe[1], 0) == 0)
		return 0;
	int error = -errno;
	close(ret_pipe[0]);
	close(ret_pipe[1]);
	return error;
}

int zygote_extract(const struct zygote *zygote, const struct extractor_request *request,
		   int document, struct extractor *ret_extractor)
{
	int text[2], control[2];
	int error = make_pipe(text);

	if (error < 0)
		return error;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0) {
		error = -errno;
		close(text[0]);
		close(text[1]);
		return error;
	}
	const int fds[N_PASSED] = { document, text[1], control[1] };
	*ret_extractor = (struct extractor){ text[0], control[0] };
	error = descriptor_message_send(zygote->requests, request, sizeof *request, fds, N_PASSED,
					0);
	close(text[1]);
	close(control[1]);
	if (error < 0)
		extractor_close(ret_extractor);
	return error;
}

void extractor_close(struct extractor *extractor)
{
	if (extractor->text >= 0)
		close(extractor->text);
	if (extractor->control >= 0)
		close(extractor->control);
	*extractor = (struct extractor){ -1, -1 };
}
