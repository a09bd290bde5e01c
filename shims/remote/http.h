/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http - requests over HTTPS, or over a Unix socket, that end in a callback
 *
 * TLS 1.2 or newer with a verified certificate of the CA that is given, no redirect, no
 * proxy (of the environment or otherwise), no cookies, no netrc, a bounded reply.  Over a
 * Unix socket it speaks gRPC as well, one message each way.  The only module that knows
 * libcurl.
 */
#ifndef SHIMS_REMOTE_HTTP_H
#define SHIMS_REMOTE_HTTP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct http;
struct http_call;

/* What a server may answer: metadata and key sets are the largest, a few KiB. */
#define HTTP_REPLY ((size_t)256 * 1024)

/* gRPC over HTTP/2 in clear text: for the Workload API (RFC 9113; gRPC over HTTP2). */
enum http_grpc {
	HTTP_GRPC_NO = 0,
	HTTP_GRPC_ONE,	 /* one message, and the status 0 behind it */
	HTTP_GRPC_FIRST, /* a stream: its first message is the answer, then it is given up */
};
/* An entity tag that is kept, with its quotes. */
#define HTTP_ETAG 128

struct http_request {
	const char *url;
	const char *socket;	  /* path, or NULL: TCP, and then https alone */
	enum http_grpc grpc;	  /* body[body_len] and the reply's are one message each */
	size_t body_len;	  /* with grpc only */
	const char *body;	  /* POST; NULL: GET */
	const char *content_type; /* of the body */
	const char *authorization;/* header value, or NULL */
	const char *accept;	  /* NULL: application/json */
	const char *if_none_match;/* an entity tag, or NULL */
	const char *ca;		  /* PEM */
	const char *identity;	  /* PEM of a client certificate and its key, or NULL */
	long timeout;		  /* seconds */
};

struct http_reply {
	const char *failure; /* words when nothing came, else NULL */
	long status;
	bool is_json;	     /* Content-Type: application/json, or +json */
	const char *body;    /* NUL-terminated behind len bytes */
	size_t len;
	long retry_after;    /* seconds, 0: not said */
	const char *etag;    /* or NULL, also when it is no plain one */
};

typedef void (*http_done)(void *context, const struct http_reply *reply);

int http_open(struct http **ret, struct err *err);

/* Everything is copied.  done is called once from http_run(), unless http_stop() comes
 * first.  Return: NULL, no memory. */
struct http_call *http_start(struct http *h, const struct http_request *request,
			     http_done done, void *context);
void http_stop(struct http *h, struct http_call *call);

/* Go on with what can go on, and call back for what is finished. */
void http_run(struct http *h);

/* poll(2), and what http itself waits for.  Return as poll. */
int http_sleep(struct http *h, struct pollfd *p, int n, int timeout);

#endif /* SHIMS_REMOTE_HTTP_H */
