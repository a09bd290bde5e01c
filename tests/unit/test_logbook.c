/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a log in a directory of its own: appends, rotation, crashes and cuts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "launcher/logfiles.h"

static const struct trail_who who = { .server = "s", .session = "1", .user = "u" };
static const char record[] = "{\"event\":\"deny\",\"tool\":\"t\"}";
static char directory[] = "/tmp/test-logbook-XXXXXX";
static int dir;

static int set_up(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/test-logbook-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	close(dir);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static void start(struct logbook *b, uint64_t max)
{
	struct err err = {0};

	assert_int_equal(logbook_open(dir, "s", max, 3, b, &err), 0);
}

static int append(struct logbook *b)
{
	return logbook_append(b, &who, "pep", 0, record, sizeof(record) - 1);
}

static void append_some(struct logbook *b, int n)
{
	while (n-- > 0)
		assert_int_equal(append(b), 0);
}

/* Return: as logfiles_verify(). */
static int verify(struct logfiles_found *found)
{
	struct err err = {0};
	struct logfiles f;
	int r;

	assert_int_equal(logfiles_open(dir, "s", &f, &err), 0);
	r = logfiles_verify(&f, NULL, found, &err);
	logfiles_close(&f);
	return r;
}

static off_t size_of(const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) < 0 ? -1 : st.st_size;
}

static void write_at_end(const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_APPEND);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void sessions_side_by_side_make_one_chain(void **state)
{
	static struct logbook a, b;
	struct logfiles_found found;

	(void)state;
	start(&a, MIB);
	start(&b, MIB);
	for (int i = 0; i < 50; i++) {
		append_some(&a, 1 + i % 3);
		append_some(&b, 1 + i % 2);
	}
	assert_int_equal(verify(&found), 0);
	assert_int_equal(found.first, 1);
	assert_int_equal(found.last, a.state.last > b.state.last ? a.state.last : b.state.last);
	logbook_close(&a);
	logbook_close(&b);
}

static void a_full_file_is_followed_by_a_new_one_for_all(void **state)
{
	static struct logbook a, b;
	struct logfiles_found found;

	(void)state;
	start(&a, 8 * KIB);
	start(&b, 8 * KIB);
	for (int i = 0; i < 200; i++)
		append_some(i % 3 ? &a : &b, 1);
	assert_int_equal(verify(&found), 0);
	assert_int_equal(found.last, 200);
	/* The oldest are gone, and that is known. */
	assert_true(found.first > 1);
	assert_true(size_of("s.jsonl.3") > 0);
	assert_int_equal(size_of("s.jsonl.4"), -1);
	assert_true(size_of("s.jsonl.1") <= (off_t)(8 * KIB));
	/* One more taken away is not. */
	unlinkat(dir, "s.jsonl.3", 0);
	assert_int_equal(verify(&found), -EBADMSG);
	logbook_close(&a);
	logbook_close(&b);
}

static void a_hole_between_files_is_found(void **state)
{
	static struct logbook b;
	struct logfiles_found found;

	(void)state;
	start(&b, 8 * KIB);
	append_some(&b, 80);
	assert_true(size_of("s.jsonl.2") > 0);
	unlinkat(dir, "s.jsonl.2", 0);
	assert_int_equal(verify(&found), -EBADMSG);
	logbook_close(&b);
}

