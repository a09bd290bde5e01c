/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/logfiles.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int logfiles_list(int dir, struct strv *ret, struct err *err)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	int r = 0;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return err_errno(err, errno, "read the directory of the audit logs");
	}
	while (r == 0 && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (len > 6 && len < LOGBOOK_NAME + 6 && !strcmp(e->d_name + len - 6, ".jsonl") &&
		    e->d_name[0] != '.')
			r = strv_addf(ret, "%.*s", (int)(len - 6), e->d_name);
	}
	closedir(d);
	if (r < 0)
		return err_errno(err, ENOMEM, "audit logs");
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return 0;
}

/* Nobody writes, or begins a new file, while all of them are opened. */
static int share(const struct logfiles *f)
{
	char path[LOGBOOK_NAME + 8];
	int fd;

	snprintf(path, sizeof(path), "%s.lock", f->name);
	fd = openat(f->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	for (int i = 0; fd >= 0 && i < 300 && flock(fd, LOCK_SH | LOCK_NB) < 0; i++)
		poll(NULL, 0, 10);
	return fd;
}

int logfiles_open(int dir, const char *server, struct logfiles *ret, struct err *err)
{
	struct logfiles *f = ret;
	cleanup_close int lock = -1;
	struct stat st;
	int fd = 0;

	*f = (struct logfiles){ .dir = dir };
	logbook_name(server, f->name);
	lock = share(f);
	f->state_error = logbook_read_state(dir, f->name, &f->state);
	for (f->n = 0; f->n < LOGBOOK_FILES + 1; f->n++) {
		fd = logbook_open_file(dir, f->name, f->n);
		if (fd < 0)
			break;
		f->fd[f->n] = fd;
	}
	if (fd < 0 && fd != -ENOENT) {
		logfiles_close(f);
		return err_errno(err, -fd, "audit log of %s", f->name);
	}
	if (!f->n)
		return err_set(err, ENOENT, "there is no audit log of %s", f->name);
	if (fstat(f->fd[f->n - 1], &st) == 0)
		f->size = (uint64_t)st.st_size;
	return 0;
}

void logfiles_close(struct logfiles *f)
{
	if (f->file)
		fclose(f->file);
	for (unsigned int i = f->file ? f->at + 1 : f->at; i < f->n; i++)
		close(f->fd[i]);
	free(f->line);
	*f = (struct logfiles){0};
}

int logfiles_next(struct logfiles *f, bool follows, const char **ret, size_t *ret_len)
{
	while (f->at < f->n) {
		bool is_last = f->at + 1 == f->n;
		ssize_t n;

		if (!f->file) {
			f->file = fdopen(f->fd[f->at], "r");
			if (!f->file)
				return -errno;
			f->offset = f->number = 0;
		}
		if (is_last && !follows && f->offset >= f->size)
			return 0;
		clearerr(f->file);
		n = getline(&f->line, &f->room, f->file);
		f->is_whole = n > 0 && f->line[n - 1] == '\n';
		/* Perhaps the rest of it comes. */
		if (n > 0 && is_last && follows && !f->is_whole) {
			if (fseeko(f->file, (off_t)f->offset, SEEK_SET) < 0)
				return -errno;
			return 0;
		}
		if (n > 0) {
			f->offset += (uint64_t)n;
			f->number++;
			*ret = f->line;
			*ret_len = (size_t)n - f->is_whole;
			return 1;
		}
		if (is_last)
			return ferror(f->file) ? -EIO : 0;
		fclose(f->file);
		f->file = NULL;
		f->at++;
	}
	return 0;
}

/* --- verify ---------------------------------------------------------------------------------- */

static int wrong(const struct logfiles *f, struct err *err)
{
	unsigned int number = f->n - 1 - f->at;

	if (number)
		return err_wrap(err, "file %u before the last (%s.jsonl.%u), line %zu", number, f->name,
				number, f->number);
	return err_wrap(err, "%s.jsonl, line %zu", f->name, f->number);
}

/* Is what the state says of the last line so? */
static int hold_against(const struct trail_check *c, const struct logfiles *f, bool has_last,
			struct err *err)
{
	if (f->state_error == -ENOENT)
		return err_set(err, EBADMSG, "%s.head is missing: whether lines were cut off at either end "
			       "cannot be told", f->name);
	if (f->state_error < 0)
		return err_set(err, EBADMSG, "%s.head is damaged: %s", f->name,
			       strerror(-f->state_error));
	if (c->head.seq < f->state.last)
		return err_set(err, EBADMSG, "it ends at number %llu, and there were %llu: its end was "
			       "cut off", (unsigned long long)c->head.seq,
			       (unsigned long long)f->state.last);
	if (!has_last)
		return err_set(err, EBADMSG, "number %llu is not the line that was written",
			       (unsigned long long)f->state.last);
	return 0;
}

static bool is_at(const struct trail_check *c, uint64_t seq, const uint8_t hash[SHA256_SIZE])
{
	return c->head.seq == seq && !memcmp(c->head.hash, hash, SHA256_SIZE);
}

int logfiles_verify(struct logfiles *f, const struct trail_head *seen,
		    struct logfiles_found *ret, struct err *err)
{
	struct trail_check c = { .has_begun = true };
	bool has_last = f->state_error == 0 && !f->state.last;
	const char *line;
	size_t len;
	int r;

	*ret = (struct logfiles_found){0};
	/* What the oldest file goes on from; without a state the first line is believed. */
	if (f->state_error == 0 && f->state.first) {
		c.head.seq = f->state.first - 1;
		memcpy(c.head.hash, f->state.before, SHA256_SIZE);
	} else if (f->state_error < 0) {
		c.has_begun = false;
	}
	while ((r = logfiles_next(f, false, &line, &len)) > 0) {
		if (!f->is_whole && f->at + 1 == f->n) {
			struct trail_line l;

			/* Written, and then the crash: it was never acknowledged. */
			if (trail_read(line, len, &l) < 0) {
				ret->unfinished = len;
				break;
			}
		}
		r = trail_check_line(&c, line, len, err);
		if (r < 0)
			return wrong(f, err);
		if (!ret->first)
			ret->first = c.head.seq;
		has_last |= f->state_error == 0 && is_at(&c, f->state.last, f->state.hash);
		ret->has_seen |= seen && is_at(&c, seen->seq, seen->hash);
	}
	if (r < 0)
		return err_errno(err, -r, "read %s.jsonl", f->name);
	r = trail_check_end(&c, err);
	if (r == 0)
		r = hold_against(&c, f, has_last, err);
	ret->last = c.head.seq;
	ret->torn = c.torn;
	ret->lost = c.lost;
	memcpy(ret->hash, c.head.hash, SHA256_SIZE);
	return r;
}
