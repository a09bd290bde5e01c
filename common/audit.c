/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/wire.h"

/* A peer's name in a line; longer ones are cut, so every line has room for all. */
#define AUDIT_VALUE 256
/* Kept free for the end: `,"cut":true}` and the newline. */
#define AUDIT_END 16

void audit_init(struct audit *log, int fd, bool is_required)
{
	struct stat st;

	*log = (struct audit){ .fd = fd, .is_required = is_required };
	log->is_socket = fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
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
	l->log = log;
	l->len = 0;
	l->is_cut = false;
	put(l, "{", 1);
	audit_string(l, "event", event);
}

static int lost(struct audit *log, int error)
{
	if (!log->error)
		log->error = error;
	return -error;
}

int audit_end(struct audit_line *l)
{
	struct audit *log = l->log;
	ssize_t n;

	if (log->fd < 0)
		return 0;
	if (l->is_cut) {
		memcpy(l->text + l->len, ",\"cut\":true", 11);
		l->len += 11;
	}
	l->text[l->len++] = '}';
	if (!log->is_socket)
		l->text[l->len++] = '\n';
	do
		n = write(log->fd, l->text, l->len);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)l->len)
		return lost(log, n < 0 ? errno : ENOSPC);
	log->sent++;
	if (!log->is_socket)
		log->settled = log->sent;
	return 0;
}

int audit_settle(struct audit *log)
{
	struct wire_receipt receipt;
	int error;
	ssize_t n;

	while (log->sent != log->settled) {
		n = read(log->fd, &receipt, sizeof(receipt));
		if (n < 0 && errno == EINTR)
			continue;
		/* Its end, or the time that the launcher set for an answer (SO_RCVTIMEO). */
		if (n != (ssize_t)sizeof(receipt) || receipt.n <= log->settled ||
		    receipt.n > log->sent) {
			lost(log, n < 0 && errno == EAGAIN ? ETIMEDOUT : EPIPE);
			log->settled = log->sent;
			break;
		}
		log->settled = receipt.n;
		if (receipt.error)
			lost(log, receipt.error);
	}
	error = log->error;
	log->error = 0;
	return -error;
}
