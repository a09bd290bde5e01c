/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/strv.h"
#include "configs/clients.h"
#include "configs/edits.h"
#include "configs/rewrite.h"

/* --- what is a document, and what is none ------------------------------------------------- */

struct row {
	const char *text, *words; /* words NULL: accepted */
};

static void parse_rows(enum document_format format, const struct row *rows)
{
	for (; rows->text; rows++) {
		struct tree t = {0};
		struct err err = {0};
		int r = document_parse(format, rows->text, strlen(rows->text), &t, &err);

		if ((r < 0) != (rows->words != NULL) || (r < 0 && !strstr(err.text, rows->words)))
			fail_msg("%s: %d %s", rows->text, r, err.text);
		if (r == 0)
			tree_done(&t);
	}
}

static void json_is_scanned_strictly(void **state)
{
	static const struct row rows[] = {
		{ "{}", NULL },
		{ "\xef\xbb\xbf{ } // end", NULL },
		{ "{\"a\":1,}", NULL },
		{ "{\"a\":[1,],/*x*/\"b\":null//\n}", NULL },
		{ "{\"a\":\"\\ud83d\\ude00 \\/ \\u00e9\"}", NULL },
		{ "{,}", "1:2: a member's name" },
		{ "{\"a\":1,,}", "1:8: a member's name" },
		{ "{\"a\" 1}", "':' is missing" },
		{ "{\"a\":1 \"b\":2}", "',' is missing" },
		{ "{'a':1}", "double quotes" },
		{ "{a:1}", "double quotes" },
		{ "{\"a\":\n 'x'}", "2:2: no value" },
		{ "{\"a\":NaN}", "no value" },
		{ "{\"a\":tru}", "no value" },
		{ "{\"a\":\"x\ty\"}", "control character" },
		{ "{\"a\":\"x\ny\"}", "inside of a string" },
		{ "{\"a\":\"x", "without its end" },
		{ "{\"a\":\"\\x41\"}", "escape" },
		{ "{\"a\":\"\\u0000\"}", "NUL" },
		{ "{\"a\":\"\\udc00\"}", "no character" },
		{ "{\"a\":\"\\ud800\\u0041\"}", "surrogate" },
		{ "{} {}", "behind the end" },
		{ "{ /* ", "comment without" },
		{ "{\"a\":\"\xff\"}", "not UTF-8" },
		{ "{\"a\":\"\xed\xa0\x80\"}", "not UTF-8" },
		{ "{\"a\":\"\xc0\xaf\"}", "not UTF-8" },
		{0},
	};

	(void)state;
	parse_rows(DOCUMENT_JSON, rows);
}

static void toml_is_scanned_strictly(void **state)
{
	static const struct row rows[] = {
		{ "", NULL },
		{ "a = 1 # c\r\nb.c = 'x'\n[t]\nd = [1, [2], # c\n 3,]\n", NULL },
		{ "a = \"\"\"x\"\"\"\"\"\nb = '''y'''''\n", NULL },
		{ "a = \"\"\"\\\n   x \\\" \"\"\"\n", NULL },
		{ "a = 1979-05-27T07:32:00Z\nb = 1979-05-27 07:32:00\nc = inf\nd = -nan\ne = 0xff\n", NULL },
		{ "[a.b]\n[a]\nx = 1\n", NULL },
		{ "[[a]]\n[a.b]\n[[a]]\n[a.b]\n", NULL },
		{ "a = {b = 1, c.d = 2}\n", NULL },
		{ "a = 1\na = 2\n", "2:1: a key that is already there" },
		{ "[a]\n[a]\n", "already there" },
		{ "[a]\nb.c = 1\n[a.b]\n", "already there" },
		{ "[a.b]\n[a]\nb.c = 1\n", "already there" },
		{ "a = {b = 1}\n[a.c]\n", "already there" },
		{ "a = []\n[[a]]\n", "already there" },
		{ "a = {b = 1,}\n", "key is missing" },
		{ "a = {b = 1\n}\n", "',' or a '}'" },
		{ "a = 1 b = 2\n", "more on the line" },
		{ "a\n", "'=' is missing" },
		{ "a = \n", "no value" },
		{ "a = yes\n", "no value" },
		{ "a = 'x\n", "string" },
		{ "a = \"\\/\"\n", "escape" },
		{ "a = \"\\U00110000\"\n", "no character" },
		{ "[a\n", "']' is missing" },
		{ "a = [1\n", "'[' without" },
		{ "a = 1 # x\ry\n", "carriage return" },
		{0},
	};

	(void)state;
	parse_rows(DOCUMENT_TOML, rows);
}

