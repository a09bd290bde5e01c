/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "shims/pep/bearer.h"
#include "shims/pep/json.h"
#include "shims/pep/rpc.h"

int bearer_open(struct bearer *b)
{
	struct macaroon m;
	const char *words;

	if (!b->warrant || !b->warrant->session_len)
		return 0;
	if (b->warrant->session_len > MACAROON_MAX || b->warrant->revoked_len > WARRANT_REVOKED ||
	    macaroon_parse(b->warrant->session, b->warrant->session_len, &m) < 0 ||
	    capability_read(&m, &b->session, &words) < 0 ||
	    (capability_is_bounded(&b->session, CAPABILITY_CALLS) && !b->calls))
		return -EBADMSG;
	return 0;
}

uint32_t bearer_find(const struct json *j, const struct rpc *m)
{
	return json_member(j, json_member(j, m->params, "_meta"), BEARER_MEMBER);
}

/* --- paths -------------------------------------------------------------------------------- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Does the name end with a word for paths? */
static bool names_path(const char *name, size_t len)
{
	static const char *const words[] = { "path", "paths", "file", "files", "filename", "dir", "dirs",
					     "directory", "directories", "folder", "root", "cwd", "uri",
					     "source", "destination", "src", "dest", "dst", "target" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t n = strlen(words[i]), k = 0;

		while (k < n && n <= len && lower(name[len - n + k]) == words[i][k])
			k++;
		if (k == n)
			return true;
	}
	return false;
}

/* Does a text look like an absolute path, or as a shell would make one of it? */
static bool is_absolute(const char *text, size_t len)
{
	static const char scheme[] = "file:";

	if (len && (*text == '/' || *text == '~'))
		return true;
	for (size_t i = 0; i < sizeof(scheme) - 1; i++)
		if (i >= len || lower(text[i]) != scheme[i])
			return false;
	return true;
}

static bool is_below(const struct capability *c, const char *text, size_t len)
{
	static const char scheme[] = "file://";
	size_t n = sizeof(scheme) - 1;

	if (len > n && !memcmp(text, scheme, n) && !memchr(text, '%', len)) {
		text += n;
		len -= n;
	}
	return capability_has_path(c, text, len);
}

/* Every string value of the member under a name for paths: itself, or in its list. */
static bool has_member(const struct capability *c, const struct json *j, uint32_t value)
{
	uint32_t end = j->nodes[value].next;
	size_t len;

	if (j->nodes[value].type == JSON_TAPE_OBJECT)
		return true; /* its members are looked at by their own names */
	for (uint32_t i = value; i < end; i++) {
		const char *text;

		if (j->nodes[i].type != JSON_TAPE_STRING)
			continue;
		text = json_text(j, i, &len);
		if (!is_below(c, text, len))
			return false;
	}
	return true;
}

static bool has_object(const struct capability *c, const struct json *j, uint32_t object)
{
	uint32_t at = object + 1;

	for (uint32_t i = 0; i < j->nodes[object].len; i++) {
		size_t len;
		const char *name = json_text(j, at, &len);

		if (names_path(name, len) && !has_member(c, j, at + 1))
			return false;
		at = j->nodes[at + 1].next;
	}
	return true;
}

static bool has_paths(const struct capability *c, const struct json *j, uint32_t arguments)
{
	if (arguments == JSON_NONE || !capability_is_bounded(c, CAPABILITY_PATH))
		return true;
	for (uint32_t i = arguments; i < j->nodes[arguments].next; i++) {
		const char *text;
		size_t len;

		if (j->nodes[i].type == JSON_TAPE_OBJECT && !has_object(c, j, i))
			return false;
		if (j->nodes[i].type != JSON_TAPE_STRING)
			continue;
		text = json_text(j, i, &len);
		if (is_absolute(text, len) && !is_below(c, text, len))
			return false;
	}
	return true;
}

/* --- counts ------------------------------------------------------------------------------- */

