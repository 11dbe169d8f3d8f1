/* SPDX-License-Identifier: MIT */
#include "tools/trackd-http/config/listen.h"
#include "tools/common/value.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, HOST = 240 };

static const char unix_prefix[] = "unix:";

/* ---- Paths --------------------------------------------------------------- */

static int unix_address(const char *path, struct sockaddr_un *ret_address)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);

	if (length == 0 || length >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, length);
	*ret_address = address;
	return 0;
}

static int socket_of(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

/* Remove a socket that no process listens on, and nothing else. */
static int clear_path(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, answered;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket_of(AF_UNIX);
	if (fd < 0)
		return fd;
	answered = connect(fd, (const struct sockaddr *)address, sizeof *address);
	int error = answered < 0 ? errno : 0;
	close(fd);
	if (error != ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(address->sun_path) < 0 ? -errno : 0;
}

static int open_unix(const char *path)
{
	struct sockaddr_un address;
	int error = unix_address(path, &address), fd;

	if (error == 0)
		error = clear_path(&address);
	if (error < 0)
		return error;
	fd = socket_of(AF_UNIX);
	if (fd < 0)
		return fd;
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || chmod(path, 0660) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

/* ---- Hosts --------------------------------------------------------------- */

/* The host without brackets, and the port. NULL: the text has another form. */
static const char *split(const char *where, char ret_host[HOST])
{
	const char *colon = strrchr(where, ':');
	size_t length = colon ? (size_t)(colon - where) : 0;

	uint64_t port;

	if (length == 0 || value_number(colon + 1, 0, UINT16_MAX, &port) < 0)
		return NULL;
	bool bracketed = where[0] == '[' && where[length - 1] == ']';
	if (bracketed) {
		where++;
		length -= 2;
	}
	if (length == 0 || length >= HOST || (!bracketed && memchr(where, ':', length)))
		return NULL;
	memcpy(ret_host, where, length);
	ret_host[length] = '\0';
	return colon + 1;
}

static int open_address(const struct addrinfo *address)
{
	static const int one = 1;
	int fd = socket_of(address->ai_family);

	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		int error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

static int open_host(const char *where)
{
	static const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
					       .ai_socktype = SOCK_STREAM };
	char host[HOST];
	struct addrinfo *found;
	const char *port = split(where, host);

	if (!port)
		return -EINVAL;
	if (getaddrinfo(host, port, &hints, &found) != 0)
		return -EADDRNOTAVAIL;
	int fd = open_address(found);
	freeaddrinfo(found);
	return fd;
}

/* ---- Both ---------------------------------------------------------------- */

static const char *unix_path(const char *where)
{
	size_t length = sizeof unix_prefix - 1;

	return strncmp(where, unix_prefix, length) == 0 ? where + length : NULL;
}

int listen_open(const char *where)
{
	const char *path = unix_path(where);

	return path ? open_unix(path) : open_host(where);
}

bool listen_valid(const char *where)
{
	struct sockaddr_un address;
	char host[HOST];
	const char *path = unix_path(where);

	return path ? path[0] == '/' && unix_address(path, &address) == 0
		    : split(where, host) != NULL;
}

union any_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un path;
	struct sockaddr_storage storage;
};

static bool address_of(int fd, union any_address *ret_address)
{
	socklen_t size = sizeof *ret_address;

	*ret_address = (union any_address){ .storage = { 0 } };
	return getsockname(fd, &ret_address->any, &size) == 0;
}

bool listen_is_local(int fd)
{
	union any_address address;

	if (!address_of(fd, &address))
		return false;
	switch (address.any.sa_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		return ntohl(address.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr) ||
		       (IN6_IS_ADDR_V4MAPPED(&address.v6.sin6_addr) &&
			address.v6.sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
	default:
		return false;
	}
}

void listen_name(int fd, char *ret_where, size_t size)
{
	union any_address address;
	char host[INET6_ADDRSTRLEN] = "?";

	if (!address_of(fd, &address)) {
		snprintf(ret_where, size, "?");
	} else if (address.any.sa_family == AF_UNIX) {
		snprintf(ret_where, size, "%s%s", unix_prefix, address.path.sun_path);
	} else if (address.any.sa_family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &address.v6.sin6_addr, host, sizeof host);
		snprintf(ret_where, size, "[%s]:%u", host, ntohs(address.v6.sin6_port));
	} else {
		(void)inet_ntop(AF_INET, &address.v4.sin_addr, host, sizeof host);
		snprintf(ret_where, size, "%s:%u", host, ntohs(address.v4.sin_port));
	}
}