static void yaml_beyond_the_subset_is_refused(void **state)
{
	static const struct row rows[] = {
		{ "", NULL },
		{ "# c\n---\na: b\n", NULL },
		{ "a:\n  b: [x, 'y', \"z\"]\n  c: {d: e}\nf:\n- g\n- h: i\n  j: k\n", NULL },
		{ "a: |\n  x: y\n   # no comment\n\nb: >-\n  z\n", NULL },
		{ "a: http://x # c\nb: x#y\nc: -x\nd: '#'\n", NULL },
		{ "- - a\n  - b\n-\n  c: d\n", NULL },
		{ "a: [1,\n  2, # c\n  3]\n", NULL },
		{ "a: &x b\n", "1:4: an anchor" },
		{ "a: *x\n", "anchor" },
		{ "a: !!str b\n", "tag" },
		{ "<<: {a: b}\n", "merge key" },
		{ "a: {<<: b}\n", "merge key" },
		{ "? a\n: b\n", "begins no value" },
		{ "a: b\n  c\n", "several lines" },
		{ "a: \"b\n  c\"\n", "inside of a string" },
		{ "a: 'b\n  c'\n", "several lines" },
		{ "a: b: c\n", "more on the line" },
		{ "a: b\n---\nc: d\n", "second document" },
		{ "%YAML 1.2\n---\na: b\n", "directive" },
		{ "a: b\na: c\n", "already there" },
		{ "a:\n\t- b\n", "tab" },
		{ "  a: b\n c: d\n", "indented less" },
		{ "a: b\n c: d\n", "several lines" },
		{ "a:\n  - b\n   - c\n", "several lines" },
		{ "a: 'b'\n  c: d\n", "indented deeper" },
		{ "a: |\n    x\n  y\n", "indented less than its block" },
		{ "a: |2\n  x\n", "indentation of its own" },
		{ "a: x\ry\n", "carriage return alone" },
		{ "a: 'x\xc2\x85y'\n", "line separator" },
		{ "a: [?b]\n", "at the beginning" },
		{ "a: {b\n: c}\n", "':' and a blank" },
		{ "a: [b\n", "'[' without" },
		{ "a: [b: c]\n", "',' is missing" },
		{ "a: `b\n", "cannot begin" },
		{ "a: \"\\L\"\n", "escape" },
		{0},
	};

	(void)state;
	parse_rows(DOCUMENT_YAML, rows);
}

