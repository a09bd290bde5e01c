/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/needles.h"
#include "shims/broker/broker.h"
#include "shims/remote/client.h"
#include "shims/remote/exchange.h"
#include "shims/remote/http.h"
#include "shims/remote/jws.h"
#include "shims/remote/holder.h"

#define ASK_TIMEOUT 20
/* Tokens before this one that a server may still have: recognised as well. */
#define OLD 3
/* Seconds: a renewal that failed is tried again, and never in a tight loop. */
#define AGAIN 5
#define AGAIN_MAX 60

/* --- one request -------------------------------------------------------------------------- */

struct answer {
	struct http_reply reply;
	char *body;
	bool is_here;
};

static void on_reply(void *context, const struct http_reply *reply)
{
	struct answer *a = context;

	a->reply = *reply;
	a->is_here = true;
	a->body = malloc(reply->len + 1);
	if (!a->body) {
		a->reply.failure = "no memory for the answer";
		return;
	}
	memcpy(a->body, reply->body, reply->len);
	a->body[reply->len] = '\0';
	a->reply.body = a->body;
}

static void answer_done(struct answer *a)
{
	if (a->body)
		explicit_bzero(a->body, a->reply.len);
	free(a->body);
}

/* Did the session end?  Nothing is ever written into the pipe. */
static bool is_over(const struct pollfd *lifeline)
{
	return lifeline->revents != 0;
}

/* Until the answer is here.  Return: 0; -ECANCELED at the end of the session. */
static int await(struct holder *k, struct http_call *call, const struct answer *a, struct err *err)
{
	if (!call)
		return err_errno(err, ENOMEM, "request");
	for (;;) {
		struct pollfd p = { k->lifeline, POLLIN, 0 };

		http_run(k->http);
		if (a->is_here)
			return 0;
		if (http_sleep(k->http, &p, 1, 1000) < 0 && errno != EINTR)
			return err_errno(err, errno, "poll");
		if (is_over(&p)) {
			http_stop(k->http, call);
			return -ECANCELED;
		}
	}
}

static int ask(struct holder *k, const struct http_request *request, struct answer *ret,
	       struct err *err)
{
	return await(k, http_start(k->http, request, on_reply, ret), ret, err);
}

static int get(struct holder *k, const char *url, struct answer *ret, struct err *err)
{
	const struct http_request request = { .url = url, .ca = k->config->client.ca,
					      .timeout = ASK_TIMEOUT };

	return ask(k, &request, ret, err);
}

/* --- one exchange ------------------------------------------------------------------------- */

static int read_token(const char *path, char *ret, size_t size, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	n = read(fd, ret, size);
	if (n <= 0 || n == (ssize_t)size)
		return err_set(err, EINVAL, "%s: empty, or longer than a token", path);
	ret[n] = '\0';
	ret[strcspn(ret, "\r\n")] = '\0';
	return *ret ? 0 : err_set(err, EINVAL, "%s: is empty", path);
}

static int find_endpoints(struct holder *k, struct exchange_metadata *ret, struct err *err)
{
	char url[ANSWER_URL];
	int r = -EPROTO;

	for (int place = 0; place < 2 && r == -EPROTO; place++) {
		struct answer a = {0};

		err_clear(err);
		r = answer_metadata_url(k->config->client.issuer, place, url);
		if (r == 0)
			r = get(k, url, &a, err);
		if (r == 0)
			r = exchange_read_metadata(&a.reply, k->config, ret, err);
		answer_done(&a);
	}
	return r;
}

static int prove(struct holder *k, struct client_proof *ret, struct err *err)
{
	const struct remote_client *c = &k->config->client;
	cleanup_free char *svid = NULL;
	struct answer a = {0};
	int r = 0;

	if (client_needs_svid(c)) {
		r = await(k, client_ask_svid(c, k->http, on_reply, &a), &a, err);
		if (r == 0)
			r = client_read_svid(c, &a.reply, &svid, err);
		answer_done(&a);
	}
	if (r == 0)
		r = client_prove(c, svid, time(NULL), ret, err);
	if (svid)
		explicit_bzero(svid, strlen(svid));
	return r;
}

