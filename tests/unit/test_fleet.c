/* SPDX-License-Identifier: Apache-2.0 */
/* What Cursor may start: the same questions with a policy that names the server and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "launcher/fleet.h"

#define PROGRAM "/usr/bin/mcp-confine"

static const struct row {
	const char *name, *question;
	bool is_allowed;
} rows[] = {
	{ "ours", "{\"command\": \"" PROGRAM " run fs\"}", true },
	{ "ours, as Cursor asks it",
	  "{\"hook_event_name\": \"beforeMCPExecution\", \"tool_name\": \"x\", \"tool_input\": "
	  "\"{}\", \"url\": null, \"command\": \"" PROGRAM " run fs\"}", true },
	{ "another event", "{\"hook_event_name\": \"stop\", \"command\": \"" PROGRAM " run fs\"}", false },
	{ "an event that is no string", "{\"hook_event_name\": 1, \"command\": \"" PROGRAM " run fs\"}", false },
	{ "another program", "{\"command\": \"/usr/bin/npx run fs\"}", false },
	{ "its name without a path", "{\"command\": \"mcp-confine run fs\"}", false },
	{ "a copy elsewhere", "{\"command\": \"/tmp/mcp-confine run fs\"}", false },
	{ "a longer name", "{\"command\": \"" PROGRAM "x run fs\"}", false },
	{ "by another way", "{\"command\": \"/usr/bin/../bin/mcp-confine run fs\"}", false },
	{ "no server", "{\"command\": \"" PROGRAM " run\"}", false },
	{ "no server, a blank", "{\"command\": \"" PROGRAM " run \"}", false },
	{ "a server nobody named", "{\"command\": \"" PROGRAM " run other\"}", false },
	{ "another subcommand", "{\"command\": \"" PROGRAM " explain fs\"}", false },
	{ "any command", "{\"command\": \"" PROGRAM " run -- sh\"}", false },
	{ "an option", "{\"command\": \"" PROGRAM " run --read / fs\"}", false },
	{ "more behind it", "{\"command\": \"" PROGRAM " run fs --\"}", false },
	{ "two blanks", "{\"command\": \"" PROGRAM "  run fs\"}", false },
	{ "a tab", "{\"command\": \"" PROGRAM "\\trun fs\"}", false },
	{ "a line end behind", "{\"command\": \"" PROGRAM " run fs\\n\"}", false },
	{ "a NUL behind", "{\"command\": \"" PROGRAM " run fs\\u0000 x\"}", false },
	{ "a variable before it", "{\"command\": \"LD_PRELOAD=x " PROGRAM " run fs\"}", false },
	{ "a way out of the directory", "{\"command\": \"" PROGRAM " run ../servers/fs\"}", false },
	{ "remote", "{\"url\": \"https://example.org\"}", false },
	{ "remote beside ours", "{\"url\": \"https://example.org\", \"command\": \"" PROGRAM " run fs\"}", false },
	{ "neither", "{\"tool_name\": \"x\"}", false },
	{ "a list", "{\"command\": [\"" PROGRAM "\", \"run\", \"fs\"]}", false },
	{ "twice", "{\"command\": \"npx\", \"command\": \"" PROGRAM " run fs\"}", false },
	{ "no object", "[\"" PROGRAM " run fs\"]", false },
	{ "no JSON", PROGRAM " run fs", false },
	{ "nothing", "", false },
};

static char admin[] = "/run/mcpc-fleet-XXXXXX", servers[64], file[64];

static int put(void **state)
{
	FILE *f;

	(void)state;
	/* Trusted is what is root's on the whole way, so only root can name a server here. */
	if (getuid() != 0 || !mkdtemp(admin))
		return 0;
	snprintf(servers, sizeof(servers), "%s/servers", admin);
	snprintf(file, sizeof(file), "%s/servers/fs.json", admin);
	if (chmod(admin, 0755) < 0 || mkdir(servers, 0755) < 0 || !(f = fopen(file, "w")))
		return -1;
	fputs("{\"version\": 1, \"command\": [\"x\"]}", f);
	return fclose(f) == 0 && chmod(file, 0644) == 0 ? 0 : -1;
}

static int take(void **state)
{
	(void)state;
	if (*file) {
		unlink(file);
		rmdir(servers);
		rmdir(admin);
	}
	return 0;
}

static void the_hook_allows_what_the_administrator_named(void **state)
{
	(void)state;
	if (!*file) {
		puts("skipped: what is root's on the whole way can be made by root alone");
		skip();
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err why = {0};
		bool is = fleet_hook_allows(PROGRAM, admin, rows[i].question, strlen(rows[i].question),
					    &why);

		if (is != rows[i].is_allowed || is == (why.code != 0))
			fail_msg("%s: %s", rows[i].name, why.text);
	}
}

static void the_hook_allows_nothing_without_a_policy(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err why = {0};

		if (fleet_hook_allows(PROGRAM, "/nonexistent/mcp-confine", rows[i].question,
				      strlen(rows[i].question), &why) || !why.code)
			fail_msg("%s", rows[i].name);
	}
}

static void a_program_is_roots_on_the_whole_way(void **state)
{
	char path[] = "/tmp/mcpc-fleet-XXXXXX";
	int fd = mkstemp(path);
	struct err err = {0};

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(fleet_check_owner("/usr/bin/env", NULL), 0);
	assert_true(fleet_check_owner(path, &err) < 0); /* /tmp is anybody's */
	assert_true(fleet_check_owner("/usr/bin/nosuch-program", NULL) < 0);
	assert_true(fleet_check_owner("/proc/self/exe", NULL) < 0); /* a symlink */
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hook_allows_what_the_administrator_named),
		cmocka_unit_test(the_hook_allows_nothing_without_a_policy),
		cmocka_unit_test(a_program_is_roots_on_the_whole_way),
	};

	return cmocka_run_group_tests(tests, put, take);
}
