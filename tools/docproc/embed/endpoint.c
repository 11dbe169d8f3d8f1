/* SPDX-License-Identifier: MIT */
/*
 * One request at a time over one kept connection. libcurl's multi interface works in steps of at
 * most WAKE_MS; between steps the board is checked for a request to cancel. A failure's error says
 * what the service did; its advice has the address and the message of curl or the service. Neither
 * ever contains the key.
 */
#include "tools/docproc/embed/endpoint.h"
#include "tools/common/printable.h"
#include "tools/docproc/document/strbuf.h"
#include "tools/docproc/embed/endpoint_key.h"
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	WAKE_MS = 50,
	ANSWER_MAX = 64 << 20, /* bytes */
	TIMEOUT_MS = 30000,    /* default, where the configuration has 0 */
	BACKOFF_MS = 500,      /* before the second try; doubled for each further one */
	WAIT_MAX_MS = 60000,   /* maximum, whatever Retry-After says */
};

struct endpoint {
	struct endpoint_config config;
	const char *service;
	CURL *easy;
	CURLM *multi;
	struct curl_slist *headers;
	char curl_error[CURL_ERROR_SIZE];
	char key[KEY_MAX + 1];
	uint64_t random; /* for jitter */
};

/* One attempt at a request. */
struct attempt {
	struct strbuf answer;
	bool too_large, no_memory;
	CURLcode code;
	long status;            /* HTTP status; 0: there was none */
	curl_off_t retry_after; /* seconds */
};

/* ---- Opening ------------------------------------------------------------ */

/* Whether the URL needs no encryption because the traffic stays on this host. */
static bool is_local(const char *url)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "[::1]" };
	const char *host = url + strlen("http://");

	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		size_t n = strlen(hosts[i]);
		if (strncasecmp(host, hosts[i], n) == 0 &&
		    (host[n] == '\0' || host[n] == ':' || host[n] == '/'))
			return true;
	}
	return false;
}

static int check_url(const struct endpoint *endpoint, struct failure *failure)
{
	const char *url = endpoint->config.url;
	bool plain = strncasecmp(url, "http://", 7) == 0;

	if (!plain && strncasecmp(url, "https://", 8) != 0) {
		failure_set(failure, "The address of the %s is not valid", endpoint->service);
		return failure_advise(failure, "\"%s\" begins neither with https:// nor http://",
				      url);
	}
	if (plain && endpoint->config.key_file[0] && !is_local(url)) {
		failure_set(failure, "The key of the %s cannot be used", endpoint->service);
		return failure_advise(failure,
				      "a key is not sent unencrypted over a network: use https in "
				      "\"%s\", or configure no key",
				      url);
	}
	return 0;
}

static int no_memory(struct failure *failure)
{
	return failure_set(failure, "Not enough memory");
}

static bool add_header(struct endpoint *endpoint, const char *header)
{
	struct curl_slist *headers = curl_slist_append(endpoint->headers, header);

	if (headers)
		endpoint->headers = headers;
	return headers != NULL;
}

static int make_headers(struct endpoint *endpoint, struct failure *failure)
{
	char header[KEY_MAX + 32];
	bool added = add_header(endpoint, "Content-Type: application/json") &&
		     add_header(endpoint, "Accept: application/json") &&
		     add_header(endpoint, "Expect:");

	if (added && endpoint->config.key_file[0]) {
		if (key_read(endpoint->config.key_file, endpoint->service, endpoint->key, failure) <
		    0)
			return FAILED;
		snprintf(header, sizeof header, "Authorization: Bearer %s", endpoint->key);
		added = add_header(endpoint, header);
		explicit_bzero(header, sizeof header);
	}
	return added ? 0 : no_memory(failure);
}

static size_t receive(char *bytes, size_t size, size_t n, void *of)
{
	struct attempt *attempt = of;

	if (attempt->answer.length + n > ANSWER_MAX)
		attempt->too_large = true;
	else
		attempt->no_memory = strbuf_add(&attempt->answer, bytes, n) < 0;
	return attempt->too_large || attempt->no_memory ? 0 : size * n;
}

/* Options of all requests. Verifying certificates and not following redirects are curl's defaults;
 * they are set explicitly because security depends on them. */
static void set_options(struct endpoint *endpoint)
{
	CURL *easy = endpoint->easy;

	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, endpoint->headers);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "docproc");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)endpoint->config.timeout_ms);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, endpoint->curl_error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
}

static int fill(struct endpoint *endpoint, struct failure *failure)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return no_memory(failure);
	if (check_url(endpoint, failure) < 0 || make_headers(endpoint, failure) < 0)
		return FAILED;
	endpoint->easy = curl_easy_init();
	endpoint->multi = curl_multi_init();
	if (!endpoint->easy || !endpoint->multi)
		return no_memory(failure);
	set_options(endpoint);
	return 0;
}

int endpoint_open(const struct endpoint_config *config, const char *service,
		  struct endpoint **ret_endpoint, struct failure *failure)
{
	struct endpoint *endpoint = calloc(1, sizeof *endpoint);
	struct timespec now;

