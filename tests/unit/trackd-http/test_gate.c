/* SPDX-License-Identifier: MIT */
/* What libmicrohttpd gets to read: requests that arrive whole or in pieces, into buffers of every
 * size, and the replacements for bad ones. The server's end is read with recv(), as libmicrohttpd
 * does. */
#include "tests/harness/suite.h"
#include "tools/trackd-http/server/gate.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD "GET / HTTP/1.1\r\nHost: x\r\n"
#define CHUNKED "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
#define EMPTY_LINES_8 "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
#define REFUSED "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

struct wire {
	int client, server;
	struct gate *gate;
};

static struct wire wire_new(void)
{
	int fds[2];
	struct wire wire;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	wire = (struct wire){ fds[0], fds[1], gate_open(fds[1]) };
	assert_non_null(wire.gate);
	return wire;
}

static void wire_free(struct wire *wire)
{
	gate_close(wire->gate);
	close(wire->client);
	close(wire->server);
}

/* Read everything available with a buffer of so many bytes: a full buffer means that there may be
 * more, otherwise the socket is empty. */
static size_t drain(struct wire *wire, char *to, size_t at_once)
{
	size_t size = 0;
	ssize_t n;

	do {
		char *buffer = malloc(at_once);

		assert_non_null(buffer);
		n = recv(wire->server, buffer, at_once, 0);
		if (n > 0) {
			memcpy(to + size, buffer, (size_t)n);
			size += (size_t)n;
		} else if (n < 0) {
			assert_int_equal(errno, EAGAIN);
		}
		free(buffer);
	} while (n == (ssize_t)at_once);
	return size;
}

/* The output for an input that arrives in pieces. */
static size_t pass(const char *in, size_t size, size_t piece, size_t at_once, char *out,
		   const struct head_fault **ret_fault, unsigned *ret_n)
{
	struct wire wire = wire_new();
	size_t length = 0;

	for (size_t at = 0; at < size; at += piece) {
		size_t n = piece < size - at ? piece : size - at;

		assert_int_equal(send(wire.client, in + at, n, 0), (ssize_t)n);
		length += drain(&wire, out + length, at_once);
	}
	*ret_n = 0;
	*ret_fault = NULL;
	while (gate_has_more(wire.gate)) {
		assert_true(gate_next(wire.gate));
		(*ret_n)++;
		*ret_fault = gate_fault(wire.gate);
	}
	assert_false(gate_next(wire.gate));
	wire_free(&wire);
	return length;
}

static const struct stream {
	const char *in, *out;
	unsigned n, status; /* requests, and 0 or what the last one is refused with */
} streams[] = {
	{ HEAD "\r\n", HEAD "\r\n", 1, 0 },
	{ "\r\n\r\n" HEAD "\r\n\r\n", HEAD "\r\n", 1, 0 },
	{ EMPTY_LINES_8 HEAD "\r\n" EMPTY_LINES_8 HEAD "\r\n", HEAD "\r\n" HEAD "\r\n", 2, 0 },
	{ HEAD "\r\n" EMPTY_LINES_8 "\r\n" HEAD "\r\n", HEAD "\r\n" REFUSED, 2, 400 },
	{ HEAD "X: \t1 \t\r\nY:\r\nZ:  \r\n\r\n", HEAD "X: \t1\r\nY:\r\nZ:  \r\n\r\n", 1, 0 },
	{ HEAD "Cookie: a=b\r\ncookie:\r\nX: 1\r\n\r\n", HEAD "X: 1\r\n\r\n", 1, 0 },
	{ "GET http://a:1/b?c HTTP/1.9\r\nHost: x\r\n\r\n", "GET /b?c HTTP/1.1\r\nHost: x\r\n\r\n",
	  1, 0 },
	{ "GET http://a?b HTTP/1.0\r\n\r\n", "GET /?b HTTP/1.0\r\n\r\n", 1, 0 },
	{ HEAD "Content-Length: 5\r\n\r\nhello" HEAD "\r\n",
	  HEAD "Content-Length: 5\r\n\r\nhello" HEAD "\r\n", 2, 0 },
	{ CHUNKED "5;a=b\r\nhel\r\n\r\n00\r\nX: 1\r\nY:\r\n\r\n" HEAD "\r\n",
	  CHUNKED "5;a=b\r\nhel\r\n\r\n00\r\n\r\n" HEAD "\r\n", 2, 0 },
	{ HEAD "\r\n" HEAD "Host: y\r\n\r\n" HEAD "\r\n", HEAD "\r\n" REFUSED, 2, 400 },
	{ "HEAD /\r\n\r\n" HEAD, "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 1,
	  400 },
	{ HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n" HEAD, REFUSED, 1, 501 },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", REFUSED, 1, 505 },
	{ CHUNKED "5\r\nhello\r\n5 \r\nhello", CHUNKED "5\r\nhello\r\n0\r\n\r\n", 1, 400 },
	{ CHUNKED "5\r\nhellohello\r\n", CHUNKED "5\r\nhello\r\n0\r\n\r\n", 1, 400 },
	{ CHUNKED "0\r\nX\r\n\r\n" HEAD, CHUNKED "0\r\n\r\n", 1, 400 },
	{ CHUNKED "7fffffffffffffff\r\n", CHUNKED "7fffffffffffffff\r\n", 1, 0 },
	{ CHUNKED "ffffffffffffffff0\r\n", CHUNKED "0\r\n\r\n", 1, 400 },
};

