/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/cleanup.h"
#include "common/err.h"

/* A peer's name in a line; longer ones are cut, so every line has room for all. */
#define AUDIT_VALUE 256
/* Kept free for the end: `,"cut":true}` and the newline. */
#define AUDIT_END 16

int audit_open(const char *path, struct err *err)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

	for (int tries = 0; tries < 2; tries++) {
		cleanup_close int fd = open(path, flags, 0600);
		char old[4096];
		struct stat st;

		if (fd < 0)
			return err_errno(err, errno, "open audit file %s", path);
		if (fstat(fd, &st) < 0)
			return err_errno(err, errno, "stat audit file %s", path);
		if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
			return err_set(err, EPERM, "audit file %s: not a regular file of this user",
				       path);
		if ((size_t)st.st_size <= LIMIT_AUDIT || tries)
			return take_fd(&fd);
		if (snprintf(old, sizeof(old), "%s.1", path) >= (int)sizeof(old))
			return err_set(err, ENAMETOOLONG, "audit file %s", path);
		if (rename(path, old) < 0)
			return err_errno(err, errno, "rename audit file %s", path);
	}
	return err_set(err, EAGAIN, "audit file %s", path);
}

static void put(struct audit_line *l, const char *bytes, size_t len)
{
	if (len > sizeof(l->text) - AUDIT_END - l->len) {
		l->is_cut = true;
		return;
	}
	memcpy(l->text + l->len, bytes, len);
	l->len += len;
}

static void put_string(struct audit_line *l, const char *text, size_t len)
{
	char out[AUDIT_VALUE * 6 + 2];
	size_t n = 0;

	if (len > AUDIT_VALUE) {
		len = AUDIT_VALUE;
		l->is_cut = true;
	}
	out[n++] = '"';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		/* Bytes above ASCII are written as if Latin-1: a log that any
		 * terminal shows as it is, whatever bytes a peer put in a name. */
		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			n += (size_t)snprintf(out + n, 7, "\\u%04x", c);
		else
			out[n++] = (char)c;
	}
	out[n++] = '"';
	put(l, out, n);
}

static void put_name(struct audit_line *l, const char *name)
{
	char out[64];
	int n = snprintf(out, sizeof(out), "%s\"%s\":", l->len > 1 ? "," : "", name);

	put(l, out, (size_t)n);
}

void audit_text(struct audit_line *l, const char *name, const char *text, size_t len)
{
	size_t before = l->len;

	put_name(l, name);
	put_string(l, text, len);
	/* A name without its value would not be JSON: take both back. */
	if (l->len && l->text[l->len - 1] == ':')
		l->len = before;
}

void audit_string(struct audit_line *l, const char *name, const char *text)
{
	audit_text(l, name, text, strlen(text));
}

void audit_int(struct audit_line *l, const char *name, int64_t value)
{
	size_t before = l->len;
	char out[32];

	put_name(l, name);
	put(l, out, (size_t)snprintf(out, sizeof(out), "%lld", (long long)value));
	if (l->len && l->text[l->len - 1] == ':')
		l->len = before;
}

void audit_begin(struct audit_line *l, struct audit *log, const char *event)
{
	struct timespec now;
	struct tm tm;
	char time[40];

	l->log = log;
	l->len = 0;
	l->is_cut = false;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	snprintf(time, sizeof(time), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ",
		 (tm.tm_year + 1900) % 10000, (tm.tm_mon + 1) % 100, tm.tm_mday % 100,
		 tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100, now.tv_nsec / 1000000);
	put(l, "{", 1);
	audit_string(l, "time", time);
	audit_string(l, "event", event);
	audit_string(l, "server", log->server ? log->server : "");
	audit_string(l, "session", log->session ? log->session : "");
}

int audit_end(struct audit_line *l)
{
	ssize_t n;

	if (l->log->fd < 0)
		return 0;
	if (l->is_cut) {
		memcpy(l->text + l->len, ",\"cut\":true", 11);
		l->len += 11;
	}
	memcpy(l->text + l->len, "}\n", 2);
	l->len += 2;
	do
		n = write(l->log->fd, l->text, l->len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)l->len)
		return 0;
	l->log->failed = true;
	return n < 0 ? -errno : -ENOSPC;
}