/* Who acts is said by a signature, not by who brought it. */
static int check_actor(struct holder *k, const struct exchange_metadata *m, const char *token,
		       struct err *err)
{
	json_auto_t *keys = NULL, *claims = NULL;
	struct answer a = {0};
	int r;

	if (!k->config->actor[0])
		return 0;
	if (!m->jwks[0])
		return err_set(err, EPROTO, "%s: its metadata has no jwks_uri, so that who acts cannot be verified",
			       k->config->client.issuer);
	r = get(k, m->jwks, &a, err);
	if (r == 0 && !a.reply.failure && a.reply.status == 200)
		keys = json_loadb(a.reply.body, a.reply.len, JSON_REJECT_DUPLICATES, NULL);
	answer_done(&a);
	if (r == 0)
		r = jws_verify(token, keys, &claims, err);
	if (r == 0)
		r = exchange_check_act(claims, k->config, err);
	return r;
}

static int exchange(struct holder *k, const char *subject, const char *actor,
		    struct exchange_grant *ret, struct err *err)
{
	struct exchange_metadata m = {0};
	struct client_proof proof = {0};
	cleanup_free char *form = NULL;
	struct answer a = {0};
	int r = find_endpoints(k, &m, err);

	if (r == 0)
		r = prove(k, &proof, err);
	if (r == 0) {
		form = exchange_form(k->config, subject, actor, proof.form);
		r = form ? 0 : err_errno(err, ENOMEM, "exchange");
	}
	if (r == 0) {
		const struct http_request request = {
			.url = m.token, .body = form, .content_type = "application/x-www-form-urlencoded",
			.authorization = proof.header, .identity = proof.identity,
			.ca = k->config->client.ca, .timeout = ASK_TIMEOUT,
		};

		r = ask(k, &request, &a, err);
	}
	if (r == 0)
		r = exchange_read(&a.reply, k->config, subject, time(NULL), ret, err);
	if (r == 0)
		r = check_actor(k, &m, ret->token, err);
	if (form)
		explicit_bzero(form, strlen(form));
	client_proof_done(&proof);
	answer_done(&a);
	return r;
}

static int obtain(struct holder *k, struct exchange_grant *ret, struct err *err)
{
	static char subject[REMOTE_TOKEN], actor[REMOTE_TOKEN];
	bool has_actor = k->config->actor_token_file[0];
	int r = read_token(k->config->subject_token_file, subject, sizeof(subject), err);

	if (r == 0 && has_actor)
		r = read_token(k->config->actor_token_file, actor, sizeof(actor), err);
	if (r == 0)
		r = exchange(k, subject, has_actor ? actor : NULL, ret, err);
	explicit_bzero(subject, sizeof(subject));
	explicit_bzero(actor, sizeof(actor));
	return r;
}

/* --- handing over ------------------------------------------------------------------------- */

static void note(struct holder *k, const char *what, int64_t expires_in, const char *why)
{
	struct audit_line l;

	audit_begin(&l, k->audit, "token");
	audit_string(&l, "what", what);
	audit_string(&l, "issuer", k->config->client.issuer);
	audit_string(&l, "scope", k->config->scope);
	audit_string(&l, "audience", k->config->audience[0] ? k->config->audience : k->config->resource);
	if (expires_in)
		audit_int(&l, "expires_in", expires_in);
	if (why)
		audit_string(&l, "why", why);
	audit_end(&l);
}

static int put_file(int dir, const char *token, struct err *err)
{
	cleanup_close int fd = -1;

	unlinkat(dir, "new", 0);
	fd = openat(dir, "new", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, token, strlen(token)) < 0 ||
	    renameat(dir, "new", dir, "token") < 0)
		return err_errno(err, errno, "write the token's file");
	return 0;
}

/* Digests of the tokens that were renewed, for the pep: the last ones, and this. */
static int publish(struct holder *k, char (*tokens)[REMOTE_TOKEN], size_t n, struct err *err)
{
	struct secrets_header head;
	cleanup_free void *data = NULL;
	struct needles needles;
	size_t len = 0;
	int r = 0;

	/* The keys are those of the session: the launcher has put them here. */
	if (atomic_load(&k->live->seq) & 1 || k->live->len < sizeof(head))
		return err_set(err, EAGAIN, "the session is not ready for another token");
	memcpy(&head, k->live->data, sizeof(head));
	needles_again(&needles, &head);
	for (size_t i = 0; i < n && r == 0; i++)
		r = needles_add(&needles, tokens[i]);
	if (r == 0)
		r = needles_finish(&needles, &data, &len, err);
	needles_done(&needles);
	if (r < 0 || len > SECRETS_LIVE)
		return err_set(err, ENOMEM, "the digests of a token");
	atomic_fetch_add(&k->live->seq, 1);
	memcpy(k->live->data, data, len);
	k->live->len = (uint32_t)len;
	atomic_fetch_add(&k->live->seq, 1);
	return 0;
}

