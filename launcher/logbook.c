/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/logbook.h"
#include "launcher/user.h"

#define MAGIC 0x3130474f4c504d43ULL /* "CMPLOG01" */
/* Another session holds the lock for one write: who has it longer was stopped in it. */
#define LOCK_TRIES 500
#define LOCK_PAUSE 10
/* What is taken over behind the last line that the state knows: the lines of one crash. */
#define RECOVER MIB

static const struct trail_who nobody;

void logbook_name(const char *server, char ret[static LOGBOOK_NAME])
{
	size_t n = 0;

	for (const char *p = server; *p && n < LOGBOOK_NAME - 1; p++, n++)
		ret[n] = isalnum((unsigned char)*p) || *p == '-' || *p == '_' || (*p == '.' && n) ?
				 *p :
				 '_';
	ret[n] = '\0';
	if (!n)
		memcpy(ret, "server", sizeof("server"));
}

/* NAME.SUFFIX, and with a number behind it unless that is 0. */
static void path_of(char path[static 128], const char *name, const char *suffix,
		    unsigned int number)
{
	if (number)
		snprintf(path, 128, "%s.%s.%u", name, suffix, number);
	else
		snprintf(path, 128, "%s.%s", name, suffix);
}

static int open_own(const struct logbook *b, const char *suffix, int flags)
{
	char path[128];
	struct stat st;
	int fd;

	path_of(path, b->name, suffix, 0);
	fd = openat(b->dir, path, flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid())
		return fd;
	close(fd);
	return -EPERM;
}

int logbook_directory(const struct user *user, bool makes, struct err *err)
{
	cleanup_free char *path = NULL;
	int fd, r = 0;

	if (makes)
		r = user_state(user, "audit", &path, err);
	else if (asprintf(&path, "%s/audit", user->state) < 0)
		r = err_errno(err, ENOMEM, "audit log");
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(err, errno, "audit log %s", path) : fd;
}

/* --- the state ---------------------------------------------------------------------------- */

static void sum(struct logbook_state *s, uint8_t ret[static SHA256_SIZE])
{
	sha256(s, offsetof(struct logbook_state, sum), ret);
}

static int read_state(int fd, struct logbook_state *ret)
{
	uint8_t wanted[SHA256_SIZE];
	struct logbook_state s;
	ssize_t n = pread(fd, &s, sizeof(s), 0);

	if (n < 0)
		return -errno;
	if (n == 0)
		return -ENOENT;
	if (n != (ssize_t)sizeof(s) || s.magic != MAGIC)
		return -EBADMSG;
	sum(&s, wanted);
	if (memcmp(wanted, s.sum, SHA256_SIZE) != 0)
		return -EBADMSG;
	*ret = s;
	return 0;
}

int logbook_read_state(int dir, const char *name, struct logbook_state *ret)
{
	cleanup_close int fd = -1;
	char path[128];

	path_of(path, name, "head", 0);
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd < 0 ? -errno : read_state(fd, ret);
}

/* Its blocks were written at the first time, so a full disk does not keep it back. */
static int write_state(struct logbook *b)
{
	sum(&b->state, b->state.sum);
	return pwrite(b->head, &b->state, sizeof(b->state), 0) == (ssize_t)sizeof(b->state) ?
		       0 :
		       -EIO;
}

int logbook_open_file(int dir, const char *name, unsigned int i)
{
	unsigned int n = 0;
	char path[128];

	/* Oldest first: the i-th of those that exist, counted from the highest number. */
	for (unsigned int number = LOGBOOK_FILES + 1; number-- > 0;) {
		int fd;

		path_of(path, name, "jsonl", number);
		fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return -errno;
		if (n++ == i)
			return fd;
		close(fd);
	}
	return -ENOENT;
}

/* --- opening ------------------------------------------------------------------------------ */

int logbook_open(int dir, const char *server, uint64_t max_size, unsigned int files,
		 struct logbook *ret, struct err *err)
{
	struct logbook *b = ret;
	int r;

	*b = (struct logbook){ .dir = dir, .fd = -1, .head = -1, .lock = -1,
			       .max_size = max_size, .files = files };
	logbook_name(server, b->name);
	b->lock = open_own(b, "lock", O_RDWR);
	b->head = b->lock < 0 ? b->lock : open_own(b, "head", O_RDWR);
	b->fd = b->head < 0 ? b->head : open_own(b, "jsonl", O_RDWR | O_APPEND);
	if (b->fd >= 0)
		return 0;
	r = err_errno(err, -b->fd, "audit log %s.jsonl", b->name);
	logbook_close(b);
	return r;
}

