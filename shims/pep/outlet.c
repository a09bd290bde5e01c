/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/audit.h"
#include "common/limits.h"
#include "scan/scan.h"
#include "shims/pep/json.h"
#include "shims/pep/outlet.h"
#include "shims/pep/rpc.h"
#include "shims/pep/sink.h"

enum vocabulary_from outlet_other(enum vocabulary_from from)
{
	return from == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT;
}

void outlet_text(const struct gate *g, uint32_t node, const char **ret, size_t *ret_len)
{
	*ret = "";
	*ret_len = 0;
	if (node != JSON_NONE)
		*ret = json_text(&g->json, node, ret_len);
}

uint32_t outlet_tool(const struct gate *g, const struct rpc *m)
{
	uint32_t name = json_member(&g->json, m->params, "name");

	return name != JSON_NONE && g->json.nodes[name].type == JSON_TAPE_STRING ? name :
										   JSON_NONE;
}

/* One line tells of those that were left out. */
static void tell_omitted(struct gate *g, enum vocabulary_from from, bool is_drop, uint64_t count)
{
	struct audit_line l;

	if (!count)
		return;
	audit_begin(&l, g->audit, "omitted");
	audit_string(&l, "from", from == FROM_CLIENT ? "client" : "server");
	audit_string(&l, "what", is_drop ? "drop" : "other");
	audit_int(&l, "count", (int64_t)count);
	audit_end(&l);
}

void outlet_omitted(struct gate *g, enum vocabulary_from from, bool is_drop)
{
	struct noted *n = &g->noted[from][!is_drop];

	tell_omitted(g, from, is_drop, n->omitted);
	n->omitted = 0;
}

static bool may_note(struct gate *g, enum vocabulary_from from, bool is_drop)
{
	uint64_t omitted;

	if (!noted_take(&g->noted[from][!is_drop], (int64_t)g->now, &omitted))
		return false;
	tell_omitted(g, from, is_drop, omitted);
	return true;
}

/* Words of a peer's: what would be redacted on the wire is no more for the log. */
static void note_text(const struct gate *g, struct audit_line *l, const char *name,
		      uint32_t node)
{
	const char *text, *class;
	char redacted[96];
	size_t len;

	outlet_text(g, node, &text, &len);
	class = scan_find(g->scan, text, len);
	if (!class)
		audit_text(l, name, text, len);
	else if (snprintf(redacted, sizeof(redacted), "[REDACTED:%s]", class) > 0)
		audit_string(l, name, redacted);
}

void outlet_note(struct gate *g, const char *event, enum vocabulary_from from,
		 const struct rpc *m, const char *why, const struct rewrite *rw)
{
	struct audit_line l;

	if (!may_note(g, from, !strcmp(event, "drop")))
		return;
	audit_begin(&l, g->audit, event);
	audit_string(&l, "from", from == FROM_CLIENT ? "client" : "server");
	if (m && m->kind != RPC_INVALID && m->method != JSON_NONE) {
		note_text(g, &l, "method", m->method);
		if (json_is(&g->json, m->method, "tools/call"))
			note_text(g, &l, "tool", outlet_tool(g, m));
	}
	if (why)
		audit_string(&l, "why", why);
	if (rw && rw->redacted) {
		audit_string(&l, "class", rw->class);
		audit_int(&l, "count", (int64_t)rw->redacted);
	}
	if (rw && rw->hidden)
		audit_int(&l, "hidden", (int64_t)rw->hidden);
	audit_end(&l);
}

int outlet_pass(struct gate *g, enum vocabulary_from from, struct rewrite *rw)
{
	struct sink *out = g->out[from];
	/* What is kept for answers of our own is not a message's to take. */
	size_t room = out->size - LIMIT_REPLIES;
	char *at;
	long len;

	/* What a client asks would wait for ever; what a server tells is lost with the client. */
	if (from == FROM_CLIENT && out->fd < 0)
		return -EPIPE;
	sink_compact(out);
	at = sink_reserve(out, 1);
	rw->json = &g->json;
	rw->scan = g->scan;
	if (!at || out->tail >= room)
		return -ENOBUFS;
	len = rewrite_message(rw, at, room - out->tail);
	if (len < 0)
		return (int)len;
	if (out->fd >= 0)
		out->tail += (size_t)len;
	return 0;
}

const char *outlet_words(int r)
{
	return r == -EPERM ? "a secret where none can be replaced" :
	       r == -EPIPE ? "the server does not listen any more" :
			     "too large";
}

enum gate_outcome outlet_passed(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				const struct rewrite *rw, const char **ret_why)
{
	if (!rw->redacted && !rw->hidden)
		return GATE_PASSED;
	*ret_why = rw->redacted ? "secrets redacted" : "entries hidden";
	outlet_note(g, rw->redacted ? "redact" : "hide", from, m, NULL, rw);
	return GATE_REDACTED;
}

struct rewrite outlet_rewrite(const struct gate *g)
{
	return (struct rewrite){ .hide = g->rules.hide, .n_hide = g->rules.n_hide };
}