static int tell_launcher(struct holder *k, const struct exchange_grant *g, const struct err *why)
{
	static struct remote_ready ready;
	int r;

	ready.is_there = !why->code;
	snprintf(ready.words, sizeof(ready.words), "%.500s", why->text);
	if (ready.is_there)
		snprintf(ready.token, sizeof(ready.token), "%s", g->token);
	r = fd_write_all(k->ready, &ready, sizeof(ready));
	explicit_bzero(&ready, sizeof(ready));
	close(k->ready);
	k->ready = -1;
	return r;
}

/* Until the time (ms) or the end of the session.  Return: did it end? */
static bool wait_until(struct holder *k, int64_t at)
{
	for (;;) {
		struct pollfd p = { k->lifeline, POLLIN, 0 };
		int64_t left = at - broker_now();

		if (left <= 0)
			return false;
		if (poll(&p, 1, left > 60000 ? 60000 : (int)left) < 0 && errno != EINTR)
			return true;
		if (is_over(&p))
			return true;
	}
}

/* At two thirds of its life, and at least a second before its end. */
static int64_t renewal(int64_t expires_in)
{
	int64_t ms = expires_in * 1000 * 2 / 3;

	return broker_now() + (ms < 1000 ? 1000 : ms);
}

static int renew(struct holder *k, struct exchange_grant *g, char (*old)[REMOTE_TOKEN], size_t *n,
		 struct err *err)
{
	int r = obtain(k, g, err);

	if (r < 0)
		return r;
	if (*n == OLD + 1) {
		memmove(old, old + 1, OLD * sizeof(*old));
		(*n)--;
	}
	strcpy(old[(*n)++], g->token);
	r = publish(k, old, *n, err);
	return r < 0 ? r : put_file(k->dir, g->token, err);
}

static void keep(struct holder *k, struct exchange_grant *g)
{
	static char old[OLD + 1][REMOTE_TOKEN];
	int64_t expires_at = broker_now() + g->expires_in * 1000, at = renewal(g->expires_in);
	int64_t again = AGAIN;
	bool is_there = true;
	size_t n = 0;

	while (!wait_until(k, at)) {
		struct err err = {0};
		int r = renew(k, g, old, &n, &err);

		if (r == -ECANCELED)
			return;
		if (r == 0) {
			note(k, "renewed", g->expires_in, NULL);
			expires_at = broker_now() + g->expires_in * 1000;
			at = renewal(g->expires_in);
			again = AGAIN;
			is_there = true;
			continue;
		}
		note(k, "not renewed", 0, err.text);
		at = broker_now() + again * 1000;
		if (is_there && at >= expires_at)
			at = expires_at;
		if (is_there && broker_now() >= expires_at) {
			unlinkat(k->dir, "token", 0);
			is_there = false;
			at = broker_now() + again * 1000;
			dprintf(2, "mcp-confine-broker-net: the delegated token has expired and is taken away: %s\n",
				err.text);
		}
		again = again * 2 > AGAIN_MAX ? AGAIN_MAX : again * 2;
	}
}

int holder_run(struct holder *k, struct err *err)
{
	static struct exchange_grant g;
	int r = obtain(k, &g, err);

	if (r == 0 && k->config->is_renewed)
		r = put_file(k->dir, g.token, err);
	if (r == 0)
		note(k, "fetched", g.expires_in, NULL);
	if (tell_launcher(k, &g, err) < 0 || r < 0)
		return r < 0 ? r : err_set(err, EPIPE, "the launcher is gone");
	if (k->config->is_renewed) {
		keep(k, &g);
		unlinkat(k->dir, "token", 0);
	}
	explicit_bzero(&g, sizeof(g));
	return 0;
}