	if (!endpoint)
		return no_memory(failure);
	endpoint->config = *config;
	endpoint->service = service;
	if (config->timeout_ms == 0)
		endpoint->config.timeout_ms = TIMEOUT_MS;
	clock_gettime(CLOCK_MONOTONIC, &now);
	endpoint->random = (uint64_t)now.tv_nsec ^ (uint64_t)getpid() << 32;
	if (fill(endpoint, failure) < 0) {
		endpoint_close(endpoint);
		return FAILED;
	}
	*ret_endpoint = endpoint;
	return 0;
}

void endpoint_close(struct endpoint *endpoint)
{
	if (!endpoint)
		return;
	if (endpoint->easy)
		curl_easy_cleanup(endpoint->easy);
	if (endpoint->multi)
		curl_multi_cleanup(endpoint->multi);
	for (struct curl_slist *header = endpoint->headers; header; header = header->next)
		explicit_bzero(header->data, strlen(header->data));
	curl_slist_free_all(endpoint->headers);
	explicit_bzero(endpoint, sizeof *endpoint);
	free(endpoint);
}

/* ---- One try ------------------------------------------------------------ */

/* Run the transfer to its end. 0 or CANCELLED. */
static int transfer(struct endpoint *endpoint, struct report *report, struct attempt *attempt)
{
	int running = 1, left;
	CURLMsg *message;

	while (running > 0) {
		if (report_step(report, 0) < 0)
			return CANCELLED;
		if (curl_multi_perform(endpoint->multi, &running) != CURLM_OK ||
		    (running > 0 &&
		     curl_multi_poll(endpoint->multi, NULL, 0, WAKE_MS, NULL) != CURLM_OK)) {
			attempt->code = CURLE_FAILED_INIT;
			return 0;
		}
	}
	attempt->code = CURLE_RECV_ERROR;
	while ((message = curl_multi_info_read(endpoint->multi, &left)) != NULL) {
		if (message->msg == CURLMSG_DONE)
			attempt->code = message->data.result;
	}
	return 0;
}

static int try_once(struct endpoint *endpoint, struct report *report, struct attempt *attempt)
{
	int result;

	strbuf_free(&attempt->answer);
	*attempt = (struct attempt){ 0 };
	endpoint->curl_error[0] = '\0';
	curl_easy_setopt(endpoint->easy, CURLOPT_WRITEDATA, attempt);
	if (curl_multi_add_handle(endpoint->multi, endpoint->easy) != CURLM_OK) {
		attempt->code = CURLE_FAILED_INIT;
		return 0;
	}
	result = transfer(endpoint, report, attempt);
	curl_easy_getinfo(endpoint->easy, CURLINFO_RESPONSE_CODE, &attempt->status);
	curl_easy_getinfo(endpoint->easy, CURLINFO_RETRY_AFTER, &attempt->retry_after);
	curl_multi_remove_handle(endpoint->multi, endpoint->easy);
	return result;
}

static bool worth_another(const struct attempt *attempt)
{
	switch (attempt->code) {
	case CURLE_OK:
		return attempt->status == 429 || attempt->status >= 500 || attempt->status == 408;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	default:
		return false;
	}
}

/* ---- Errors ------------------------------------------------------------- */

static const char *times(unsigned n, char *buffer, size_t size)
{
	static const char *const words[] = {
		"", " twice", " three times", " four times", " five times", " six times"
	};

	if (n <= sizeof words / sizeof words[0])
		return words[n - 1];
	snprintf(buffer, size, " %u times", n);
	return buffer;
}

/* Advise with the address and the message, unless the message contains the key. */
static void advise(const struct endpoint *endpoint, const char *said, struct failure *failure)
{
	bool secret = endpoint->key[0] && strstr(said, endpoint->key);
	char line[301];

	printable_line(line, sizeof line,
		       secret ? "(its message is not shown because it contains the key)" : said);
	failure_advise(failure, "%s: %s", endpoint->config.url, line);
}

static int say_status(const struct endpoint *endpoint, const struct attempt *attempt,
		      const char *often, struct failure *failure)
{
	const char *service = endpoint->service;
	const char *answer = attempt->answer.bytes ? attempt->answer.bytes : "no further details";

	if (attempt->status == 429)
		failure_set(failure, "The %s asked to wait (429)%s", service, often);
	else if (attempt->status == 401 || attempt->status == 403)
		failure_set(failure, "The %s refused the key (%ld)", service, attempt->status);
	else if (attempt->status == 404)
		failure_set(failure, "The %s does not know the address or the model (404)",
			    service);
	else if (attempt->status >= 300 && attempt->status < 400)
		failure_set(failure, "The %s redirected the request, which is not followed (%ld)",
			    service, attempt->status);
	else if (attempt->status >= 500)
		failure_set(failure, "The %s answered %ld%s", service, attempt->status, often);
	else
		failure_set(failure, "The %s refused the request (%ld)", service, attempt->status);
	advise(endpoint, answer, failure);
	return FAILED;
}