static void check(const struct stream *stream, size_t piece, size_t at_once)
{
	char out[4096];
	const struct head_fault *fault;
	unsigned n;
	size_t length = pass(stream->in, strlen(stream->in), piece, at_once, out, &fault, &n);

	if (length != strlen(stream->out) || memcmp(out, stream->out, length) != 0 ||
	    n != stream->n || (fault ? fault->status : 0) != stream->status)
		fail_msg("in pieces of %zu, buffers of %zu:\n%s\nbecame %u requests, %u:\n%.*s",
			 piece, at_once, stream->in, n, fault ? fault->status : 0, (int)length,
			 out);
}

static void test_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++)
		for (size_t piece = 1; piece <= strlen(streams[i].in); piece++)
			for (size_t at_once = 1; at_once < 64; at_once += 1 + at_once / 2) {
				check(&streams[i], piece, at_once);
				check(&streams[i], piece, 8192);
			}
}

/* The cost of a head for libmicrohttpd: bytes, fields and parameters; at the limit and above it. */
static unsigned status_of(const char *head)
{
	static char out[1 << 16];
	const struct head_fault *fault;
	unsigned n;

	(void)pass(head, strlen(head), strlen(head), 4096, out, &fault, &n);
	assert_int_equal(n, 1);
	return fault ? fault->status : 0;
}

static unsigned with_fields(size_t n, size_t bytes)
{
	static char head[1 << 16];
	size_t at = (size_t)sprintf(head, HEAD);

	for (size_t i = 0; i < n; i++)
		at += (size_t)sprintf(head + at, "X:\r\n");
	at += (size_t)sprintf(head + at, "Y: %0*d\r\n\r\n", (int)(bytes - at - 7), 0);
	assert_int_equal(at, bytes);
	return status_of(head);
}

static void test_cost(void **state)
{
	(void)state;
	for (size_t n = 0; n < 100; n += 33) {
		size_t room = HEAD_COST_MAX - (n + 2) * HEAD_ENTRY_COST;

		assert_int_equal(with_fields(n, room), 0);
		assert_int_equal(with_fields(n, room + 1), 431);
	}
}

static unsigned with_line(size_t length)
{
	static char head[1 << 15];

	snprintf(head, sizeof head, "GET /%0*d HTTP/1.1\r\nHost: x\r\n\r\n", (int)length - 14, 0);
	return status_of(head);
}

static void test_long_line(void **state)
{
	(void)state;
	assert_int_equal(with_line(HEAD_LINE_MAX), 0);
	assert_int_equal(with_line(HEAD_LINE_MAX + 1), 414);
}

/* Without an end in sight it is refused all the same. */
static void test_no_end(void **state)
{
	char in[HEAD_COST_MAX + 200], out[HEAD_COST_MAX];
	const struct head_fault *fault;
	unsigned n;

	(void)state;
	memset(in, 'a', sizeof in);
	assert_true(pass(in, sizeof in, 1000, 8192, out, &fault, &n) == strlen(REFUSED));
	assert_int_equal(fault->status, 414);
	in[snprintf(in, sizeof in, HEAD "X:")] = 'a';
	assert_true(pass(in, sizeof in, 1000, 8192, out, &fault, &n) == strlen(REFUSED));
	assert_int_equal(fault->status, 431);
}

/* A request that bypassed the gate is refused; sockets without a gate are not affected. */
static void test_around(void **state)
{
	struct wire wire = wire_new();
	char byte[4];

	(void)state;
	assert_false(gate_next(wire.gate));
	assert_false(gate_next(NULL));
	assert_int_equal(send(wire.client, "\1\2", 2, 0), 2);
	assert_int_equal(recv(wire.server, byte, 1, MSG_PEEK), 1);
	gate_close(wire.gate);
	wire.gate = NULL;
	assert_int_equal(recv(wire.server, byte, sizeof byte, 0), 2);
	assert_int_equal(byte[1], 2);
	wire_free(&wire);
}

/* The end of what is sent is the end of what is read. */
static void test_end(void **state)
{
	struct wire wire = wire_new();
	char byte[64];

	(void)state;
	assert_int_equal(send(wire.client, "GET", 3, 0), 3);
	assert_int_equal(recv(wire.server, byte, sizeof byte, 0), -1);
	assert_int_equal(shutdown(wire.client, SHUT_WR), 0);
	assert_int_equal(recv(wire.server, byte, sizeof byte, 0), 0);
	wire_free(&wire);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_pieces),    cmocka_unit_test(test_cost),
	cmocka_unit_test(test_long_line), cmocka_unit_test(test_no_end),
	cmocka_unit_test(test_around),    cmocka_unit_test(test_end),
};

SUITE(tests)
