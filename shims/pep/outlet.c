/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/audit.h"
#include "common/limits.h"
#include "common/sha256.h"
#include "common/trail.h"
#include "scan/scan.h"
#include "shims/pep/json.h"
#include "shims/pep/outlet.h"
#include "shims/pep/outline.h"
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

/*
 * A call without its values: the digest of its arguments as they would leave (canonical,
 * redacted), and their shape.  In the free end of the sink towards the server.
 */
static void note_arguments(struct gate *g, struct audit_line *l, const struct rpc *m)
{
	uint32_t arguments = json_member(&g->json, m->params, "arguments");
	struct rewrite rw = { .json = &g->json, .scan = g->scan };
	struct sink *out = g->out[FROM_CLIENT];
	char *at = sink_reserve(out, 1), hex[TRAIL_HEX], shape[256];
	uint8_t digest[SHA256_SIZE];
	long len;

	if (arguments == JSON_NONE)
		return;
	outline_write(&g->json, arguments, g->scan, shape, sizeof(shape));
	audit_string(l, "shape", shape);
	len = at ? rewrite_value(&rw, arguments, at, out->size - out->tail) : -ENOBUFS;
	if (len < 0)
		return;
	sha256(at, (size_t)len, digest);
	trail_hex(digest, hex);
	audit_string(l, "arguments", hex);
}

static void note_call(struct gate *g, struct audit_line *l, const struct rpc *m)
{
	note_text(g, l, "tool", outlet_tool(g, m));
	if (m->kind == RPC_REQUEST)
		note_arguments(g, l, m);
}

void outlet_called(struct gate *g, const struct rpc *m)
{
	struct audit_line l;

	audit_begin(&l, g->audit, "call");
	audit_string(&l, "decision", g->released ? "approved" : "allow");
	note_text(g, &l, "id", m->id);
	note_call(g, &l, m);
	audit_end(&l);
}

void outlet_answered(struct gate *g, const struct rpc *m, uint64_t asked_at)
{
	struct audit_line l;

	audit_begin(&l, g->audit, "result");
	note_text(g, &l, "id", m->id);
	audit_string(&l, "is", m->kind == RPC_ERROR ? "error" : "result");
	audit_int(&l, "ms", (int64_t)(g->now - asked_at));
	audit_end(&l);
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
			note_call(g, &l, m);
	}
	if (m && m->kind == RPC_REQUEST && from == FROM_CLIENT && g->rules.rule)
		audit_string(&l, "rule", g->rules.rule);
	if (why)
		audit_string(&l, "why", why);
	if (g->exempt)
		audit_string(&l, "pointer", g->exempt->pointer);
	if (rw && rw->redacted) {
		audit_string(&l, "class", rw->class);
		audit_int(&l, "count", (int64_t)rw->redacted);
	} else if (g->blamed && !rw) {
		audit_string(&l, "class", g->blamed);
	}
	if (rw && rw->hidden)
		audit_int(&l, "hidden", (int64_t)rw->hidden);
	audit_end(&l);
}

void outlet_findings(struct gate *g, enum vocabulary_from from, const struct rpc *m, bool is_frozen)
{
	struct findings *f = &g->findings;

	f->policy = g->policy;
	f->session = &g->found;
	f->json = &g->json;
	f->direction = from == FROM_CLIENT ? POLICY_TO_SERVER : POLICY_TO_CLIENT;
	f->turn_back = JSON_NONE;
	f->n_exempt = 0;
	f->mirror = NULL;
	f->is_mirrored = false;
	f->is_frozen = is_frozen;
	findings_begin(f);
	if (from == FROM_SERVER) {
		if (m->kind == RPC_RESULT &&
		    json_member(&g->json, m->result, "structuredContent") != JSON_NONE) {
			mirror_clear(&g->mirror);
			f->mirror = &g->mirror;
		}
	} else if (m->kind == RPC_REQUEST && policy_has_findings(g->policy) &&
		   json_is(&g->json, m->method, "tools/call")) {
		uint32_t arguments = json_member(&g->json, m->params, "arguments");

		findings_find_exempt(f, outlet_tool(g, m), arguments);
		if (g->found.pseudonyms && !is_frozen)
			f->turn_back = arguments;
	}
}

