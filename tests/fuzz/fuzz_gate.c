/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json, rpc, session, gate and rewrite on any bytes: the first byte of each line says
 * who sends it.  Whatever leaves must be one line that parses and rewrites to itself.
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
#include "scan/scan.h"
#include "shims/pep/sink.h"

#define ROOM (LIMIT_REPLIES + (1 << 20))

static void check(struct json *j, struct sink *s)
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
	}
}

/* As new; only what an empty map reads, since the whole is large. */
static void reset(struct session *s)
{
	s->state = SESSION_FRESH;
	s->takes_tasks = false;
	for (int i = 0; i < 2; i++) {
		s->side[i].n_listen = s->side[i].n_log = 0;
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

		sinks[0].head = sinks[0].tail = sinks[1].head = sinks[1].tail = 0;
		if (len && (*p == '+' || *p == '-')) {
			struct wire_answer answer = { .serial = question.serial, .by_person = 1,
						      .kind = *p == '+' ? WIRE_ANSWER_APPROVED :
									  WIRE_ANSWER_DENIED };

			memcpy(answer.digest, question.call.digest, SHA256_SIZE);
			hold_answer(&gate, &answer);
		} else if (len) {
			/* As flow.c does with a line that has its newline. */
			gate.lent = nl && len > 1 ? p + 1 : NULL;
			gate_line(&gate, *p == '<' ? FROM_SERVER : FROM_CLIENT, p + 1, len - 1, &why);
			gate.lent = NULL;
		}
		gate.now++;
		hold_time(&gate);
		if (ask_outgoing(&ask, (int64_t)gate.now, &next)) {
			ask_told(&ask, &next);
			question = next;
		}
		check(&gate.json, &sinks[0]);
		check(&gate.json, &sinks[1]);
		p += len + 1;
	}
	return 0;
}
