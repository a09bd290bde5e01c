/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/strv.h"
#include "launcher/registry.h"
#include "launcher/spec.h"

static void spec_takes_names_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *name, *version, *extras;
	} rows[] = {
		{ "npm:a", 0, "a", "", "" },
		{ "npm:@s/a.b_c", 0, "@s/a.b_c", "", "" },
		{ "npm:@s/a@1.2.3-rc.1", 0, "@s/a", "1.2.3-rc.1", "" },
		{ "npm:a@^1", 0, "a", "^1", "" },
		{ "npm:a@next", 0, "a", "next", "" },
		{ "npm:", -EINVAL, 0, 0, 0 },
		{ "npm:@s", -EINVAL, 0, 0, 0 },
		{ "npm:@s/", -EINVAL, 0, 0, 0 },
		{ "npm:@/a", -EINVAL, 0, 0, 0 },
		{ "npm:@../a", -EINVAL, 0, 0, 0 },
		{ "npm:@s/..", -EINVAL, 0, 0, 0 },
		{ "npm:a/b", -EINVAL, 0, 0, 0 },
		{ "npm:..", -EINVAL, 0, 0, 0 },
		{ "npm:.bin", -EINVAL, 0, 0, 0 },
		{ "npm:-g", -EINVAL, 0, 0, 0 },
		{ "npm:a b", -EINVAL, 0, 0, 0 },
		{ "npm:a@", -EINVAL, 0, 0, 0 },
		{ "npm:a@-g", -EINVAL, 0, 0, 0 },
		{ "npm:a@npm:b", -EINVAL, 0, 0, 0 },
		{ "npm:a@git+https://h/r", -EINVAL, 0, 0, 0 },
		{ "npm:a@file:..", -EINVAL, 0, 0, 0 },
		{ "npm:a@1\n2", -EINVAL, 0, 0, 0 },
		{ "npm:https://h/a.tgz", -EINVAL, 0, 0, 0 },
		{ "pypi:Mcp.Server__git", 0, "mcp-server-git", "", "" },
		{ "pypi:a[b,c]==1.0", 0, "a", "1.0", "[b,c]" },
		{ "pypi:a==1.0+local", 0, "a", "1.0+local", "" },
		{ "pypi:", -EINVAL, 0, 0, 0 },
		{ "pypi:-r", -EINVAL, 0, 0, 0 },
		{ "pypi:a>=1", -EINVAL, 0, 0, 0 },
		{ "pypi:a==", -EINVAL, 0, 0, 0 },
		{ "pypi:a==-x", -EINVAL, 0, 0, 0 },
		{ "pypi:a[b", -EINVAL, 0, 0, 0 },
		{ "pypi:a @ https://h/a.whl", -EINVAL, 0, 0, 0 },
		{ "pypi:../a", -EINVAL, 0, 0, 0 },
		{ "file:x.mcpb", 0, "", "", "" },
		{ "file:x.dxt", 0, "", "", "" },
		{ "file:server.json", 0, "", "", "" },
		{ "file:x.tgz", -EINVAL, 0, 0, 0 },
		{ "git:x", -EINVAL, 0, 0, 0 },
		{ "x", -EINVAL, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = {0};
		struct spec s = {0};

		if (spec_parse(rows[i].text, &s, &err) != rows[i].r)
			fail_msg("%s: %s", rows[i].text, err.text);
		if (rows[i].r < 0)
			continue;
		assert_string_equal(s.name, rows[i].name);
		assert_string_equal(s.version, rows[i].version);
		assert_string_equal(s.extras, rows[i].extras);
	}
}

static void a_scope_is_no_directory_of_its_own(void **state)
{
	struct spec s = { .kind = SPEC_NPM, .name = "@s/a" };
	char dir[SPEC_NAME];

	(void)state;
	spec_directory(&s, dir);
	assert_string_equal(dir, "@s+a");
}

static void only_https_without_a_credential_names_a_host(void **state)
{
	static const struct {
		const char *url;
		int r;
		const char *host;
	} rows[] = {
		{ "https://r.test/", 0, "r.test:443" },
		{ "https://r.test", 0, "r.test:443" },
		{ "https://r.test:4873/npm/", 0, "r.test:4873" },
		{ "https://r.test?x", 0, "r.test:443" },
		{ "http://r.test/", -EPERM, NULL },
		{ "ftp://r.test/", -EPERM, NULL },
		{ "", -EPERM, NULL },
		{ "https://u:p@r.test/", -EPERM, NULL },
		{ "https://u@r.test/", -EPERM, NULL },
		{ "https:///", -EINVAL, NULL },
		{ "https://*.test/", -EINVAL, NULL },
		{ "https://${HOST}/", -EINVAL, NULL },
		{ "https://r.test\\@e.test/", -EPERM, NULL },
		{ "https://[::1]/", -EINVAL, NULL },
		{ "https://r.test evil/", -EINVAL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct strv hosts = {0};
		struct err err = {0};

		if (registry_host(rows[i].url, &hosts, &err) != rows[i].r)
			fail_msg("%s: %s", rows[i].url, err.text);
		if (rows[i].host)
			assert_string_equal(hosts.v[0], rows[i].host);
		else
			assert_null(strstr(err.text, "u:p"));
		assert_int_equal(hosts.n, rows[i].host ? 1 : 0);
		strv_done(&hosts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spec_takes_names_and_nothing_else),
		cmocka_unit_test(a_scope_is_no_directory_of_its_own),
		cmocka_unit_test(only_https_without_a_credential_names_a_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