/* One more call under that signature, if the caveat holds so many.  Return: may it pass? */
static bool count(struct bearer *b, const uint8_t *signature, uint64_t most)
{
	size_t i = 0;

	while (i < b->n_counts && memcmp(b->count[i].signature, signature, MACAROON_SIGNATURE) != 0)
		i++;
	if (i == BEARER_COUNTS)
		return false;
	if (i == b->n_counts) {
		memcpy(b->count[i].signature, signature, MACAROON_SIGNATURE);
		b->count[b->n_counts++].used = 0;
	}
	if (b->count[i].used >= most)
		return false;
	b->count[i].used++;
	return true;
}

/* In the file that sessions share. */
static bool count_shared(_Atomic uint64_t *used, uint64_t most)
{
	uint64_t was = atomic_load(used);

	while (was < most)
		if (atomic_compare_exchange_weak(used, &was, was + 1))
			return true;
	return false;
}

/* --- judging ------------------------------------------------------------------------------ */

static const char *judge_bounds(const struct bearer *b, const struct capability *c,
				const struct json *j, const struct rpc *m, uint64_t now)
{
	size_t len;
	const char *tool = json_text(j, json_member(j, m->params, "name"), &len);

	if (c->expires <= now)
		return "a capability that has expired";
	if (capability_is_revoked(c, b->warrant->revoked, b->warrant->revoked_len))
		return "a capability that was revoked";
	if (!capability_has_tool(c, tool, len))
		return "a tool that the capability does not name";
	if (!has_paths(c, j, json_member(j, m->params, "arguments")))
		return "a path that the capability does not cover";
	return NULL;
}

/* Its tools are a layer of the policy, its paths bound the sandbox (launcher/delegation.h):
 * what is left are time and counts. */
static const char *judge_session(struct bearer *b, uint64_t now)
{
	const struct capability *c = &b->session;

	if (c->expires <= now)
		return "the session's capability has expired";
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].kind == CAPABILITY_CALLS &&
		    !count_shared(&b->calls->slot[b->warrant->slot[i] % WARRANT_SLOTS].used,
				  c->v[i].number))
			return "the calls of the session's capability are used up";
	if (c->expires < b->until)
		b->until = c->expires;
	return NULL;
}

static const char *judge_message(struct bearer *b, const struct json *j, const struct rpc *m,
				 uint32_t node, uint64_t now)
{
	uint8_t signatures[MACAROON_CAVEATS][MACAROON_SIGNATURE];
	const char *text, *why = "a capability that is malformed";
	struct capability c;
	struct macaroon t;
	size_t len;
	long n;

	if (j->nodes[node].type != JSON_TAPE_STRING)
		return why;
	text = json_text(j, node, &len);
	n = len < MACAROON_TEXT ? macaroon_decode(text, len, b->data) : -EBADMSG;
	if (n < 0 || macaroon_parse(b->data, (size_t)n, &t) < 0)
		return why;
	if (!b->warrant || !b->warrant->has_key ||
	    !macaroon_verify(&t, b->warrant->key, WARRANT_KEY, signatures))
		return "a capability that is not genuine";
	if (capability_read(&t, &c, &why) < 0)
		return why;
	why = judge_bounds(b, &c, j, m, now);
	for (size_t i = 0; i < c.n && !why; i++)
		if (c.v[i].kind == CAPABILITY_CALLS && !count(b, signatures[i], c.v[i].number))
			why = "the calls of the capability are used up";
	if (!why && c.expires < b->until)
		b->until = c.expires;
	return why;
}

const char *bearer_judge(struct bearer *b, const struct json *j, const struct rpc *m,
			 uint64_t now)
{
	uint32_t node = bearer_find(j, m);
	const char *why = NULL;

	b->until = UINT64_MAX;
	if (node == JSON_NONE && b->is_required)
		return "no capability beside the call";
	if (node != JSON_NONE)
		why = judge_message(b, j, m, node, now);
	if (!why && b->warrant && b->warrant->session_len)
		why = judge_session(b, now);
	return why;
}

bool bearer_is_over(const struct bearer *b, uint64_t now)
{
	return b->warrant && b->warrant->session_len && b->session.expires <= now;
}
