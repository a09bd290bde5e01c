/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "shims/remote/http.h"

#define FDS 64

struct http {
	CURLM *multi;
};

struct http_call {
	CURL *easy;
	struct curl_slist *headers;
	char *body;
	char *reply;
	size_t len;
	bool is_too_large, is_first; /* is_first: the first message of a stream is here */
	enum http_grpc grpc;
	int status; /* of gRPC; -1: none came */
	char etag[HTTP_ETAG];
	http_done done;
	void *context;
};

int http_open(struct http **ret, struct err *err)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h || curl_global_init(CURL_GLOBAL_DEFAULT) || !(h->multi = curl_multi_init())) {
		free(h);
		return err_set(err, ENOMEM, "start libcurl");
	}
	*ret = h;
	return 0;
}

/* What is before each message of gRPC: whether it is compressed, and its length. */
#define GRPC_HEAD ((size_t)5)

static bool is_whole(const struct http_call *c)
{
	const unsigned char *p = (const unsigned char *)c->reply;

	return c->len >= GRPC_HEAD &&
	       c->len - GRPC_HEAD >= ((size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4]);
}

static size_t receive(char *data, size_t one, size_t n, void *context)
{
	struct http_call *c = context;

	(void)one;
	if (n > HTTP_REPLY - c->len) {
		c->is_too_large = true;
		return 0;
	}
	memcpy(c->reply + c->len, data, n);
	c->len += n;
	c->is_first = c->grpc == HTTP_GRPC_FIRST && is_whole(c);
	/* A stream has no end of its own: we end it. */
	return c->is_first ? 0 : n;
}

/* grpc-status comes as a header when there is no message, and as a trailer behind one. */
static void take_status(struct http_call *c, const char *data, size_t n)
{
	static const char name[] = "grpc-status:";
	size_t at = sizeof(name) - 1;

	if (n < sizeof(name) || strncasecmp(data, name, at) != 0)
		return;
	while (at < n && data[at] == ' ')
		at++;
	c->status = 0;
	for (; at < n && data[at] >= '0' && data[at] <= '9' && c->status < 1000; at++)
		c->status = 10 * c->status + data[at] - '0';
}

/* RFC 9110, section 8.8.3; anything else is taken for none. */
static void take_etag(struct http_call *c, const char *data, size_t len)
{
	size_t skip = 5;

	while (skip < len && (data[skip] == ' ' || data[skip] == '\t'))
		skip++;
	while (len > skip && (data[len - 1] == '\r' || data[len - 1] == '\n' || data[len - 1] == ' '))
		len--;
	c->etag[0] = '\0';
	if (len - skip < 2 || len - skip >= sizeof(c->etag) || data[len - 1] != '"')
		return;
	for (size_t i = skip; i < len; i++)
		if (data[i] <= 0x20 || data[i] > 0x7e)
			return;
	memcpy(c->etag, data + skip, len - skip);
	c->etag[len - skip] = '\0';
}

static size_t receive_header(char *data, size_t one, size_t n, void *context)
{
	struct http_call *c = context;

	(void)one;
	/* A new status line: of an interim answer before this one, nothing is kept. */
	if (n > 5 && !strncasecmp(data, "HTTP/", 5))
		c->etag[0] = '\0';
	if (n > 5 && !strncasecmp(data, "etag:", 5))
		take_etag(c, data, n);
	take_status(c, data, n);
	return n;
}

/* NULL and the message alone in the reply; or why there is none. */
static const char *take_message(struct http_call *c, struct http_reply *reply)
{
	static const char *const words[] = {
		[1] = "the call was cancelled",	     [3] = "it refuses the request as malformed",
		[4] = "it took too long",	     [5] = "not found",
		[7] = "it does not know this process: register the workload (permission denied)",
		[8] = "it is exhausted",	     [12] = "it does not offer this method",
		[13] = "an internal error of its own", [14] = "it is unavailable",
	};

	if (c->status > 0 && (size_t)c->status < sizeof(words) / sizeof(*words) && words[c->status])
		return words[c->status];
	if (c->status > 0 || (c->status < 0 && !c->is_first))
		return "it gave no answer";
	if (!is_whole(c) || c->reply[0])
		return "its answer is no message of gRPC";
	reply->body = c->reply + GRPC_HEAD;
	reply->len = (size_t)(unsigned char)c->reply[1] << 24 | (size_t)(unsigned char)c->reply[2] << 16 |
		     (size_t)(unsigned char)c->reply[3] << 8 | (size_t)(unsigned char)c->reply[4];
	if (c->grpc == HTTP_GRPC_ONE && reply->len != c->len - GRPC_HEAD)
		return "it answered with more than one message";
	return NULL;
}