static void a_crash_at_any_byte_loses_no_line_and_is_named(void **state)
{
	static struct logbook b;
	struct logfiles_found found;
	struct logbook_state before;
	off_t whole;

	(void)state;
	start(&b, MIB);
	append_some(&b, 3);
	before = b.state;
	append_some(&b, 1);
	whole = size_of("s.jsonl");
	/* Line 4 was being written, and the state knows of 3. */
	for (off_t at = (off_t)before.size + 1; at <= whole; at++) {
		int head = openat(dir, "s.head", O_WRONLY);

		assert_int_equal(pwrite(head, &before, sizeof(before), 0), sizeof(before));
		close(head);
		/* What was behind the place of the crash in the last round. */
		assert_int_equal(ftruncate(b.fd, (off_t)before.size), 0);
		{
			char line[TRAIL_LINE];
			struct trail_head h = { .seq = before.last };
			size_t len;

			memcpy(h.hash, before.hash, SHA256_SIZE);
			len = trail_make(&h, &who, "pep", 0, record, sizeof(record) - 1, line);
			assert_int_equal(len, whole - (off_t)before.size);
			assert_int_equal(write(b.fd, line, (size_t)(at - (off_t)before.size)),
					 at - (off_t)before.size);
		}
		assert_int_equal(verify(&found), 0);
		assert_int_equal(found.unfinished, at < whole - 1 ? at - (off_t)before.size : 0);
		append_some(&b, 1);
		assert_false(b.was_cut);
		assert_int_equal(verify(&found), 0);
		assert_int_equal(found.torn, at < whole - 1);
		/* 3 lines; the torn one's name, or line 4 itself; the new one. */
		assert_int_equal(found.last, 5);
	}
	logbook_close(&b);
}

static void a_cut_end_is_found_and_stays_found(void **state)
{
	static struct logbook b;
	struct logfiles_found found;
	uint64_t at;

	(void)state;
	start(&b, MIB);
	append_some(&b, 3);
	at = b.state.size;
	append_some(&b, 3);
	assert_int_equal(ftruncate(b.fd, (off_t)at), 0);
	assert_int_equal(verify(&found), -EBADMSG);
	append_some(&b, 1);
	assert_true(b.was_cut);
	assert_int_equal(verify(&found), -EBADMSG);
	logbook_close(&b);
}

static void a_log_that_was_emptied_or_removed_is_found(void **state)
{
	static struct logbook b;
	struct logfiles_found found;

	(void)state;
	for (int i = 0; i < 2; i++) {
		start(&b, MIB);
		append_some(&b, 3);
		if (i)
			unlinkat(dir, "s.jsonl", 0);
		else
			assert_int_equal(ftruncate(b.fd, 0), 0);
		append_some(&b, 1);
		assert_true(b.was_cut);
		assert_int_equal(verify(&found), -EBADMSG);
		logbook_close(&b);
	}
}

static void what_others_append_is_found(void **state)
{
	static struct logbook b;
	struct logfiles_found found;
	char forged[TRAIL_LINE];
	struct trail_head h = { .seq = 3 };
	size_t len = trail_make(&h, &who, "pep", 0, record, sizeof(record) - 1, forged);

	(void)state;
	start(&b, MIB);
	append_some(&b, 3);
	forged[len] = '\0';
	write_at_end("s.jsonl", forged);
	assert_int_equal(verify(&found), -EBADMSG);
	append_some(&b, 1);
	assert_int_equal(verify(&found), -EBADMSG);
	logbook_close(&b);
}

static void without_its_head_a_log_goes_on_and_says_so(void **state)
{
	static struct logbook b;
	struct logfiles_found found;

	(void)state;
	start(&b, MIB);
	append_some(&b, 3);
	logbook_close(&b);
	unlinkat(dir, "s.head", 0);
	assert_int_equal(verify(&found), -EBADMSG);
	start(&b, MIB);
	append_some(&b, 1);
	assert_true(b.was_lost);
	assert_int_equal(verify(&found), 0);
	assert_int_equal(found.last, 5);
	/* A damaged one is none. */
	assert_int_equal(pwrite(b.head, "x", 1, 40), 1);
	assert_int_equal(verify(&found), -EBADMSG);
	append_some(&b, 1);
	assert_int_equal(verify(&found), 0);
	logbook_close(&b);
}

static void a_crash_between_two_files_is_no_cut(void **state)
{
	static struct logbook b;
	struct logfiles_found found;

	(void)state;
	start(&b, MIB);
	append_some(&b, 3);
	logbook_close(&b);
	assert_int_equal(renameat(dir, "s.jsonl", dir, "s.jsonl.1"), 0);
	start(&b, MIB);
	append_some(&b, 1);
	assert_false(b.was_cut);
	assert_int_equal(verify(&found), 0);
	assert_int_equal(found.last, 4);
	logbook_close(&b);
}

