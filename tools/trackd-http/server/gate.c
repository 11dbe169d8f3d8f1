/* SPDX-License-Identifier: MIT */
/*
 * Bytes are read into one buffer that all gates share, examined, and passed on as far as they are
 * valid. The rest, a part of a head or of a chunk's line, stays with its gate until more bytes
 * arrive.
 *
 * libmicrohttpd waits for an edge of epoll once it gets less than it asked for. So a gate returns
 * less only when the socket is empty and everything that may be passed on has been.
 */
#include "tools/trackd-http/server/gate.h"
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

enum {
	CHUNK_LINE_MAX = 1024,
	TRAILERS_MAX = 4096,
	EMPTY_LINES_MAX = 8,
	LEFT_MAX = HEAD_COST_MAX + (16 << 10), /* also what a connection's memory holds at once */
	REPLACEMENT_MAX = 64,
};

enum state {
	GATE_HEAD,
	GATE_BODY,      /* of a known length */
	GATE_SIZE,      /* the line before a chunk */
	GATE_CHUNK,     /* the data of a chunk */
	GATE_CHUNK_END, /* the CRLF behind a chunk */
	GATE_TRAILERS,
	GATE_SHUT, /* nothing more is read */
};

struct gate {
	int fd;
	enum state state;
	uint64_t left;     /* bytes of the body or chunk to come */
	size_t n_trailers; /* bytes of trailers so far */
	unsigned n_empty;  /* empty lines before this head */
	uint64_t n_heads, n_begun;
	const struct head_fault *fault; /* of the last head or its body */
	char *rest;                     /* read but not passed on */
	size_t n_rest, n_good;          /* its bytes, and how many of them have been examined */
};

/* How many of the examined bytes are consumed, and how many of those, from the first, are passed
 * on. */
struct piece {
	size_t used, kept;
};

static const struct head_fault bad_chunk = { MHD_HTTP_BAD_REQUEST, "The body is badly chunked" };
static const struct head_fault empty_lines = { MHD_HTTP_BAD_REQUEST,
					       "Too many empty lines precede the request line" };

/* ---- The gates of sockets ------------------------------------------------- */

/* By descriptor, since recv() gets nothing else. */
static struct slot {
	struct gate *gate;
} * gates;
static size_t n_gates;

static bool make_room(size_t n)
{
	struct slot *more;

	if (n <= n_gates)
		return true;
	n += n / 2 + 16;
	more = realloc(gates, n * sizeof *more);
	if (!more)
		return false;
	memset(more + n_gates, 0, (n - n_gates) * sizeof *more);
	gates = more;
	n_gates = n;
	return true;
}

struct gate *gate_open(int fd)
{
	struct gate *gate = calloc(1, sizeof *gate);

	if (!gate || fd < 0 || !make_room((size_t)fd + 1)) {
		free(gate);
		return NULL;
	}
	gate->fd = fd;
	gates[fd].gate = gate;
	return gate;
}

void gate_close(struct gate *gate)
{
	if (!gate)
		return;
	gates[gate->fd].gate = NULL;
	free(gate->rest);
	free(gate);
}

bool gate_next(struct gate *gate)
{
	return gate && ++gate->n_begun <= gate->n_heads;
}

bool gate_has_more(const struct gate *gate)
{
	return gate && gate->n_begun < gate->n_heads;
}

const struct head_fault *gate_fault(const struct gate *gate)
{
	return gate && gate->n_begun == gate->n_heads ? gate->fault : NULL;
}

/* ---- Pieces ---------------------------------------------------------------- */

/* Empty lines before the request line are skipped. Their number is limited: since nothing is passed
 * on, a client could keep the gateway reading for ever. */
static struct piece of_empty_line(struct gate *gate, size_t size)
{
	if (size == 1)
		return (struct piece){ 0, 0 };
	if (++gate->n_empty > EMPTY_LINES_MAX)
		gate->fault = &empty_lines;
	return (struct piece){ gate->fault ? 0 : 2, 0 };
}

static struct piece of_head(struct gate *gate, char *data, size_t size)
{
	struct head head;
	size_t whole, kept;

