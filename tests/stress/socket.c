/* SPDX-License-Identifier: MIT */
/*
 * The control socket of a real daemon with faulty clients: packets that are short, long, random or
 * of another version; unexpected descriptors; clients that are silent, half-closed, many, or
 * subscribe and never read. The daemon survives, leaks nothing, and serves a well-behaved client
 * throughout.
 *
 * tests/run: timeout=300
 */
#include "libclient/client/protocol.h"
#include "libclient/segment/atomic.h"
#include "libclient/segment/segment.h"
#include "tests/harness/harness.h"
#include "tests/harness/old_board.h"
#include "tests/harness/private_daemon.h"
#include "tests/harness/tap.h"
#include "tests/stress/pattern.h"
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	MANY = 1000,
	LIMIT_MS = 10000,
	RIGHTS = 250,
	NOISE = 20000,
	TRANSITIONS = 20000,
	LISTEN = 10
};

#if defined(__SANITIZE_ADDRESS__) || defined(TRACKD_TSAN)
static const unsigned long allowance_kib = 65536;
#else
static const unsigned long allowance_kib = 1024;
#endif

static struct private_daemon trackd_daemon;

/* ---- The daemon, from outside ------------------------------------------- */

static unsigned daemon_fds(void)
{
	char path[64];
	unsigned n = 0;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)trackd_daemon.pid);
	DIR *dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static unsigned long daemon_rss_kib(void)
{
	char path[64], line[256];
	unsigned long kib = 0;

	snprintf(path, sizeof path, "/proc/%d/status", (int)trackd_daemon.pid);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file))
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = strtoul(line + 8, NULL, 10);
	if (file)
		fclose(file);
	return kib;
}

/* ---- Clients ------------------------------------------------------------ */

static int join(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%.100s", trackd_daemon.socket);
	harness_must(fd < 0 ? -errno : 0, "socket");
	/* connect() blocks while the kernel's backlog is full. */
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		harness_die("connect to the daemon: %s", strerror(errno));
	return fd;
}

static struct protocol_message words(enum protocol_type type)
{
	return (struct protocol_message){ .magic = PROTOCOL_MAGIC,
					  .version = PROTOCOL_VERSION,
					  .type = (uint16_t)type,
					  .layout_major = LAYOUT_MAJOR,
					  .layout_minor = LAYOUT_MINOR,
					  .fingerprint = segment_fingerprint() };
}

static void say(int fd, enum protocol_type type)
{
	struct protocol_message message = words(type);

	(void)send(fd, &message, sizeof message, MSG_NOSIGNAL);
}

/* Returns the next answer's type; 0: none within the limit; -1: the daemon has closed. There is no
 * control buffer, so the kernel closes descriptors. */
static int answer(int fd, int limit_ms)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	struct protocol_message message = { 0 };

	if (poll(&poller, 1, limit_ms) <= 0)
		return 0;
	ssize_t n = recv(fd, &message, sizeof message, MSG_DONTWAIT);
	return n <= 0 ? -1 : message.type;
}

static bool closed_on(int fd)
{
	int type;

	while ((type = answer(fd, LIMIT_MS)) > 0)
		;
	return type == -1;
}

/* Whether a well-behaved client is served at once. */
static bool serves(void)
{
	struct trackd *trackd = private_daemon_open(&trackd_daemon, TRACKD_OPEN_READ);
	struct trackd_stats stats = { .size = sizeof stats };
	bool good = trackd_stats(trackd, &stats) == 0 && stats.daemon_pid != 0;

	trackd_close(trackd);
	int fd = join();
	say(fd, PROTOCOL_HELLO);
	good = answer(fd, LIMIT_MS) == PROTOCOL_WELCOME && good;
	close(fd);
	return good;
}

/* The daemon has released all resources of these clients. */
static void check_after(const char *whom, unsigned fds)
{
	unsigned seen = 0;
	bool back = HARNESS_SEES((seen = daemon_fds()) <= fds, LIMIT_MS);

	tap_ok(back, "no descriptor is left of %s (%u, %u before)", whom, seen, fds);
	tap_ok(serves(), "and others are served after %s", whom);
}

/* ---- Invalid packets ---------------------------------------------------- */

struct packet {
	const char *name;
	size_t size;
	uint32_t magic;
	uint16_t version, type;
	int expected; /* type of the answer; -1: closed without one */
};

