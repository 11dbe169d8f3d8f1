/* SPDX-License-Identifier: MIT */
/*
 * Many event streams and a producer that moves what they watch. Not a test, but what the scripts
 * about streams run: it connects one stream a task, publishes transitions at a rate, and holds each
 * stream to what was published: every transition, in order, once.
 *
 *   sse_load PORT TOKEN STREAMS RATE SECONDS     on the board that the environment names
 *
 * It says "connected" and waits for a line; says "half" when half of SECONDS is over, so that the
 * gateway can be restarted under its streams (they come back with Last-Event-ID); completes all
 * tasks, and waits for every stream's end. The last line is KEY=VALUE...; the status is 0 if nothing
 * was lost, doubled or out of order.
 *
 * A task goes round its five stages, so each of its revisions is a transition, and its message says
 * when it was published.
 */
#include "libclient/trackd.h"
#include "tests/e2e/clients/sse_client.h"
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	STAGES = 5,
	OPENING_MAX = 256, /* connections that have not been answered yet */
	COST_ROUNDS = 20,  /* bursts of which the cost of publishing is the median */
	LIMIT_S = 120,     /* for all to arrive, when nothing more is published */
	SAMPLES = 1 << 20,
	PIECE = 64 << 10,
};

enum phase { IDLE, OPENING, HEAD, STREAMING, ENDED };

struct stream {
	enum phase phase;
	int fd;
	uint64_t again_ns; /* when to connect */
	struct sse_client client;
	struct trackd_ref ref;
	uint64_t received, published; /* revisions */
	bool final;
};

static struct stream *streams;
static unsigned n_streams, n_opening, n_ended;
static uint16_t port;
static const char *token;
static struct trackd *trackd;
static int epoll_fd;
static uint64_t came_ns; /* when the bytes came that are being read */
static double *samples;
static bool connecting; /* no stream is watched before */
static struct {
	uint64_t published, received, replayed, doubled, lost, resets, reconnects, snapshots;
	size_t n_samples;
} seen;