	if (data[0] == '\r' && (size == 1 || data[1] == '\n'))
		return of_empty_line(gate, size);
	whole = kept = head_size(data, size, &gate->fault);
	if (whole == 0 || (gate->fault = head_check(data, &kept, &head)))
		return (struct piece){ 0, 0 };
	gate->n_heads++;
	gate->left = head.length;
	gate->n_trailers = 0;
	gate->n_empty = 0;
	gate->state = head.chunked ? GATE_SIZE : head.length > 0 ? GATE_BODY : GATE_HEAD;
	return (struct piece){ whole, kept };
}

/* The size of the line that begins here, with its LF; 0: it is incomplete, or the gate has a
 * fault. */
static size_t line_of(struct gate *gate, const char *data, size_t size, size_t max)
{
	const char *feed = memchr(data, '\n', size);
	size_t length = feed ? (size_t)(feed + 1 - data) : size;

	if (length > max || (feed && (feed == data || feed[-1] != '\r')))
		gate->fault = &bad_chunk;
	return feed && !gate->fault ? length : 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "1f;extension". */
static bool chunk_size(const char *line, size_t length, uint64_t *ret_size)
{
	uint64_t size = 0;
	size_t n = 0;

	for (; n < length && digit(line[n]) >= 0; n++) {
		if (size >> 59)
			return false;
		size = size << 4 | (uint64_t)digit(line[n]);
	}
	*ret_size = size;
	if (n < length && line[n] != ';')
		return false;
	for (size_t i = n; i < length; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			return false;
	return n > 0;
}

static struct piece of_size(struct gate *gate, const char *data, size_t size)
{
	size_t length = line_of(gate, data, size, CHUNK_LINE_MAX);

	if (length == 0)
		return (struct piece){ 0, 0 };
	if (!chunk_size(data, length - 2, &gate->left)) {
		gate->fault = &bad_chunk;
		return (struct piece){ 0, 0 };
	}
	gate->state = gate->left > 0 ? GATE_CHUNK : GATE_TRAILERS;
	return (struct piece){ length, length };
}

static struct piece of_body(struct gate *gate, size_t size)
{
	size_t n = gate->left < size ? (size_t)gate->left : size;

	gate->left -= n;
	if (gate->left == 0)
		gate->state = gate->state == GATE_CHUNK ? GATE_CHUNK_END : GATE_HEAD;
	return (struct piece){ n, n };
}

static struct piece of_chunk_end(struct gate *gate, const char *data, size_t size)
{
	if (data[0] != '\r' || (size > 1 && data[1] != '\n'))
		gate->fault = &bad_chunk;
	if (gate->fault || size < 2)
		return (struct piece){ 0, 0 };
	gate->state = GATE_SIZE;
	return (struct piece){ 2, 2 };
}

/* Trailers are checked and dropped, except the final empty line. */
static struct piece of_trailers(struct gate *gate, const char *data, size_t size)
{
	size_t length = line_of(gate, data, size, TRAILERS_MAX - gate->n_trailers);

	if (length == 0)
		return (struct piece){ 0, 0 };
	gate->n_trailers += length;
	if (length == 2) {
		gate->state = GATE_HEAD;
		return (struct piece){ 2, 2 };
	}
	gate->fault = head_check_field(data, length - 2);
	return (struct piece){ gate->fault ? 0 : length, 0 };
}

static struct piece next_piece(struct gate *gate, char *data, size_t size)
{
	switch (gate->state) {
	case GATE_HEAD:
		return of_head(gate, data, size);
	case GATE_BODY:
	case GATE_CHUNK:
		return of_body(gate, size);
	case GATE_SIZE:
		return of_size(gate, data, size);
	case GATE_CHUNK_END:
		return of_chunk_end(gate, data, size);
	case GATE_TRAILERS:
		return of_trailers(gate, data, size);
	case GATE_SHUT:
		break;
	}
	return (struct piece){ 0, 0 };
}

/* ---- Faults ---------------------------------------------------------------- */

struct text {
	const char *bytes;
	size_t size;
};
#define TEXT(literal) ((struct text){ (literal), sizeof(literal) - 1 })

/* What libmicrohttpd gets instead of the bad bytes. */
static struct text replacement(const struct gate *gate, const char *bad, size_t size)
{
	switch (gate->state) {
	case GATE_SIZE:
		return TEXT("0\r\n\r\n");
	case GATE_CHUNK_END:
		return TEXT("\r\n0\r\n\r\n");
	case GATE_TRAILERS:
		return TEXT("\r\n");
	case GATE_HEAD:
	case GATE_BODY:
	case GATE_CHUNK:
	case GATE_SHUT:
		break;
	}
	/* An answer to HEAD must not have a body, whatever else is wrong. */
	return size > 5 && memcmp(bad, "HEAD ", 5) == 0
		       ? TEXT("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		       : TEXT("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
}

static size_t replace(struct gate *gate, char *bad, size_t size)
{
	struct text with = replacement(gate, bad, size);

	if (gate->state == GATE_HEAD)
		gate->n_heads++;
	gate->state = GATE_SHUT;
	memcpy(bad, with.bytes, with.size);
	return with.size;
}

/* ---- Reading --------------------------------------------------------------- */

/* The bytes being examined: first the gate's rest. */
static struct {
	char bytes[LEFT_MAX + REPLACEMENT_MAX];
	size_t size, good; /* how many of them may be passed on */
} work;

static void examine(struct gate *gate)
{
	while (work.good < work.size && gate->state != GATE_SHUT) {
		char *at = work.bytes + work.good;
		size_t size = work.size - work.good;
		struct piece piece = next_piece(gate, at, size);

		if (gate->fault) {
			work.good += replace(gate, at, size);
			work.size = work.good;
			return;
		}
		if (piece.used == 0)
			return;
		if (piece.kept < piece.used)
			memmove(at + piece.kept, at + piece.used, size - piece.used);
		work.good += piece.kept;
		work.size -= piece.used - piece.kept;
	}
}

static size_t hand_over(char *to, size_t size)
{
	size_t n = work.good < size ? work.good : size;

	memcpy(to, work.bytes, n);
	work.good -= n;
	work.size -= n;
	memmove(work.bytes, work.bytes + n, work.size);
	return n;
}

static void take_out(struct gate *gate)
{
	work.size = gate->n_rest;
	work.good = gate->n_good;
	if (gate->n_rest > 0)
		memcpy(work.bytes, gate->rest, gate->n_rest);
}

/* Keep the rest for the next call. False if memory is out. */
static bool put_back(struct gate *gate)
{
	char *rest = NULL;

	if (work.size > 0) {
		rest = malloc(work.size);
		if (!rest)
			return false;
		memcpy(rest, work.bytes, work.size);
	}
	free(gate->rest);
	gate->rest = rest;
	gate->n_rest = work.size;
	gate->n_good = work.good;
	return true;
}

/* As recv(), through the gate. */
static ssize_t read_through(struct gate *gate, char *to, size_t size)
{
	size_t done = 0, wanted;
	ssize_t n = 0;
	bool empty = false;

	take_out(gate);
	for (;;) {
		done += hand_over(to + done, size - done);
		if (done == size || empty || gate->state == GATE_SHUT)
			break;
		wanted = size - done < LEFT_MAX - work.size ? size - done : LEFT_MAX - work.size;
		n = recvfrom(gate->fd, work.bytes + work.size, wanted, 0, NULL, NULL);
		if (n <= 0)
			break;
		empty = (size_t)n < wanted;
		work.size += (size_t)n;
		examine(gate);
	}
	int error = errno;
	if (!put_back(gate)) {
		errno = ENOMEM;
		return -1;
	}
	errno = empty ? EAGAIN : error;
	if (done > 0)
		return (ssize_t)done;
	return empty ? -1 : n;
}

/*
 * The program's recv(), which libmicrohttpd uses too: the dynamic linker prefers a function that
 * the program exports. The C library's version is recvfrom() without an address.
 */
ssize_t gate_recv(int fd, void *to, size_t size, int flags) __asm__("recv")
	__attribute__((visibility("default")));

ssize_t gate_recv(int fd, void *to, size_t size, int flags)
{
	struct gate *gate = fd >= 0 && (size_t)fd < n_gates ? gates[fd].gate : NULL;

	return gate && flags == 0 && size > 0 ? read_through(gate, to, size)
					      : recvfrom(fd, to, size, flags, NULL, NULL);
}