static const struct packet packets[] = {
	{ "a packet of one byte", 1, PROTOCOL_MAGIC, PROTOCOL_VERSION, PROTOCOL_HELLO, -1 },
	{ "a packet cut in the middle", 40, PROTOCOL_MAGIC, PROTOCOL_VERSION, PROTOCOL_HELLO, -1 },
	{ "a packet twice as long", 2 * sizeof(struct protocol_message), PROTOCOL_MAGIC,
	  PROTOCOL_VERSION, PROTOCOL_HELLO, -1 },
	{ "a packet of 64 KiB", 65536, PROTOCOL_MAGIC, PROTOCOL_VERSION, PROTOCOL_HELLO, -1 },
	{ "another protocol", sizeof(struct protocol_message), 0x47455420, PROTOCOL_VERSION,
	  PROTOCOL_HELLO, -1 },
	{ "a later version", sizeof(struct protocol_message), PROTOCOL_MAGIC, PROTOCOL_VERSION + 1,
	  PROTOCOL_HELLO, PROTOCOL_REFUSED },
	{ "an unknown type", sizeof(struct protocol_message), PROTOCOL_MAGIC, PROTOCOL_VERSION, 999,
	  -1 },
	{ "a subscription without a hello", sizeof(struct protocol_message), PROTOCOL_MAGIC,
	  PROTOCOL_VERSION, PROTOCOL_SUBSCRIBE, -1 },
};

static void check_packet(const struct packet *packet)
{
	static uint8_t bytes[65536];
	struct protocol_message message = words(PROTOCOL_HELLO);
	int fd = join(), seen;

	message.magic = packet->magic;
	message.version = packet->version;
	message.type = packet->type;
	memset(bytes, 0, sizeof bytes);
	memcpy(bytes, &message, sizeof message);
	(void)send(fd, bytes, packet->size, MSG_NOSIGNAL);
	seen = answer(fd, LIMIT_MS);
	tap_ok(seen == packet->expected && (seen == -1 || closed_on(fd)),
	       "%s ends the connection%s (saw %d)", packet->name,
	       packet->expected > 0 ? " with a refusal" : "", seen);
	close(fd);
}

/* ---- Libraries of layout 2 ---------------------------------------------- */

/* Byte by byte, as those libraries send and read them. */
static void check_older(const char *whom, uint16_t major, uint64_t fingerprint, uint32_t flags)
{
	uint8_t hello[120] = { 't', 'r', 'c', 'k', 1, 0, 1 }, said[120] = { 0 };
	int fd = join();
	int32_t error;

	memcpy(hello + 8, &flags, sizeof flags);
	memcpy(hello + 16, &major, sizeof major);
	memcpy(hello + 24, &fingerprint, sizeof fingerprint);
	(void)send(fd, hello, sizeof hello, MSG_NOSIGNAL);
	ssize_t n = recv(fd, said, sizeof said, 0);
	memcpy(&error, said + 12, sizeof error);
	tap_ok(n == sizeof said && memcmp(said, hello, 6) == 0 && said[6] == 17 &&
		       error == TRACKD_E_LAYOUT && closed_on(fd),
	       "%s is refused for its layout (%d)", whom, error);
	close(fd);
}

static void older(void)
{
	unsigned fds = daemon_fds();
	struct old_board old;
	uint64_t fingerprint;

	old_board_make(&old, NULL, 64);
	memcpy(&fingerprint, old_board_header(&old, 24), sizeof fingerprint);
	old_board_free(&old);
	check_older("a reader with a library of layout 2", 2, fingerprint, 0);
	check_older("a producer with a library of layout 2", 2, fingerprint, PROTOCOL_WRITE);
	check_older("a producer of layout 2 that has a board", 2, fingerprint,
		    PROTOCOL_WRITE | PROTOCOL_NO_BOARD);
	check_older("a library with another C library", LAYOUT_MAJOR, fingerprint, 0);
	check_after("clients of layout 2", fds);
}

/* ---- Faulty clients ----------------------------------------------------- */

static void send_rights(int fd, void *bytes, size_t size)
{
	static union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(RIGHTS * sizeof(int))];
	} control;
	struct iovec part = { bytes, size };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof control.bytes };
	int fds[RIGHTS];

	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(sizeof fds);
	for (int i = 0; i < RIGHTS; i++)
		fds[i] = STDERR_FILENO;
	memcpy(CMSG_DATA(&control.align), fds, sizeof fds);
	(void)sendmsg(fd, &header, MSG_NOSIGNAL);
}

static void descriptors(void)
{
	struct protocol_message hello = words(PROTOCOL_HELLO);
	unsigned fds = daemon_fds(), most = 0;

	for (int i = 0; i < 20; i++) {
		int fd = join();

		send_rights(fd, &hello, sizeof hello);
		if (i % 2)
			(void)answer(fd, LIMIT_MS);
		unsigned now = daemon_fds();
		most = now > most ? now : most;
		close(fd);
	}
	tap_ok(most < fds + RIGHTS, "descriptors in messages are not received (at most %u)", most);
	check_after("clients that send descriptors", fds);
}

static void half_closed(void)
{
	unsigned fds = daemon_fds();
	int writer = join(), reader = join();

	say(writer, PROTOCOL_HELLO);
	(void)shutdown(writer, SHUT_WR);
	(void)shutdown(reader, SHUT_RD);
	say(reader, PROTOCOL_HELLO);
	say(reader, PROTOCOL_SUBSCRIBE);
	tap_ok(answer(writer, LIMIT_MS) == PROTOCOL_WELCOME,
	       "a client that is half-closed is answered");
	tap_ok(serves(), "and others are served beside half-closed clients");
	close(writer);
	close(reader);
	check_after("half-closed clients", fds);
}

