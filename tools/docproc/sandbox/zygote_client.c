/* SPDX-License-Identifier: MIT */
/* Asking the zygote for an extractor. */
#include "tools/docproc/sandbox/zygote.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DOCUMENT, TEXT, CONTROL, N_PASSED };

/* A pipe that cannot be opened a second time through /proc, above all by the extractor: it could then
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

static int pass(int requests, const struct extractor_request *request, const int fds[N_PASSED])
{
	union {
		char bytes[CMSG_SPACE(N_PASSED * sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = "" };
	struct extractor_request copy = *request;
	struct iovec part = { &copy, sizeof copy };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof control };
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
	ssize_t n;

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(N_PASSED * sizeof(int));
	memcpy(CMSG_DATA(rights), fds, N_PASSED * sizeof(int));
	do
		n = sendmsg(requests, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
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
	error = pass(zygote->requests, request, fds);
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