void logbook_close(struct logbook *b)
{
	int *all[] = { &b->fd, &b->head, &b->lock };

	for (size_t i = 0; i < 3; i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

int logbook_sync(const struct logbook *b)
{
	return fdatasync(b->fd) < 0 ? -errno : 0;
}

static int lock(const struct logbook *b)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(b->lock, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		poll(NULL, 0, LOCK_PAUSE);
	}
	return -ETIMEDOUT;
}

/* The file that bears the name now: somebody else began a new one, or took it away. */
static int reopen(struct logbook *b)
{
	int fd = open_own(b, "jsonl", O_RDWR | O_APPEND);

	if (fd < 0)
		return fd;
	close(b->fd);
	b->fd = fd;
	b->rotations = b->state.rotations;
	return 0;
}

/* --- writing ------------------------------------------------------------------------------ */

/* One line behind what is there; all of it or nothing. */
static int put(struct logbook *b, const struct trail_who *who, const char *by, int64_t unix_ms,
	       const char *record, size_t len)
{
	struct trail_head head = { .seq = b->state.last };
	ssize_t n;

	memcpy(head.hash, b->state.hash, SHA256_SIZE);
	b->len = trail_make(&head, who, by, unix_ms, record, len, b->line);
	do
		n = write(b->fd, b->line, b->len);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)b->len) {
		int error = n < 0 ? errno : ENOSPC;

		/* Nobody was told that it is there. */
		if (n > 0 && ftruncate(b->fd, (off_t)b->state.size) < 0)
			return -errno;
		return -error;
	}
	if (!b->state.last)
		b->state.first = head.seq;
	b->state.last = head.seq;
	memcpy(b->state.hash, head.hash, SHA256_SIZE);
	b->state.size += b->len;
	return write_state(b);
}

static int say(struct logbook *b, const struct trail_who *who, int64_t unix_ms,
	       const char *record)
{
	return put(b, who, "keeper", unix_ms, record, strlen(record));
}

/* --- what is there at an append --------------------------------------------------------------- */

/* A line that continues the chain is taken over.  Return: was it? */
static bool adopt(struct logbook *b, const char *line, size_t len)
{
	struct trail_line l;

	if (trail_read(line, len, &l) < 0 || l.seq != b->state.last + 1 ||
	    memcmp(l.prev, b->state.hash, SHA256_SIZE) != 0)
		return false;
	if (!b->state.last)
		b->state.first = l.seq;
	b->state.last = l.seq;
	sha256(line, len, b->state.hash);
	return true;
}

/* A piece of a line at the end of the file: ended, and named. */
static int end_torn(struct logbook *b, const struct trail_who *who, int64_t unix_ms,
		    const char *piece, size_t len, bool is_ended)
{
	char record[256];
	size_t n = trail_torn(piece, len, record);

	if (!is_ended && write(b->fd, "\n", 1) != 1)
		return -ENOSPC;
	b->state.size += len + 1;
	return put(b, who, "keeper", unix_ms, record, n);
}

/* Bytes behind the end that nobody of us wrote: no check passes over them. */
static int tell_foreign(struct logbook *b, const struct trail_who *who, int64_t unix_ms,
			uint64_t size)
{
	char last = '\n';

	b->was_cut = true;
	if (pread(b->fd, &last, 1, (off_t)size - 1) != 1)
		return -EIO;
	if (last != '\n' && write(b->fd, "\n", 1) != 1)
		return -ENOSPC;
	b->state.size = size + (last != '\n');
	return say(b, who, unix_ms, "{\"event\":\"foreign\"}");
}

/* More bytes than the state knows. */
static int recover(struct logbook *b, const struct trail_who *who, int64_t unix_ms, uint64_t size)
{
	static char tail[RECOVER];
	size_t len, at = 0;
	ssize_t n;

	if (size - b->state.size > sizeof(tail))
		return tell_foreign(b, who, unix_ms, size);
	n = pread(b->fd, tail, (size_t)(size - b->state.size), (off_t)b->state.size);
	if (n != (ssize_t)(size - b->state.size))
		return n < 0 ? -errno : -EIO;
	len = (size_t)n;
	while (at < len) {
		const char *end = memchr(tail + at, '\n', len - at);
		size_t line = end ? (size_t)(end - tail) - at : len - at;

		if (adopt(b, tail + at, line)) {
			/* Whole but for its newline. */
			if (!end && write(b->fd, "\n", 1) != 1)
				return -ENOSPC;
			b->state.size += line + 1;
		} else if (at + line + (end != NULL) == len) {
			return end_torn(b, who, unix_ms, tail + at, line, end != NULL);
		} else {
			return tell_foreign(b, who, unix_ms, size);
		}
		at += line + 1;
	}
	return write_state(b);
}

/* What the oldest file that is left begins with. */
static void set_first(struct logbook *b)
{
	cleanup_close int fd = logbook_open_file(b->dir, b->name, 0);
	char text[TRAIL_LINE];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text), 0);
	const char *end = n > 0 ? memchr(text, '\n', (size_t)n) : NULL;
	struct trail_line l;

	if (!end || trail_read(text, (size_t)(end - text), &l) < 0)
		return;
	b->state.first = l.seq;
	memcpy(b->state.before, l.prev, SHA256_SIZE);
}