static void a_plain_scalar_of_two_readings_is_no_string(void **state)
{
	static const struct {
		const char *text;
		enum node_kind kind;
	} rows[] = {
		{ "x", NODE_STRING },	   { "-y", NODE_STRING },      { "--port", NODE_STRING },
		{ "/usr/bin", NODE_STRING }, { "true", NODE_TRUE },    { "False", NODE_FALSE },
		{ "yes", NODE_OTHER },	   { "Off", NODE_OTHER },      { "n", NODE_OTHER },
		{ "~", NODE_OTHER },	   { "null", NODE_OTHER },     { "8080", NODE_OTHER },
		{ "1:30", NODE_OTHER },	   { "0o7", NODE_OTHER },      { "1e3", NODE_OTHER },
		{ "1.2.3", NODE_OTHER },   { "2026-01-02", NODE_OTHER }, { "'8080'", NODE_STRING },
		{ "2026-01-02 03:04", NODE_OTHER }, { ".inf", NODE_OTHER }, { "-e", NODE_STRING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct tree t = {0};
		char text[64];

		snprintf(text, sizeof(text), "a: %s\n", rows[i].text);
		assert_int_equal(document_parse(DOCUMENT_YAML, text, strlen(text), &t, NULL), 0);
		if (t.root->first->kind != rows[i].kind)
			fail_msg("%s: %d", rows[i].text, (int)t.root->first->kind);
		tree_done(&t);
	}
}

/* Escapes at the end of a text, cut at every length: never beyond the end. */
static void no_prefix_is_read_beyond_its_end(void **state)
{
	static const char *const texts[] = {
		"{\"a\": \"\\ud83d\\ude00\\n\", /* c */ \"b\": [true, -1.5e3], // d\n}",
		"[[a.\"b\"]]\nc = \"\"\"x\\u00e9\\\n y\"\"\"\nd = '''z''' # e\nf = {g = [1979-05-27 07:32:00]}\n",
		"---\na: \"\\u00e9\\n\" # c\nb:\n  - 'x''y'\n  - {k: [v, w]}\nc: |\n  text\n",
	};

	(void)state;
	for (int f = 0; f < 3; f++)
		for (size_t len = 0; len <= strlen(texts[f]); len++) {
			struct tree t = {0};
			char *copy = malloc(len + !len); /* the sanitizer guards its end */

			memcpy(copy, texts[f], len);
			if (document_parse((enum document_format)(f + 1), copy, len, &t, NULL) == 0)
				tree_done(&t);
			free(copy);
		}
}

/* --- generated documents ------------------------------------------------------------------ */

struct generator {
	uint64_t seed;
	FILE *out;
	const char *newline;
	bool is_strict; /* no comments */
};

static unsigned int pick(struct generator *g, unsigned int n)
{
	g->seed = g->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(g->seed >> 33) % n;
}

#define ONE_OF(g, ...)                                                                   \
	({                                                                               \
		static const char *const of_[] = { __VA_ARGS__ };                        \
		of_[pick(g, sizeof(of_) / sizeof(*of_))];                                \
	})

static void gap(struct generator *g)
{
	const char *text = ONE_OF(g, "", " ", "  ", "\t", "NL", "NL    ", "/* { \"command\": */",
				  "// \"args\": [NL", "/**/ NL");

	if (g->is_strict && *text == '/')
		text = " ";
	for (; *text; text++) {
		if (text[0] == 'N' && text[1] == 'L') {
			fputs(g->newline, g->out);
			text++;
		} else {
			fputc(*text, g->out);
		}
	}
}

static void json_string(struct generator *g)
{
	fputs(ONE_OF(g, "\"x\"", "\"\"", "\"a \\\"b\\\" \\\\\"", "\"\\u00e9\\ud83d\\ude00\"", "\"\xc3\xa9\xe2\x80\xa8\"",
		     "\"command\"", "\"// no comment\"", "\"/* \"", "\"{[\"", "\"\\n\\t\\/\""),
	      g->out);
}

static void json_value(struct generator *g, int depth);

static void json_list(struct generator *g, int depth, bool is_strings)
{
	unsigned int n = pick(g, 4);

	fputc('[', g->out);
	for (unsigned int i = 0; i < n; i++) {
		gap(g);
		if (is_strings)
			json_string(g);
		else
			json_value(g, depth + 1);
		gap(g);
		if (i + 1 < n || (!g->is_strict && !pick(g, 3)))
			fputc(',', g->out);
	}
	gap(g);
	fputc(']', g->out);
}

static void json_key(struct generator *g, const char *key)
{
	gap(g);
	fprintf(g->out, "\"%s\"", key);
	gap(g);
	fputc(':', g->out);
	gap(g);
}

static void json_value(struct generator *g, int depth)
{
	static const char *const keys[] = { "command", "args", "env", "mcpServers" };

	switch (pick(g, depth > 3 ? 3 : 5)) {
	case 0:
		json_string(g);
		break;
	case 1:
		fputs(ONE_OF(g, "true", "false", "null", "1.50", "-0", "1e400"), g->out);
		break;
	case 2:
		fputs("{}", g->out);
		break;
	case 3:
		json_list(g, depth, false);
		break;
	default:
		fputc('{', g->out);
		for (int i = 0; i < 4; i++) {
			json_key(g, keys[i]);
			json_value(g, depth + 1);
			gap(g);
			if (i < 3)
				fputc(',', g->out);
		}
		fputc('}', g->out);
		break;
	}
}

static void json_server(struct generator *g, unsigned int number)
{
	const bool has_args = pick(g, 3), is_first = pick(g, 2);
	char name[32];

	snprintf(name, sizeof(name), "s%u %s", number, ONE_OF(g, "", "\\u00fc", "\xc3\xbc", "."));
	json_key(g, name);
	fputc('{', g->out);
	if (has_args && is_first) {
		json_key(g, "args");
		json_list(g, 0, true);
		fputc(',', g->out);
	}
	json_key(g, "command");
	fputs(ONE_OF(g, "\"x\"", "\"/usr/bin/y\"", "\"\\u0078\""), g->out);
	if (has_args && !is_first) {
		gap(g);
		fputc(',', g->out);
		json_key(g, "args");
		json_list(g, 0, true);
	}
	if (pick(g, 2)) {
		fputc(',', g->out);
		json_key(g, "env");
		fprintf(g->out, "{ \"A\": \"1\"%s", g->newline);
		gap(g);
		fputs(", \"B\" :", g->out);
		json_string(g);
		fputs("}", g->out);
	}
	if (pick(g, 2)) {
		fputc(',', g->out);
		json_key(g, ONE_OF(g, "autoApprove", "x", "timeout"));
		json_value(g, 2);
	}
	gap(g);
	if (!g->is_strict && !pick(g, 3))
		fputc(',', g->out);
	gap(g);
	fputc('}', g->out);
}

static void json_document(struct generator *g)
{
	const unsigned int n = 1 + pick(g, 4);

	g->is_strict = pick(g, 2);
	if (!pick(g, 4))
		fputs("\xef\xbb\xbf", g->out);
	gap(g);
	fputc('{', g->out);
	json_key(g, "other");
	json_value(g, 0);
	fputc(',', g->out);
	json_key(g, "mcpServers");
	fputc('{', g->out);
	for (unsigned int i = 0; i < n; i++) {
		json_server(g, i);
		gap(g);
		if (i + 1 < n)
			fputc(',', g->out);
	}
	gap(g);
	fputs("}", g->out);
	gap(g);
	fputs("}", g->out);
	gap(g);
}

/* A line of the block formats: %N is the line break. */
static void line(struct generator *g, const char *text)
{
	fputs(text, g->out);
	fputs(ONE_OF(g, "", " ", "  # command: \"x\"", "\t# [mcp_servers]"), g->out);
	fputs(g->newline, g->out);
	if (!pick(g, 4))
		fputs(g->newline, g->out);
	if (!pick(g, 5))
		fprintf(g->out, "# args = []%s", g->newline);
}

static void toml_server(struct generator *g, unsigned int number)
{
	if (!pick(g, 3)) {
		fprintf(g->out, "[mcp_servers]%ss%u = { %scommand = 'x' %s}%s", g->newline, number,
			ONE_OF(g, "", "args = ['-y'], ", "env = { A = '1' }, "),
			ONE_OF(g, "", ", enabled = true "), g->newline);
		return;
	}
	fprintf(g->out, "[mcp_servers.\"s%u\"]%s", number, g->newline);
	if (pick(g, 2))
		line(g, "args = [\"a\", 'b']");
	line(g, ONE_OF(g, "command = \"x\"", "command='y'", "\"command\"   =  \"z\"", "command = \"\"\"w\"\"\""));
	if (pick(g, 2))
		line(g, "startup_timeout_sec = 1_000.5");
	if (pick(g, 2))
		line(g, "env = { A = \"1\", B = '2' }");
	else if (pick(g, 2))
		line(g, "env.A = \"1\"");
	else {
		fprintf(g->out, "[mcp_servers.s%u.env]%s", number, g->newline);
		line(g, "A = \"1\"");
		line(g, "\"B\" = 'two'");
	}
}

static void toml_document(struct generator *g)
{
	line(g, "model = \"x\"");
	line(g, "command = \"top\"");
	if (pick(g, 2))
		toml_server(g, 0);
	else
		line(g, "[mcp_servers.s0]"), line(g, "command = \"x\"");
	fprintf(g->out, "[other.mcp_servers.s1]%scommand = \"y\"%s[[list]]%s", g->newline, g->newline, g->newline);
	for (unsigned int i = 1; i < 3; i++) {
		char text[64];

		snprintf(text, sizeof(text), "[mcp_servers.s%u]", i);
		line(g, text);
		line(g, ONE_OF(g, "command = \"x\"", "command = 'y'"));
		if (pick(g, 2))
			line(g, "args = [ # \"c\"\n \"a\",\n]");
	}
	if (pick(g, 2))
		fputs("last = 1", g->out); /* no line break at the end of the file */
}

static void yaml_document(struct generator *g)
{
	if (!pick(g, 3))
		line(g, "---");
	line(g, "name: x");
	line(g, "mcpServers:");
	for (unsigned int i = 0; i < 3; i++) {
		char text[64];

		snprintf(text, sizeof(text), "  - name: s%u", i);
		line(g, text);
		line(g, ONE_OF(g, "    command: x", "    command: \"y\"", "    \"command\": 'z'"));
		switch (pick(g, 4)) {
		case 0:
			line(g, "    args:");
			line(g, "      - a");
			line(g, "      - 'b'");
			break;
		case 1:
			line(g, "    args:");
			line(g, "    - a");
			break;
		case 2:
			line(g, "    args: [a, \"b\"]");
			break;
		default:
			break;
		}
		if (pick(g, 2)) {
			line(g, "    env:");
			line(g, "      A: one");
			line(g, "      B: 'two'");
		}
		if (pick(g, 2))
			fprintf(g->out, "    text: | # c%s      command: q%s", g->newline, g->newline);
	}
	if (pick(g, 2))
		line(g, "  - {name: f, command: x}");
	line(g, "rules: []");
	if (pick(g, 2))
		fputs("last: one", g->out);
}

/* Wrap every server; *ret_text is the caller's. */
static void wrap_all(const struct rewrite_document *d, char **ret_text, size_t *ret_len)
{
	struct edits edits = {0};

	for (size_t i = 0; i < d->servers.n; i++) {
		const struct server *s = &d->servers.v[i];
		struct strv emptied = {0};
		struct err err = {0};

		for (const struct node *n = s->env ? s->env->first : NULL; n; n = n->next)
			if (n->kind == NODE_STRING && *n->text)
				assert_int_equal(strv_add(&emptied, n->key), 0);
		if (rewrite_wrap(d, s, "/opt/p \"q\"", "id", &emptied, &edits, &err) < 0)
			fail_msg("%s\n%.*s", err.text, (int)d->len, d->text);
		strv_done(&emptied);
	}
	assert_int_equal(edits_apply(&edits, d->text, d->len, ret_text, ret_len, NULL), 0);
	edits_done(&edits);
}

static void restore_all(const struct rewrite_document *now, const struct rewrite_document *before,
			char **ret_text, size_t *ret_len)
{
	struct edits edits = {0};
	struct strv notes = {0};

	for (size_t i = 0; i < now->servers.n; i++) {
		struct err err = {0};

		if (rewrite_restore(now, &now->servers.v[i], before, &before->servers.v[i], &edits, &notes,
				    &err) < 0)
			fail_msg("%s", err.text);
	}
	assert_int_equal(notes.n, 0);
	assert_int_equal(edits_apply(&edits, now->text, now->len, ret_text, ret_len, NULL), 0);
	edits_done(&edits);
	strv_done(&notes);
}

static void check_wrapped(const struct rewrite_document *now, const struct rewrite_document *before)
{
	assert_int_equal(now->servers.n, before->servers.n);
	for (size_t i = 0; i < now->servers.n; i++) {
		struct strv argv = {0};

		assert_int_equal(servers_argv(now->client, &now->servers.v[i], &argv, NULL), 0);
		assert_int_equal(argv.n, 3);
		assert_string_equal(argv.v[0], "/opt/p \"q\"");
		assert_string_equal(argv.v[1], "run");
		assert_string_equal(argv.v[2], "id");
		strv_done(&argv);
		for (const struct node *n = before->servers.v[i].outer->first; n; n = n->next) {
			const struct node *m = tree_member(now->servers.v[i].outer, n->key, NULL);

			assert_non_null(m);
			if (strcmp(n->key, "command") && strcmp(n->key, "args") && strcmp(n->key, "env"))
				assert_true(tree_same(n, m));
		}
	}
}

static void round_trip(const char *client, enum document_format format, const char *text, size_t len)
{
	struct rewrite_document before = {0}, now = {0};
	char *wrapped, *restored;
	size_t wrapped_len, restored_len;
	struct err err = {0};

	if (rewrite_open(clients_named(client), format, text, len, &before, &err) < 0)
		fail_msg("%s\n%.*s", err.text, (int)len, text);
	assert_true(before.servers.n > 0);
	wrap_all(&before, &wrapped, &wrapped_len);
	if (rewrite_open(clients_named(client), format, wrapped, wrapped_len, &now, &err) < 0)
		fail_msg("%s\n%.*s\n->\n%s", err.text, (int)len, text, wrapped);
	check_wrapped(&now, &before);
	restore_all(&now, &before, &restored, &restored_len);
	if (restored_len != len || memcmp(restored, text, len) != 0)
		fail_msg("not the same again:\n%.*s\n->\n%s\n->\n%s", (int)len, text, wrapped, restored);
	rewrite_close(&now);
	rewrite_close(&before);
	free(wrapped);
	free(restored);
}

static void to_wrap_and_to_restore_is_to_change_nothing(void **state)
{
	static const struct {
		const char *client;
		enum document_format format;
		void (*write)(struct generator *g);
	} formats[] = {
		{ "claude-desktop", DOCUMENT_JSON, json_document },
		{ "codex", DOCUMENT_TOML, toml_document },
		{ "continue", DOCUMENT_YAML, yaml_document },
	};

	(void)state;
	for (size_t f = 0; f < 3; f++)
		for (uint64_t seed = 1; seed <= 3000; seed++) {
			struct generator g = { .seed = seed * 0x9e3779b97f4a7c15ULL,
					       .newline = seed & 1 ? "\n" : "\r\n" };
			char *text = NULL;
			size_t len;

			g.out = open_memstream(&text, &len);
			assert_non_null(g.out);
			formats[f].write(&g);
			fclose(g.out);
			round_trip(formats[f].client, formats[f].format, text, len);
			free(text);
		}
}

/* --- kinds of entries --------------------------------------------------------------------- */

static void entries_are_what_their_members_say(void **state)
{
	static const struct {
		const char *entry;
		enum server_kind kind;
		bool is_disabled;
	} rows[] = {
		{ "{\"command\":\"x\"}", SERVER_STDIO, false },
		{ "{\"type\":\"stdio\",\"command\":\"x\"}", SERVER_STDIO, false },
		{ "{\"type\":\"sse\",\"command\":\"x\"}", SERVER_UNKNOWN, false },
		{ "{\"command\":\"x\",\"url\":\"y\"}", SERVER_UNKNOWN, false },
		{ "{\"url\":\"y\"}", SERVER_REMOTE, false },
		{ "{\"serverUrl\":\"y\"}", SERVER_REMOTE, false },
		{ "{\"type\":\"http\"}", SERVER_REMOTE, false },
		{ "{\"type\":\"builtin\"}", SERVER_INTERNAL, false },
		{ "{\"type\":\"inline_python\"}", SERVER_UNKNOWN, false },
		{ "{}", SERVER_UNKNOWN, false },
		{ "1", SERVER_UNKNOWN, false },
		{ "{\"command\":\"x\",\"disabled\":true}", SERVER_STDIO, true },
		{ "{\"command\":\"x\",\"disabled\":\"true\"}", SERVER_STDIO, false },
		{ "{\"command\":\"x\",\"enabled\":false}", SERVER_STDIO, true },
		{ "{\"command\":{\"path\":\"x\"}}", SERVER_STDIO, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rewrite_document d;
		char text[128];

		snprintf(text, sizeof(text), "{\"mcpServers\":{\"a\":%s}}", rows[i].entry);
		assert_int_equal(rewrite_open(clients_named("cursor"), DOCUMENT_JSON, text, strlen(text), &d, NULL), 0);
		assert_int_equal(d.servers.n, 1);
		if (d.servers.v[0].kind != rows[i].kind || d.servers.v[0].is_disabled != rows[i].is_disabled)
			fail_msg("%s: %d", rows[i].entry, (int)d.servers.v[0].kind);
		rewrite_close(&d);
	}
}

static void a_path_tells_its_client(void **state)
{
	static const struct {
		const char *path, *client;
	} rows[] = {
		{ "/home/u/.config/Claude/claude_desktop_config.json", "claude-desktop" },
		{ "/x/.vscode/mcp.json", "vscode" },
		{ "/home/u/.config/Code/User/profiles/1/mcp.json", "vscode" },
		{ "/x/.cursor/mcp.json", "cursor" },
		{ "/etc/codex/config.toml", "codex" },
		{ "/x/.continue/mcpServers/a.yaml", "continue" },
		{ "/x/mcp.json", NULL },
		{ "/x/notes.txt", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct client *c = clients_for_path(rows[i].path);

		if (!c != !rows[i].client || (c && strcmp(c->name, rows[i].client) != 0))
			fail_msg("%s: %s", rows[i].path, c ? c->name : "none");
	}
}

static void variables_are_those_of_the_client(void **state)
{
	(void)state;
	assert_true(servers_has_variable(clients_named("cursor"), "a${env:B}"));
	assert_false(servers_has_variable(clients_named("cursor"), "$B"));
	assert_true(servers_has_variable(clients_named("gemini-cli"), "a$B"));
	assert_false(servers_has_variable(clients_named("gemini-cli"), "5$ a$"));
	assert_true(servers_has_variable(clients_named("opencode"), "{env:A}"));
	assert_false(servers_has_variable(clients_named("cursor"), "{env:A}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_scanned_strictly),
		cmocka_unit_test(toml_is_scanned_strictly),
		cmocka_unit_test(yaml_beyond_the_subset_is_refused),
		cmocka_unit_test(a_plain_scalar_of_two_readings_is_no_string),
		cmocka_unit_test(no_prefix_is_read_beyond_its_end),
		cmocka_unit_test(to_wrap_and_to_restore_is_to_change_nothing),
		cmocka_unit_test(entries_are_what_their_members_say),
		cmocka_unit_test(a_path_tells_its_client),
		cmocka_unit_test(variables_are_those_of_the_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