static void a_full_disk_is_told_and_leaves_no_piece(void **state)
{
	static struct logbook b;
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct logfiles_found found;
	struct rlimit bound;
	off_t size;

	(void)state;
	/* Of the file system a limit of this process: EFBIG, in the middle of a line too. */
	signal(SIGXFSZ, SIG_IGN);
	start(&b, MIB);
	append_some(&b, 5);
	size = size_of("s.jsonl");
	bound = (struct rlimit){ (rlim_t)size + 100, RLIM_INFINITY };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &bound), 0);
	assert_true(append(&b) < 0);
	assert_int_equal(size_of("s.jsonl"), size);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	append_some(&b, 1);
	assert_int_equal(verify(&found), 0);
	assert_int_equal(found.last, 6);
	assert_int_equal(found.torn, 0);
	logbook_close(&b);
}

static void a_head_that_was_seen_elsewhere_finds_a_log_written_anew(void **state)
{
	static struct logbook b;
	struct logfiles_found found;
	struct trail_head seen;
	struct err err = {0};
	struct logfiles f;

	(void)state;
	start(&b, MIB);
	append_some(&b, 4);
	seen.seq = b.state.last;
	memcpy(seen.hash, b.state.hash, SHA256_SIZE);
	append_some(&b, 4);
	assert_int_equal(logfiles_open(dir, "s", &f, &err), 0);
	assert_int_equal(logfiles_verify(&f, &seen, &found, &err), 0);
	assert_true(found.has_seen);
	logfiles_close(&f);
	logbook_close(&b);
	/* Both files anew, each in order: nothing but that head tells. */
	unlinkat(dir, "s.head", 0);
	unlinkat(dir, "s.jsonl", 0);
	start(&b, MIB);
	for (int i = 0; i < 8; i++)
		assert_int_equal(logbook_append(&b, &who, "pep", 7, record, sizeof(record) - 1), 0);
	assert_int_equal(logfiles_open(dir, "s", &f, &err), 0);
	assert_int_equal(logfiles_verify(&f, &seen, &found, &err), 0);
	assert_false(found.has_seen);
	logfiles_close(&f);
	logbook_close(&b);
}

static void a_link_in_the_place_of_a_log_is_refused(void **state)
{
	static struct logbook b;
	struct err err = {0};

	(void)state;
	assert_int_equal(symlinkat("/etc/hostname", dir, "s.jsonl"), 0);
	assert_int_equal(logbook_open(dir, "s", MIB, 3, &b, &err), -ELOOP);
}

static void names_are_those_of_files(void **state)
{
	static const char *const rows[][2] = {
		{ "github", "github" }, { "a/b", "a_b" }, { ".x", "_x" }, { "", "server" },
		{ "npm:@a/b 1", "npm__a_b_1" }, { "x.y", "x.y" },
	};
	char name[LOGBOOK_NAME];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		logbook_name(rows[i][0], name);
		assert_string_equal(name, rows[i][1]);
	}
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(sessions_side_by_side_make_one_chain),
		ROW(a_full_file_is_followed_by_a_new_one_for_all),
		ROW(a_hole_between_files_is_found),
		ROW(a_crash_at_any_byte_loses_no_line_and_is_named),
		ROW(a_cut_end_is_found_and_stays_found),
		ROW(a_log_that_was_emptied_or_removed_is_found),
		ROW(what_others_append_is_found),
		ROW(without_its_head_a_log_goes_on_and_says_so),
		ROW(a_crash_between_two_files_is_no_cut),
		ROW(a_full_disk_is_told_and_leaves_no_piece),
		ROW(a_head_that_was_seen_elsewhere_finds_a_log_written_anew),
		ROW(a_link_in_the_place_of_a_log_is_refused),
		ROW(names_are_those_of_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
