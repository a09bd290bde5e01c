/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "common/err.h"
#include "launcher/forward.h"
#include "policies/policy.h"

/* systemd.journal-fields(7), JOURNAL_NATIVE_PROTOCOL; and syslog(3)'s place. */
#define JOURNALD "/run/systemd/journal/socket"
#define SYSLOG "/dev/log"

static int open_socket(const char *path, struct err *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	err_errno(err, errno, "%s", path);
	if (fd >= 0)
		close(fd);
	return -1;
}

int forward_open(const struct policy_audit *policy, struct forward *ret, struct err *err)
{
	*ret = (struct forward){ .journald = -1, .syslog = -1 };
	ret->gives_lines[0] = policy->journald == POLICY_COPY_LINES;
	ret->gives_lines[1] = policy->syslog == POLICY_COPY_LINES;
	if (policy->journald >= POLICY_COPY_HEADS)
		ret->journald = open_socket(JOURNALD, err);
	if (policy->syslog >= POLICY_COPY_HEADS)
		ret->syslog = open_socket(SYSLOG, err);
	return err->code ? -err->code : 0;
}

static int send_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	do
		n = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* text[len] holds no newline, so the simple form of a field will do. */
static int to_journald(int fd, const char *server, const char *text, size_t len)
{
	char data[TRAIL_LINE + 512];
	int n = snprintf(data, sizeof(data),
			 "PRIORITY=%d\nSYSLOG_IDENTIFIER=mcp-confine\nMCP_CONFINE_SERVER=%s\n"
			 "MESSAGE=%.*s\n", LOG_NOTICE, server, (int)len, text);

	return n < 0 || (size_t)n >= sizeof(data) ? -EMSGSIZE : send_all(fd, data, (size_t)n);
}

/* As syslog(3) writes to the local socket; the daemon puts its own time where none is. */
static int to_syslog(int fd, const char *text, size_t len)
{
	char data[TRAIL_LINE + 64];
	int n = snprintf(data, sizeof(data), "<%d>mcp-confine[%d]: %.*s", LOG_AUTHPRIV | LOG_NOTICE,
			 (int)getpid(), (int)len, text);

	return n < 0 || (size_t)n >= sizeof(data) ? -EMSGSIZE : send_all(fd, data, (size_t)n);
}

int forward_line(const struct forward *f, const char *server, const char *line, size_t len)
{
	int r = 0, e = 0;

	if (len && line[len - 1] == '\n')
		len--;
	if (f->journald >= 0 && f->gives_lines[0])
		r = to_journald(f->journald, server, line, len);
	if (f->syslog >= 0 && f->gives_lines[1])
		e = to_syslog(f->syslog, line, len);
	return r < 0 ? r : e;
}

int forward_head(struct forward *f, const char *server, const struct trail_head *head)
{
	char hex[TRAIL_HEX], text[256];
	int r = 0, e = 0, n;

	if (f->told == head->seq || (f->journald < 0 && f->syslog < 0))
		return 0;
	f->told = head->seq;
	trail_hex(head->hash, hex);
	n = snprintf(text, sizeof(text), "audit log of uid %d, server %s: head %llu:%s", (int)getuid(),
		     server, (unsigned long long)head->seq, hex);
	if (f->journald >= 0)
		r = to_journald(f->journald, server, text, (size_t)n);
	if (f->syslog >= 0)
		e = to_syslog(f->syslog, text, (size_t)n);
	return r < 0 ? r : e;
}