static void call_free(struct http_call *c)
{
	if (c->easy)
		curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	free(c->body);
	/* Tokens and keys come in here. */
	if (c->reply)
		explicit_bzero(c->reply, c->len);
	free(c->reply);
	free(c);
}

static bool add_header(struct http_call *c, const char *name, const char *value)
{
	struct curl_slist *grown;
	char *line;

	if (!value)
		return true;
	/* "Name:" is libcurl's way to say that a header shall not be sent. */
	if (asprintf(&line, "%s:%s%s", name, *value ? " " : "", value) < 0)
		return false;
	grown = curl_slist_append(c->headers, line);
	free(line);
	if (grown)
		c->headers = grown;
	return grown != NULL;
}

static CURLcode set_blob(CURL *e, CURLoption option, const char *text)
{
	struct curl_blob blob = { (void *)(uintptr_t)text, strlen(text), CURL_BLOB_COPY };

	return curl_easy_setopt(e, option, &blob);
}

static CURLcode set_tls(CURL *e, const struct http_request *r)
{
	CURLcode bad = curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);

	bad |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	bad |= curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	bad |= set_blob(e, CURLOPT_CAINFO_BLOB, r->ca);
	if (r->identity) {
		bad |= set_blob(e, CURLOPT_SSLCERT_BLOB, r->identity);
		bad |= set_blob(e, CURLOPT_SSLKEY_BLOB, r->identity);
		/* A connection belongs to the identity that made it. */
		bad |= curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
		bad |= curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	}
	return bad;
}

/* A message of gRPC behind its head.  NULL: no memory. */
static char *frame(const struct http_request *r)
{
	size_t len = r->body_len;
	char *body = malloc(GRPC_HEAD + len);

	if (!body)
		return NULL;
	body[0] = 0;
	body[1] = (char)(len >> 24);
	body[2] = (char)(len >> 16);
	body[3] = (char)(len >> 8);
	body[4] = (char)len;
	memcpy(body + GRPC_HEAD, r->body, len);
	return body;
}

static CURLcode set_grpc(struct http_call *c, const struct http_request *r)
{
	CURL *e = c->easy;
	CURLcode bad = curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
					(long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);

	bad |= curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, receive_header);
	bad |= curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
	bad |= curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(GRPC_HEAD + r->body_len));
	/* The agent attests who connects: each call by itself. */
	bad |= curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	return bad;
}

static CURLcode set_all(struct http_call *c, const struct http_request *r)
{
	CURL *e = c->easy;
	CURLcode bad = curl_easy_setopt(e, CURLOPT_URL, r->url);

	bad |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, r->socket ? "http" : "https");
	bad |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	/* Empty: none, whatever the environment says. */
	bad |= curl_easy_setopt(e, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	bad |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_TIMEOUT, r->timeout);
	bad |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, 10L);
	bad |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, receive);
	bad |= curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
	bad |= curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, receive_header);
	bad |= curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
	bad |= curl_easy_setopt(e, CURLOPT_PRIVATE, c);
	bad |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
	bad |= curl_easy_setopt(e, CURLOPT_USERAGENT, "mcp-confine/" VERSION);
	if (r->body) {
		if (!r->grpc)
			bad |= curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
						(curl_off_t)strlen(c->body));
		bad |= curl_easy_setopt(e, CURLOPT_POSTFIELDS, c->body);
	}
	if (r->grpc)
		bad |= set_grpc(c, r);
	if (r->socket)
		bad |= curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, r->socket);
	else
		bad |= set_tls(e, r);
	return bad;
}

