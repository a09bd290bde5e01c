/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

/* The same things allowed and denied, written as a server might to be listed. */
static void templates_are_compared_as_what_they_make(void **state)
{
	struct policy_rule list[] = {
		{ .match = (char[]){ "file:///etc/*" }, .then = POLICY_DENY },
		{ .match = (char[]){ "https://in.example/*" }, .then = POLICY_DENY },
		{ .match = (char[]){ "file:///home/u/key" }, .then = POLICY_DENY },
		{ .match = (char[]){ "*.pem" }, .then = POLICY_DENY },
		{ .match = (char[]){ "*" }, .then = POLICY_ALLOW },
	};
	struct policy_rules rules = { list, 5 };
	const struct policy p = { .messages = { .resources = &rules, .n_resources = 1 } };
	static const struct {
		const char *text;
		enum policy_decision then;
	} rows[] = {
		{ "file:///home/{x}", POLICY_ALLOW },
		{ "https://out.example/{+path}{?q,r}", POLICY_ALLOW },
		{ "greeting://{name}", POLICY_ALLOW },
		{ "db://{table}/rows{?limit}", POLICY_ALLOW },
		{ "db://h:{port}/a", POLICY_ALLOW },
		{ "note:{id}", POLICY_ALLOW },
		{ "file:///etc{/x}", POLICY_ALLOW }, /* without x: file:///etc */
		{ "file:///etc/{x}", POLICY_DENY },
		{ "FILE:///etc/{x}", POLICY_DENY },
		{ "fIlE:///etc/{+x}", POLICY_DENY },
		{ "file:/etc/{x}", POLICY_DENY },
		{ "file://localhost/etc/{x}", POLICY_DENY },
		{ "file://LOCALHOST/etc/{x}", POLICY_DENY },
		{ "file:////etc//{x}", POLICY_DENY },
		{ "file:///./etc/./{x}", POLICY_DENY },
		{ "file:///home/../etc/{x}", POLICY_DENY },
		{ "file:///%65tc/{x}", POLICY_DENY },
		{ "file:///%65%74%63/{x}", POLICY_DENY },
		{ "file:///%2565tc/{x}", POLICY_DENY },
		{ "file:///etc%2f{x}", POLICY_DENY },
		{ "file:///etc\\{x}", POLICY_DENY },
		{ "file://{host}/etc/{x}", POLICY_DENY },
		{ "file:///%{x}", POLICY_DENY },
		{ "file:///%6{x}tc/shadow", POLICY_DENY },
		{ "{scheme}:///etc/{x}", POLICY_DENY },
		{ "{+uri}", POLICY_DENY },
		{ "fi{x}:///etc/passwd", POLICY_DENY },
		{ "%66ile:///etc/{x}", POLICY_DENY },
		{ "file:///home/u/key{?x}", POLICY_DENY },
		{ "file:///home/u/key{#x}", POLICY_DENY },
		{ "file:///home/u/key?{x}", POLICY_DENY },
		{ "https://IN.example/{x}", POLICY_DENY },
		{ "https://in.example:443/{x}", POLICY_DENY },
		{ "https://in.example:/{x}", POLICY_DENY },
		{ "HTTPS://in.example/a/../{x}", POLICY_DENY },
		{ "https://a@in.example/{x}", POLICY_DENY },
		{ "file:///home/{x}.pem", POLICY_DENY },
		{ "file:///home/{x}.p%65m", POLICY_DENY },
		{ "file:///home/{", POLICY_DENY },
		{ "file:///home/{}", POLICY_DENY },
		{ "file:///home/{x}}", POLICY_DENY },
		{ "file:///home/{{x}", POLICY_DENY },
		{ "file:///home/\1{x}", POLICY_DENY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (policy_decide_template(&p, rows[i].text, strlen(rows[i].text)) != rows[i].then)
			fail_msg("%s", rows[i].text);
}

/* Nobody loses what would pass: a template that is hidden makes nothing but what is denied. */
static void a_hidden_template_makes_nothing_that_passes(void **state)
{
	struct policy_rule list[] = {
		{ .match = (char[]){ "file:///a/b*" }, .then = POLICY_DENY },
		{ .match = (char[]){ "file:///a/?" }, .then = POLICY_ALLOW },
		{ .match = (char[]){ "*://h/x*y" }, .then = POLICY_ALLOW },
		{ .match = (char[]){ "x:*" }, .then = POLICY_DENY },
		{ .match = (char[]){ "file:///a/*q" }, .then = POLICY_ALLOW },
	};
	struct policy_rules rules = { list, 5 };
	const struct policy p = { .messages = { .resources = &rules, .n_resources = 1 } };
	static const char *const scheme[] = { "file:///", "FILE:/", "x://h/", "x://{}/", "X:", "y://H:{}/" },
		*const path[] = { "a/{}", "%61/b{}", "{}", "x{}y", "x{}", "{}/q", "a/{}{}", "xy{}#q" },
		*const value[] = { "", "b", "c", "y", "bq", "q", "h" };
	size_t hidden = 0, passed = 0;

	(void)state;
	for (size_t s = 0; s < 6; s++)
		for (size_t t = 0; t < 8; t++)
			for (size_t v = 0; v < 7; v++) {
				char from[64], template[64] = "", uri[64] = "";
				bool is_shown;

				snprintf(from, sizeof(from), "%s%s", scheme[s], path[t]);
				for (const char *c = from; *c; c++) {
					bool hole = c[0] == '{';

					strcat(template, hole ? "{v}" : (char[]){ *c, '\0' });
					strcat(uri, hole ? value[v] : (char[]){ *c, '\0' });
					c += hole;
				}
				is_shown = policy_decide_template(&p, template, strlen(template)) !=
					   POLICY_DENY;
				hidden += !is_shown;
				if (policy_decide_resource(&p, uri, strlen(uri)) == POLICY_DENY)
					continue;
				passed++;
				if (!is_shown)
					fail_msg("%s makes %s", template, uri);
			}
	assert_true(hidden > 10 && passed > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_spelling_or_none),
		cmocka_unit_test(a_rule_sees_the_normal_form),
		cmocka_unit_test(templates_are_compared_as_what_they_make),
		cmocka_unit_test(a_hidden_template_makes_nothing_that_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
