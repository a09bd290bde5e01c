/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json, rpc, session, gate and rewrite on any bytes: the first byte of each line says
 * who sends it.  Whatever leaves must be one line that parses and rewrites to itself.
 * Beside it goes a list of what each side has asked, as the wire alone tells: no answer
 * without a request that is open, none for one that was given up, and no answer of ours
 * under the id of a request that is still open.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/audit.h"
#include "common/limits.h"
#include "policies/policy.h"
#include "shims/pep/ask.h"
#include "shims/pep/gate.h"
#include "shims/pep/hold.h"
#include "shims/pep/rewrite.h"
#include "shims/pep/rpc.h"
#include "scan/scan.h"
#include "shims/pep/sink.h"

#define ROOM (LIMIT_REPLIES + (1 << 20))

/* Requests that passed and were not answered, by who asked. */
static struct {
	struct {
		char text[LIMIT_ID];
		size_t len;
		bool is_string;
	} v[LIMIT_IN_FLIGHT];
	size_t n;
} asked[2];

static bool forget(int side, const struct rpc_id *id)
{
	for (size_t i = 0; i < asked[side].n; i++) {
		if (asked[side].v[i].len != id->len || asked[side].v[i].is_string != id->is_string ||
		    memcmp(asked[side].v[i].text, id->text, id->len) != 0)
			continue;
		asked[side].v[i] = asked[side].v[--asked[side].n];
		return true;
	}
	return false;
}

static void remember(int side, const struct rpc_id *id)
{
	if (asked[side].n == LIMIT_IN_FLIGHT || forget(side, id))
		abort(); /* too many; or two open ones of one id */
	asked[side].v[asked[side].n].len = id->len;
	asked[side].v[asked[side].n].is_string = id->is_string;
	memcpy(asked[side].v[asked[side].n++].text, id->text, id->len);
}

/* A line in g->out[to]: towards the other side of `to`.  from: who spoke last. */
static void follow(const struct json *j, int to, int from)
{
	struct rpc_id id;
	struct rpc m;

	rpc_read(j, 0, &m);
	if (m.kind == RPC_INVALID && m.id == JSON_NONE && m.error != JSON_NONE)
		return; /* an error of ours without an id */
	if (m.kind == RPC_INVALID)
		abort();
	id = rpc_id(j, m.id);
	if (m.kind == RPC_REQUEST) {
		remember(to, &id);
	} else if (m.kind == RPC_NOTIFICATION) {
		struct rpc_id given_up = rpc_id(j, json_member(j, m.params, "requestId"));

		/* A server ends its own request, or a subscription of the client's. */
		if (json_is(j, m.method, "notifications/cancelled") && !forget(to, &given_up) &&
		    (to == FROM_CLIENT || !forget(FROM_CLIENT, &given_up)))
			abort();
	} else if (forget(!to, &id) != (to == from)) {
		/* Who spoke is who answers; to who spoke itself we answer, and never for what
		 * is open. */
		abort();
	}
}

static void check(struct json *j, struct sink *s, int to, int from)
{
	static char again[1 << 20];
	const char *p, *end, *nl;

	sink_settle(s);
	p = s->buf + s->head;
	end = s->buf + s->tail;
	for (; p < end; p = nl + 1) {
		struct rewrite rw = { .json = j };
		long n;

		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl || json_parse(j, p, (size_t)(nl - p)) < 0)
			abort();
		n = rewrite_message(&rw, again, sizeof(again));
		if (n != nl + 1 - p || memcmp(again, p, (size_t)n) != 0)
			abort();
		follow(j, to, from);
	}
}

static void check_both(struct gate *g, enum vocabulary_from from)
{
	for (int to = 0; to < 2; to++) {
		check(&g->json, g->out[to], to, (int)from);
		g->out[to]->head = g->out[to]->tail = 0;
	}
}

