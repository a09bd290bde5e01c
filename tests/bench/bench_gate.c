/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_gate - what judging one message costs, without a pipe: each stage by itself
 *
 * usage: bench_gate [-j] [-n ROUNDS]      a table, or JSON: bytes a nanosecond by kind and stage
 *        bench_gate -c KIND STAGE N       do it N times and say nothing
 *        bench_gate -l                    the kinds and stages, one a line
 *
 * The second form is for a counter of instructions (tests/bench/instructions): the
 * difference of two N is what one message costs, whatever else the machine does.
 *
 * Stages: parse; write (the message anew, nothing looked for); scan (each string by
 * itself, its member's name beside it); gate (all of it, as it stands on the pipe).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/audit.h"
#include "common/limits.h"
#include "policies/policy.h"
#include "scan/scan.h"
#include "shims/pep/gate.h"
#include "shims/pep/json.h"
#include "shims/pep/rewrite.h"
#include "shims/pep/sink.h"

static const char *const samples[] = {
	"the quick brown fox reads row number seven of the report and writes a short note; ",
	"static int add(struct list *l, int v)\\n{\\n\\tif (!l->n)\\n\\t\\treturn -1;\\n}\\n",
	"{\\\"id\\\":4711,\\\"name\\\":\\\"row\\\",\\\"tags\\\":[\\\"a\\\",\\\"b\\\"],\\\"ok\\\":true},",
	"iVBORw0KGgoAAAANSUhEUgAAABQAAAAUCAYAAACNiR0NAAAABHNCSVQICAgIfAhkiAAAAAlwSFlzAAALEwAA",
	"\xd0\xb1\xd1\x8b\xd1\x81\xd1\x82\xd1\x80\xd0\xb0\xd1\x8f \xd0\xbb\xd0\xb8\xd1\x81\xd0\xb0; "
	"\xe9\x80\x9f\xe3\x81\x84\xe7\x8b\x90\xe3\x81\x8c\xe8\xaa\xad\xe3\x82\x80\xe3\x80\x82 ",
	"{\"id\":4711,\"name\":\"row\",\"tags\":[\"a\",\"b\"],\"ok\":true},",
};

enum content { PROSE = 0, CODE, QUOTED, IMAGE, LETTERS, VALUES };
enum stage { PARSE = 0, WRITE, SCAN, GATE, STAGES };

static const char *const stages[] = { "parse", "write", "scan", "gate" };

static const struct kind {
	const char *name;
	bool is_call; /* of a client; else a result */
	bool is_spaced; /* a blank behind each comma and colon of the envelope */
	enum content content;
	size_t size;
} kinds[] = {
	{ "call-200", true, false, PROSE, 60 },
	{ "prose-200", false, false, PROSE, 200 },
	{ "prose-4k", false, false, PROSE, 4096 },
	{ "spaced-4k", false, true, PROSE, 4096 },
	{ "call-64k", true, false, PROSE, 65536 },
	{ "prose-64k", false, false, PROSE, 65536 },
	{ "code-64k", false, false, CODE, 65536 },
	{ "json-64k", false, false, QUOTED, 65536 },
	{ "image-64k", false, false, IMAGE, 65536 },
	{ "letters-64k", false, false, LETTERS, 65536 },
	{ "values-64k", false, false, VALUES, 65536 },
	{ "prose-1m", false, false, PROSE, 1 << 20 },
	{ "code-1m", false, false, CODE, 1 << 20 },
	{ "json-1m", false, false, QUOTED, 1 << 20 },
	{ "image-1m", false, false, IMAGE, 1 << 20 },
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static struct gate gate;
static struct sink sinks[2];
static char *line;
static size_t line_len;

static void *need(void *p)
{
	if (p)
		return p;
	fputs("bench_gate: no memory\n", stderr);
	exit(1);
}

static void set_up(void)
{
	static char any[] = "*";
	static struct policy_rule rule = { .match = any, .then = POLICY_ALLOW };
	static struct policy_rules rules = { &rule, 1 };
	static struct policy policy = { .messages = { .tools = &rules, .n_tools = 1,
						      .tokens = POLICY_TOKENS_REDACT } };
	static struct audit audit = { .fd = -1 };
	struct scan *scan;

	if (scan_open(NULL, 0, &scan, NULL) < 0)
		exit(1);
	gate.json = (struct json){ .arena = need(malloc(LIMIT_LINE)), .size = 1 << 20 };
	gate.json.nodes = need(calloc(gate.json.size, sizeof(struct json_node)));
	gate.json.seen = need(malloc(4 * LIMIT_MEMBERS * sizeof(*gate.json.seen)));
	gate.policy = gate.rules.policy = &policy;
	gate.audit = &audit;
	gate.scan = scan;
	for (int i = 0; i < 2; i++) {
		sinks[i] = (struct sink){ .fd = 1, .size = LIMIT_REPLIES + 4 * MIB,
					  .buf = need(malloc(LIMIT_REPLIES + 4 * MIB)) };
		gate.out[i] = &sinks[i];
	}
	line = need(malloc(4 * MIB));
}

/* Whole samples, so that nothing ends within an escape. */
static size_t body(const struct kind *k, char *at)
{
	const char *sample = samples[k->content];
	size_t unit = strlen(sample), n = 0;

	do {
		memcpy(at + n, sample, unit);
		n += unit;
	} while (n + unit <= k->size);
	/* Of a list the last comma is one too many. */
	return k->content == VALUES ? n - 1 : n;
}

static void make(const struct kind *k)
{
	const char *gap = k->is_spaced ? " " : "";
	int n;

	if (k->is_call)
		n = sprintf(line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
				  "{\"name\":\"echo\",\"arguments\":{\"size\":200,\"kind\":0,\"pad\":\"");
	else if (k->content == VALUES)
		n = sprintf(line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[],"
				  "\"structuredContent\":{\"rows\":[");
	else if (k->content == IMAGE)
		n = sprintf(line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":"
				  "\"image\",\"mimeType\":\"image/png\",\"data\":\"");
	else
		n = sprintf(line, "{\"jsonrpc\":%s\"2.0\",%s\"id\":%s1,%s\"result\":%s{\"content\":%s["
				  "{\"type\":%s\"text\",%s\"text\":%s\"", gap, gap, gap, gap, gap, gap,
			    gap, gap, gap);
	line_len = (size_t)n;
	line_len += body(k, line + line_len);
	line_len += (size_t)sprintf(line + line_len, "%s", k->is_call ? "\"}}}" :
				    k->content == VALUES ? "]}}}" : "\"}]}}");
	line[line_len] = '\n';
}

/* --- stages ------------------------------------------------------------------------------ */

static void parse(void)
{
	if (json_parse(&gate.json, line, line_len) < 0) {
		fprintf(stderr, "bench_gate: %s\n", gate.json.error);
		exit(1);
	}
}

static void scan(void)
{
	const struct json *j = &gate.json;
	uint32_t key = JSON_NONE;
	struct scan_span spans[FINDINGS_SPANS];

	for (uint32_t i = 0; i < j->n; i++) {
		size_t len, key_len = 0;
		const char *text = json_text(j, i, &len), *name = NULL;

		if (j->nodes[i].type != JSON_TAPE_STRING)
			continue;
		if (key != JSON_NONE)
			name = json_text(j, key, &key_len);
		if (scan_text(gate.scan, name, key_len, text, len, spans, FINDINGS_SPANS))
			exit(3);
		key = i;
	}
}

/* A call is open for as long as its answer has not come: both begin with a new session. */
static void judge(const struct kind *k)
{
	const char *why;
	static const char ask[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
				  "{\"name\":\"echo\"}}";
	static const char answer[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}";

	for (int i = 0; i < 2; i++)
		sinks[i].head = sinks[i].tail = 0;
	gate.session.state = SESSION_OPEN;
	if (!k->is_call)
		gate_line(&gate, FROM_CLIENT, ask, sizeof(ask) - 1, &why);
	if (gate_line(&gate, k->is_call ? FROM_CLIENT : FROM_SERVER, line, line_len, &why) !=
	    GATE_PASSED) {
		fprintf(stderr, "bench_gate: %s: %s\n", k->name, why);
		exit(1);
	}
	if (k->is_call)
		gate_line(&gate, FROM_SERVER, answer, sizeof(answer) - 1, &why);
}

static void run(const struct kind *k, enum stage stage, size_t n)
{
	struct rewrite rw = { .json = &gate.json };

	parse();
	for (size_t i = 0; i < n; i++) {
		switch (stage) {
		case PARSE: parse(); break;
		case WRITE:
			if (rewrite_message(&rw, sinks[0].buf, sinks[0].size) < 0)
				exit(1);
			break;
		case SCAN: scan(); break;
		case GATE: judge(k); break;
		case STAGES: break;
		}
	}
}

/* --- measuring --------------------------------------------------------------------------- */

/* Of our own time, not of the machine's: what others run is not counted. */
static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double best(const struct kind *k, enum stage stage, int rounds)
{
	size_t n = 1 + ((size_t)1 << 20) / line_len;
	double least = 1e18;

	if (n > 2000)
		n = 2000;
	for (int r = 0; r < rounds; r++) {
		double began = now_ns(), took;

		run(k, stage, n);
		took = (now_ns() - began) / (double)n;
		least = took < least ? took : least;
	}
	return least;
}

static void measure(bool is_json, int rounds)
{
	if (is_json)
		puts("[");
	else
		printf("%-14s %9s %10s %10s %10s %10s   (ns; least of %d rounds)\n", "kind", "bytes",
		       stages[0], stages[1], stages[2], stages[3], rounds);
	for (size_t i = 0; i < KINDS; i++) {
		make(&kinds[i]);
		printf(is_json ? " {\"kind\": \"%s\", \"bytes\": %zu" : "%-14s %9zu", kinds[i].name,
		       line_len);
		for (enum stage s = PARSE; s < STAGES; s++)
			printf(is_json ? ", \"%s_ns\": %.0f" : "%.0s %10.0f", is_json ? stages[s] : "",
			       best(&kinds[i], s, rounds));
		puts(is_json ? i + 1 < KINDS ? "}," : "}" : "");
	}
	if (is_json)
		puts("]");
}

static int count(const char *kind, const char *stage, const char *n)
{
	for (size_t i = 0; i < KINDS; i++)
		for (enum stage s = PARSE; s < STAGES; s++)
			if (!strcmp(kinds[i].name, kind) && !strcmp(stages[s], stage)) {
				make(&kinds[i]);
				run(&kinds[i], s, strtoul(n, NULL, 10));
				return 0;
			}
	fputs("bench_gate: no such kind or stage\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	bool is_json = argc > 1 && !strcmp(argv[1], "-j");
	int at = 1 + is_json;

	set_up();
	if (argc == 5 && !strcmp(argv[1], "-c"))
		return count(argv[2], argv[3], argv[4]);
	if (argc == 2 && !strcmp(argv[1], "-l")) {
		for (size_t i = 0; i < KINDS; i++)
			for (enum stage s = PARSE; s < STAGES; s++)
				printf("%s %s\n", kinds[i].name, stages[s]);
		return 0;
	}
	measure(is_json, argc > at + 1 && !strcmp(argv[at], "-n") ? atoi(argv[at + 1]) : 15);
	return 0;
}