/* A thousand clients at once: every other one sends HELLO, the rest are silent. */
static void many(void)
{
	static int clients[MANY];
	unsigned fds = daemon_fds(), welcomed = 0;

	for (int i = 0; i < MANY; i++) {
		clients[i] = join();
		if (i % 2 == 0)
			say(clients[i], PROTOCOL_HELLO);
	}
	for (int i = 0; i < MANY; i += 2)
		welcomed += answer(clients[i], LIMIT_MS) == PROTOCOL_WELCOME;
	tap_ok(welcomed == MANY / 2,
	       "of %d simultaneous connections all that send HELLO are welcomed (%u)", MANY,
	       welcomed);
	tap_ok(serves(), "and others are served beside them");
	for (int i = 0; i < MANY; i++)
		close(clients[i]);
	check_after("a thousand clients", fds);
}

static void noise(void)
{
	unsigned fds = daemon_fds();
	uint64_t random = 42;
	uint8_t bytes[512];
	int fd = -1;

	for (int i = 0; i < NOISE; i++) {
		struct protocol_message message = words(PROTOCOL_HELLO);
		uint64_t dice = pattern_random(&random);
		size_t size = dice % 4 ? sizeof message : dice >> 8 & 511;

		for (size_t at = 0; at < sizeof bytes; at += 8)
			memcpy(bytes + at, &(uint64_t){ pattern_random(&random) }, 8);
		message.type = (uint16_t)(dice >> 20 & 7);
		if (dice >> 24 & 1)
			memcpy(bytes, &message, sizeof message);
		if (fd < 0)
			fd = join();
		if (send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
			close(fd);
			fd = -1;
		}
	}
	if (fd >= 0)
		close(fd);
	check_after("random packets", fds);
}

/* ---- A subscriber that never reads -------------------------------------- */

/* Move a task between stages; count the WAKEs that a reading subscriber gets. */
static unsigned move_and_listen(struct trackd *trackd, struct trackd_ref ref, int listener)
{
	unsigned heard = 0;

	for (int i = 0; i < TRANSITIONS; i++) {
		HARNESS_MUST(trackd_update(trackd, ref, i % 5, NULL));
		if (i % LISTEN == 0 && answer(listener, 100) == PROTOCOL_WAKE)
			heard++;
	}
	return heard;
}

static void unread(void)
{
	struct trackd *trackd = private_daemon_open(&trackd_daemon, TRACKD_OPEN_WRITE);
	struct trackd_new new = TRACKD_NEW_INIT;
	unsigned fds = daemon_fds();
	struct trackd_ref ref;
	int deaf[64], listener = join();

	new.id = "moving";
	HARNESS_MUST(trackd_create(trackd, &new, &ref));
	say(listener, PROTOCOL_HELLO);
	say(listener, PROTOCOL_SUBSCRIBE);
	tap_ok(answer(listener, LIMIT_MS) == PROTOCOL_WELCOME, "a subscriber is welcomed");
	for (size_t i = 0; i < 64; i++) {
		deaf[i] = join();
		say(deaf[i], PROTOCOL_HELLO);
		say(deaf[i], PROTOCOL_SUBSCRIBE);
	}
	tap_ok(serves(), "others are served beside 64 subscribers that never read");
	unsigned long before = daemon_rss_kib();
	unsigned heard = move_and_listen(trackd, ref, listener);
	unsigned long after = daemon_rss_kib();
	/* More than the queue of a client that does not read would hold. */
	tap_ok(heard > TRANSITIONS / LISTEN / 4,
	       "a subscriber that reads is woken throughout (%u times)", heard);
	/* A sanitizer's daemon fills shadow memory at its own pace. */
	tap_ok(after < before + allowance_kib,
	       "subscribers that do not read cost no memory (%lu KiB, %lu before)", after, before);
	for (size_t i = 0; i < 64; i++)
		close(deaf[i]);
	close(listener);
	trackd_close(trackd);
	check_after("subscribers that never read", fds);
}

/* -----------------------------------------------------------------------------------------------
 */

int main(void)
{
	const struct rlimit many_fds = { 8192, 8192 };

	(void)setrlimit(RLIMIT_NOFILE, &many_fds);
	private_daemon_start(&trackd_daemon, (const char *const[]){ "--capacity", "64", NULL });
	tap_ok(serves(), "a well-behaved client is served");
	unsigned fds = daemon_fds();
	for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++)
		check_packet(&packets[i]);
	check_after("clients that send invalid packets", fds);
	older();
	descriptors();
	half_closed();
	many();
	noise();
	unread();
	tap_ok(kill(trackd_daemon.pid, 0) == 0, "the daemon is still running");
	int status = private_daemon_stop(&trackd_daemon);
	tap_ok(status == 0, "and exits with 0 (status %d)", status);
	private_daemon_remove(&trackd_daemon);
	return tap_done();
}