/* As new; only what an empty map reads, since the whole is large. */
static void reset(struct session *s)
{
	s->state = SESSION_FRESH;
	s->takes_tasks = false;
	asked[0].n = asked[1].n = 0;
	for (int i = 0; i < 2; i++) {
		s->side[i].n_listen = s->side[i].n_log = 0;
		s->side[i].oldest = 0;
		memset(&s->side[i].cancelled, 0, offsetof(struct keymap, v));
		memset(&s->side[i].ids, 0, offsetof(struct keymap, v));
		memset(&s->side[i].tokens, 0, offsetof(struct keymap, v));
		memset(&s->side[i].tasks, 0, offsetof(struct keymap, v));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gate gate;
	static struct sink sinks[2];
	/* A tool whose name begins with w is held; a line that begins with + or - answers. */
	static char held[] = "w*", all[] = "*";
	static struct policy_rule list[] = { { .match = held, .then = POLICY_APPROVE },
					     { .match = all, .then = POLICY_ALLOW } };
	static struct policy_rules layer = { list, 2 };
	/* Addresses of mail get pseudonyms, cards stop a message, one field takes a token. */
	static char mail[] = "email", card[] = "pan", any[] = "github-*", field[] = "a", tool[] = "w";
	static char *segments[] = { field, NULL };
	static struct policy_finding_rule rules[] = {
		{ mail, POLICY_BOTH, POLICY_FINDING_PSEUDONYM },
		{ card, POLICY_TO_CLIENT, POLICY_FINDING_BLOCK },
		{ any, POLICY_TO_CLIENT, POLICY_FINDING_ALERT },
	};
	static struct policy_exemption exempt = { tool, field, { segments, 1 } };
	static struct policy_findings findings = { .v = rules, .n = 3, .exempt = &exempt, .n_exempt = 1 };
	static struct policy policy = { .messages = { .server_requests = POLICY_REQUESTS_PASS,
						      .tools = &layer, .n_tools = 1,
						      .findings = &findings, .n_findings = 1 } };
	static struct ask ask;
	static struct wire_ask question, next;
	static char *arena;
	static struct audit audit = { .fd = -1 };
	static struct scan *scan;
	const char *p = (const char *)data, *end = p + size;
	enum vocabulary_from from;

	if (!scan) {
		struct scan_config config = {0};

		scan_open(NULL, 0, &scan, NULL);
		config.personal_only = !policy_looks_for(&policy, &config.personal);
		scan_configure(scan, &config);
		gate.found.pseudonyms = malloc(sizeof(*gate.found.pseudonyms));
		gate.json = (struct json){ .arena = malloc(1 << 20),
					   .nodes = calloc(1 << 16, sizeof(struct json_node)),
					   .seen = malloc(4 * LIMIT_MEMBERS * 4), .size = 1 << 16 };
		for (int i = 0; i < 2; i++) {
			sinks[i] = (struct sink){ .fd = 1, .buf = malloc(ROOM), .size = ROOM };
			gate.out[i] = &sinks[i];
		}
		gate.scan = scan;
		gate.policy = gate.rules.policy = &policy;
		gate.audit = &audit;
		gate.ask = &ask;
		arena = malloc(LIMIT_HELD_BYTES);
	}
	memset(&ask, 0, sizeof(ask));
	ask.server = ask.session = "x";
	ask.timeout = 50;
	ask.patience = 20;
	ask.arena = arena;
	gate.now = 0;
	reset(&gate.session);
	memset(gate.found.pseudonyms, 0, offsetof(struct pseudonyms, v));
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *why;
		size_t len = (size_t)((nl ? nl : end) - p);

		from = len && *p == '<' ? FROM_SERVER : FROM_CLIENT;
		if (len && (*p == '+' || *p == '-')) {
			struct wire_answer answer = { .serial = question.serial, .by_person = 1,
						      .kind = *p == '+' ? WIRE_ANSWER_APPROVED :
									  WIRE_ANSWER_DENIED };

			memcpy(answer.digest, question.call.digest, SHA256_SIZE);
			hold_answer(&gate, &answer);
		} else if (len) {
			/* As flow.c does with a line that has its newline. */
			gate.lent = nl && len > 1 ? p + 1 : NULL;
			gate_line(&gate, from, p + 1, len - 1, &why);
			gate.lent = NULL;
		}
		check_both(&gate, from);
		gate.now++;
		/* A held call is its client's, whoever spoke last. */
		hold_time(&gate);
		if (ask_outgoing(&ask, (int64_t)gate.now, &next)) {
			ask_told(&ask, &next);
			question = next;
		}
		check_both(&gate, FROM_CLIENT);
		p += len + 1;
	}
	return 0;
}
