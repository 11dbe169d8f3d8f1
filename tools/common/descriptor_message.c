/* SPDX-License-Identifier: MIT */
#include "tools/common/descriptor_message.h"
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

int descriptor_message_send(int socket, const void *bytes, size_t size, const int *descriptors,
			    size_t n, int flags)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(DESCRIPTOR_MESSAGE_MAX * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec part = { (void *)bytes, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	assert(n <= DESCRIPTOR_MESSAGE_MAX);
	if (n > 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(n * sizeof(int));
		struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(rights), descriptors, n * sizeof(int));
	}
	do
		sent = sendmsg(socket, &message, flags | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}