static long write_message(struct gate *g, struct rewrite *rw, char *at, size_t size)
{
	struct findings *f = &g->findings;
	long len = rewrite_message(rw, at, size);

	/* Once more, now that it is known what each place of it holds. */
	if (len >= 0 && f->mirror && f->mirror->n) {
		f->is_mirrored = true;
		rw->may_keep = false;
		findings_begin(f);
		rw->next_hide = rw->hidden = 0;
		len = rewrite_message(rw, at, size);
		if (g->mirror.work > LIMIT_MIRROR_WORK)
			return -EPERM;
	}
	return len;
}

/* What is kept, but not lent to us. */
static int copy_kept(const struct gate *g, struct sink *out, char *at, size_t room)
{
	size_t len = g->json.source_len;

	if (len >= room)
		return -ENOBUFS;
	memcpy(at, g->json.source, len);
	at[len] = '\n';
	sink_took(out, len + 1);
	return 0;
}

int outlet_pass(struct gate *g, enum vocabulary_from from, const struct rpc *m, struct rewrite *rw)
{
	struct sink *out = g->out[from];
	size_t room;
	char *at;
	long len;

	/* What a client asks would wait for ever; what a server tells is lost with the client. */
	if (from == FROM_CLIENT && out->fd < 0)
		return -EPIPE;
	at = sink_behind(out, &room);
	rw->json = &g->json;
	rw->scan = g->scan;
	rw->findings = &g->findings;
	rw->may_keep = true;
	/* What is kept for answers of our own is not a message's to take. */
	if (room <= LIMIT_REPLIES)
		return -ENOBUFS;
	room -= LIMIT_REPLIES;
	outlet_findings(g, from, m, g->released != NULL);
	len = write_message(g, rw, at, room);
	if (len == -EPERM)
		g->blamed = rw->class;
	if (len < 0)
		return (int)len;
	if (!rw->is_kept)
		sink_took(out, (size_t)len);
	else if (g->lent == g->json.source)
		sink_lend(out, g->lent, (size_t)len);
	else
		return copy_kept(g, out, at, room);
	return 0;
}

const char *outlet_words(const struct gate *g, int r)
{
	if (r == -EPERM && g->findings.mirror && g->mirror.work > LIMIT_MIRROR_WORK)
		return "too many secrets in one result";
	if (r == -EPERM && g->findings.is_blocked)
		return "a finding that the policy blocks";
	return r == -EPERM ? "a secret where none can be replaced" :
	       r == -EPIPE ? "the server does not listen any more" :
			     "too large";
}

/* A line of the log about what passed although it was found, or was turned back. */
static void note_found(struct gate *g, const char *event, enum vocabulary_from from,
		       const struct rpc *m, const char *class, size_t count)
{
	const struct rewrite rw = { .class = class, .redacted = count };

	if (count)
		outlet_note(g, event, from, m, NULL, &rw);
}

/* One line for each exempt field that was used. */
static void note_exempt(struct gate *g, enum vocabulary_from from, const struct rpc *m)
{
	for (size_t i = 0; i < g->findings.n_exempt; i++) {
		const struct findings_exempt *e = &g->findings.exempt[i];

		g->exempt = e->by;
		note_found(g, "exempt", from, m, e->class, e->used);
		g->exempt = NULL;
	}
}

enum gate_outcome outlet_passed(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				const struct rewrite *rw, const char **ret_why)
{
	const struct findings *f = &g->findings;

	if (f->noted || f->exempted || f->restored) {
		note_found(g, "alert", from, m, f->noted_class, f->noted);
		note_exempt(g, from, m);
		note_found(g, "restore", from, m, "pseudonym", f->restored);
		*ret_why = f->restored ? "pseudonyms turned back" :
			   f->noted    ? "found and noted" :
					 "found in an exempt field";
	}
	if (!rw->redacted && !rw->hidden)
		return f->restored ? GATE_REDACTED : GATE_PASSED;
	*ret_why = rw->redacted ? "secrets redacted" : "entries hidden";
	outlet_note(g, rw->redacted ? "redact" : "hide", from, m, NULL, rw);
	return GATE_REDACTED;
}

struct rewrite outlet_rewrite(const struct gate *g)
{
	return (struct rewrite){ .hide = g->rules.hide, .n_hide = g->rules.n_hide };
}
