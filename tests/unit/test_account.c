/* SPDX-License-Identifier: Apache-2.0 */
/* launcher/account.h against what libc says of the same accounts. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "launcher/account.h"

static void test_each_account_is_what_libc_says(void **state)
{
	const struct passwd *pw;
	size_t n = 0;

	(void)state;
	setpwent();
	while ((pw = getpwent())) {
		struct account a;

		assert_int_equal(account_find(pw->pw_uid, &a), 1);
		assert_int_equal(a.uid, pw->pw_uid);
		assert_non_null(a.home);
		account_done(&a);
		n++;
	}
	endpwent();
	assert_true(n > 0);
}

static void test_root_is_root(void **state)
{
	struct account a;

	(void)state;
	assert_int_equal(account_find(0, &a), 1);
	assert_string_equal(a.name, "root");
	assert_int_equal(a.gid, 0);
	assert_string_equal(a.home, getpwuid(0)->pw_dir);
	account_done(&a);
	assert_null(a.name);
}

static void test_nobody_knows_this_user(void **state)
{
	struct account a;

	(void)state;
	assert_null(getpwuid(3999999999));
	assert_int_equal(account_find(3999999999, &a), 0);
	assert_null(a.name);
	assert_null(a.home);
	account_done(&a);
}

static int count(const struct account *a, void *data)
{
	assert_true(a->name && a->name[0] != '+' && a->home);
	++*(size_t *)data;
	return 0;
}

static int refuse(const struct account *a, void *data)
{
	(void)a;
	++*(size_t *)data;
	return -EIO;
}

static void test_the_walk_lists_all_and_ends_when_told(void **state)
{
	size_t listed = 0, walked = 0, ended = 0;

	(void)state;
	setpwent();
	while (getpwent())
		listed++;
	endpwent();
	assert_int_equal(account_each(count, &walked), 0);
	assert_int_equal(walked, listed);
	assert_int_equal(account_each(refuse, &ended), -EIO);
	assert_int_equal(ended, 1);
}

static void test_a_private_group_has_the_name_and_no_other_member(void **state)
{
	const struct passwd *pw;

	(void)state;
	/* root's own; another's; a group that nobody has as his primary one. */
	assert_true(account_group_is_private(0, 0));
	assert_false(account_group_is_private(0, 1));
	assert_false(account_group_is_private(0, 3999999999));
	assert_false(account_group_is_private(3999999999, 0));
	setpwent();
	while ((pw = getpwent())) {
		const struct group *g = getgrgid(pw->pw_gid);

		if (g && strcmp(g->gr_name, pw->pw_name) != 0)
			assert_false(account_group_is_private(pw->pw_uid, pw->pw_gid));
	}
	endpwent();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_account_is_what_libc_says),
		cmocka_unit_test(test_root_is_root),
		cmocka_unit_test(test_nobody_knows_this_user),
		cmocka_unit_test(test_the_walk_lists_all_and_ends_when_told),
		cmocka_unit_test(test_a_private_group_has_the_name_and_no_other_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