static int say_code(const struct endpoint *endpoint, const struct attempt *attempt,
		    const char *often, struct failure *failure)
{
	const char *service = endpoint->service;
	double seconds = endpoint->config.timeout_ms / 1000.0;

	if (attempt->too_large)
		failure_set(failure, "The %s answered with more than %d MiB", service,
			    ANSWER_MAX >> 20);
	else if (attempt->no_memory)
		no_memory(failure);
	else if (attempt->code == CURLE_OPERATION_TIMEDOUT)
		failure_set(failure, "The %s did not answer within %g s%s%s", service, seconds,
			    *often ? "," : "", often);
	else if (attempt->code == CURLE_COULDNT_RESOLVE_HOST ||
		 attempt->code == CURLE_COULDNT_CONNECT)
		failure_set(failure, "The %s cannot be reached", service);
	else if (attempt->code == CURLE_PEER_FAILED_VERIFICATION ||
		 attempt->code == CURLE_SSL_CONNECT_ERROR)
		failure_set(failure, "The %s has no trusted certificate", service);
	else if (worth_another(attempt))
		failure_set(failure, "The %s closed the connection%s", service, often);
	else
		failure_set(failure, "The %s did not answer with valid HTTP", service);
	advise(endpoint,
	       endpoint->curl_error[0] ? endpoint->curl_error : curl_easy_strerror(attempt->code),
	       failure);
	return FAILED;
}

static int conclude(const struct endpoint *endpoint, const struct attempt *attempt, unsigned tries,
		    json_t **ret_answer, struct failure *failure)
{
	char buffer[32];
	const char *often = times(tries, buffer, sizeof buffer);
	json_error_t error;

	if (attempt->code != CURLE_OK)
		return say_code(endpoint, attempt, often, failure);
	if (attempt->status < 200 || attempt->status > 299)
		return say_status(endpoint, attempt, often, failure);
	*ret_answer = json_loadb(attempt->answer.bytes ? attempt->answer.bytes : "",
				 attempt->answer.length, 0, &error);
	if (*ret_answer)
		return 0;
	failure_set(failure, "The %s answered something that is not JSON", endpoint->service);
	advise(endpoint, error.text, failure);
	return FAILED;
}

/* ---- Retrying ------------------------------------------------------------ */

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t next_random(struct endpoint *endpoint)
{
	uint64_t x = endpoint->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* The pause before try number `tries` + 1: what the service asked for, or twice the last pause;
 * plus up to half as much again, so that many workers do not retry at once. */
static uint64_t pause_ms(struct endpoint *endpoint, const struct attempt *attempt, unsigned tries)
{
	uint64_t wait = (uint64_t)BACKOFF_MS << (tries < 8 ? tries - 1 : 7);

	if (attempt->retry_after > 0)
		wait = attempt->retry_after > WAIT_MAX_MS / 1000
			       ? WAIT_MAX_MS
			       : (uint64_t)attempt->retry_after * 1000;
	wait += next_random(endpoint) % (wait / 2);
	return wait > WAIT_MAX_MS ? WAIT_MAX_MS : wait;
}

/* 0 or CANCELLED. */
static int wait_for(struct report *report, uint64_t ms)
{
	uint64_t until = now_ms() + ms, now;

	while ((now = now_ms()) < until) {
		uint64_t left = until - now;
		struct timespec nap = {
			.tv_nsec = (long)(left < WAKE_MS ? left : WAKE_MS) * 1000000,
		};
		if (report_step(report, 0) < 0)
			return CANCELLED;
		nanosleep(&nap, NULL);
	}
	return 0;
}

static int try_until(struct endpoint *endpoint, struct report *report, json_t **ret_answer,
		     struct failure *failure)
{
	struct attempt attempt = { 0 };
	unsigned tries = 0;
	int result;

	do {
		result = tries ? wait_for(report, pause_ms(endpoint, &attempt, tries)) : 0;
		if (result == 0)
			result = try_once(endpoint, report, &attempt);
		tries++;
	} while (result == 0 && worth_another(&attempt) && tries <= endpoint->config.retries);
	if (result == 0)
		result = conclude(endpoint, &attempt, tries, ret_answer, failure);
	strbuf_free(&attempt.answer);
	return result;
}

static int set_url(struct endpoint *endpoint, const char *path)
{
	const char *base = endpoint->config.url;
	char url[sizeof endpoint->config.url + 64];
	size_t length = strlen(base);

	while (length > 0 && base[length - 1] == '/')
		length--;
	snprintf(url, sizeof url, "%.*s%s", (int)length, base, path);
	return curl_easy_setopt(endpoint->easy, CURLOPT_URL, url) == CURLE_OK ? 0 : -ENOMEM;
}

int endpoint_post(struct endpoint *endpoint, const char *path, json_t *request,
		  struct report *report, json_t **ret_answer, struct failure *failure)
{
	char *body = json_dumps(request, JSON_COMPACT);
	int result = FAILED;

	if (!body || set_url(endpoint, path) < 0) {
		free(body);
		return no_memory(failure);
	}
	curl_easy_setopt(endpoint->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
	curl_easy_setopt(endpoint->easy, CURLOPT_POSTFIELDS, body);
	result = try_until(endpoint, report, ret_answer, failure);
	free(body);
	return result;
}