static bool add_headers(struct http_call *c, const struct http_request *r)
{
	if (r->grpc) /* SPIFFE Workload API, section 4: the header that browsers cannot send */
		return add_header(c, "Content-Type", "application/grpc") &&
		       add_header(c, "TE", "trailers") &&
		       add_header(c, "workload.spiffe.io", "true") && add_header(c, "Expect", "");
	return add_header(c, "Accept", r->accept ? r->accept : "application/json") &&
	       add_header(c, "If-None-Match", r->if_none_match) &&
	       add_header(c, "Content-Type", r->body ? r->content_type : NULL) &&
	       add_header(c, "Authorization", r->authorization);
}

struct http_call *http_start(struct http *h, const struct http_request *r, http_done done,
			     void *context)
{
	struct http_call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->done = done;
	c->context = context;
	c->easy = curl_easy_init();
	c->reply = malloc(HTTP_REPLY + 1);
	c->grpc = r->grpc;
	c->status = -1;
	c->body = r->grpc ? frame(r) : r->body ? strdup(r->body) : NULL;
	if (!c->easy || !c->reply || (r->body && !c->body) || !add_headers(c, r) ||
	    set_all(c, r) != CURLE_OK ||
	    curl_multi_add_handle(h->multi, c->easy)) {
		call_free(c);
		return NULL;
	}
	return c;
}

void http_stop(struct http *h, struct http_call *c)
{
	curl_multi_remove_handle(h->multi, c->easy);
	call_free(c);
}

static bool is_json(const char *type)
{
	size_t len = type ? strcspn(type, "; ") : 0;

	return (len == 16 && !strncasecmp(type, "application/json", 16)) ||
	       (len > 5 && !strncasecmp(type + len - 5, "+json", 5));
}

static void finish(struct http *h, struct http_call *c, CURLcode code)
{
	struct http_reply reply = { .body = c->reply, .len = c->len };
	curl_off_t after = 0;
	char *type = NULL;

	c->reply[c->len] = '\0';
	if (c->is_too_large)
		reply.failure = "the reply is too large";
	else if (code != CURLE_OK && !c->is_first)
		reply.failure = curl_easy_strerror(code);
	else if (c->grpc)
		reply.failure = take_message(c, &reply);
	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &reply.status);
	curl_easy_getinfo(c->easy, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(c->easy, CURLINFO_RETRY_AFTER, &after);
	reply.is_json = is_json(type);
	reply.etag = c->etag[0] ? c->etag : NULL;
	reply.retry_after = after < 0 ? 0 : after > 3600 ? 3600 : (long)after;
	curl_multi_remove_handle(h->multi, c->easy);
	c->done(c->context, &reply);
	call_free(c);
}

void http_run(struct http *h)
{
	CURLMsg *message;
	int n;

	curl_multi_perform(h->multi, &n);
	while ((message = curl_multi_info_read(h->multi, &n)) != NULL) {
		CURLcode code = message->data.result;
		struct http_call *c = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&c);
		finish(h, c, code);
	}
}

int http_sleep(struct http *h, struct pollfd *p, int n, int timeout)
{
	struct curl_waitfd w[FDS];
	int ready = 0;

	if (n > FDS)
		return -1;
	for (int i = 0; i < n; i++)
		w[i] = (struct curl_waitfd){ p[i].fd, CURL_WAIT_POLLIN, 0 };
	/* libcurl takes a descriptor of -1 for one; leave those out. */
	for (int i = 0, k = 0; i < n; i++)
		if (p[i].fd >= 0)
			w[k++] = (struct curl_waitfd){ p[i].fd, CURL_WAIT_POLLIN, 0 }, ready = k;
	if (curl_multi_poll(h->multi, w, (unsigned int)ready, timeout < 0 ? 60000 : timeout, NULL))
		return -1;
	for (int i = 0, k = 0; i < n; i++)
		p[i].revents = p[i].fd >= 0 ? w[k++].revents : 0;
	return 1;
}
