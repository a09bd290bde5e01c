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

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "launcher/path.h"
#include "launcher/store.h"
#include "launcher/user.h"

static char top[] = "/tmp/mcpc-store-XXXXXX";
static struct user user;
static const struct spec one = { .kind = SPEC_NPM, .name = "@s/one", .version = "" };

static char *below(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(below(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void move(const char *from, const char *to)
{
	cleanup_free char *old = strdup(below(from));

	assert_int_equal(rename(old, below(to)), 0);
}

static int start(void **state)
{
	struct err err = {0};

	(void)state;
	if (!mkdtemp(top))
		return -1;
	user = (struct user){ .uid = getuid(), .account_home = top, .data = strdup(below(".local/share/mcp-confine")) };
	mkdir(below("t"), 0700);
	return err.code;
}

static int stop(void **state)
{
	struct err err = {0};

	(void)state;
	free(user.data);
	return fstree_remove(top, &err);
}

static void digest_of(const char *dir, char ret[static FSTREE_HEX + 7])
{
	struct fstree t;
	struct err err = {0};

	assert_int_equal(fstree_read(dir, &t, &err), 0);
	fstree_digest(&t, ret);
	fstree_done(&t);
}

static void a_digest_is_of_names_modes_contents_and_links(void **state)
{
	char first[FSTREE_HEX + 7], now[FSTREE_HEX + 7];

	(void)state;
	put("t/a", "1");
	mkdir(below("t/d"), 0700);
	put("t/d/b", "2");
	assert_int_equal(symlink("a", below("t/l")), 0);
	digest_of(below("t"), first);
	assert_memory_equal(first, "sha256-", 7);

	put("t/a", "x");
	digest_of(below("t"), now);
	assert_string_not_equal(first, now);
	put("t/a", "1");
	digest_of(below("t"), now);
	assert_string_equal(first, now);

	chmod(below("t/a"), 0700);
	digest_of(below("t"), now);
	assert_string_not_equal(first, now);
	chmod(below("t/a"), 0644);

	unlink(below("t/l"));
	assert_int_equal(symlink("d", below("t/l")), 0);
	digest_of(below("t"), now);
	assert_string_not_equal(first, now);
	unlink(below("t/l"));
	assert_int_equal(symlink("a", below("t/l")), 0);

	mkdir(below("t/empty"), 0700);
	digest_of(below("t"), now);
	assert_string_not_equal(first, now);
	rmdir(below("t/empty"));

	/* The same bytes under other names: "d/b" is not "d" and "b". */
	move("t/d/b", "t/b");
	digest_of(below("t"), now);
	assert_string_not_equal(first, now);
	move("t/b", "t/d/b");
	digest_of(below("t"), now);
	assert_string_equal(first, now);
}

static void a_tree_is_settled_or_refused(void **state)
{
	static const struct {
		const char *to;
		int r;
	} links[] = {
		{ "a", 0 }, { "d/../a", 0 }, { "nowhere", 0 }, { "/etc/passwd", -EPERM },
		{ "../x", -EPERM }, { "d/../../x", -EPERM }, { "d/up/../..", -EPERM }, { "/", -EPERM },
	};
	struct err err = {0};
	struct stat st;

	(void)state;
	mkdir(below("s"), 0700);
	mkdir(below("s/d"), 0700);
	put("s/a", "");
	/* Read as text d/up/../.. stays inside; followed it does not. */
	assert_int_equal(symlink("..", below("s/d/up")), 0);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		memset(&err, 0, sizeof(err));
		chmod(below("s"), 0700);
		unlink(below("s/l"));
		assert_int_equal(symlink(links[i].to, below("s/l")), 0);
		if (fstree_settle(below("s"), NULL, &err) != links[i].r)
			fail_msg("%s: %s", links[i].to, err.text);
		if (links[i].r) {
			memset(&err, 0, sizeof(err));
			assert_int_equal(fstree_settle(below("s"), "l", &err), 0);
		}
	}
	chmod(below("s"), 0700);
	unlink(below("s/l"));
	chmod(below("s/a"), 06777);
	assert_int_equal(fstree_settle(below("s"), NULL, &err), 0);
	stat(below("s/a"), &st);
	assert_int_equal(st.st_mode & 07777, 0555);
	chmod(below("s"), 0700);
	assert_int_equal(mkfifo(below("s/fifo"), 0600), 0);
	memset(&err, 0, sizeof(err));
	assert_int_equal(fstree_settle(below("s"), NULL, &err), -EPERM);
	memset(&err, 0, sizeof(err));
	assert_int_equal(fstree_remove(below("s"), &err), 0);
	assert_int_equal(access(below("s"), F_OK), -1);
	assert_int_equal(access("/etc/passwd", F_OK), 0);
}

static char *commit(const char *content, const char *version)
{
	cleanup_free char *staging = NULL;
	cleanup_close int lock = -1;
	struct err err = {0};
	char path[4096], *dir = NULL;
	json_auto_t *about = json_pack("{s:s, s:s}", "package_version", version, "requested", "latest");
	FILE *f;

	lock = store_lock(&user, &staging, &err);
	assert_true(lock >= 0);
	snprintf(path, sizeof(path), "%s/package", staging);
	mkdir(path, 0700);
	strcat(path, "/tree");
	mkdir(path, 0700);
	strcat(path, "/f");
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(content, f);
	fclose(f);
	assert_int_equal(store_commit(&user, &one, staging, NULL, about, &dir, &err), 0);
	return dir;
}

static void the_store_moves_back_and_forth(void **state)
{
	cleanup_free char *first = commit("1", "1"), *second = NULL, *third = NULL, *found = NULL;
	struct strv names = {0};
	struct err err = {0};
	struct spec s;

	(void)state;
	assert_null(store_find(top, SPEC_NPM, "@s/one", "current"));
	assert_int_equal(store_select(&user, &one, first, &err), 0);
	second = commit("2", "2");
	assert_string_not_equal(first, second);
	assert_int_equal(store_select(&user, &one, second, &err), 0);
	found = store_find(top, SPEC_NPM, "@s/one", "current");
	assert_string_equal(found, second);
	free(found);
	found = store_find(top, SPEC_NPM, "@s/one", "previous");
	assert_string_equal(found, first);
	assert_int_equal(store_select(&user, &one, first, &err), 0);
	free(found);
	found = store_find(top, SPEC_NPM, "@s/one", "previous");
	assert_string_equal(found, second);
	/* What was fetched and not taken goes; what is in use stays. */
	third = commit("3", "3");
	assert_true(path_is_dir(third));
	assert_int_equal(store_sweep(&user, &one, &err), 0);
	assert_false(path_is_dir(third));
	assert_true(path_is_dir(first) && path_is_dir(second));

	assert_int_equal(store_list(&user, &names, &err), 0);
	assert_int_equal(names.n, 1);
	assert_string_equal(names.v[0], "npm:@s/one");
	strv_done(&names);
	assert_int_equal(store_name(&user, "@s/one@2", &s, &err), 0);
	assert_string_equal(s.version, "2");
	assert_int_equal(store_name(&user, "npm:@s/one", &s, &err), 0);
	assert_int_equal(store_name(&user, "pypi:one", &s, &err), -ENOENT);
}

static void a_path_below_the_store_tells_its_package(void **state)
{
	cleanup_free char *dir = store_find(top, SPEC_NPM, "@s/one", "current");
	cleanup_free char *deep = path_make("%s/tree/f", dir), *of = store_of(user.data, deep);
	cleanup_free char *beside = path_make("%s/packages/lock", user.data);

	(void)state;
	assert_non_null(of);
	assert_string_equal(of, dir);
	assert_null(store_of(user.data, beside));
	assert_null(store_of(user.data, "/usr/lib/node_modules"));
}

/* A tree that has changed within the last ticks of the clock gets no seal yet. */
static void wait_for_seal(const char *dir, const char *seal)
{
	struct err err = {0};

	do
		assert_int_equal(store_verify(dir, &err), 0);
	while (access(seal, F_OK) < 0);
}

/* Every kind of change, each beside a seal that held before; and back again. */
static void a_seal_breaks_with_any_change(void **state)
{
	cleanup_free char *dir = store_find(top, SPEC_NPM, "@s/one", "current");
	cleanup_free char *tree = path_make("%s/tree", dir), *file = path_make("%s/f", tree);
	cleanup_free char *other = path_make("%s/other", tree), *seal = path_make("%s/seal", dir);
	cleanup_free char *text = NULL;
	struct err err = {0};
	size_t len = 0;
	int fd;

	(void)state;
	chmod(tree, 0755);
	for (int i = 0; i < 6; i++) {
		unlink(seal);
		chmod(tree, 0555);
		wait_for_seal(dir, seal);
		free(text);
		text = NULL;
		fd = open(seal, O_RDONLY | O_CLOEXEC);
		assert_int_equal(fd_read_all(fd, 1 << 20, &text, &len, &err), 0);
		close(fd);
		assert_true(fstree_has_seal(tree, text, len));
		chmod(tree, 0755);
		assert_false(fstree_has_seal(tree, text, len)); /* its mode, and back: its ctime */
		chmod(tree, 0555);
		assert_false(fstree_has_seal(tree, text, len));
		wait_for_seal(dir, seal);
		chmod(tree, 0755);
		switch (i) {
		case 0:
			close(open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0444));
			break;
		case 1:
			assert_int_equal(rename(file, other), 0);
			break;
		case 2:
			assert_int_equal(symlink("f", other), 0);
			break;
		case 3:
			assert_int_equal(mkdir(other, 0555), 0);
			break;
		case 4:
			assert_int_equal(link(file, other), 0);
			break;
		default:
			assert_int_equal(chmod(file, 0555), 0);
		}
		chmod(tree, 0555);
		assert_int_equal(store_verify(dir, &err), -EBADMSG);
		memset(&err, 0, sizeof(err));
		chmod(tree, 0755);
		if (i == 1)
			assert_int_equal(rename(other, file), 0);
		else if (i == 3)
			assert_int_equal(rmdir(other), 0);
		else if (i < 5)
			assert_int_equal(unlink(other), 0);
		else
			assert_int_equal(chmod(file, 0444), 0);
	}
	chmod(tree, 0555);
	/* A seal that is damaged, cut or of nothing says nothing. */
	for (size_t cut = 0; cut < len; cut++)
		assert_false(fstree_has_seal(tree, text, cut));
	wait_for_seal(dir, seal);
	fd = open(seal, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(write(fd, text, 70), 70);
	close(fd);
	assert_int_equal(store_verify(dir, &err), 0);
}

static void a_change_is_seen_and_one_taken_back_is_not(void **state)
{
	cleanup_free char *dir = store_find(top, SPEC_NPM, "@s/one", "current");
	cleanup_free char *file = path_make("%s/tree/f", dir), *seal = path_make("%s/seal", dir);
	cleanup_free char *lock = path_make("%s/lock.json", dir);
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct err err = {0};
	int fd;

	(void)state;
	assert_int_equal(store_verify(dir, &err), 0);
	chmod(file, 0644);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), 1);
	/* Its time of writing says nothing. */
	futimens(fd, times);
	close(fd);
	chmod(file, 0444);
	assert_int_equal(store_verify(dir, &err), -EBADMSG);
	memset(&err, 0, sizeof(err));
	chmod(file, 0644);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "1", 1), 1);
	close(fd);
	chmod(file, 0444);
	assert_int_equal(store_verify(dir, &err), 0);
	/* Without a seal the content is read; a tree that is old enough gets one then. */
	unlink(seal);
	wait_for_seal(dir, seal);
	unlink(lock);
	assert_int_equal(store_verify(dir, &err), -EBADMSG);
}

static void removing_leaves_nothing(void **state)
{
	cleanup_free char *place = path_make("%s/packages/npm/@s+one", user.data);
	struct err err = {0};

	(void)state;
	assert_int_equal(store_remove(&user, &one, &err), 0);
	assert_false(path_is_dir(place));
	assert_null(store_find(top, SPEC_NPM, "@s/one", "current"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_is_of_names_modes_contents_and_links),
		cmocka_unit_test(a_tree_is_settled_or_refused),
		cmocka_unit_test(the_store_moves_back_and_forth),
		cmocka_unit_test(a_path_below_the_store_tells_its_package),
		cmocka_unit_test(a_seal_breaks_with_any_change),
		cmocka_unit_test(a_change_is_seen_and_one_taken_back_is_not),
		cmocka_unit_test(removing_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
