/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/pins.h"
#include "common/siphash.h"
#include "launcher/pins.h"
#include "launcher/session.h"
#include "launcher/user.h"

void pins_name(const struct session *s, char *name, size_t size)
{
	static const uint64_t key[2] = { 0x6d63702d636f6e66ULL, 0x696e652d70696e73ULL };
	const struct strv *names = &s->runtime.names;
	const char *path = names->n ? names->v[names->n - 1] : s->runtime.program;

	if (!s->profile || s->runtime.package || !path || !strstr(path, s->name)) {
		snprintf(name, size, "%s", s->name);
		return;
	}
	snprintf(name, size, "%s-%08" PRIx32, s->name,
		 (uint32_t)siphash(key, path, strlen(path)));
}

void pins_close(struct pins_files *f)
{
	int *all[] = { &f->log, &f->append, &f->count };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

static int open_one(int dir, const char *name, const char *end, int flags, struct err *err)
{
	char file[160];
	struct stat st;
	cleanup_close int fd = -1;

	snprintf(file, sizeof(file), "%s.%s", name, end);
	fd = openat(dir, file, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return err_errno(err, errno, "open pins/%s", file);
	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "stat pins/%s", file);
	if (!S_ISREG(st.st_mode) || st.st_uid != getuid() || st.st_nlink != 1)
		return err_set(err, EPERM, "pins/%s: not a file of this user's alone", file);
	return take_fd(&fd);
}

static int damaged(const char *name, const char *words, struct err *err)
{
	return err_set(err, EBADMSG,
		       "the pins of %s are damaged: %s; compare with mcp-confine pins show %s, "
		       "then begin anew with mcp-confine pins forget %s",
		       name, words, name, name);
}

/* What the log holds; a torn end is what the last writer left when it was killed. */
static int verify(int log, struct pins *pins, size_t *ret_used, size_t *ret_len,
		  struct err *err)
{
	cleanup_free char *text = NULL;
	int r = fd_read_all(log, LIMIT_PIN_LOG, &text, ret_len, err);

	return r < 0 ? r : pins_feed(pins, text, *ret_len, ret_used, err);
}

/* With the lock held: both files belong together. */
static int check(const char *name, const struct pins_files *f, bool is_new, bool is_alone,
		 struct err *err)
{
	cleanup_free struct pins *pins = calloc(1, sizeof(*pins));
	struct pins_count count = { .magic = PINS_COUNT_MAGIC };
	size_t used = 0, len = 0;
	struct err why = {0};

	if (!pins)
		return err_errno(err, ENOMEM, "pins");
	if (verify(f->log, pins, &used, &len, &why) < 0)
		return damaged(name, why.text, err);
	if (is_new && len)
		return damaged(name, "the file with their number is gone", err);
	if (!is_new && (pread(f->count, &count, sizeof(count), 0) != (ssize_t)sizeof(count) ||
			count.magic != PINS_COUNT_MAGIC))
		return damaged(name, "the file with their number is unreadable", err);
	if (pins->records < count.records)
		return damaged(name, "records are missing at the end", err);
	if (!is_alone)
		return 0;
	if (used < len && ftruncate(f->append, (off_t)used) < 0)
		return err_errno(err, errno, "repair the pins of %s", name);
	if (count.records == pins->records && !is_new)
		return 0;
	count.records = pins->records;
	return pwrite(f->count, &count, sizeof(count), 0) == (ssize_t)sizeof(count) ?
		       0 :
		       err_errno(err, errno, "write the number of pins of %s", name);
}

static int open_dir(const struct user *user, struct err *err)
{
	cleanup_free char *path = NULL;
	int fd, r = user_state(user, "pins", &path, err);

	if (r < 0)
		return r;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(err, errno, "open %s", path) : fd;
}

/*
 * Every session holds the count's lock, shared, while it lives: who gets it alone knows
 * that nobody is just writing, and may mend.  Return: 1 alone, 0 not, -errno.
 */
static int lock(int count, struct err *err)
{
	if (flock(count, LOCK_EX | LOCK_NB) == 0)
		return 1;
	if (errno == EWOULDBLOCK && flock(count, LOCK_SH) == 0)
		return 0;
	return err_errno(err, errno, "lock the pins");
}

int pins_open(const struct user *user, const char *name, struct pins_files *ret, struct err *err)
{
	cleanup_close int dir = open_dir(user, err);
	struct pins_files f = { -1, -1, -1 };
	struct stat st = {0};
	int alone, r;

	if (dir < 0)
		return dir;
	f.count = open_one(dir, name, "count", O_RDWR | O_CREAT, err);
	if (f.count < 0)
		return f.count;
	r = alone = lock(f.count, err);
	if (r >= 0 && fstat(f.count, &st) < 0)
		r = err_errno(err, errno, "stat the pins of %s", name);
	if (r >= 0)
		r = f.append = open_one(dir, name, "pins", O_WRONLY | O_APPEND | O_CREAT, err);
	if (r >= 0)
		r = f.log = open_one(dir, name, "pins", O_RDONLY, err);
	if (r >= 0)
		r = check(name, &f, st.st_size == 0, alone, err);
	if (r >= 0 && (lseek(f.log, 0, SEEK_SET) < 0 || (alone && flock(f.count, LOCK_SH) < 0)))
		r = err_errno(err, errno, "pins of %s", name);
	if (r < 0) {
		pins_close(&f);
		return r;
	}
	*ret = f;
	return 0;
}

int pins_read(const struct user *user, const char *name, char **ret_text, size_t *ret_len,
	      struct err *err)
{
	cleanup_close int dir = open_dir(user, err), fd = -1;
	char file[160];

	if (dir < 0)
		return dir;
	snprintf(file, sizeof(file), "%s.pins", name);
	fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ?
			       err_set(err, ENOENT,
				       "%s has no pins: its policy does not say \"pin\", or it "
				       "never listed its tools", name) :
			       err_errno(err, errno, "open pins/%s", file);
	return fd_read_all(fd, LIMIT_PIN_LOG, ret_text, ret_len, err);
}

int pins_forget(const struct user *user, const char *name, struct err *err)
{
	static const char *const ends[] = { "pins", "count" };
	cleanup_close int dir = open_dir(user, err), count = -1;
	char file[160];

	if (dir < 0)
		return dir;
	count = open_one(dir, name, "count", O_RDWR | O_CREAT, err);
	if (count < 0)
		return count;
	if (flock(count, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, EBUSY, "%s is running; stop it first", name);
	for (size_t i = 0; i < 2; i++) {
		snprintf(file, sizeof(file), "%s.%s", name, ends[i]);
		if (unlinkat(dir, file, 0) < 0 && errno != ENOENT)
			return err_errno(err, errno, "remove pins/%s", file);
	}
	return 0;
}
