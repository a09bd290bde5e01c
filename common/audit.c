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

/*
 * Now, in RFC 3339.  gmtime_r(3) would open the time zone file at its first call,
 * which a locked process must not; the calendar is the proleptic Gregorian one,
 * counted in eras of 400 years that begin on 1 March.
 */
static void now_text(char out[static 32])
{
	struct timespec now;
	unsigned int days, secs, era, of_era, year, of_year, month, day;

	clock_gettime(CLOCK_REALTIME, &now);
	days = (unsigned int)(now.tv_sec / 86400) + 719468; /* from 0000-03-01 */
	secs = (unsigned int)(now.tv_sec % 86400);
	era = days / 146097;
	of_era = days % 146097;
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	day = of_year - (153 * month + 2) / 5 + 1;
	month = month < 10 ? month + 3 : month - 9;
	year = (year + era * 400 + (month <= 2)) % 10000;
	snprintf(out, 32, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", year, month % 100, day % 100,
		 secs / 3600 % 100, secs / 60 % 60, secs % 60,
		 (unsigned int)(now.tv_nsec / 1000000) % 1000);
}

void audit_begin(struct audit_line *l, struct audit *log, const char *event)
{
	char time[32];

	l->log = log;
	l->len = 0;
	l->is_cut = false;
	now_text(time);
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
