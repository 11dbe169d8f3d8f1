/* SPDX-License-Identifier: MIT */
/*
 * The daemon's end of the control socket under fuzzing: an input is a list of things that up to
 * four clients do, well-formed or not. Whatever they do, the daemon stands, keeps no descriptor and
 * no connection of theirs, and a well-behaved client is served as if they were not there.
 *
 * An operation is a byte, its low three bits what, its high two bits who, and then its arguments.
 */
#include "daemon/socket/control.h"
#include "libclient/client/protocol.h"
#include "libclient/segment/segment.h"
#include "libclient/signal/event.h"
#include "tests/fuzz/target.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

enum { CLIENTS = 4, OPERATIONS = 64, FDS = 256, TURNS = 64 };

static struct {
	struct board board;
	sd_event *event;
	struct service_notify notify;
	struct dead_workers dead_workers;
	struct liveness liveness;
	struct control control;
	int client[CLIENTS]; /* our ends; -1: not connected */
} scene = { .notify = { .fd = -1 } };

static void must(int error, const char *what)
{
	if (error >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(-error));
	abort();
}

/* Let the daemon do all that there is to do. */
static void turn(void)
{
	for (int i = 0; i < TURNS && sd_event_run(scene.event, 0) > 0; i++)
		;
}

static void after_death(void *data)
{
	(void)data;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct segment_params params = { 64, 0600, (gid_t)-1, 3600000, 86400000 };
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)argc;
	(void)argv;
	/* Autobind: a unique name, and no file. */
	must(bind(listener, &(struct sockaddr){ .sa_family = AF_UNIX }, sizeof(sa_family_t)),
	     "bind");
	must(listen(listener, 16), "listen");
	must(segment_create(&scene.board, &params), "board");
	must(sd_event_new(&scene.event), "loop");
	must(dead_workers_init(&scene.dead_workers, scene.event, &scene.board, after_death, NULL),
	     "losses");
	must(liveness_init(&scene.liveness, scene.event, &scene.board, &scene.dead_workers,
			   &scene.notify),
	     "liveness");
	must(control_init(&scene.control, scene.event, listener, &scene.board, "/fuzz",
			  &scene.liveness, &scene.notify),
	     "control");
	for (int i = 0; i < CLIENTS; i++)
		scene.client[i] = -1;
	return 0;
}

/* ---- What clients do ---------------------------------------------------- */

struct input {
	const uint8_t *at, *end;
};

static uint8_t next(struct input *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

static int join(void)
{
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends),
	     "socketpair");
	(void)control_add(&scene.control, ends[1], -1);
	return ends[0];
}

static void leave(int *client)
{
	if (*client >= 0)
		close(*client);
	*client = -1;
}

static void send_bytes(int client, const void *bytes, size_t size)
{
	(void)send(client, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* As the library would say it, but for what the input says. */
static struct protocol_message message(struct input *input)
{
	static const uint16_t types[] = { PROTOCOL_HELLO,   PROTOCOL_BIND, PROTOCOL_SUBSCRIBE,
					  PROTOCOL_GOODBYE, PROTOCOL_WAKE, 0,
					  UINT16_MAX,       PROTOCOL_HELLO };
	uint8_t what = next(input), bits = next(input);
	struct protocol_message said = { .magic = PROTOCOL_MAGIC,
					 .version = PROTOCOL_VERSION,
					 .type = types[what % 8],
					 .flags = bits & 7,
					 .layout_major = LAYOUT_MAJOR,
					 .layout_minor = LAYOUT_MINOR,
					 .fingerprint = segment_fingerprint(),
					 .entry = next(input) };

	if (bits & 0x80)
		said.version = bits;
	if (bits & 0x40)
		said.entry = UINT32_MAX - said.entry;
	if (bits & 0x20)
		said.fingerprint ^= 1;
	if (bits & 0x10)
		said.layout_major++;
	return said;
}

static void send_raw(int client, struct input *input)
{
	uint8_t size = next(input);
	size_t left = (size_t)(input->end - input->at);

	if (size > left)
		size = (uint8_t)left;
	send_bytes(client, input->at, size);
	input->at += size;
}

/* Cut short, or longer than a message. */
static void send_sized(int client, struct input *input)
{
	uint8_t bytes[2 * UINT8_MAX] = { 0 };
	uint8_t size = next(input);
	struct protocol_message said = message(input);

	memcpy(bytes, &said, sizeof said);
	send_bytes(client, bytes, (size_t)size * 2);
}

static void send_descriptors(int client, struct input *input)
{
	enum { MOST = 16 };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(MOST * sizeof(int))];
	} control = { .bytes = { 0 } };
	size_t n = 1 + next(input) % MOST;
	struct protocol_message said = message(input);
	struct iovec part = { &said, sizeof said };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	int fds[MOST];

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (size_t i = 0; i < n; i++)
		fds[i] = client;
	memcpy(CMSG_DATA(rights), fds, n * sizeof(int));
	(void)sendmsg(client, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Read an answer, and close what came with it. Its type; 0: none; -1: closed. */
static int receive(int client)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct protocol_message said = { 0 };
	struct iovec part = { &said, sizeof said };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof control.bytes };
	ssize_t n = recvmsg(client, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n <= 0)
		return n == 0 || errno == ECONNRESET ? -1 : 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
		int fd;
		for (size_t at = 0; at + sizeof fd <= c->cmsg_len - CMSG_LEN(0); at += sizeof fd) {
			memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
			close(fd);
		}
	}
	return said.type;
}

static void operate(uint8_t operation, struct input *input)
{
	int *client = &scene.client[operation >> 6];
	struct protocol_message said;

	if (*client < 0)
		*client = join();
	switch (operation % 8) {
	case 0:
		send_raw(*client, input);
		break;
	case 1:
		said = message(input);
		send_bytes(*client, &said, sizeof said);
		break;
	case 2:
		send_sized(*client, input);
		break;
	case 3:
		send_descriptors(*client, input);
		break;
	case 4:
		(void)shutdown(*client, next(input) & 1 ? SHUT_WR : SHUT_RD);
		break;
	case 5:
		leave(client);
		break;
	case 6:
		while (receive(*client) > 0)
			;
		break;
	case 7:
		control_ring(&scene.control);
		break;
	}
	if ((operation & 8) == 0) /* else the next one finds the daemon behind */
		turn();
}

/* ---- What must hold ----------------------------------------------------- */

static unsigned open_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < FDS; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void hello(int client)
{
	const struct protocol_message said = { .magic = PROTOCOL_MAGIC,
					       .version = PROTOCOL_VERSION,
					       .type = PROTOCOL_HELLO,
					       .layout_major = LAYOUT_MAJOR,
					       .fingerprint = segment_fingerprint() };

	send_bytes(client, &said, sizeof said);
	turn();
	if (receive(client) != PROTOCOL_WELCOME) {
		fprintf(stderr, "a well-behaved client is not welcomed\n");
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, data + size };
	unsigned before = open_fds();
	int bystander = join();

	hello(bystander);
	for (int i = 0; i < OPERATIONS && input.at < input.end; i++)
		operate(next(&input), &input);
	turn();
	hello(bystander);
	close(bystander);
	for (int i = 0; i < CLIENTS; i++)
		leave(&scene.client[i]);
	turn();
	if (scene.control.n_peers != 0 || scene.control.n_subscribers != 0 ||
	    open_fds() != before) {
		fprintf(stderr, "left: %u peers, %u subscribers, %u descriptors of %u\n",
			scene.control.n_peers, scene.control.n_subscribers, open_fds(), before);
		abort();
	}
	return 0;
}
