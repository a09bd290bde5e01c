/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policies/policy.h"
#include "policies/uri.h"

static void one_spelling_or_none(void **state)
{
	static const struct {
		const char *uri, *normal; /* NULL: none */
	} rows[] = {
		{ "file:///a/b", "file:///a/b" },
		{ "FILE:///a/b", "file:///a/b" },
		{ "file:/a/b", "file:///a/b" },
		{ "file://localhost/a", "file:///a" },
		{ "file://LOCALHOST/a", "file:///a" },
		{ "file://other/a", "file://other/a" },
		{ "file:///a//b/./c", "file:///a/b/c" },
		{ "file:///%61/%C3%A9", "file:///a/\xc3\xa9" },
		{ "file:///a%20b", "file:///a b" },
		{ "file:///a/../b", NULL },
		{ "file:///a/..", NULL },
		{ "file:///a/..b", "file:///a/..b" },
		{ "file:///a/%2e%2e/b", NULL },
		{ "file:///a/%2e/b", NULL },
		{ "file:///a/.%2E/b", NULL },
		{ "file:///a%2fb", NULL },
		{ "file:///a%5cb", NULL },
		{ "file:///a\\b", NULL },
		{ "file:///a%00", NULL },
		{ "file:///a%0ab", NULL },
		{ "file:///a%252e", NULL },
		{ "file:///a%252%65", NULL },
		{ "file:///100%25", "file:///100%25" },
		{ "file:///a%3fb%23c", "file:///a%3Fb%23c" },
		{ "file:///a%", NULL },
		{ "file:///a%4", NULL },
		{ "file:///a%zz", NULL },
		{ "file:///%ff", NULL },
		{ "file:///%c0%af", NULL },
		{ "file:///%ed%a0%80", NULL },
		{ "file:///%c2%85", NULL },
		{ "file:///a b", NULL },
		{ " file:///a", NULL },
		{ "file:///a\n", NULL },
		{ "file:a", NULL },
		{ "file:", NULL },
		{ "file://", NULL },
		{ "/etc/passwd", NULL },
		{ "", NULL },
		{ ":x", NULL },
		{ "1a:x", NULL },
		{ "HTTP://Example.COM:80/a/../b?Q=%2f#F", "http://example.com/b?Q=%2F#F" },
		{ "https://example.com:443", "https://example.com/" },
		{ "https://example.com:444", "https://example.com:444/" },
		{ "https://example.com:", "https://example.com/" },
		{ "https://example.com:0443/", NULL },
		{ "https://example.com?x", "https://example.com/?x" },
		{ "https://a@example.com/", NULL },
		{ "https://example.com\\@evil/", NULL },
		{ "https://ex%61mple.com/", NULL },
		{ "https://ex\xc3\xa4mple.com/", NULL },
		{ "https://example.com./", NULL },
		{ "https://[::1]:8080/x", "https://[::1]:8080/x" },
		{ "https://[::1/x", NULL },
		{ "http://a/../../b", NULL },
		{ "http://a/b/%2e%2e/c", NULL },
		{ "demo:x/y", "demo:x/y" },
		{ "demo:x/../y", NULL },
		{ "demo://resource/1", "demo://resource/1" },
		{ "x:/a/..//host/p", NULL },
		{ "x:/a/../p", "x:/p" },
		{ "data:text/plain,a", "data:text/plain,a" },
		{ "x:", "x:" },
	};
	char out[URI_SIZE], twice[URI_SIZE];
	size_t len, again;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int r = uri_normalize(rows[i].uri, strlen(rows[i].uri), out, &len);

		if ((r == 0) != (rows[i].normal != NULL) || (r == 0 && strcmp(out, rows[i].normal) != 0))
			fail_msg("%s: %d %s", rows[i].uri, r, r ? "" : out);
		/* A normal form with a decoded space is for comparing, not for sending. */
		if (r == 0 && !strchr(out, ' ') &&
		    (uri_normalize(out, len, twice, &again) < 0 || strcmp(out, twice) != 0))
			fail_msg("%s: not stable", rows[i].uri);
	}
	assert_true(uri_normalize("a:\0b", 4, out, &len) < 0);
}

static void a_rule_sees_the_normal_form(void **state)
{
	struct policy_rule list[] = {
		{ .match = (char[]){ "file:///home/u/src/secret*" }, .then = POLICY_DENY },
		{ .match = (char[]){ "file:///home/u/src/*" }, .then = POLICY_ALLOW },
		{ .match = (char[]){ "https://docs.example/*" }, .then = POLICY_APPROVE },
	};
	struct policy_rules rules = { list, 3 };
	const struct policy p = { .messages = { .resources = &rules, .n_resources = 1 } };
	static const struct {
		const char *uri;
		enum policy_decision then;
	} rows[] = {
		{ "file:///home/u/src/a", POLICY_ALLOW },
		{ "FILE://localhost/home/./u//src/a", POLICY_ALLOW },
		{ "file:///home/u/src/%73ecret", POLICY_DENY },
		{ "file:///home/u/src/secret", POLICY_DENY },
		{ "file:///home/u/src/../.ssh/id", POLICY_DENY },
		{ "file:///home/u/src/%2e%2e/.ssh/id", POLICY_DENY },
		{ "file:///home/u/src/..%2f.ssh/id", POLICY_DENY },
		{ "file:///home/u/srcs", POLICY_DENY },
		{ "https://DOCS.example/x", POLICY_APPROVE },
		{ "https://docs.example@evil/x", POLICY_DENY },
		{ "http://docs.example/x", POLICY_DENY },
		{ "/home/u/src/a", POLICY_DENY },
	}, templates[] = {
		{ "file:///home/u/src/{name}", POLICY_ALLOW },
		{ "file:///home/u/src/secret{x}", POLICY_DENY },
		{ "file:///{path}", POLICY_ALLOW },
		{ "file:///etc/{x}", POLICY_DENY },
		{ "https://docs.example/{x}", POLICY_APPROVE },
		{ "demo://{x}", POLICY_DENY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (policy_decide_resource(&p, rows[i].uri, strlen(rows[i].uri)) != rows[i].then)
			fail_msg("%s", rows[i].uri);
	for (size_t i = 0; i < sizeof(templates) / sizeof(*templates); i++)
		if (policy_decide_template(&p, templates[i].uri, strlen(templates[i].uri)) !=
		    templates[i].then)
			fail_msg("%s", templates[i].uri);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_spelling_or_none),
		cmocka_unit_test(a_rule_sees_the_normal_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
