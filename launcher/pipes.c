/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "common/limits.h"
#include "launcher/pipes.h"

void pipes_close_pair(int fds[2])
{
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

void pipes_close(struct pipes *p)
{
	int *all[] = { p->in,	    p->out,   p->err,	 p->event,
		       p->lifeline, p->order, p->report, p->exit, p->built, p->broker, p->standing };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		pipes_close_pair(all[i]);
}

/* A message of 64 KiB and what is around it go through in one piece. */
#define MESSAGE_PIPE (128 * (int)KIB)

/* Pages are counted for the whole account, and one with many pipes gets smaller ones
 * (pipe(7), pipe-user-pages-soft): what only ever carries a word gives up what messages
 * take.  Where the kernel refuses it works as it is. */
static void pipes_size(const struct pipes *p)
{
	const int *messages[] = { p->in, p->out }, *words[] = { p->event, p->lifeline, p->exit };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		(void)fcntl(words[i][1], F_SETPIPE_SZ, 4096);
	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++)
		(void)fcntl(messages[i][1], F_SETPIPE_SZ, MESSAGE_PIPE);
}

int pipes_open(struct pipes *p, bool with_broker, struct err *err)
{
	int *all[] = { p->in,	    p->out,   p->err,	 p->event,
		       p->lifeline, p->order, p->report, p->exit, p->built };

	memset(p, 0xff, sizeof(*p)); /* every descriptor -1 */
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (pipe2(all[i], O_CLOEXEC) < 0) {
			int r = err_errno(err, errno, "pipe");

			pipes_close(p);
			return r;
		}
	pipes_size(p);
	if (with_broker &&
	    (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->broker) < 0 ||
	     socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->standing) < 0)) {
		int r = err_errno(err, errno, "socketpair");

		pipes_close(p);
		return r;
	}
	return 0;
}

int pipes_replace(struct pipes *p, int out, int err_fd, struct err *err)
{
	const int given[] = { open("/dev/null", O_RDONLY | O_CLOEXEC),
			      fcntl(out, F_DUPFD_CLOEXEC, 3), fcntl(err_fd, F_DUPFD_CLOEXEC, 3) };
	int *ends[] = { &p->in[0], &p->out[1], &p->err[1] };

	for (size_t i = 0; i < 3; i++) {
		close(*ends[i]);
		*ends[i] = given[i];
	}
	for (size_t i = 0; i < 3; i++)
		if (given[i] < 0)
			return err_errno(err, EMFILE, "streams of the program");
	return 0;
}
