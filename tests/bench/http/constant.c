/* SPDX-License-Identifier: MIT */
/*
 * The yardstick of the gateway's status requests: libmicrohttpd as the gateway runs it (one thread,
 * epoll, suspending allowed, the same memory for a connection), but every request is answered with
 * the same bytes, ready made. constant BODY; says its port and serves until it is ended.
 */
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MEMORY = 16 << 10, CONNECTIONS = 1024 };

static enum MHD_Result on_call(void *cls, struct MHD_Connection *connection, const char *url,
			       const char *method, const char *version, const char *data,
			       size_t *size, void **state)
{
	static int seen;

	(void)url;
	(void)method;
	(void)version;
	(void)data;
	if (!*state) { /* only the head: answering now would close the connection */
		*state = &seen;
		return MHD_YES;
	}
	*size = 0;
	return MHD_queue_response(connection, MHD_HTTP_OK, cls);
}

static int listen_on_loopback(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -1;
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static struct MHD_Response *make_response(char *body)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_PERSISTENT);

	if (response)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
					      "application/json");
	return response;
}

static void serve(struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd poll_fd = { .fd = info ? info->epoll_fd : -1, .events = POLLIN };
	unsigned long long ms;

	while (info) {
		int timeout = MHD_get_timeout(daemon, &ms) == MHD_YES ? (int)ms : -1;

		(void)poll(&poll_fd, 1, timeout);
		(void)MHD_run(daemon);
	}
}

int main(int argc, char **argv)
{
	struct MHD_Response *response = argc == 2 ? make_response(argv[1]) : NULL;
	struct MHD_Daemon *daemon = NULL;
	int fd = response ? listen_on_loopback() : -1;

	if (fd >= 0)
		daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
					  on_call, response, MHD_OPTION_LISTEN_SOCKET, fd,
					  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
					  MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
					  MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (!daemon) {
		fprintf(stderr, "usage: constant BODY\n");
		return 1;
	}
	serve(daemon);
	return 1;
}