_Noreturn __attribute__((format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "sse_load: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	va_end(arguments);
	exit(2);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* ---- Events --------------------------------------------------------------- */

/* The number behind a key of the data; the document is compact, and no text of ours has quotes. */
static uint64_t number_of(const char *data, const char *key)
{
	const char *at = strstr(data, key);

	if (!at)
		die("no %s in %.300s", key, data);
	return strtoull(at + strlen(key), NULL, 10);
}

static void on_transition(struct stream *stream, const char *data)
{
	uint64_t revision = number_of(data, "\"revision\":");
	bool replayed = strstr(data, "\"replayed\":true") != NULL;

	if (revision <= stream->received) {
		seen.doubled++;
		return;
	}
	seen.lost += revision - stream->received - 1;
	stream->received = revision;
	stream->final = strstr(data, "\"done\":true,\"progress\"") != NULL;
	if (!stream->final && number_of(data, "\"index\":") != (revision - 2) % STAGES)
		die("revision %" PRIu64 " is not of its stage: %.300s", revision, data);
	seen.received++;
	seen.replayed += replayed;
	if (!replayed && strstr(data, "\"message\":\"at=") && seen.n_samples < SAMPLES)
		samples[seen.n_samples++] =
			(double)(came_ns - number_of(data, "\"message\":\"at="));
}

static void on_event(void *user, const char *event, const char *data)
{
	struct stream *stream = user;

	if (strcmp(event, "snapshot") == 0) {
		seen.snapshots++;
		if (stream->received == 0)
			stream->received = number_of(data, "\"revision\":");
	} else if (strcmp(event, "update") == 0) {
		if (!strstr(data, "\"transition\":null"))
			on_transition(stream, data);
	} else if (strcmp(event, "end") == 0) {
		if (!stream->final)
			die("an end before the final transition: %.300s", data);
		n_opening -= stream->phase == HEAD;
		stream->phase = ENDED;
		n_ended++;
	} else if (strcmp(event, "reset") == 0) {
		seen.resets++;
	} else {
		die("an event %s: %.300s", event, data);
	}
}

/* ---- Connections --------------------------------------------------------- */

static void close_stream(struct stream *stream)
{
	close(stream->fd);
	stream->fd = -1;
	n_opening -= stream->phase == OPENING || stream->phase == HEAD;
	sse_client_reset(&stream->client);
	if (stream->phase == ENDED)
		return;
	seen.reconnects++;
	stream->phase = IDLE;
	/* Not all at once. */
	stream->again_ns = now_ns() + (50 + (uint64_t)(stream - streams) * 7 % 500) * 1000000u;
}

static void on_input(struct stream *stream)
{
	static char piece[PIECE];
	ssize_t size = recv(stream->fd, piece, sizeof piece, MSG_DONTWAIT);

	came_ns = now_ns();
	if (size < 0 && errno == EAGAIN)
		return;
	if (size <= 0) {
		close_stream(stream);
		return;
	}
	if (!sse_client_feed(&stream->client, piece, (size_t)size, on_event, stream))
		die("%s: %.300s", stream->client.broken, stream->client.text);
	if (stream->phase != HEAD || stream->client.status == 0)
		return;
	if (stream->client.status == 503) {
		close_stream(stream); /* it is on its way out */
		return;
	}
	if (stream->client.status != 200)
		die("the answer was %d", stream->client.status);
	stream->phase = STREAMING;
	n_opening--;
}

static void ask(struct stream *stream)
{
	char request[2048];
	int size = snprintf(request, sizeof request,
			    "GET /v1/tasks/s%zu/events HTTP/1.1\r\nHost: localhost\r\n"
			    "Authorization: Bearer %s\r\n%s%s%s\r\n",
			    (size_t)(stream - streams), token,
			    stream->client.last_id[0] ? "Last-Event-ID: " : "",
			    stream->client.last_id, stream->client.last_id[0] ? "\r\n" : "");

	if (send(stream->fd, request, (size_t)size, MSG_NOSIGNAL) != size) {
		close_stream(stream);
		return;
	}
	stream->phase = HEAD;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = stream };
	(void)epoll_ctl(epoll_fd, EPOLL_CTL_MOD, stream->fd, &event);
}

static void open_stream(struct stream *stream)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = stream };

	stream->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (stream->fd < 0)
		die("socket: %s", strerror(errno));
	stream->phase = OPENING;
	n_opening++;
	if (connect(stream->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
		close_stream(stream);
	else
		(void)epoll_ctl(epoll_fd, EPOLL_CTL_ADD, stream->fd, &event);
}

/* ---- The loop -------------------------------------------------------------- */

static void open_due(void)
{
	static unsigned at;
	uint64_t now = now_ns();

	for (unsigned i = 0; i < n_streams && n_opening < OPENING_MAX; i++, at++) {
		struct stream *stream = &streams[at % n_streams];

		if (stream->phase == IDLE && stream->again_ns <= now)
			open_stream(stream);
	}
}

static void turn(int timeout_ms)
{
	struct epoll_event events[256];
	int n;

	if (connecting)
		open_due();
	n = epoll_wait(epoll_fd, events, 256, timeout_ms);
	for (int i = 0; i < n; i++) {
		struct stream *stream = events[i].data.ptr;

		if (stream->fd < 0)
			continue;
		if (stream->phase == OPENING && (events[i].events & (EPOLLERR | EPOLLHUP)))
			close_stream(stream);
		else if (stream->phase == OPENING)
			ask(stream);
		else
			on_input(stream);
	}
}

static bool all_received(void)
{
	for (unsigned i = 0; i < n_streams; i++)
		if (streams[i].received < streams[i].published)
			return false;
	return true;
}

static bool all_ended(void)
{
	return n_ended == n_streams;
}

static bool all_connected(void)
{
	for (unsigned i = 0; i < n_streams; i++)
		if (streams[i].received == 0)
			return false;
	return true;
}

static void until(bool (*condition)(void), const char *what)
{
	uint64_t deadline = now_ns() + (uint64_t)LIMIT_S * 1000000000u;

	while (!condition()) {
		turn(10);
		if (now_ns() > deadline)
			die("not within %d s: %s; %" PRIu64 " published, %" PRIu64 " received",
			    LIMIT_S, what, seen.published, seen.received);
	}
}

/* ---- The producer ---------------------------------------------------------- */

static void create_all(void)
{
	for (unsigned i = 0; i < n_streams; i++) {
		struct trackd_new task = TRACKD_NEW_INIT;
		char id[32];

		snprintf(id, sizeof id, "s%u", i);
		task.id = id;
		task.owner = "load";
		int error = trackd_create(trackd, &task, &streams[i].ref);
		if (error < 0)
			die("create %s: %s", id, trackd_strerror(error));
		streams[i].published = 1;
	}
}

static void publish(struct stream *stream)
{
	char message[48];
	int stage = (int)((stream->published + 1 - 2) % STAGES);

	snprintf(message, sizeof message, "at=%" PRIu64, now_ns());
	int error = trackd_update(trackd, stream->ref, stage, message);
	if (error < 0)
		die("update: %s", trackd_strerror(error));
	stream->published++;
	seen.published++;
}

/* Publish `rate` a second and read what comes, for so long. */
static void run(unsigned rate, double seconds, bool (*until_too)(void))
{
	uint64_t begin = now_ns(), end = begin + (uint64_t)(seconds * 1e9), n = 0;
	static unsigned at;

	for (uint64_t now = begin; now < end; now = now_ns()) {
		for (; n < (now - begin) * rate / 1000000000u; n++)
			publish(&streams[at++ % n_streams]);
		turn(1);
	}
	if (until_too)
		until(until_too, "all transitions arrive");
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(double *values, size_t n, double q)
{
	if (n == 0)
		return 0;
	qsort(values, n, sizeof *values, by_size);
	return values[(size_t)((double)(n - 1) * q)];
}

/* Processor time of a transition, in ns: the median of bursts of one a task. */
static double cost(void)
{
	double rounds[COST_ROUNDS];
	unsigned n = n_streams < 500 ? n_streams : 500;

	for (int round = 0; round < COST_ROUNDS; round++) {
		uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);

		for (unsigned i = 0; i < n; i++)
			publish(&streams[i]);
		rounds[round] = (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - before) / n;
		turn(10);
	}
	return quantile(rounds, COST_ROUNDS, 0.5);
}

static void complete_all(void)
{
	for (unsigned i = 0; i < n_streams; i++) {
		if (trackd_complete(trackd, streams[i].ref, NULL) < 0)
			die("complete");
		streams[i].published++;
		seen.published++;
		if (i % 16 == 15)
			turn(0);
	}
}

static double number_given(const char *text)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end != '\0' || number < 1)
		die("%s is no number of at least 1", text);
	return number;
}