/* A new file was begun and the state was not written any more. */
static bool was_rotating(const struct logbook *b)
{
	cleanup_close int fd = -1;
	struct stat st;
	char path[128];

	path_of(path, b->name, "jsonl", 1);
	fd = openat(b->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd >= 0 && fstat(fd, &st) == 0 && (uint64_t)st.st_size == b->state.size;
}

/* Fewer bytes than the state knows. */
static int go_on_after_cut(struct logbook *b, const struct trail_who *who, int64_t unix_ms,
			   uint64_t size)
{
	char last = '\n', record[96];

	if (!size && was_rotating(b)) {
		b->rotations = ++b->state.rotations;
		b->state.size = 0;
		set_first(b);
		return write_state(b);
	}
	b->was_cut = true;
	if (size && pread(b->fd, &last, 1, (off_t)size - 1) != 1)
		return -EIO;
	if (last != '\n' && write(b->fd, "\n", 1) != 1)
		return -ENOSPC;
	snprintf(record, sizeof(record), "{\"event\":\"cut\",\"expected\":%llu,\"found\":%llu}",
		 (unsigned long long)b->state.size, (unsigned long long)size);
	b->state.size = size + (last != '\n');
	return say(b, who, unix_ms, record);
}

/* Without a state: what the current file itself says, from its first line on. */
static int begin(struct logbook *b, const struct trail_who *who, int64_t unix_ms, uint64_t size)
{
	char text[TRAIL_LINE + 1];
	uint64_t at = 0;

	b->state = (struct logbook_state){ .magic = MAGIC };
	b->rotations = 0;
	if (!size)
		return write_state(b);
	b->was_lost = true;
	while (at < size) {
		ssize_t n = pread(b->fd, text, sizeof(text), (off_t)at);
		const char *end = n > 0 ? memchr(text, '\n', (size_t)n) : NULL;
		struct trail_line l;

		if (!end)
			break;
		/* A line that is none is for the check to find; the last good one counts. */
		if (trail_read(text, (size_t)(end - text), &l) == 0) {
			if (!b->state.last) {
				b->state.first = l.seq;
				memcpy(b->state.before, l.prev, SHA256_SIZE);
			}
			b->state.last = l.seq;
			sha256(text, (size_t)(end - text), b->state.hash);
		}
		at += (uint64_t)(end - text) + 1;
	}
	b->state.size = at;
	if (at < size && recover(b, who, unix_ms, size) < 0)
		return -EIO;
	return say(b, who, unix_ms, "{\"event\":\"no_head\"}");
}

/* Under the lock: the file and the state agree afterwards. */
static int refresh(struct logbook *b, const struct trail_who *who, int64_t unix_ms)
{
	struct stat st;
	int r = read_state(b->head, &b->state);

	if (r < 0 && r != -ENOENT && r != -EBADMSG)
		return r;
	if (fstat(b->fd, &st) < 0)
		return -errno;
	if (!st.st_nlink || (r == 0 && b->rotations != b->state.rotations)) {
		int e = reopen(b);

		if (e < 0 || fstat(b->fd, &st) < 0)
			return e < 0 ? e : -errno;
	}
	if (r < 0)
		return begin(b, who, unix_ms, (uint64_t)st.st_size);
	if ((uint64_t)st.st_size == b->state.size)
		return 0;
	return (uint64_t)st.st_size > b->state.size ?
		       recover(b, who, unix_ms, (uint64_t)st.st_size) :
		       go_on_after_cut(b, who, unix_ms, (uint64_t)st.st_size);
}

/* --- a new file ---------------------------------------------------------------------------- */

/*
 * NAME.jsonl becomes NAME.jsonl.1 and so on; the oldest goes.  A crash in between leaves a
 * number out, which nobody minds.
 */
static int rotate(struct logbook *b)
{
	char from[128], to[128];

	/* Also those that an earlier policy kept. */
	for (unsigned int i = LOGBOOK_FILES; i >= b->files; i--) {
		path_of(to, b->name, "jsonl", i);
		if (unlinkat(b->dir, to, 0) < 0 && errno != ENOENT)
			return -errno;
	}
	for (unsigned int i = b->files; i-- > 0;) {
		path_of(from, b->name, "jsonl", i);
		path_of(to, b->name, "jsonl", i + 1);
		if (renameat(b->dir, from, b->dir, to) < 0 && errno != ENOENT)
			return -errno;
	}
	b->state.rotations++;
	b->state.size = 0;
	set_first(b);
	if (reopen(b) < 0)
		return -EIO;
	return write_state(b);
}

int logbook_append(struct logbook *b, const struct trail_who *who, const char *by,
		   int64_t unix_ms, const char *record, size_t len)
{
	int r = lock(b);

	if (r < 0)
		return r;
	r = refresh(b, who ? who : &nobody, unix_ms);
	if (r == 0 && b->state.size && b->state.size + len + 1024 > b->max_size)
		r = rotate(b);
	if (r == 0)
		r = put(b, who ? who : &nobody, by, unix_ms, record, len);
	flock(b->lock, LOCK_UN);
	return r;
}
