/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of a report for people.  Text of others' stands behind four blanks or in a line
 * of its own kind, where Markdown gives it no meaning that matters. */
#include <string.h>

#include "launcher/report.h"

static const char *text(const json_t *of, const char *member)
{
	const char *value = json_string_value(json_object_get(of, member));

	return value ? value : "-";
}

/* What could be markup is escaped. */
static void say(FILE *out, const char *words)
{
	for (; *words; words++) {
		if (strchr("\\`*_{}[]<>()#!|~&", *words))
			fputc('\\', out);
		fputc(*words, out);
	}
}

static void line(FILE *out, const char *name, const char *value)
{
	fprintf(out, "- %s: ", name);
	say(out, value);
	fputc('\n', out);
}

static void assessment(FILE *out, const json_t *a)
{
	static const char *const members[][2] = {
		{ "owner", "Owner" },	     { "purpose", "Purpose" }, { "data", "Data" },
		{ "risks", "Risks" },	     { "decision", "Decision" }, { "assessed", "Assessed" },
		{ "review_by", "Review by" },
	};

	fputs("### Assessment (ISO/IEC 42001, 6.1 and 8.2 to 8.4)\n\n", out);
	line(out, "State", text(a, "state"));
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (json_object_get(a, members[i][0]))
			line(out, members[i][1], text(a, members[i][0]));
	fputc('\n', out);
}

static void policy(FILE *out, const json_t *server)
{
	const json_t *one;
	size_t i;

	fputs("### Policy\n\n", out);
	line(out, "Since the last report", text(server, "policy_change"));
	json_array_foreach(json_object_get(server, "policy"), i, one) {
		fputs("- ", out);
		say(out, text(one, "file"));
		fprintf(out, ": SHA-256 %s\n", text(one, "sha256"));
	}
	fputc('\n', out);
}

static void controls(FILE *out, const json_t *c)
{
	const char *words = json_string_value(json_object_get(c, "explanation"));

	fputs("### Controls in force, tried on this machine\n\n", out);
	line(out, "State", text(c, "state"));
	if (json_object_get(c, "why"))
		line(out, "Why", text(c, "why"));
	if (!words) {
		fputc('\n', out);
		return;
	}
	line(out, "Tier", text(c, "tier"));
	fputs("\n    ", out);
	for (; *words; words++) {
		fputc(*words, out);
		if (*words == '\n')
			fputs("    ", out);
	}
	fputs("\n\n", out);
}

static void counts(FILE *out, const char *title, json_t *all)
{
	const char *name;
	json_t *one;

	fprintf(out, "| %s | kept | since the last report |\n| --- | ---: | ---: |\n", title);
	if (!json_object_size(all))
		fputs("| none | 0 | 0 |\n", out);
	json_object_foreach(all, name, one) {
		fputs("| ", out);
		say(out, name);
		fprintf(out, " | %lld | %lld |\n", (long long)json_integer_value(json_object_get(one, "kept")),
			(long long)json_integer_value(json_object_get(one, "since_last_report")));
	}
	fputc('\n', out);
}

static void events(FILE *out, const json_t *log)
{
	fputs("### Decisions, approvals and denials, from the audit log\n\n", out);
	line(out, "Log", text(log, "state"));
	if (json_object_get(log, "why"))
		line(out, "What is wrong", text(log, "why"));
	if (json_object_get(log, "first")) {
		line(out, "First line", text(log, "first"));
		line(out, "Last line", text(log, "last"));
	}
	if (json_object_get(log, "head"))
		line(out, "Head", text(log, "head"));
	fputc('\n', out);
	counts(out, "Event", json_object_get(log, "events"));
	fputs("### Tokens and personal data in messages\n\n", out);
	counts(out, "Class, direction, what was done", json_object_get(log, "found"));
}

static void server(FILE *out, const json_t *one)
{
	fputs("## ", out);
	say(out, text(one, "server"));
	fputs("\n\n", out);
	if (json_object_get(one, "error")) {
		line(out, "Its policy cannot be loaded", text(one, "error"));
		fputc('\n', out);
		return;
	}
	assessment(out, json_object_get(one, "assessment"));
	policy(out, one);
	controls(out, json_object_get(one, "controls"));
	events(out, json_object_get(one, "log"));
}

void report_markdown(FILE *out, const json_t *root)
{
	const json_t *one;
	size_t i;

	fputs("# MCP servers\n\n", out);
	line(out, "Time", text(root, "time"));
	line(out, "Last report", text(root, "last_report"));
	line(out, "User", text(root, "user"));
	line(out, "Machine", text(root, "host"));
	line(out, "Kernel", text(root, "kernel"));
	line(out, "mcp-confine", text(root, "version"));
	fputs("\n## Findings\n\n", out);
	json_array_foreach(json_object_get(root, "findings"), i, one)
		line(out, text(one, "server"), text(one, "finding"));
	if (!json_array_size(json_object_get(root, "findings")))
		fputs("None.\n", out);
	json_array_foreach(json_object_get(root, "removed"), i, one)
		line(out, "Gone since the last report", json_string_value(one));
	fputc('\n', out);
	json_array_foreach(json_object_get(root, "servers"), i, one)
		server(out, one);
}
