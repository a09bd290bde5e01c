/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "launcher/login.h"
#include "launcher/people.h"
#include "launcher/proxy.h"

#define HOST "npm.example.com"

static char file[] = "/tmp/mcpc-login-XXXXXX";

static void put(const char *text, mode_t mode)
{
	int fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	chmod(file, mode);
}

static void a_token_is_for_its_host_alone(void **state)
{
	static const struct {
		const char *key, *value, *text; /* NULL: not for the host */
	} rows[] = {
		{ "//" HOST "/:_authToken", "abc", "//" HOST "/:_authToken=\"abc\"\n" },
		{ "//" HOST ":443/:_authToken", "abc", "//" HOST ":443/:_authToken=\"abc\"\n" },
		{ "//" HOST "/a/b/:_auth", "eA==", "//" HOST "/a/b/:_auth=\"eA==\"\n" },
		{ "//" HOST "/:_authToken", "a${LOGIN_TEST}c${LOGIN_TEST}$", "//" HOST "/:_authToken=\"abcb$\"\n" },
		{ "//" HOST "/:_authToken", "a;b#c", "//" HOST "/:_authToken=\"a;b#c\"\n" },
		{ "//" HOST ":8443/:_authToken", "abc", NULL },
		{ "//" HOST ".evil.com/:_authToken", "abc", NULL },
		{ "//evil." HOST "/:_authToken", "abc", NULL },
		{ "//npm.example.co/:_authToken", "abc", NULL },
		{ "//" HOST ":_authToken", "abc", NULL },
		{ "//" HOST "/:always-auth", "true", NULL },
		{ "//" HOST "/:keyfile", "/k", NULL },
		{ "_authToken", "abc", NULL },
		{ "//:_authToken", "abc", NULL },
		{ "///:_authToken", "abc", NULL },
		{ "//" HOST "/:_authToken", "", NULL },
	};
	struct strv hosts = {0};

	(void)state;
	setenv("LOGIN_TEST", "b", 1);
	assert_int_equal(strv_add(&hosts, HOST ":443"), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct login l = { .is_wanted = true }, unwanted = {0};
		struct err err = {0};
		int r;

		login_take_npmrc(&l, rows[i].key, rows[i].value);
		login_take_npmrc(&l, rows[i].key, "another, later");
		r = login_settle_npm(&l, &hosts, &err);
		if (rows[i].text ? r < 0 || strcmp(l.text, rows[i].text) != 0 :
				   r != -ENOENT && rows[i].value[0])
			fail_msg("%s=%s: %d %s", rows[i].key, rows[i].value, r, l.text ? l.text : "");
		/* Not asked for: known, and not written. */
		login_take_npmrc(&unwanted, rows[i].key, rows[i].value);
		assert_int_equal(login_settle_npm(&unwanted, &hosts, &err), 0);
		assert_null(unwanted.text);
		if (rows[i].value[0])
			assert_int_equal(unwanted.is_known, rows[i].text != NULL);
		login_done(&l);
		login_done(&unwanted);
	}
	strv_done(&hosts);
}

static void a_value_that_cannot_be_written_is_refused(void **state)
{
	static const char *const values[] = { "a\"b", "a\\b", "a\nb", "a\x7f", "${LOGIN_TEST_NOT_SET}", "\x01" };
	struct strv hosts = {0};

	(void)state;
	assert_int_equal(strv_add(&hosts, HOST ":443"), 0);
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct login l = { .is_wanted = true };
		struct err err = {0};

		login_take_npmrc(&l, "//" HOST "/:_authToken", values[i]);
		assert_int_equal(login_settle_npm(&l, &hosts, &err), -EINVAL);
		login_done(&l);
	}
	strv_done(&hosts);
}