static void begin(char **argv)
{
	struct trackd_options options = TRACKD_OPTIONS_INIT;
	struct rlimit limit;

	port = (uint16_t)number_given(argv[1]);
	token = argv[2];
	n_streams = (unsigned)number_given(argv[3]);
	streams = calloc(n_streams, sizeof *streams);
	samples = calloc(SAMPLES, sizeof *samples);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	options.flags = TRACKD_OPEN_WRITE;
	int error = trackd_open(&trackd, &options);
	if (!streams || !samples || error < 0)
		die("open: %s", trackd_strerror(error));
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

int main(int argc, char **argv)
{
	char line[16];

	if (argc != 6)
		die("usage: sse_load PORT TOKEN STREAMS RATE SECONDS");
	begin(argv);
	unsigned rate = (unsigned)number_given(argv[4]);
	double seconds = number_given(argv[5]);
	create_all();
	double alone = cost();
	connecting = true;
	until(all_connected, "all streams are open");
	printf("connected\n");
	if (!fgets(line, sizeof line, stdin))
		return 2;
	seen.n_samples = 0;
	run(rate, seconds / 2, all_received);
	double p50 = quantile(samples, seen.n_samples, 0.5);
	double p99 = quantile(samples, seen.n_samples, 0.99);
	double most = quantile(samples, seen.n_samples, 1);
	printf("half\n");
	run(rate, seconds / 2, all_received);
	double watched = cost();
	until(all_received, "what came in bursts arrives");
	complete_all();
	until(all_ended, "all streams end");
	printf("published=%" PRIu64 " received=%" PRIu64 " replayed=%" PRIu64 " doubled=%" PRIu64
	       " lost=%" PRIu64 " resets=%" PRIu64 " reconnects=%" PRIu64 " snapshots=%" PRIu64
	       " p50_us=%.0f p99_us=%.0f max_us=%.0f cost_alone_ns=%.0f cost_watched_ns=%.0f\n",
	       seen.published, seen.received, seen.replayed, seen.doubled, seen.lost, seen.resets,
	       seen.reconnects, seen.snapshots, p50 / 1e3, p99 / 1e3, most / 1e3, alone, watched);
	trackd_close(trackd);
	return seen.doubled + seen.lost + seen.resets > 0;
}