static void a_credential_leaves_the_url(void **state)
{
	static const struct {
		const char *url, *bare, *user, *password;
	} rows[] = {
		{ "https://a:b@h.example/s", "https://h.example/s", "a", "b" },
		{ "https://a%40c:b%2F%3a@h.example/s", "https://h.example/s", "a@c", "b/:" },
		{ "https://tok@h.example/s", "https://h.example/s", "tok", "" },
		{ "https://a:b@c@h.example/s", "https://h.example/s", "a", "b@c" },
		{ "https://a:b:c@h.example", "https://h.example", "a", "b:c" },
		{ "https://a%zz:%4@h.example", "https://h.example", "a%zz", "%4" },
		{ "https://h.example/s?a@b", "https://h.example/s?a@b", NULL, NULL },
		{ "https://h.example/@s", "https://h.example/@s", NULL, NULL },
		{ "nothing@all", "nothing@all", NULL, NULL },
		{ "", "", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *url = strdup(rows[i].url);
		struct login l = {0};
		struct err err = {0};
		int r = login_take_url(&l, url, &err);

		if (r != (rows[i].user != NULL) || strcmp(url, rows[i].bare) != 0 ||
		    (r && (strcmp(l.user, rows[i].user) != 0 || strcmp(l.password, rows[i].password) != 0)))
			fail_msg("%s: %d %s %s %s", rows[i].url, r, url, l.user ? l.user : "-",
				 l.password ? l.password : "-");
		login_done(&l);
		free(url);
	}
}

static void a_netrc_tells_of_its_machines(void **state)
{
	static const struct {
		const char *text, *user, *password;
	} rows[] = {
		{ "machine h.example login a password b\n", "a", "b" },
		{ "machine x.example login x password y machine h.example\n\tlogin a\n\tpassword b\n", "a", "b" },
		{ "machine h.example login a password b machine h.example login c password d", "a", "b" },
		{ "machine h.example password b login a", "a", "b" },
		{ "machine h.example login a", "a", "" },
		{ "machine h.example.evil login a password b", NULL, NULL },
		{ "default login a password b", NULL, NULL },
		{ "machine h.example", NULL, NULL },
		{ "machine", NULL, NULL },
		{ "login a password b", NULL, NULL },
		{ "", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct login l = {0};

		put(rows[i].text, 0600);
		assert_int_equal(login_take_netrc(&l, file, "h.example"), 0);
		if (!l.user != !rows[i].user ||
		    (l.user && (strcmp(l.user, rows[i].user) != 0 || strcmp(l.password, rows[i].password) != 0)))
			fail_msg("%s: %s", rows[i].text, l.user ? l.user : "-");
		login_done(&l);
	}
}

static void credentials_of_a_proxy_are_one_line(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *value; /* NULL: refused */
	} rows[] = {
		{ "a:b\n", 0600, "Basic YTpi" },
		{ "a:b\r\n", 0600, "Basic YTpi" },
		{ "a:", 0400, "Basic YTo=" },
		{ "Basic YTpi", 0600, "Basic YTpi" },
		{ "bearer xyz", 0600, "bearer xyz" },
		{ "a:b", 0604, NULL },
		{ "a:b", 0620, NULL },
		{ "a", 0600, NULL },
		{ ":b", 0600, NULL },
		{ "", 0600, NULL },
		{ "\na:b", 0600, NULL },
		{ "a:b\nX: y\n", 0600, NULL },
		{ "a:b\rX: y", 0600, NULL },
		{ "a:\tb", 0600, NULL },
		{ "Basic \xff", 0600, NULL },
	};
	char value[PROXY_AUTHORIZATION], line[1100];
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int r;

		memset(&err, 0, sizeof(err));
		put(rows[i].text, rows[i].mode);
		r = proxy_authorization(file, value, &err);
		if ((r == 0) != (rows[i].value != NULL) || (r == 0 && strcmp(value, rows[i].value) != 0))
			fail_msg("%s: %d %s", rows[i].text, r, r == 0 ? value : err.text);
	}
	memset(&err, 0, sizeof(err));
	memset(line, 'a', sizeof(line));
	line[1] = ':';
	line[1024] = '\0';
	put(line, 0600);
	assert_int_equal(proxy_authorization(file, value, &err), 0);
	line[1024] = 'a';
	line[1025] = '\0';
	put(line, 0600);
	assert_int_equal(proxy_authorization(file, value, &err), -EINVAL);
	assert_true(proxy_authorization("/tmp/mcpc-none/none", value, &err) < 0);
}

static void people_are_named_as_far_as_they_are_known(void **state)
{
	static const struct {
		const char *view;
		const char *first; /* NULL: nothing is told */
		size_t n;
	} rows[] = {
		{ "{\"maintainers\": [\"a <a@b>\", \"c\"], \"_npmUser\": \"d\"}", "maintainer: a <a@b>", 3 },
		{ "{\"maintainers\": [{\"name\": \"a\", \"email\": \"a@b\"}]}", "maintainer: a <a@b>", 1 },
		{ "{\"maintainers\": \"a <a@b>\"}", "maintainer: a <a@b>", 1 },
		{ "{\"maintainers\": [1, null, {\"email\": \"x\"}, \"\"], \"_npmUser\": {\"name\": \"d\"}}", "published by: d", 1 },
		{ "{\"maintainers\": []}", NULL, 0 },
		{ "[]", NULL, 0 },
		{ "no JSON", NULL, 0 },
		{ "", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *list = people_npm(rows[i].view);

		if (json_array_size(list) != rows[i].n ||
		    (list && strcmp(json_string_value(json_array_get(list, 0)), rows[i].first) != 0))
			fail_msg("%s", rows[i].view);
		json_decref(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_for_its_host_alone),
		cmocka_unit_test(a_value_that_cannot_be_written_is_refused),
		cmocka_unit_test(a_credential_leaves_the_url),
		cmocka_unit_test(a_netrc_tells_of_its_machines),
		cmocka_unit_test(credentials_of_a_proxy_are_one_line),
		cmocka_unit_test(people_are_named_as_far_as_they_are_known),
	};
	int fd = mkstemp(file), r;

	if (fd < 0)
		return 1;
	close(fd);
	umask(022);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(file);
	return r;
}
